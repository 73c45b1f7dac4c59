"""matmul_v2 by a weight, which is Paddle's way to write a fully connected layer."""

from __future__ import annotations

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft, OpDraft


def _rank_times_weight(draft: Draft, op: OpDraft) -> int | None:
    """The rank of X where the operator is X times a plain two-dimensional weight, else None."""
    x, y = draft.tensor(op.input("X")), draft.tensor(op.input("Y"))
    if x is None or y is None or not draft.is_weight(y.name) or op.attr("trans_x") or op.attr("trans_y"):
        return None
    if op.has_attr("alpha"):  # a factor, or one of edge.convert.legalise.half's
        return None
    return len(x.shape) if len(x.shape) >= 2 and len(y.shape) == 2 else None


def _to_mul(draft: Draft) -> int:
    count = 0
    for op in draft.ops("matmul_v2"):
        if (rank := _rank_times_weight(draft, op)) is not None:
            op.set_type("mul")
            op.drop_attr("trans_x")
            op.drop_attr("trans_y")
            op.set_attr("x_num_col_dims", rank - 1)
            op.set_attr("y_num_col_dims", 1)
            count += 1
    return count


MATMUL_WEIGHT_TO_MUL = Rule(
    name="matmul-weight-to-mul",
    reason="the runtime never turns a matmul_v2 weight that opt quantised back into floats: wrong numbers without a word; "
    "mul is the same product, is dequantised, and becomes fc for x86 too",
    ops=frozenset({"matmul_v2"}),
    apply=_to_mul,
)
