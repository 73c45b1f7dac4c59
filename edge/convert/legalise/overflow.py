"""What does not fit into float16: an exponential in ARM's tanh, and a long sum in its softmax."""

from __future__ import annotations

import math

from edge.convert.legalise.rule import Rule
from edge.errors import ProgramError
from edge.paddle.draft import Draft, NewOp
from edge.paddle.program import Program

_LARGEST = 2048  # whole numbers beyond are two apart: a sum of ones ends here


def _to_sigmoid(draft: Draft) -> int:
    count = 0
    for op in draft.ops("tanh"):
        x, out = draft.tensor(op.input("X")), draft.tensor(op.output("Out"))
        if x is None or out is None:
            continue
        twice, gate = (draft.new_tensor(out.name, out.dtype, out.shape, block=op.block) for _ in range(2))
        draft.replace(
            op,
            NewOp("scale", {"X": [x.name]}, {"Out": [twice]}, {"scale": 2.0, "bias": 0.0, "bias_after_scale": True}),
            NewOp("sigmoid", {"X": [twice]}, {"Out": [gate]}),
            NewOp("scale", {"X": [gate]}, {"Out": [out.name]}, {"scale": 2.0, "bias": -1.0, "bias_after_scale": True}),
        )
        count += 1
    return count


def check_sums(program: Program) -> None:
    """Refuse a softmax that adds more numbers than float16 can count (lite/backends/arm/math/fp16/softmax_fp16.cc).

    Along the last dimension it adds in eight parts. Raises `ProgramError`, which names the operator.
    """
    for op in program.ops("softmax"):
        x = program.tensor(op.input("X") or "")
        if x is None or not x.shape:
            continue
        axis = int(op.attr("axis", -1)) % len(x.shape)
        if x.shape[axis] > _LARGEST and math.prod(x.shape[axis + 1 :]) != 1:
            raise ProgramError(
                f"{op.output('Out')}: in float16 ARM's kernel for a softmax along the axis {axis} of {list(x.shape)} adds "
                f"one after the other, and beyond {_LARGEST} a sum in float16 no longer grows by 1",
                hint="convert this network with --precision fp32",
            )


TANH_TO_SIGMOID = Rule(
    name="tanh-to-sigmoid",
    reason="ARM's float16 kernel for tanh divides by exponentials, and beyond 11 these are infinite and the result is no "
    "number; twice a sigmoid of the double, less one, is the same",
    ops=frozenset({"tanh"}),
    precisions=frozenset({"fp16"}),
    apply=_to_sigmoid,
)
