"""Finding the files of an inference model, whatever they are called."""

from __future__ import annotations

from pathlib import Path

from edge.errors import ModelFilesError, ProgramError
from edge.paddle.params import is_params
from edge.paddle.program import Program
from edge.untrusted.files import open_file

# Program and parameters as Paddle 1.x to 3.x, PaddleClas, PaddleDetection and X2Paddle name them, most usual first. Where both
# formats of one model are there, the older one needs no translation.
_PAIRS = (
    ("inference.pdmodel", "inference.pdiparams"),
    ("model.pdmodel", "model.pdiparams"),
    ("__model__", "__params__"),
    ("__model__", "params"),
    ("model", "params"),
    ("inference.json", "inference.pdiparams"),
    ("model.json", "model.pdiparams"),
)
_MOST_PROGRAM = 256 << 20  # bytes; the largest program of the catalogue has 3 MB
_EXPECTED = "expected a pair such as inference.pdmodel + inference.pdiparams"


def find_pair(place: Path) -> tuple[Path, Path | None]:
    """The program and the parameters in the folder `place`, or of the program file `place`; None: a file for each parameter.

    Files with other names than the usual ones are known by their content. Raises `ModelFilesError` when there is no program, or
    no telling which.
    """
    if place.is_file():
        return _of_program(place)
    if not place.is_dir():
        raise ModelFilesError(f"{place} does not exist", hint="name a directory with a program and its parameters")
    for program, params in _PAIRS:
        if (place / program).is_file() and (place / params).is_file():
            return place / program, place / params
    named = sorted(place.glob("*.pdmodel")) or sorted(place.glob("*.json"))
    pairs = [(p, p.with_suffix(".pdiparams")) for p in named if p.with_suffix(".pdiparams").is_file()]
    if len(pairs) == 1:
        return pairs[0]
    if pairs:
        raise _several([program for program, _ in pairs])
    files = [path for path in sorted(place.iterdir()) if path.is_file()]
    programs = [path for path in files if _is_program(path)]
    if len(programs) > 1:
        raise _several(programs)
    if not programs:
        raise _none(place, named)
    found = [path for path in files if is_params(path)]
    return programs[0], found[0] if len(found) == 1 else None


def is_usual(program: Path, params: Path) -> bool:
    """Whether the parameters' name follows from the program's."""
    return params == program.with_suffix(".pdiparams") or (program.name, params.name) in _PAIRS


def _of_program(program: Path) -> tuple[Path, Path | None]:
    """The program that is named itself: of several in one folder."""
    usual = [program.with_name(params) for name, params in _PAIRS if name == program.name]
    for params in (program.with_suffix(".pdiparams"), *usual):
        if params != program and params.is_file():
            return program, params
    if program.suffix == ".json" or _is_program(program):
        found = [path for path in sorted(program.parent.iterdir()) if path.is_file() and is_params(path)]
        return program, found[0] if len(found) == 1 else None
    if program.suffix == ".onnx":
        raise onnx_refused(program)
    raise ModelFilesError(f"{program} is no program of Paddle", hint="name the folder of an inference model")


def _is_program(path: Path) -> bool:
    with open_file(path) as file:
        if (
            file.read(1) != b"\n" or path.stat().st_size > _MOST_PROGRAM
        ):  # a program begins with its first block: field 1
            return False
    try:
        return bool(Program.read(path).feeds)
    except ProgramError:
        return False


def _several(programs: list[Path]) -> ModelFilesError:
    names = ", ".join(program.name for program in programs)
    return ModelFilesError(
        f"{programs[0].parent} holds several models ({names})", hint=f"name one of the files: {programs[0]}"
    )


def onnx_refused(path: Path) -> ModelFilesError:
    """What is said of an ONNX file where a model of Paddle is wanted."""
    return ModelFilesError(
        f"{path} is an ONNX model, and edgezoo converts those of Paddle",
        hint=f"X2Paddle makes one: x2paddle -f onnx -m {path} -s DIR; then name DIR/inference_model",
    )


def _none(folder: Path, programs: list[Path]) -> ModelFilesError:
    # Many things are called .json: one is taken for a program where it has the usual name, or nothing else is there.
    if programs and (programs[0].suffix == ".pdmodel" or not sorted(folder.glob("*.pdiparams"))):
        return ModelFilesError(f"{folder} has {programs[0].name} without its parameters, {programs[0].stem}.pdiparams")
    if lone := sorted(folder.glob("*.pdiparams")):
        return ModelFilesError(f"{folder} has {lone[0].name} without its program, {lone[0].stem}.pdmodel or .json")
    if onnx := sorted(folder.glob("*.onnx")):
        return onnx_refused(onnx[0])
    if weights := [path for suffix in ("pdparams", "safetensors") for path in sorted(folder.glob(f"*.{suffix}"))]:
        return ModelFilesError(
            f"{folder} holds weights alone, {weights[0].name}: no network",
            hint=f"of a catalogue network: edgezoo convert NAME --weights {weights[0]}",
        )
    return ModelFilesError(f"{folder} holds no inference model", hint=_EXPECTED)
