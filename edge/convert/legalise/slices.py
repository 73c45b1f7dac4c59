"""A tensor that slices take to pieces along one axis: queries, keys and values of an attention layer."""

from __future__ import annotations

from collections.abc import Sequence

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft, NewOp, OpDraft
from edge.paddle.program import TensorSpec

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
    count = sum(_split(draft, name, axis, ops) for (_, name, axis), ops in pieces.items())
    return count + sum(_unbound(draft, op) for op in draft.ops("unbind"))


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
    size = x.shape[axes[0]]
    start, end = (one + size if one < 0 else one for one in (starts[0], ends[0]))
    if tuple(op.attr("decrease_axis", ())) != axes or not 0 <= start < size or min(end, size) != start + 1:
        return None
    # Of numbers without any dimension the engine knows nothing: it dies of a reshape to none.
    return int(axes[0]) if out.shape and out.shape.count(-1) <= 1 else None


def _split(draft: Draft, name: str, axis: int, ops: Sequence[OpDraft]) -> int:
    """Replace the slices, if they take each position once; in the place of the first, before all that read them."""
    x = draft.tensor(name)
    assert x is not None
    taken = {int(op.attr("starts")[0]) % x.shape[axis]: op for op in ops}
    if len(ops) < 2 or len(ops) != len(taken) or len(ops) != x.shape[axis]:
        return 0
    ordered = [taken[position] for position in range(len(ops))]
    new = _parted(draft, ops[0].block, x, axis, [op.output("Out") or "" for op in ordered])
    first = min(ops, key=lambda op: op.index)
    for op in ops:
        draft.replace(op, *(new if op is first else ()))
    return len(ops)


def _unbound(draft: Draft, op: OpDraft) -> int:
    """The same of the one operator that takes a tensor to pieces: along the first axis, the engine dies of it."""
    x, names = draft.tensor(op.input("X")), op.outputs.get("Out", ())
    shapes = [out.shape if (out := draft.tensor(name)) else () for name in names]
    if x is None or not x.shape or x.dtype != "float32" or any(not shape or shape.count(-1) > 1 for shape in shapes):
        return 0
    axis = int(op.attr("axis", 0)) % len(x.shape)
    if x.shape[axis] != len(names):
        return 0
    draft.replace(op, *_parted(draft, op.block, x, axis, names))
    return 1


def _parted(draft: Draft, block: int, x: TensorSpec, axis: int, names: Sequence[str]) -> list[NewOp]:
    """A split along the axis into these tensors, and for each what drops the axis."""
    one = tuple(1 if position == axis else size for position, size in enumerate(x.shape))
    parts = [draft.new_tensor(x.name, x.dtype, one, block=block) for _ in names]
    new = [NewOp("split", {"X": [x.name]}, {"Out": parts}, {"axis": axis, "num": 0, "sections": [1] * len(parts)})]
    for name, part in zip(names, parts, strict=True):
        out = draft.tensor(name)
        assert out is not None
        scratch = draft.new_tensor(part, x.dtype, (0, *one), block=block)
        outputs = {"Out": [name], "XShape": [scratch]}
        new.append(NewOp("reshape2", {"X": [part]}, outputs, {"shape": list(out.shape)}))
    return new


SLICES_TO_SPLIT = Rule(
    name="slices-to-split",
    reason="ARM's slice divides whole numbers for every dimension of every element; where slices take a tensor wholly to "
    "pieces (queries, keys, values), a split, which copies runs of memory, is the same; so it is for unbind, of which the "
    "engine can die, and which 2.10 has not",
    ops=frozenset({"slice", "unbind"}),
    apply=_slices_to_split,
)
