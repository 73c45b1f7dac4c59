"""A tensor that is reshaped again at once: windows of attention layers, in PaddleClas' Swin and CSWin."""

from __future__ import annotations

from collections import Counter

from edge.convert.legalise.rule import Rule
from edge.convert.legalise.xshape import shuffles
from edge.paddle.draft import Draft, OpDraft

_FIRST = frozenset({"flatten_contiguous_range", "reshape2", "squeeze2", "unsqueeze2"})
_AT_RUN_TIME = ("Shape", "ShapeTensor", "AxesTensor", "AxesTensorList")


def _one_of_several(draft: Draft) -> int:
    makers, readers, shuffled = draft.makers(), draft.readers(), shuffles(draft)
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
        return None if source in shuffled or op.output("Out") in shuffled else first

    count = 0
    for op in draft.ops("reshape2"):
        while (first := first_of(op)) is not None and (shape := _said(draft, first, op)) is not None:
            op.set_attr("shape", shape)
            op.set_input("X", [first.input("X") or ""])  # which has as many readers as before
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
        if size != 0:
            continue
        if axis < len(between.shape) and between.shape[axis] > 0:
            said[axis] = between.shape[axis]
        elif not (axis == 0 and first.type == "reshape2" and tuple(first.attr("shape", ()))[:1] == (0,)):
            return None
    return said


RESHAPES_TO_ONE = Rule(
    name="reshapes-to-one",
    reason="what is reshaped twice in a row is reshaped once; opt leaves both, and looks for both in every pass",
    ops=frozenset({"reshape2"}),
    apply=_one_of_several,
)
