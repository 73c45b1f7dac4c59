"""A tensor that is reshaped again at once: windows of attention layers, in PaddleClas' Swin and CSWin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from edge.convert.legalise.rule import Rule
from edge.convert.legalise.xshape import turns_as_a_shuffle
from edge.paddle.draft import Draft, OpDraft
from edge.paddle.program import TensorSpec

_FIRST = frozenset({"flatten_contiguous_range", "reshape2", "squeeze2", "unsqueeze2"})
_AT_RUN_TIME = ("Shape", "ShapeTensor", "AxesTensor", "AxesTensorList")


def _one_of_several(draft: Draft) -> int:
    makers, readers = draft.makers(), draft.readers()
    made = Counter(name for op in draft.ops() for names in op.outputs.values() for name in names)

    def first_of(op: OpDraft) -> OpDraft | None:
        """What makes the operator's input, if nobody needs that otherwise."""
        between = op.input("X") or ""
        first = makers.get(between)
        if first is None or first.type not in _FIRST or len(readers[between]) > 1 or op.block or first.block:
            return None
        source = first.input("X") or ""
        if max(made[between], made[source]) > 1 or any(one.input(slot) for one in (op, first) for slot in _AT_RUN_TIME):
            return None
        beside = [makers.get(source), *readers.get(op.output("Out") or "", ())]  # the reshapes of a shuffle must stay
        return None if any(one is not None and turns_as_a_shuffle(one) for one in beside) else first

    count = 0
    for op in draft.ops("reshape2"):
        while (first := first_of(op)) is not None and (shape := _said(draft, first, op)) is not None:
            source = draft.tensor(first.input("X"))
            assert source is not None  # _said knows it
            if draft.tensor(scratch := op.output("XShape")) is not None:
                draft.set_shape(scratch or "", (0, *source.shape))
            op.set_attr("shape", shape)
            op.set_input("X", [source.name])  # which has as many readers as before
            draft.replace(first)
            count += 1
    return count


def _said(draft: Draft, first: OpDraft, second: OpDraft) -> list[int] | None:
    """The shape that the second asks for, in words that hold for the input of the first; None where there are none."""
    between, source = draft.tensor(second.input("X")), draft.tensor(first.input("X"))
    if between is None or source is None:
        return None
    said = [int(size) for size in second.attr("shape", ())]
    for axis, size in enumerate(said):
        if size != 0 or (axis == 0 and _hands_on_the_first(first)):
            continue
        if axis == 0 and tuple(first.attr("shape", ()))[:1] == (-1,) and -1 not in said:
            said[0] = -1  # however many images there are
        elif axis < len(between.shape) and between.shape[axis] > 0:
            said[axis] = between.shape[axis]
        else:
            return None
    return None if _seems_a_product(source, said) else said


def _hands_on_the_first(op: OpDraft) -> bool:
    """Whether the first axis, the images, passes a reshaping operator."""
    if op.type == "reshape2":
        return tuple(op.attr("shape", ()))[:1] == (0,)
    if op.type == "flatten_contiguous_range":
        return int(op.attr("start_axis", 1)) > 0
    return min(op.attr("axes", ()), default=0) > 0


def _seems_a_product(source: TensorSpec, said: Sequence[int]) -> bool:
    """reshape2_matmul_fuser.cc makes a matrix product of any reshape of (N, C, 1, 1) to two axes, whatever their sizes."""
    return len(said) == 2 and len(source.shape) == 4 and tuple(source.shape[2:]) == (1, 1)


RESHAPES_TO_ONE = Rule(
    name="reshapes-to-one",
    reason="what is reshaped twice in a row is reshaped once; opt leaves both, and looks for both in every pass",
    ops=frozenset({"reshape2"}),
    apply=_one_of_several,
)
