"""A network as float16 computes it, for Paddle: how far rounding alone takes it from its float32 output."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.convert.verify.compare import LIMITS, judge
from edge.convert.verify.judge import WRONG_FROM, Judgement, Run
from edge.convert.verify.rounded import MULTIPLIED
from edge.paddle import schema
from edge.paddle.draft import Draft, NewOp, OpDraft
from edge.paddle.program import Program
from edge.paddle.rewritten import rewritten

_SCRATCH = frozenset(
    {"XShape", "Mask", "MeanOut", "VarianceOut", "SavedMean", "SavedVariance"}
)  # nobody computes with these
_INFINITE = "in float16 Paddle's own output is no finite number"
_SINGLE, _HALF = schema.DTYPE_NUMBERS["float32"], schema.DTYPE_NUMBERS["float16"]


def in_half(program: Program) -> Program:
    """The program with what every operator makes rounded to float16; the sums within an operator stay float32."""
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


def half_params(program: Program, params: Path, out: Path) -> Path:
    """`out`, the parameters with the weights of convolutions and fully connected layers rounded to float16.

    The others are folded into these before opt rounds anything, or stay float32.
    """
    named = {op.input(slot) for op in program.ops(*MULTIPLIED) for slot in [MULTIPLIED[op.type]]}
    weights = [spec.name for spec in program.persistables if spec.name in named and spec.dtype == "float32"]
    return rewritten(program, params, out, dict.fromkeys(weights, _halved))


def _halved(values: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(over="ignore"):  # infinite is what is looked for
        return values.astype(np.float16).astype(np.float32)


def what_half_does(judgement: Judgement, paddle: Run, half: Run) -> tuple[str | None, list[str]]:
    """Of a network whose float32 twin passed: why its float16 file cannot be vouched for, and remarks on what rounding does.

    `half` is Paddle in float16 (edge.convert.verify.engines.Half). A number beyond 65504 is infinite there.
    """
    found = {
        name: judge(paddle(verdict.given), half(verdict.given), LIMITS["fp16"]).comparison
        for name, verdict in judgement.used
    }
    infinite = [name for name, moved in found.items() if not isfinite(moved.max_abs_error)]
    if len(infinite) == len(found):
        return f"{_INFINITE}: use another precision", []
    farthest = max(moved.relative_error for name, moved in found.items() if name not in infinite)
    told = [f"rounding to float16 moves Paddle's own output by {farthest:.2g} of what tells inputs apart"]
    if farthest > WRONG_FROM:
        told[0] += ": it changes what this network computes"
    return None, told + [f"{_INFINITE} with inputs {' and '.join(infinite)}"] * bool(infinite)
