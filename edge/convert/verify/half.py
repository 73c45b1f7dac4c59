"""A network as float16 computes it, for Paddle: how far rounding alone takes it from its float32 output."""

from __future__ import annotations

from edge.paddle import schema
from edge.paddle.draft import Draft, NewOp, OpDraft
from edge.paddle.program import Program

_SCRATCH = frozenset(
    {"XShape", "Mask", "MeanOut", "VarianceOut", "SavedMean", "SavedVariance"}
)  # nobody computes with these
_SINGLE, _HALF = schema.DTYPE_NUMBERS["float32"], schema.DTYPE_NUMBERS["float16"]


def in_half(program: Program) -> Program:
    """The program with what every operator makes rounded to float16. Weights, and the sums within an operator, stay float32."""
    draft = Draft.of(program)
    for op in list(draft.ops()):
        if op.type not in ("feed", "fetch"):
            _round_outputs(draft, op)
    return draft.build()


def _round_outputs(draft: Draft, op: OpDraft) -> None:
    for slot, names in op.outputs.items():
        made: list[str] = []
        for name in names:
            tensor = draft.tensor(name)
            if slot in _SCRATCH or tensor is None or tensor.dtype != "float32" or draft.is_weight(name):
                made.append(name)
                continue
            whole = draft.new_tensor(name, "float32", tensor.shape, block=op.block)
            half = draft.new_tensor(name, "float16", tensor.shape, block=op.block)
            made.append(whole)
            draft.follow(
                op,
                NewOp("cast", {"X": [whole]}, {"Out": [half]}, {"in_dtype": _SINGLE, "out_dtype": _HALF}),
                NewOp("cast", {"X": [half]}, {"Out": [name]}, {"in_dtype": _HALF, "out_dtype": _SINGLE}),
            )
        op.set_output(slot, made)
