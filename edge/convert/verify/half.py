"""A network as ARM's float16 kernels compute it, for Paddle: how far float16 takes it from its float32 output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.convert.verify.compare import LIMITS, judge
from edge.convert.verify.half_kernels import SCRATCH, Kernels
from edge.convert.verify.half_steps import CONVOLUTIONS, rounding, step
from edge.convert.verify.judge import WRONG_FROM, Judgement, Run
from edge.convert.verify.rounded import MULTIPLIED
from edge.errors import WorkerRequestError
from edge.paddle.draft import Draft, NewOp, OpDraft
from edge.paddle.params import tensors
from edge.paddle.program import Program
from edge.paddle.rewritten import rewritten

_INFINITE = "in float16 Paddle's own output is no finite number"


def in_half(program: Program, order: int | None = None) -> Program:
    """The program as ARM's float16 kernels compute it, for the worker's `run_half`.

    What each kernel puts out is rounded (`half_kernels.py`). With an `order`, the kernels' own steps are taken, too, and the
    terms of convolutions and products added up one after the other (`half_steps.py`): that program wants the parameters of
    `half_params` with `folds`. Without, their sums stay float32.
    """
    draft = Draft.of(program)
    kernels = Kernels(draft)
    firsts: dict[tuple[int, int], OpDraft] = {}  # of kernels that go on, by the place of the operator that comes next
    folded: set[tuple[int, int]] = set()
    for op in list(draft.ops()):
        if op.type in ("feed", "fetch"):
            continue
        place = op.block, op.index
        first = firsts.get(place, op)
        behind = kernels.next(first, op)
        if behind is not None:
            firsts[behind.block, behind.index] = first
        if place in folded:
            draft.replace(op)
            continue
        if order is not None and (steps := _steps(draft, kernels, op, order, folded)):
            draft.replace(op, *steps)
        elif behind is None:
            _round_outputs(draft, op)
    return draft.build()


def _steps(
    draft: Draft, kernels: Kernels, op: OpDraft, order: int, folded: set[tuple[int, int]]
) -> Sequence[NewOp] | None:
    """An operator by its kernel's own steps; to `folded` goes the place of the one behind that these take in."""
    fold = kernels.folded(op)
    if fold is None:
        return step(draft, op, order)
    behind, shift = fold
    steps = step(draft, op, order, behind.output("Y" if behind.type == "batch_norm" else "Out"), shift)
    if steps is not None:
        folded.add((behind.block, behind.index))
    return steps


def _round_outputs(draft: Draft, op: OpDraft) -> None:
    for slot, names in op.outputs.items():
        made: list[str] = []
        for name in names:
            tensor = draft.tensor(name)
            if slot in SCRATCH or tensor is None or tensor.dtype != "float32" or draft.is_weight(name):
                made.append(name)
                continue
            whole = draft.new_tensor(name, "float32", tensor.shape, block=op.block)
            made.append(whole)
            draft.follow(op, *rounding(draft, op.block, whole, name))
        op.set_output(slot, made)


def half_params(program: Program, params: Path, out: Path, *, folds: Program | None = None) -> Path:
    """`out`, the parameters of `program` with the weights of convolutions and fully connected layers rounded to float16.

    With the program that `folds`, `in_half` before its steps, the factors of batch norms are in the weights before, and their
    shifts are rounded, as the engine gets them.
    """
    named = {op.input(slot) for op in program.ops(*MULTIPLIED) for slot in [MULTIPLIED[op.type]]}
    weights = [spec.name for spec in program.persistables if spec.name in named and spec.dtype == "float32"]
    changes: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = dict.fromkeys(weights, as_half)
    if folds is not None:
        changes |= _folding(program, params, folds)
    return rewritten(program, params, out, changes)


def _folding(program: Program, params: Path, folds: Program) -> dict[str, Callable[[NDArray[Any]], NDArray[Any]]]:
    """What becomes of the weights of convolutions with a batch norm behind, of its shifts, and of biases."""
    draft = Draft.of(folds)
    kernels = Kernels(draft)
    known = {spec.name: values for spec, values in tensors(params, program.persistables)}
    changes: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {}
    for op in draft.ops(*CONVOLUTIONS):
        fold = kernels.folded(op)
        if fold is None or step(draft, op, 0) is None:
            continue
        behind, shift = fold
        if behind.type != "batch_norm":
            changes[shift] = as_half
            continue
        scale, mean, variance = (known[behind.input(slot) or ""] for slot in ("Scale", "Mean", "Variance"))
        factor = scale / np.sqrt(variance + np.float32(behind.attr("epsilon", 1e-5)))
        changes[op.input("Filter") or ""] = partial(_scaled, factor=factor)
        changes[shift] = partial(_shifted, by=-mean * factor)
    return {name: change for name, change in changes.items() if name in known}


def _scaled(values: NDArray[Any], factor: NDArray[Any]) -> NDArray[Any]:
    return as_half(values * factor[:, None, None, None])


def _shifted(values: NDArray[Any], by: NDArray[Any]) -> NDArray[Any]:
    return as_half(values + by)


def as_half(values: NDArray[Any]) -> NDArray[Any]:
    """float32 rounded to float16, as float32 again; others as they are."""
    if values.dtype != np.float32:
        return values
    with np.errstate(over="ignore"):  # infinite is what is looked for
        return values.astype(np.float16).astype(np.float32)


def what_half_does(judgement: Judgement, paddle: Run, half: Run) -> tuple[str | None, list[str]]:
    """Of a network whose float32 twin passed: why its float16 file cannot be vouched for, and remarks on what rounding does.

    `half` is Paddle in float16 (edge.convert.verify.engines.Half). A number beyond 65504 is infinite there.
    """
    try:
        found = {
            name: judge(paddle(verdict.given), half(verdict.given), LIMITS["fp16"]).comparison
            for name, verdict in judgement.used
        }
    except WorkerRequestError as error:  # it is only to be told: the twin is right
        return None, [f"how far rounding to float16 moves Paddle's own output is not known: {error.message}"]
    infinite = [name for name, moved in found.items() if not isfinite(moved.max_abs_error)]
    if len(infinite) == len(found):
        return f"{_INFINITE}: use another precision", []
    farthest = max(moved.relative_error for name, moved in found.items() if name not in infinite)
    told = f"rounding to float16 moves Paddle's own output by {farthest:.2g} of what tells inputs apart"
    if farthest > WRONG_FROM:
        return f"{told}, as far as wrong networks do: use another precision", []
    return None, [told, *[f"{_INFINITE} with inputs {' and '.join(infinite)}"] * bool(infinite)]
