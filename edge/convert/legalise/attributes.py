"""Rules about attributes: those that opt insists on and Paddle no longer writes, and types that opt cannot read."""

from __future__ import annotations

from functools import partial

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import AttrValue, Draft

# Attribute types of Paddle 2.4 and later that opt's own framework.proto lacks, or has and reads as something else.
_NEW_KINDS = frozenset({"FLOAT64", "FLOAT64S", "SCALAR", "SCALARS"})


def _complete(draft: Draft, op_type: str, missing: dict[str, AttrValue]) -> int:
    count = 0
    for op in draft.ops(op_type):
        absent = {name: value for name, value in missing.items() if not op.has_attr(name)}
        for name, value in absent.items():
            op.set_attr(name, value)
        count += bool(absent)
    return count


def _plain(draft: Draft) -> int:
    count = 0
    for op in [op for op in draft.ops() if op.has_attr_of(_NEW_KINDS)]:
        for name, kind in op.attr_kinds.items():
            if kind in _NEW_KINDS:
                op.set_attr(name, op.attr(name))
                count += 1
    return count


def _short_axes(draft: Draft) -> int:
    long = [op for op in draft.ops(*TRUTHS) if op.attr_kinds.get("dim") == "LONGS"]
    for op in long:
        op.set_attr("dim", op.attr("dim"))
    return len(long)


TRUTHS = frozenset({"reduce_any", "reduce_all"})

REDUCE_AXES = Rule(
    name="reduce-axes-32-bits",
    reason="Paddle 2.4 and later write the axes of reduce_any and reduce_all in 64 bits; opt aborts unless they are of 32",
    ops=TRUTHS,
    apply=_short_axes,
)

RELU6_THRESHOLD = Rule(
    name="relu6-threshold",
    reason="Paddle 2.4 and later leave out relu6's threshold where it is 6; opt aborts without it",
    ops=frozenset({"relu6"}),
    apply=partial(_complete, op_type="relu6", missing={"threshold": 6.0}),
)

SWISH_BETA = Rule(
    name="swish-beta",
    reason="Paddle 2.4 and later leave out swish's beta where it is 1; opt aborts without it",
    ops=frozenset({"swish"}),
    apply=partial(_complete, op_type="swish", missing={"beta": 1.0}),
)

DROPOUT_FIX_SEED = Rule(
    name="dropout-fix-seed",
    reason="opt 2.10 aborts on a dropout without fix_seed and seed, which mean nothing at inference",
    ops=frozenset({"dropout"}),
    engines=frozenset({"2.10"}),
    apply=partial(_complete, op_type="dropout", missing={"fix_seed": False, "seed": 0}),
)

PLAIN_ATTRIBUTES = Rule(
    name="plain-attributes",
    reason="opt cannot read attributes of the types Scalar and float64; the same values are written as float or integer",
    apply=_plain,
)
