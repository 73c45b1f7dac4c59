"""An inference model of the user's own: found in a directory, and checked before an engine can stumble over it."""

from __future__ import annotations

from pathlib import Path

from edge.convert.program import Program
from edge.errors import ModelFilesError, ProgramError
from edge.source import params as params_file
from edge.source.hashing import sha256_of
from edge.source.model import InferenceModel
from edge.source.pair import find_pair


def read(folder: Path) -> InferenceModel:
    """The inference model in `folder`. Raises `ModelFilesError`: no pair, a broken file, or files of two models."""
    program_path, params_path = find_pair(folder)
    if program_path.stat().st_size == 0:
        raise ModelFilesError(f"{program_path} is empty", hint="export or copy the model again")
    try:
        program = Program.read(program_path)
    except ProgramError as error:
        raise ModelFilesError(error.message, hint=error.hint) from error
    if not program.feeds or not program.fetches:
        what = "inputs" if not program.feeds else "outputs"
        raise ModelFilesError(
            f"{program_path} names no {what}", hint="export it with paddle.jit.save or save_inference_model"
        )
    elements = params_file.check(params_path, program.persistables)
    return InferenceModel(
        directory=folder,
        program=program_path,
        params=params_path,
        program_sha256=sha256_of(program_path),
        params_sha256=sha256_of(params_path),
        kind="own",
        paddle_version=program.version,
        path=folder,
        params_count=elements,
    )
