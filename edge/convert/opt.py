"""Running opt in a worker, and making sense of how it ends."""

from __future__ import annotations

from pathlib import Path

from edge.convert.messages import cause_of
from edge.convert.recipe import Recipe
from edge.errors import OptError, WorkerError
from edge.toolchain.worker import Worker

_TIMEOUT = 1800.0  # seconds; light networks take less than one, the catalogue's largest minutes


def optimise(worker: Worker, program: Path, params: Path, out: Path, recipe: Recipe) -> None:
    """Write `out` (which must end in `.nb`). Raises `OptError` with the cause, advice, and what opt printed."""
    try:
        worker.call(
            "opt",
            timeout=_TIMEOUT,
            program=str(program),
            params=str(params),
            out=str(out),
            targets=recipe.target,
            fp16=recipe.precision == "fp16",
            quant=recipe.precision if recipe.precision in ("int8", "int16") else None,
            sparse_threshold=recipe.sparse_threshold,
        )
    except WorkerError as error:
        cause = cause_of(error)
        raise OptError(
            f"opt {recipe.engine} for {recipe.target}: {cause.sentence}", hint=cause.advice, log=error.log
        ) from error
    if not out.is_file():
        raise OptError(f"opt {recipe.engine} for {recipe.target} ended without writing a file")
