"""What of a model's metadata (docs/reference/metadata.md) goes into a package as model.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge import __version__
from edge.errors import PackageError
from edge.metadata.file import as_document, changed
from edge.metadata.model import Metadata
from edge.metadata.published import licence, of_metadata
from edge.zoo.model import Preprocessing

FORMAT = "edgezoo-asset/1"
"""What model.json calls itself."""


def asset_info(metadata: Metadata, name: str | None, opt_version: str, where: str) -> dict[str, Any]:
    """The content of model.json: what an app can use, and nothing of the machine it was made on (`source.path`).

    `where` is the file, for the messages. Raises PackageError if something is missing, or the helper cannot take it.
    """
    for field in ("name", "sha256", "bytes", "target", "precision", "outputs"):
        if not getattr(metadata, field):
            raise PackageError(f"{where}: `{field}`: it is missing")
    for tensor in metadata.inputs:
        if not tensor.shape or not all(size > 0 for size in tensor.shape):
            raise PackageError(f"{where}: the shape of '{tensor.name}' is not fixed", hint="convert with --input-shape")
    # The helper makes the image: the first input with a layout, as in ModelInfo.java.
    steps = metadata.preprocessing
    if steps is not None:
        image = next((one for one in metadata.inputs if isinstance(one.layout, str)), metadata.inputs[0])
        check_preprocessing(steps, image.shape, where)
    facts = of_metadata(metadata)
    document = as_document(changed(metadata, published=facts.published))
    source = document["source"]
    return {
        "format": FORMAT,
        "name": name or metadata.name,
        "file": "model.nb",
        "sha256": metadata.sha256,
        "bytes": metadata.bytes,
        "opt_version": opt_version,
        "target": metadata.target,
        "precision": metadata.precision,
        "inputs": document["inputs"],
        "outputs": document["outputs"],
        "preprocessing": document["preprocessing"],
        "class_num": metadata.class_num,
        "labels": None,
        "model": document["model"],
        "published": document["published"] if facts.published else None,
        "source": {key: source[key] for key in _OF_SOURCE},
        "verification": document["verification"],
        "licence": metadata.licence if metadata.model is None else licence(facts, metadata.source.kind),
        "edgezoo": __version__,
    }


def check_preprocessing(steps: Preprocessing, input_shape: Sequence[int], where: str) -> None:
    """PackageError if the Android helper cannot take the steps, or they do not fit the network's input."""
    from edge.images.preprocess import INTERPOLATIONS

    sizes = (*steps.crop, *(steps.resize or ()), *([] if steps.resize_short is None else [steps.resize_short]))
    if min(sizes) < 1 or 0 in steps.std:
        raise PackageError(
            f"{where}: `preprocessing`: sizes are positive, and no deviation is 0", hint="docs/reference/metadata.md"
        )
    for key, allowed in (
        ("channel_order", ("RGB", "BGR", "GREY")),
        ("layout", ("NCHW", "NHWC")),
        ("interpolation", INTERPOLATIONS),
    ):
        if getattr(steps, key) not in allowed:
            raise PackageError(
                f"{where}: `preprocessing.{key}`: '{getattr(steps, key)}' is not one of {', '.join(allowed)}"
            )
    height, width = steps.crop
    crop = f"a crop of {height} x {width}"
    if steps.resize is None and steps.resize_short is None:
        raise PackageError(f"{where}: `preprocessing`: neither `resize_short` nor `resize` says what images become")
    if steps.resize is not None and (steps.resize[0] < height or steps.resize[1] < width):
        raise PackageError(f"{where}: {crop} does not fit into {steps.resize[0]} x {steps.resize[1]}")
    if steps.resize_short is not None and steps.resize_short < max(height, width):
        raise PackageError(f"{where}: {crop} does not fit into a short side of {steps.resize_short}")
    if {len(steps.mean), len(steps.std)} != {steps.channels}:
        raise PackageError(f"{where}: `preprocessing`: mean and std must have {steps.channels} values")
    image = (height, width, steps.channels) if steps.layout == "NHWC" else (steps.channels, height, width)
    if tuple(input_shape[1:]) != image:
        raise PackageError(
            f"{where}: {crop} does not fit an input of shape {list(input_shape)}",
            hint="put its own 'preprocessing' there",
        )


_OF_SOURCE = ("kind", "seed", "url", "program_sha256", "params_sha256", "paddle_version")
