"""What only float16 needs: a kernel of ARM that reads too far, and operators that have no float16 kernel."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import AttrValue, Draft, NewOp, OpDraft

_ROW, _ROWS = 16, 8  # gemv_fp16 reads the weights of 8 outputs at a time, in steps of 16 inputs
_PASSING = frozenset(
    {"batch_norm", "relu", "relu6", "leaky_relu", "hard_swish", "hard_sigmoid", "swish", "sigmoid", "tanh", "scale"}
)
_SLOTS = {"conv2d": ("Input", "Output"), "batch_norm": ("X", "Y")}  # of the tensor that goes through; else X and Out
# The first of two positions. slice and split would do, but have no float16 kernel.
_FIRST: dict[str, AttrValue] = {
    "pooling_type": "avg", "ksize": [1, 1], "strides": [2, 2], "paddings": [0, 0], "global_pooling": False, "adaptive": False,
    "exclusive": True, "ceil_mode": False, "padding_algorithm": "EXPLICIT", "data_format": "NCHW",
}  # fmt: skip


def reads_past(outputs: int, inputs: int) -> bool:
    """Whether gemv_fp16 (lite/backends/arm/math/fp16/gemv_fp16.cc) reads behind weights of (outputs, inputs) numbers.

    Each row is read to the next multiple of 16. Of the rows that are no full eight the last one is copied, and zeros put
    behind it; of full eights none is.
    """
    beyond = -inputs % _ROW
    copied = 1 if outputs % _ROWS else 0
    return outputs > copied and beyond > copied * inputs


def _two_positions(draft: Draft) -> int:
    count = 0
    for op in list(draft.ops("conv2d")):
        if _is_read_past(draft, op):
            _widen(draft, op)
            count += 1
    return count


def _is_read_past(draft: Draft, op: OpDraft) -> bool:
    weight, out = draft.tensor(op.input("Filter")), draft.tensor(op.output("Output"))
    if weight is None or out is None or len(out.shape) != 4 or out.shape[2:] != (1, 1):
        return False
    if op.attr("groups", 1) != 1 or op.attr("data_format", "NCHW") not in ("NCHW", "AnyLayout"):
        return False
    return reads_past(weight.shape[0], math.prod(weight.shape[1:]))


def _widen(draft: Draft, op: OpDraft) -> None:
    """Pad the input so that there is a second position to compute, and drop it behind what follows the convolution."""
    top, bottom, left, right = _paddings(op)
    op.set_attr("paddings", [top, bottom, left, right + int(op.attr("strides", (1, 1))[1])])
    op.set_attr("padding_algorithm", "EXPLICIT")
    chain = [op, *_behind(draft, op)]
    for one in chain:
        made = draft.tensor(_through(one)[1])
        assert made is not None
        draft.set_shape(made.name, (*made.shape[:3], 2))
    last, name = chain[-1], _through(chain[-1])[1]
    made = draft.tensor(name)
    assert made is not None
    wide = draft.new_tensor(name, made.dtype, made.shape, block=op.block)
    draft.set_shape(name, (*made.shape[:3], 1))
    last.set_output(_SLOTS.get(last.type, ("X", "Out"))[1], [wide])
    draft.follow(last, NewOp("pool2d", {"X": [wide]}, {"Out": [name]}, _FIRST))


def _behind(draft: Draft, op: OpDraft) -> list[OpDraft]:
    """The operators that follow one by one, and work on each position by itself."""
    chain: list[OpDraft] = []
    name = _through(op)[1]
    while True:
        readers = [other for other in draft.ops() if name in other.reads]
        if len(readers) != 1 or readers[0].block != op.block or not _passes(draft, readers[0], name):
            return chain
        chain.append(readers[0])
        name = _through(readers[0])[1]


def _passes(draft: Draft, op: OpDraft, name: str) -> bool:
    if _through(op)[0] != name:
        return False
    if op.type == "elementwise_add":
        bias = draft.tensor(op.input("Y"))
        return bias is not None and draft.is_weight(bias.name) and len(bias.shape) == 1 and op.attr("axis") == 1
    if op.type == "conv2d":
        weight = draft.tensor(op.input("Filter"))
        plain = tuple(op.attr("strides", ())) == (1, 1) and not any(_paddings(op)) and op.attr("groups", 1) == 1
        return weight is not None and weight.shape[2:] == (1, 1) and plain
    return op.type in _PASSING


def _through(op: OpDraft) -> tuple[str, str]:
    """The tensor that goes into the operator, and the one that comes out."""
    into, out = _SLOTS.get(op.type, ("X", "Out"))
    return op.input(into) or "", op.output(out) or ""


def _paddings(op: OpDraft) -> Sequence[int]:
    """At the top, the bottom, the left and the right. Where the output is one position, SAME and VALID pad as if with none."""
    given = [int(size) for size in op.attr("paddings", (0, 0))]
    if op.attr("padding_algorithm", "EXPLICIT") != "EXPLICIT":
        return (0, 0, 0, 0)
    return given if len(given) == 4 else (given[0], given[0], given[1], given[1])


def _clip_to_hard_sigmoid(draft: Draft) -> int:
    count = 0
    for op in draft.ops("clip"):
        if (op.attr("min"), op.attr("max")) == (0.0, 1.0) and not op.input("Min") and not op.input("Max"):
            for name in ("min", "max"):
                op.drop_attr(name)
            for slot in ("Min", "Max"):
                op.drop_input(slot)
            op.set_type("hard_sigmoid")
            op.set_attr("slope", 1.0)
            op.set_attr("offset", 0.0)
            count += 1
    return count


CONV_TWO_POSITIONS = Rule(
    name="conv-two-positions",
    reason="of a convolution with one position of output, ARM's float16 kernel reads behind the weights where the inputs are "
    "no multiple of 16 and the outputs one of 8, and what lies there, times zero, can be no number; for two positions there "
    "is another kernel",
    ops=frozenset({"conv2d"}),
    precisions=frozenset({"fp16"}),
    apply=_two_positions,
)

CLIP_TO_HARD_SIGMOID = Rule(
    name="clip-to-hard-sigmoid",
    reason="ARM's clip has no float16 kernel and costs a cast on either side; from 0 to 1 it is a hard_sigmoid of slope 1, "
    "which has one",
    ops=frozenset({"clip"}),
    precisions=frozenset({"fp16"}),
    apply=_clip_to_hard_sigmoid,
)
