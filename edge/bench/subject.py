"""From a .nb file (and the metadata beside it) to what is measured."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge.bench.measurement import Subject
from edge.convert.nb import read_header
from edge.errors import ModelFilesError


def read_subject(nb: Path, *, shapes: Sequence[Sequence[int]] | None = None) -> Subject:
    """The model file and what `NAME.json` says of it.

    `shapes` override those of the metadata; a file without metadata is taken for a network of one 1x3x224x224 input,
    unless its name is one of the catalogue's; a free batch size is 1. Raises `ModelFilesError` for a missing file, or
    metadata that cannot be read or speaks of another file, and `NbFormatError` for a file that is no .nb.
    """
    try:
        with nb.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.seek(0, 2)
    except OSError as error:
        raise ModelFilesError(f"the model {nb} cannot be read: {error.strerror}") from error
    metadata = _metadata(nb.with_suffix(".json"))
    if metadata is None:
        return Subject(
            name=nb.stem,
            sha256=sha256,
            bytes=size,
            shapes=_shapes(shapes or [_usual_shape(nb.stem)]),
            opt_version=read_header(nb).opt_version,
        )
    if metadata["sha256"] != sha256:
        raise ModelFilesError(
            f"{nb.with_suffix('.json').name} describes another file than {nb}: the sha256 differs",
            hint="convert the model again, or remove the .json file",
        )
    return Subject(
        name=metadata["name"],
        sha256=sha256,
        bytes=size,
        shapes=_shapes(shapes or [one["shape"] for one in metadata["inputs"]]),
        weights=metadata["source"]["kind"],
        target=metadata["target"],
        precision=metadata["precision"],
        opt_version=metadata["opt_version"],
        flops=metadata["flops"],
        params=metadata["params"],
        verification=metadata["verification"]["status"],
        metadata=metadata,
    )


def _metadata(path: Path) -> dict[str, Any] | None:
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
        if metadata.get("format") != "edgezoo-model/1":
            return None  # some other program's file
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError) as error:
        raise ModelFilesError(f"the metadata {path} cannot be read: {error}", hint="convert the model again") from error
    needed = {
        "name",
        "sha256",
        "inputs",
        "source",
        "target",
        "precision",
        "opt_version",
        "flops",
        "params",
        "verification",
    }
    if missing := needed - metadata.keys():
        raise ModelFilesError(f"the metadata {path} lacks {', '.join(sorted(missing))}", hint="convert the model again")
    return dict(metadata)


def _usual_shape(name: str) -> Sequence[int]:
    from edge.zoo.catalogue import catalogue

    return next((model.input_shape for model in catalogue() if model.name == name), (1, 3, 224, 224))


def _shapes(shapes: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple((1 if shape[0] < 0 else shape[0], *shape[1:]) for shape in shapes)
