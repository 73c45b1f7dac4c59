"""The metadata of a converted model (docs/reference/metadata.md), and what of it goes into a package as model.json."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge import __version__
from edge.errors import PackageError
from edge.zoo.model import Preprocessing

FORMAT = "edgezoo-asset/1"
"""What model.json calls itself."""


def read_metadata(path: Path) -> dict[str, Any]:
    """`NAME.json` as `edgezoo convert` writes it. Raises PackageError if there is none, or no such file."""
    try:
        metadata = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise PackageError(
            f"{path} is missing: a package needs the metadata that is written beside a converted model",
            hint="convert the model with edgezoo, or write the file (docs/reference/metadata.md)",
        ) from error
    except (OSError, ValueError) as error:
        raise PackageError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(metadata, dict) or metadata.get("format") != "edgezoo-model/1":
        raise PackageError(f"{path} is no metadata of edgezoo: its format is not 'edgezoo-model/1'")
    return metadata


def asset_info(metadata: Mapping[str, Any], name: str | None, opt_version: str, where: str) -> dict[str, Any]:
    """The content of model.json: what an app can use, and nothing of the machine it was made on (`source.path`).

    `where` is the file, for the messages. Raises PackageError if something is missing or malformed.
    """
    inputs = [_tensor(value, where) for value in _list(metadata, "inputs", where)]
    outputs = [_tensor(value, where, fixed=False) for value in _list(metadata, "outputs", where)]
    source = _optional(metadata, "source", dict, where) or {}
    steps = _optional(metadata, "preprocessing", dict, where)
    preprocessing = None if steps is None else check_preprocessing(steps, inputs[0]["shape"], where)
    classes = _optional(metadata, "class_num", int, where)
    return {
        "format": FORMAT,
        "name": name or _text(metadata, "name", where),
        "file": "model.nb",
        "sha256": _text(metadata, "sha256", where),
        "bytes": metadata["bytes"],
        "opt_version": opt_version,
        "target": _text(metadata, "target", where),
        "precision": _text(metadata, "precision", where),
        "inputs": inputs,
        "outputs": outputs,
        "preprocessing": preprocessing,
        "class_num": classes,
        "labels": None,
        "model": _optional(metadata, "model", dict, where),
        "published": _optional(metadata, "published", dict, where),
        "source": {
            "kind": _text(source, "kind", where),
            **{key: source.get(key) for key in ("seed", "url", "program_sha256", "params_sha256", "paddle_version")},
        },
        "verification": _optional(metadata, "verification", dict, where),
        "licence": _optional(metadata, "licence", str, where),
        "edgezoo": __version__,
    }


def check_preprocessing(steps: Mapping[str, Any], input_shape: list[int], where: str) -> dict[str, Any]:
    """The steps, if the Android helper can take them and they fit the network's input; else PackageError."""
    from edge.images.preprocess import INTERPOLATIONS

    if set(steps) != set(Preprocessing.__dataclass_fields__) or not (
        _whole([steps["resize_short"]], 1)
        and _whole(steps["crop"], 2)
        and _finite([steps["scale"]], 1)
        and _finite(steps["mean"], 3)
        and _finite(steps["std"], 3)
        and 0 not in steps["std"]
    ):
        raise PackageError(
            f"{where}: 'preprocessing' is malformed", hint="docs/reference/metadata.md shows what it holds"
        )
    for key, allowed in (("channel_order", ("RGB", "BGR")), ("layout", ("NCHW",)), ("interpolation", INTERPOLATIONS)):
        if steps[key] not in allowed:
            raise PackageError(f"{where}: {key} '{steps[key]}' is not one of {', '.join(allowed)}")
    short, (height, width) = steps["resize_short"], steps["crop"]
    crop = f"a crop of {height} x {width}"
    if short < max(height, width):
        raise PackageError(f"{where}: {crop} does not fit into a short side of {short}")
    if input_shape[1:] != [3, height, width]:
        raise PackageError(
            f"{where}: {crop} does not fit an input of shape {input_shape}", hint="put its own 'preprocessing' there"
        )
    return {key: steps[key] for key in Preprocessing.__dataclass_fields__}


def _tensor(value: Any, where: str, *, fixed: bool = True) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise PackageError(f"{where}: an input or output has no name")
    shape = value.get("shape")
    if not isinstance(shape, list) or (fixed and (not shape or not _whole(shape, len(shape)))):
        raise PackageError(
            f"{where}: the shape of '{value['name']}' is missing or not fixed", hint="convert with --input-shape"
        )
    return {key: value.get(key) for key in ("name", "shape", "dtype", "layout") if key in value}


def _text(data: Mapping[str, Any], key: str, where: str) -> str:
    value = _optional(data, key, str, where)
    if not value:
        raise PackageError(f"{where}: '{key}' is missing")
    return str(value)


def _list(data: Mapping[str, Any], key: str, where: str) -> list[Any]:
    value = _optional(data, key, list, where)
    if not value:
        raise PackageError(f"{where}: '{key}' is missing")
    return list(value)


def _optional(data: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    value = data.get(key)
    if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
        raise PackageError(f"{where}: '{key}' is malformed")
    return value


def _finite(values: Any, count: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == count
        and all(isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in values)
    )


def _whole(values: Any, count: int) -> bool:
    return _finite(values, count) and all(isinstance(value, int) and value > 0 for value in values)
