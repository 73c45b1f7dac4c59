"""Running opt in a worker, and making sense of how it ends."""

from __future__ import annotations

from pathlib import Path

from edge.convert.opt.messages import cause_of
from edge.convert.recipe import Precision, Recipe
from edge.errors import OptError, WorkerError
from edge.paddle.program import Program
from edge.toolchain.worker import Worker

_TIMEOUT = 1800.0  # seconds; light networks take less than one, the catalogue's largest minutes

# How opt stores float weights: of a network with int8 activations, those of the layers that stayed float.
_WEIGHTS: dict[Precision, str] = {"int8": "int8", "int16": "int16", "int8-static": "int8"}


def optimise(worker: Worker, program: Program, params: Path, out: Path, recipe: Recipe) -> None:
    """Write `out` (which must end in `.nb`), and beside it, as `.pdmodel`, the program that opt read.

    Raises `OptError` with the cause, advice, and what opt printed.
    """
    read = out.with_suffix(".pdmodel")
    read.write_bytes(program.serialize())
    try:
        worker.call(
            "opt",
            timeout=_TIMEOUT,
            program=str(read),
            params=str(params),
            out=str(out),
            targets=recipe.target,
            fp16=recipe.precision == "fp16",
            quant=_WEIGHTS.get(recipe.precision),
            sparse_threshold=recipe.sparse_threshold,
        )
    except WorkerError as error:
        cause = cause_of(error)
        raise OptError(
            f"opt {recipe.engine} for {recipe.target}: {cause.sentence}",
            hint=cause.advice_in(recipe.engine),
            log=error.log,
        ) from error
    if not out.is_file():
        raise OptError(f"opt {recipe.engine} for {recipe.target} ended without writing a file")
