"""A tensor that slices take to pieces along one axis: queries, keys and values of an attention layer."""

from __future__ import annotations

from collections.abc import Sequence

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft, NewOp, OpDraft

_OPEN = (
    "StartsTensor",
    "EndsTensor",
    "StartsTensorList",
    "EndsTensorList",
)  # positions that are known at run time only


def _slices_to_split(draft: Draft) -> int:
    pieces: dict[tuple[int, str, int], list[OpDraft]] = {}
    for op in draft.ops("slice"):
        if (axis := _one_taken(draft, op)) is not None:
            pieces.setdefault((op.block, op.input("Input") or "", axis), []).append(op)
    return sum(_split(draft, name, axis, ops) for (_, name, axis), ops in pieces.items())


def _one_taken(draft: Draft, op: OpDraft) -> int | None:
    """The axis of which the operator takes one position and drops it from the shape; None where it does anything else.

    Of float32 only, for which the gain was measured: LeViT slices tables of positions, too.
    """
    axes, starts, ends = (tuple(op.attr(name, ())) for name in ("axes", "starts", "ends"))
    x, out = draft.tensor(op.input("Input")), draft.tensor(op.output("Out"))
    if x is None or x.dtype != "float32" or out is None or any(op.input(slot) for slot in _OPEN):
        return None
    if {len(axes), len(starts), len(ends)} != {1} or not 0 <= axes[0] < len(x.shape):
        return None
    if tuple(op.attr("decrease_axis", ())) != axes or ends[0] != starts[0] + 1 or not 0 <= starts[0] < x.shape[axes[0]]:
        return None
    # Of numbers without any dimension the engine knows nothing: it dies of a reshape to none.
    return int(axes[0]) if out.shape and out.shape.count(-1) <= 1 else None


def _split(draft: Draft, name: str, axis: int, ops: Sequence[OpDraft]) -> int:
    """Replace the slices, if they take each position once; in the place of the first, before all that read them."""
    x = draft.tensor(name)
    assert x is not None
    ordered = sorted(ops, key=lambda op: int(op.attr("starts")[0]))
    if len(ops) < 2 or len(ops) != x.shape[axis] or [op.attr("starts")[0] for op in ordered] != list(range(len(ops))):
        return 0
    one = tuple(1 if position == axis else size for position, size in enumerate(x.shape))
    parts = [draft.new_tensor(name, x.dtype, one, block=op.block) for op in ordered]
    new = [NewOp("split", {"X": [name]}, {"Out": parts}, {"axis": axis, "num": 0, "sections": [1] * len(parts)})]
    for op, part in zip(ordered, parts, strict=True):
        out = draft.tensor(op.output("Out"))
        assert out is not None
        scratch = draft.new_tensor(part, x.dtype, (0, *one), block=op.block)
        outputs = {"Out": [out.name], "XShape": [scratch]}
        new.append(NewOp("reshape2", {"X": [part]}, outputs, {"shape": list(out.shape)}))
    first = min(ops, key=lambda op: op.index)
    for op in ops:
        draft.replace(op, *(new if op is first else ()))
    return len(ops)


SLICES_TO_SPLIT = Rule(
    name="slices-to-split",
    reason="ARM's slice divides whole numbers for every dimension of every element; where slices take a tensor wholly to "
    "pieces (queries, keys, values), a split, which copies runs of memory, is the same",
    ops=frozenset({"slice"}),
    apply=_slices_to_split,
)
