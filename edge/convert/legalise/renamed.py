"""Operators that an engine knows, or computes well, under another name only."""

from __future__ import annotations

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft


def _silu_to_swish(draft: Draft) -> int:
    count = 0
    for op in draft.ops("silu"):
        op.set_type("swish")
        op.set_attr("beta", 1.0)
        count += 1
    return count


def _matmul_v2_to_matmul(draft: Draft) -> int:
    count = 0
    for op in draft.ops("matmul_v2"):
        op.set_type("matmul")
        for new, old in (("transpose_X", "trans_x"), ("transpose_Y", "trans_y")):
            op.set_attr(new, bool(op.attr(old, False)))
            op.drop_attr(old)
        op.set_attr("alpha", 1.0)
        count += 1
    return count


SILU_TO_SWISH = Rule(
    name="silu-to-swish",
    reason="opt up to 2.12 has no silu, and later ones have a slow one without a float16 kernel; swish with beta 1 is the same "
    "function",
    ops=frozenset({"silu"}),
    apply=_silu_to_swish,
)

MATMUL_V2_TO_MATMUL = Rule(
    name="matmul-v2-to-matmul",
    reason="opt 2.10 and 2.11 have no matmul_v2 for x86; matmul with alpha 1 is the same for operands of equal rank",
    ops=frozenset({"matmul_v2"}),
    engines=frozenset({"2.10", "2.11"}),
    apply=_matmul_v2_to_matmul,
)
