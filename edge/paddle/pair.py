"""Finding the two files of an inference model in a directory, whatever they are called."""

from __future__ import annotations

from pathlib import Path

from edge.errors import ModelFilesError

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


def find_pair(folder: Path) -> tuple[Path, Path]:
    """The program and the parameters in `folder`. Raises `ModelFilesError` when there is none, or no telling which."""
    if not folder.is_dir():
        what = "is a file, not a directory" if folder.exists() else "does not exist"
        raise ModelFilesError(f"{folder} {what}", hint="name a directory with a program and its parameters")
    for program, params in _PAIRS:
        if (folder / program).is_file() and (folder / params).is_file():
            return folder / program, folder / params
    programs = sorted(folder.glob("*.pdmodel")) or sorted(folder.glob("*.json"))
    pairs = [(p, p.with_suffix(".pdiparams")) for p in programs if p.with_suffix(".pdiparams").is_file()]
    if len(pairs) > 1:
        names = ", ".join(program.name for program, _ in pairs)
        raise ModelFilesError(f"{folder} holds several models ({names})", hint="leave one, or name another directory")
    if pairs:
        return pairs[0]
    raise _none(folder, programs)


def _none(folder: Path, programs: list[Path]) -> ModelFilesError:
    # Many things are called .json: one is taken for a program where it has the usual name, or nothing else is there.
    if programs and (programs[0].suffix == ".pdmodel" or not sorted(folder.glob("*.pdiparams"))):
        return ModelFilesError(f"{folder} has {programs[0].name} without its parameters, {programs[0].stem}.pdiparams")
    if (folder / "__model__").is_file():
        return ModelFilesError(
            f"{folder} has __model__ with its parameters in separate files",
            hint="save them into one: paddle.static.save_inference_model, or fluid's params_filename",
        )
    if lone := sorted(folder.glob("*.pdiparams")):
        return ModelFilesError(f"{folder} has {lone[0].name} without its program, {lone[0].stem}.pdmodel or .json")
    return ModelFilesError(
        f"{folder} holds no inference model", hint="expected a pair such as inference.pdmodel + inference.pdiparams"
    )
