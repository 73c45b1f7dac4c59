"""Tensors of more dimensions than a kernel can count."""

from __future__ import annotations

from collections.abc import Sequence

from edge.convert.legalise.attributes import TRUTHS
from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft, NewOp, OpDraft
from edge.paddle.program import TensorSpec

_REDUCTIONS = frozenset({"reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum"})
_OVER_AXES = _REDUCTIONS | TRUTHS


def _split(op: OpDraft, shape: Sequence[int]) -> tuple[int, int, int] | None:
    """The shape as (what lies before, what is reduced, what lies behind), where the reduced axes are neighbours."""
    axes = sorted(axis % len(shape) for axis in op.attr("dim", ()))
    if op.attr("reduce_all") or not axes or axes != list(range(axes[0], axes[-1] + 1)):
        return None
    middle = _product(shape[axes[0] : axes[-1] + 1])
    behind = _product(shape[axes[-1] + 1 :])
    return (_product(shape[: axes[0]]), middle, behind) if middle > 0 and behind > 0 else None


def _product(sizes: Sequence[int]) -> int:
    """-1 where one of them is open."""
    product = 1
    for size in sizes:
        product *= size
    return -1 if -1 in sizes else product


def _reduce_in_three(draft: Draft) -> int:
    count = 0
    for op in draft.ops(*_REDUCTIONS):
        x, out = draft.tensor(op.input("X")), draft.tensor(op.output("Out"))
        if x is None or out is None or len(x.shape) <= 4 or not out.shape or out.shape.count(-1) > 1:
            continue
        if (parts := _split(op, x.shape)) is not None:
            draft.replace(op, *_in_three(draft, op, x, out, parts))
            count += 1
    return count


def _in_three(draft: Draft, op: OpDraft, x: TensorSpec, out: TensorSpec, parts: tuple[int, int, int]) -> list[NewOp]:
    before, _, behind = parts
    flat = draft.new_tensor(x.name, x.dtype, parts, block=op.block)
    reduced = draft.new_tensor(out.name, out.dtype, (before, behind), block=op.block)
    shapes = [draft.new_tensor(name, x.dtype, (), block=op.block) for name in (x.name, out.name)]
    kept = {name: op.attr(name) for name in ("in_dtype", "out_dtype") if op.has_attr(name)}
    return [
        NewOp("reshape2", {"X": [x.name]}, {"Out": [flat], "XShape": [shapes[0]]}, {"shape": list(parts)}),
        NewOp(op.type, {"X": [flat]}, {"Out": [reduced]}, {"dim": [1], "keep_dim": False, "reduce_all": False, **kept}),
        NewOp("reshape2", {"X": [reduced]}, {"Out": [out.name], "XShape": [shapes[1]]}, {"shape": list(out.shape)}),
    ]


def _say_all(draft: Draft) -> int:
    unsaid = [op for op in draft.ops(*_OVER_AXES) if not op.attr("dim", ()) and not op.attr("reduce_all")]
    for op in unsaid:
        op.set_attr("reduce_all", True)
    return len(unsaid)


REDUCE_ALL_SAID = Rule(
    name="reduce-all-said",
    reason="Paddle 2.6 writes a sum over all axes as one over no axes (`x.sum()`), of which the x86 engine dies",
    ops=_OVER_AXES,
    apply=_say_all,
)

REDUCE_IN_THREE = Rule(
    name="reduce-in-three-dimensions",
    reason="before 2.14 the x86 engine's reductions leave tensors of more than four dimensions uncomputed, without a word; "
    "reshaped to three dimensions it is the same sum",
    ops=_REDUCTIONS,
    engines=frozenset({"2.10", "2.11", "2.12", "2.13rc0"}),
    apply=_reduce_in_three,
)
