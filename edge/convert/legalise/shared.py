"""Matrix products of which one operand is shared by all matrices of a batch: multi-query attention."""

from __future__ import annotations

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft, NewOp, OpDraft
from edge.paddle.program import TensorSpec


def _shared(draft: Draft) -> int:
    count = 0
    for op in list(draft.ops("matmul_v2")):
        x, y, out = (draft.tensor(op.input("X")), draft.tensor(op.input("Y")), draft.tensor(op.output("Out")))
        if x is None or y is None or out is None or not len(x.shape) == len(y.shape) == len(out.shape) >= 3:
            continue
        differs = [axis for axis, (a, b) in enumerate(zip(x.shape[:-2], y.shape[:-2], strict=True)) if a != b]
        if not differs or draft.is_weight(y.name) or not all(1 in (x.shape[k], y.shape[k]) for k in differs):
            continue
        last = len(x.shape) - 3
        if differs == [last] and y.shape[last] == 1 and not op.attr("trans_x", False):
            _one_matrix(draft, op, x, out)
            count += 1
        elif all(x.shape[k] > 0 and y.shape[k] > 0 for k in differs):
            for slot, mine, other in (("X", x, y), ("Y", y, x)):
                _tiled(draft, op, slot, mine, other)
            count += 1
    return count


def _one_matrix(draft: Draft, op: OpDraft, x: TensorSpec, out: TensorSpec) -> None:
    """The rows of the last batch axis one below the other: heads that share their keys are one product."""
    *batch, heads, rows, inner = x.shape
    columns = out.shape[-1]
    together = heads * rows if heads > 0 and rows > 0 else -1
    kept = [0] * len(batch)  # of an open batch, too
    joined, product = (
        draft.new_tensor(near.name, near.dtype, (*batch, 1, together, last), block=op.block)
        for near, last in ((x, inner), (out, columns))
    )
    scratch = [draft.new_tensor(x.name, x.dtype, (), block=op.block) for _ in range(2)]
    attrs = {"trans_x": False, "trans_y": bool(op.attr("trans_y", False))}
    draft.replace(
        op,
        NewOp("reshape2", {"X": [x.name]}, {"Out": [joined], "XShape": [scratch[0]]},
              {"shape": [*kept, 1, together, inner]}),
        NewOp("matmul_v2", {"X": [joined], "Y": [op.input("Y") or ""]}, {"Out": [product]}, attrs),
        NewOp("reshape2", {"X": [product]}, {"Out": [out.name], "XShape": [scratch[1]]},
              {"shape": [*kept, heads, rows, columns]}),
    )  # fmt: skip


def _tiled(draft: Draft, op: OpDraft, slot: str, mine: TensorSpec, other: TensorSpec) -> None:
    """An operand as often as the other one has matrices."""
    repeat = [b if a == 1 else 1 for a, b in zip(mine.shape[:-2], other.shape[:-2], strict=True)]
    if set(repeat) == {1}:
        return
    shape = [a * n for a, n in zip(mine.shape[:-2], repeat, strict=True)]
    wide = draft.new_tensor(mine.name, mine.dtype, (*shape, *mine.shape[-2:]), block=op.block)
    draft.precede(op, NewOp("tile", {"X": [mine.name]}, {"Out": [wide]}, {"repeat_times": [*repeat, 1, 1]}))
    op.set_input(slot, [wide])


SHARED_OPERAND = Rule(
    name="matmul-shared-operand",
    reason="Paddle-Lite multiplies as many matrices as both operands have; where one matrix is meant for several (keys that "
    "heads share), their rows are one below the other in one product, or it is repeated",
    ops=frozenset({"matmul_v2"}),
    apply=_shared,
)
