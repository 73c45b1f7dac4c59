"""An inference model of the user's own: found, and checked before an engine can stumble over it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edge.cache.hashing import sha256_of
from edge.errors import ModelFilesError, ProgramError
from edge.paddle import params as params_file
from edge.paddle.pair import find_pair, is_usual
from edge.paddle.program import Program
from edge.paddle.quantised import stored_otherwise
from edge.source.gathered import joined, linked
from edge.source.model import InferenceModel


def read(place: Path) -> InferenceModel:
    """The inference model in the folder `place`, or of the program file `place`.

    Raises `ModelFilesError`: no pair, a broken file, or files of two models.
    """
    named, params = find_pair(place)
    if named.stat().st_size == 0:
        raise ModelFilesError(f"{named} is empty", hint="export or copy the model again")
    try:
        if named.suffix == ".json":
            if params is None:
                raise ModelFilesError(f"{named} has no parameters beside it, {named.stem}.pdiparams")
            return _read_pir(place, named, params)
        program = Program.read(named)
        if params is not None and not is_usual(named, params) and _is_one_of_many(params, program):
            params = None
        if params is None:
            return _checked(place, program, *joined(named, program.persistables), named)
        if is_usual(named, params):
            return _checked(place, program, named, params, named)
        params_file.check(params, program.persistables, stored_otherwise(program))  # names it, and not its link
        return _checked(place, program, *linked(named, params), named)
    except ProgramError as error:
        raise ModelFilesError(error.message, hint=error.hint) from error


def _is_one_of_many(params: Path, program: Program) -> bool:
    """A file that is called as one of several parameters holds that one: the others are missing."""
    names = {spec.name for spec in program.persistables}
    return len(names) > 1 and params.name in names


def _read_pir(place: Path, pir_path: Path, params_path: Path) -> InferenceModel:
    """A model that Paddle 3 wrote: its program is translated."""
    from edge.paddle.pir import PirProgram
    from edge.source.pir import translated

    pir, sha256 = PirProgram.read(pir_path), sha256_of(pir_path)
    program_path = translated(pir, sha256, params_path)
    model = _checked(place, Program.read(program_path), program_path, params_path, pir_path)
    return replace(model, paddle_version=pir.version, pir=pir_path, pir_sha256=sha256)


def _checked(place: Path, program: Program, program_path: Path, params_path: Path, named: Path) -> InferenceModel:
    """The model once its two files are known to belong together; `named` is the program that the user knows of."""
    if not program.feeds or not program.fetches:
        what = "inputs" if not program.feeds else "outputs"
        raise ModelFilesError(f"{named} names no {what}", hint="export it with paddle.jit.save or save_inference_model")
    elements = params_file.check(params_path, program.persistables, stored_otherwise(program))
    return InferenceModel(
        directory=named.parent,
        program=program_path,
        params=params_path,
        program_sha256=sha256_of(program_path),
        params_sha256=sha256_of(params_path),
        kind="own",
        paddle_version=program.version,
        path=place,
        params_count=elements,
    )
