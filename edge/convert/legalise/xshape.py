"""Operators without outputs that nobody reads: reshaping ones without XShape, a scratch variable, and a norm's statistics."""

from __future__ import annotations

from functools import partial
from math import prod

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft, OpDraft

_OTHERS = frozenset({"flatten2", "reshape2", "squeeze2", "transpose2", "unsqueeze2"})


def _give_xshape(draft: Draft, ops: frozenset[str], *, fused_only: bool = False) -> int:
    """Of transpositions, where opt makes the right thing of it, or, unless `fused_only`, nothing."""
    count, around, wanted = 0, _Around(draft), (True,) if fused_only else (True, None)
    for op in draft.ops(*ops):
        source = op.input("X")
        if op.output("XShape") is not None or source is None:
            continue
        if op.type == "transpose2" and _fused(draft, op, around) not in wanted:
            continue
        described = draft.tensor(source)
        shape, dtype = (described.shape, described.dtype) if described else ((), "float32")
        op.set_output("XShape", [draft.new_tensor(source, dtype, (0, *shape), block=op.block)])
        count += 1
    return count


def _give_statistics(draft: Draft) -> int:
    count = 0
    for op in draft.ops("instance_norm"):
        out = draft.tensor(op.output("Y"))
        if out is not None and len(out.shape) > 1 and op.output("SavedMean") is None:
            size = -1 if out.shape[0] < 0 else out.shape[0] * out.shape[1]
            for slot in ("SavedMean", "SavedVariance"):
                op.set_output(slot, [draft.new_tensor(out.name, "float32", (size,), block=op.block)])
            count += 1
    return count


class _Around:
    """By variable, the first operator of a kind that makes it (`before`, `turned`) or reads it (`after`, `turning`)."""

    def __init__(self, draft: Draft) -> None:
        self.before: dict[str, OpDraft] = {}
        self.after: dict[str, OpDraft] = {}
        self.turned: dict[str, OpDraft] = {}
        self.turning: dict[str, OpDraft] = {}
        for op in draft.ops("reshape2", "softmax"):
            self.before.setdefault(op.output("Out") or "", op)
            self.after.setdefault(op.input("X") or "", op)
        for op in draft.ops("transpose2"):
            self.turned.setdefault(op.output("Out") or "", op)
            self.turning.setdefault(op.input("X") or "", op)


def _fused(draft: Draft, op: OpDraft, around: _Around) -> bool | None:
    """Whether opt, given XShape, makes the same of this transposition and its neighbours; None where it leaves them alone.

    A shuffle that leaves its groups open gets them written.

    shuffle_channel_fuser.cc takes reshape2, transpose2, reshape2 for a shuffle of channels when it has seen the first axes;
    transpose_softmax_transpose_fuser.cc takes the second transposition for the inverse of the first.
    """
    axes = tuple(op.attr("axis", ()))
    before, after = around.before.get(op.input("X") or ""), around.after.get(op.output("Out") or "")
    if turns_as_a_shuffle(op) and _are(before, after, "reshape2", "reshape2"):
        assert before is not None
        assert after is not None
        groups = _groups(draft, before, after) if axes == (0, 2, 1, 3, 4) else None
        if groups is not None and before.attr("shape", ())[1:2] != (groups,):  # opt reads them there
            x = draft.tensor(before.input("X"))
            assert x is not None
            before.set_attr("shape", [0, groups, x.shape[1] // groups, *x.shape[2:]])
        return groups is not None
    first = around.turned.get(before.input("X") or "") if before is not None and before.type == "softmax" else None
    if first is not None:
        return _inverse(tuple(first.attr("axis", ())), axes)
    second = around.turning.get(after.output("Out") or "") if after is not None and after.type == "softmax" else None
    return True if second is not None and _inverse(axes, tuple(second.attr("axis", ()))) else None


def turns_as_a_shuffle(op: OpDraft) -> bool:
    """Whether opt takes this, between two reshapes, for a shuffle of channels."""
    axes = tuple(op.attr("axis", ())) if op.type == "transpose2" else ()
    return len(axes) >= 5 and axes[1:3] == (2, 1)


def _are(before: OpDraft | None, after: OpDraft | None, first: str, second: str) -> bool:
    return before is not None and after is not None and (before.type, after.type) == (first, second)


def _groups(draft: Draft, before: OpDraft, after: OpDraft) -> int | None:
    """How many groups the reshapes part the channels in, (N, C, H, W) to (N, groups, C / groups, H, W), and join them again.

    None where they do something else. One size of an image may be open: it follows from the others.
    """
    tensors = [draft.tensor(name) for name in (before.input("X"), before.output("Out"), after.output("Out"))]
    x, parted, joined = (list(one.shape) if one else [] for one in tensors)
    if len(x) != 4 or len(parted) != 5 or x != joined or min(x[1:]) < 1:
        return None
    if parted.count(-1) == 2 and x[0] == parted[0] == -1 and before.attr("shape", (-1,))[0] == 0:  # N stays N
        place, known = parted.index(-1, 1), prod(size for size in parted[1:] if size > 0)
        parted[place] = prod(x[1:]) // known
    n, groups, each, *image = parted
    return groups if [n, groups * each, *image] == x else None


def _inverse(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    return len(first) == len(second) and all(
        -len(first) <= axis < len(first) and first[axis] == position for position, axis in enumerate(second)
    )


FLATTEN_XSHAPE = Rule(
    name="flatten-xshape",
    reason="without XShape, which Paddle 2.5 and later leave out, opt 2.13rc0 dies (SIGSEGV in InferType) for x86 and "
    "runtimes before 2.14 refuse the model",
    ops=frozenset({"flatten_contiguous_range"}),
    apply=partial(_give_xshape, ops=frozenset({"flatten_contiguous_range"})),
)

OTHER_XSHAPES = Rule(
    name="xshape-output",
    reason="opt 2.10 and 2.11 abort, or their engines die, where transpose2 and its like have no XShape, which Paddle 2.5 "
    "and later leave out of transpose2",
    ops=_OTHERS,
    engines=frozenset({"2.10", "2.11"}),
    apply=partial(_give_xshape, ops=_OTHERS),
)

FUSED_XSHAPES = Rule(
    name="xshape-fusion",
    reason="opt makes one operator of a shuffle of channels (reshape2, transpose2, reshape2) only if all have XShape, which "
    "Paddle 2.5 and later leave out of transpose2; it dies of reshape2 and its like without",
    ops=_OTHERS,
    apply=partial(_give_xshape, ops=_OTHERS, fused_only=True),
)

INSTANCE_NORM_SAVED = Rule(
    name="instance-norm-saved",
    reason="opt aborts on an instance_norm without SavedMean and SavedVariance, which Paddle 2.6 leaves out at inference",
    ops=frozenset({"instance_norm"}),
    apply=_give_statistics,
)
