"""From what the command line names (networks of the catalogue, .nb files, inference models) to their counted work."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.cache.hashing import sha256_of
from edge.convert.pipeline import convert_models
from edge.convert.products.nb import NbOrder
from edge.convert.recipe import choose
from edge.decide.estimate import Counted
from edge.decide.features import count, of_model
from edge.errors import ModelFilesError, UsageError
from edge.metadata.file import read_beside
from edge.metadata.published import of_metadata
from edge.nb.header import NbHeader, read_header
from edge.nb.params import count_types
from edge.nb.program import count_kernels, read_ops
from edge.nb.shapes import UnknownOpError, read_shaped
from edge.source.weights import Weights
from edge.zoo.catalogue import lookup
from edge.zoo.model import Model

_RUNS = ("arm fp32", "arm any", "host")  # kernels that the table is of, or that have no precision


def is_path(name: str) -> bool:
    """Whether a name on the command line means a file or folder."""
    return name.endswith((".nb", ".pdmodel", ".json")) or "/" in name


def check(name: str) -> None:
    """Raises `UnknownModelError` for no model, `ModelFilesError` for a path where there is nothing."""
    if not is_path(name):
        lookup(name)
    elif not Path(name).exists():
        raise ModelFilesError(f"{name} does not exist", hint="a .nb file, or a folder with an inference model")


def counted(name: str, shape: Sequence[int] | None, say: Callable[[str], None]) -> Counted:
    """The work of one network; what is no .nb file, and not counted already, is converted for arm in float32 first.

    `shape`: of the first input, where the file or program leaves it open. Raises what a conversion raises.
    """
    path = Path(name)
    if not is_path(name):
        model = lookup(name)
        known = of_model(model)
        return (
            Counted(model.name, model, known.features)
            if known
            else _converted(model.name, model, Weights("random"), shape, say)
        )
    if path.suffix != ".nb":
        folder = path if path.is_dir() else path.parent
        return _converted(Path(os.path.realpath(folder)).name, None, Weights("own", path=folder), shape, say)
    return _of_file(path, shape)


def _of_file(path: Path, shape: Sequence[int] | None) -> Counted:
    header, beside = read_header(path), read_beside(path)
    if shape is None and beside is not None and beside.inputs:
        shape = beside.inputs[0].shape
    proven = of_metadata(beside) if beside else None
    model = lookup(beside.model.name) if beside and beside.model and proven and proven.published else None
    reason = _other_kernels(path, header)
    if reason:
        return Counted(path.stem, model, None, sha256_of(path), reason)
    return _counted(path, path.stem, model, shape)


def _counted(path: Path, name: str, model: Model | None, shape: Sequence[int] | None) -> Counted:
    try:
        features = count(read_shaped(path, read_header(path), shape))
    except UnknownOpError as error:
        return Counted(name, model, None, sha256_of(path), error.message.removeprefix(f"{path}: "))
    return Counted(name, model, features, sha256_of(path))


def _other_kernels(path: Path, header: NbHeader) -> str:
    """Why the published latencies, which are of float32 on ARM, tell nothing of this file; "" if they do."""
    kernels = [kernel for kernel in count_kernels(read_ops(path, header)) if not kernel.startswith(_RUNS)]
    if kernels:
        return f"it runs {', '.join(kernels)} kernels, and the table is of arm fp32"
    quantised = [kind for kind in count_types(path, header) if kind in ("int8", "int16")]
    return f"its weights are {' and '.join(quantised)}, and the table is of float32 files" if quantised else ""


def _converted(
    name: str, model: Model | None, weights: Weights, shape: Sequence[int] | None, say: Callable[[str], None]
) -> Counted:
    recipe = choose(target="arm", input_shape=None if shape is None else tuple(shape))
    with TemporaryDirectory(prefix="edgezoo-estimate-") as out:
        say(f"{name}: converting")
        (made,) = convert_models([NbOrder(name, model, weights, recipe)], Path(out), verify=False, say=say)
        if made.error is not None:
            raise made.error
        assert made.made is not None
        return _counted(made.made.path, name, model, made.made.metadata.inputs[0].shape)


def check_shape(shape: Sequence[int] | None, names: Sequence[str]) -> None:
    """Raises `UsageError` where a shape is said and no file is named."""
    if shape is not None and not any(map(is_path, names)):
        raise UsageError("--input-shape is for files: networks of the catalogue have their own input")
