"""From a model file (and the metadata beside it) to what is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from edge.bench.parts import parts_of
from edge.cache.files import holds
from edge.cache.hashing import sha256_of
from edge.convert.metadata import classes, network, origin
from edge.convert.preparation import prepared
from edge.convert.shapes import input_shapes
from edge.errors import ModelFilesError, UsageError
from edge.images.overrides import Overrides
from edge.metadata.file import as_document, metadata_path, read_beside
from edge.nb.header import read_header
from edge.paddle.program import Program
from edge.results.measurement import Subject
from edge.source.model import InferenceModel
from edge.toolchain.engines import format_of
from edge.zoo.model import Model


def read_subject(file: Path, *, shapes: Sequence[Sequence[int]] | None = None) -> Subject:
    """The model file and what `NAME.json` (of an ONNX file `NAME.onnx.json`) says of it.

    `shapes` set what the metadata leave open; a file without metadata is taken for a network of one 1x3x224x224 input,
    unless its name is one of the catalogue's; a free batch size is 1. Raises `ModelFilesError` for a missing file, or
    metadata that speaks of another file, `MetadataError` for metadata that cannot be read, and `NbFormatError` for a file
    that is no .nb.
    """
    try:
        sha256, size = sha256_of(file), file.stat().st_size
    except OSError as error:
        raise ModelFilesError(f"the model {file} cannot be read: {error.strerror}") from error
    foreign = metadata_path(file) != file.with_suffix(".json")
    metadata = read_beside(file)
    if metadata is None:
        form, apart = format_of(file), parts_of(file)
        name = file.name.removesuffix(form.suffix) if form else file.stem
        return Subject(
            name=name,
            sha256=_together(sha256, *(part.sha256 for part in apart)),
            bytes=size + sum(part.bytes for part in apart),
            shapes=_shapes(shapes or [_usual_shape(name)]),
            opt_version=None if foreign else read_header(file).opt_version,
        )
    if metadata.sha256 != sha256:
        raise ModelFilesError(
            f"{metadata_path(file).name} describes another file than {file}: the sha256 differs",
            hint="convert the model again, or remove the .json file",
        )
    own = [one.shape for one in metadata.inputs]
    if shapes and not _fit(shapes, own):
        asked, is_so = (" and ".join("x".join(map(str, shape)) for shape in each) for each in (shapes, own))
        raise UsageError(f"--shape {asked}: the input of {file} is {is_so}", hint="leave --shape out")
    parts = metadata.parts or ()
    for part in parts:
        if not holds(file.with_name(part.file), part.sha256):
            raise ModelFilesError(
                f"{part.file}, which belongs to {file}, is missing or another one", hint="convert the model again"
            )
    return Subject(
        name=metadata.name,
        sha256=_together(sha256, *(part.sha256 for part in parts)),
        bytes=size + sum(part.bytes for part in parts),
        shapes=_shapes(shapes or own),
        weights=metadata.source.kind,
        target=metadata.target,
        precision=metadata.precision,
        opt_version=metadata.opt_version,
        flops=metadata.flops,
        params=metadata.params,
        verification=metadata.verification.status if metadata.verification else None,
        metadata=as_document(metadata),
    )


def _fit(shapes: Sequence[Sequence[int]], own: Sequence[Sequence[int]]) -> bool:
    """Whether a model whose sizes are its `own` (open: -1) takes inputs of these shapes. Not every engine would tell."""
    return [len(shape) for shape in shapes] == [len(shape) for shape in own] and all(
        size in (-1, given)
        for shape, known in zip(shapes, own, strict=True)
        for given, size in zip(shape, known, strict=True)
    )


def _together(*sha256: str) -> str:
    """Of a model of several files."""
    return sha256_of("".join(sha256).encode()) if len(sha256) > 1 else sha256[0]


def program_subject(
    name: str, model: Model | None, source: InferenceModel, given: tuple[tuple[int, ...], ...] | None
) -> Subject:
    """An inference program as Paddle itself runs it; `given` is the shape of the input that is left open, or those of all.

    The sha256 is of the program's and the parameters' own. Raises `ProgramError`.
    """
    program = Program.read(source.program)
    names = [spec.name for spec in program.feeds]
    if given is not None and len(given) == len(names) > 1:
        shapes = input_shapes(program.feeds, dict(zip(names, given, strict=True)))
    else:
        shapes = input_shapes(program.feeds, given[0] if given else None)
    return Subject(
        name=name,
        sha256=sha256_of(f"{source.program_sha256} {source.params_sha256}".encode()),
        bytes=source.program.stat().st_size + source.params.stat().st_size,
        shapes=tuple(shapes),
        weights=source.kind,
        precision="fp32",
        flops=source.flops,
        params=source.params_count,
        metadata={
            "name": name,
            "model": network(model),
            "precision": "fp32",
            "engine": {"name": "paddle", "version": source.paddle_version},
            "source": origin(source),
            "outputs": [{"name": one.name, "shape": list(one.shape)} for one in program.fetches],
            "preprocessing": _steps(name, model, source, shapes),
            "class_num": source.class_num
            or classes(*([asdict(one) for one in side] for side in (program.feeds, program.fetches))),
        },
    )


def _steps(
    name: str, model: Model | None, source: InferenceModel, shapes: Sequence[Sequence[int]]
) -> dict[str, object] | None:
    how = prepared(name, model, source, shapes, Overrides()).preprocessing
    return how.as_values() if how else None


def _usual_shape(name: str) -> Sequence[int]:
    from edge.zoo.catalogue import catalogue

    return next((model.input_shape for model in catalogue() if model.name == name), (1, 3, 224, 224))


def _shapes(shapes: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple((1 if shape[0] < 0 else shape[0], *shape[1:]) for shape in shapes)
