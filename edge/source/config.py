"""What a model's training tool wrote beside it of preprocessing and labels.

Read are PaddleClas' `inference.yml` (`PreProcess.transform_ops`, a step an item; `PostProcess`), PaddleDetection's
`infer_cfg.yml` (`Preprocess`, `label_list`) and PaddleX' `model.yml` (`Transforms`, `_Attributes.labels`). What the steps
mean and their defaults: deploy/python/preprocess.py of PaddleClas and of PaddleDetection. A step that edgezoo cannot do is
named, and then nothing of the preprocessing is taken: half of it would be another one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from edge.errors import FormatError
from edge.images.labels import parse_labels
from edge.images.overrides import BYTE, Overrides
from edge.untrusted.files import read_text
from edge.untrusted.guard import brief, guarded

NAMES = ("inference.yml", "infer_cfg.yml", "model.yml", "inference.yaml", "deploy.yaml")
_MOST_BYTES = 4 << 20
_MOST_VALUES = 100_000  # an anchor can be referred to again and again: 500 bytes of YAML may stand for 1e9 words
_OPENCV = {1: "bilinear", 2: "bicubic", "bilinear": "bilinear", "bicubic": "bicubic", "LINEAR": "bilinear",
           "CUBIC": "bicubic", None: "bilinear"}  # fmt: skip
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_FRACTION = re.compile(r"\s*([0-9.eE+-]+)\s*(?:/\s*([0-9.eE+-]+)\s*)?")


@dataclass(frozen=True, slots=True)
class Config:
    """What a file `name` says: `prepared` is None where it says nothing, or (`remarks`) something edgezoo cannot do."""

    name: str
    prepared: Overrides | None
    labels: tuple[str, ...] | None
    remarks: tuple[str, ...] = ()


def read_config(folder: Path) -> Config | None:
    """The first of the known files in `folder`; None if there is none. A broken one is a remark."""
    path = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if path is None:
        return None
    try:
        text = read_text(path, _MOST_BYTES, path.name, error=FormatError)
        return parse_config(text, path.name, lambda name: _file(folder, name))
    except FormatError as error:
        return Config(path.name, None, None, (error.message,))


def parse_config(text: str, name: str, file: Callable[[str], str | None] = lambda _: None) -> Config:
    """The text of a configuration; `file` gives the text of a file that it names. Raises `FormatError` for what is no YAML."""
    document = _document(text, name)
    return _config(document, name, file) if isinstance(document, Mapping) else Config(name, None, None)


def _document(text: str, name: str) -> Any:
    import yaml

    with guarded(FormatError, f"{name} is no YAML"):
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C, where the wheel has it
        many = next(islice(yaml.parse(text, loader), _MOST_VALUES, None), None) is not None
        document = None if many else yaml.load(text, loader)
        if many or _values(document) > _MOST_VALUES:
            raise FormatError(f"{name} stands for more than {_MOST_VALUES} values")
    return document


def _config(document: Mapping[str, Any], name: str, file: Callable[[str], str | None]) -> Config:
    remarks: list[str] = []
    prepared = None
    steps = list(_steps(document))
    if steps:
        try:
            prepared = _prepared(steps, _begins_bgr(document))
        except _UnknownError as unknown:
            remarks.append(f"{name}: {brief(unknown)}: its preprocessing is not taken; say it with options")
        except Exception:  # whatever a value does that is none of those a tool writes
            remarks.append(f"{name}: its preprocessing cannot be read; say it with options")
    labels = None
    try:
        with guarded(FormatError, "its labels cannot be read"):
            labels = _labels(document, file)
    except FormatError as error:
        remarks.append(f"{name}: {error.message}")
    return Config(name, prepared, labels, tuple(remarks))


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """What a file that PaddleClas trains a network by says: the `size` (C, H, W) to export it for, and its images."""

    size: tuple[int, int, int] | None
    config: Config


def parse_training_config(text: str, name: str, architecture: str) -> TrainingConfig | None:
    """Of `ppcls/configs/**.yaml`; None where it is another network's. Raises `FormatError` for what is no YAML.

    Its images are those of the evaluation, `DataLoader.Eval`, which are transposed without a step that says so.
    """
    document = _document(text, name)
    if _at(document, "Arch", "name") != architecture:
        return None
    size = _at(document, "Global", "image_shape")
    whole = isinstance(size, list) and len(size) == 3 and all(type(n) is int and n > 0 for n in size)
    steps = _at(document, "DataLoader", "Eval", "dataset", "transform_ops")
    evaluated = {"PreProcess": {"transform_ops": [*(steps if isinstance(steps, list) else ()), {"ToCHWImage": None}]}}
    config = _config(evaluated, name, lambda _: None) if steps else Config(name, None, None)
    return TrainingConfig((size[0], size[1], size[2]) if whole else None, config)


def _at(document: object, *path: str) -> Any:
    for key in path:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


class _UnknownError(Exception):
    """A step, or a way to do it, that edgezoo does not have."""


def _values(value: object, known: dict[int, int] | None = None) -> int:
    """How many values are written out if each is as often as it is referred to; endless for one that holds itself."""
    known = {} if known is None else known
    if not isinstance(value, dict | list | tuple | set):
        return 1
    if id(value) not in known:
        known[id(value)] = _MOST_VALUES + 1  # until it is counted: who meets it now is inside of it
        inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_values(one, known) for one in inner)
    return known[id(value)]


def _file(folder: Path, name: str) -> str | None:
    """The text of a file that a configuration names: below the model's folder, or beside it under that name."""
    for path in (folder / name, folder / Path(name).name):
        try:
            there = path.is_file() and path.resolve().is_relative_to(folder.resolve())
        except OSError:  # a name that no file can have, a folder that may not be entered
            continue
        if there:
            return read_text(path, _MOST_BYTES, name, error=FormatError)
    return None


def _steps(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every step by its name, whichever tool wrote it."""
    clas = document.get("PreProcess")
    found = clas.get("transform_ops") if isinstance(clas, Mapping) else None
    found = found or document.get("Preprocess") or document.get("Transforms") or ()
    for step in found if isinstance(found, list) else ():
        if isinstance(step, Mapping) and "type" in step:
            yield str(step["type"]), {key: value for key, value in step.items() if key != "type"}
        elif isinstance(step, Mapping) and len(step) == 1:
            ((name, how),) = step.items()
            yield str(name), how if isinstance(how, Mapping) else {}
        elif isinstance(step, str):
            yield step, {}


def _begins_bgr(document: Mapping[str, Any]) -> bool:
    return str(document.get("TransformsMode", "RGB")).upper() == "BGR"


def _prepared(steps: list[tuple[str, Mapping[str, Any]]], bgr: bool) -> Overrides:
    """Without a step that normalises, values stay what they are; without one that transposes, channels stay last."""
    made = Overrides(scale=1.0, mean=(0.0,), std=(1.0,), channel_order="BGR" if bgr else "RGB", layout="NHWC")
    for name, how in steps:
        step = _KNOWN.get(name)
        if step is None:
            raise _UnknownError(f"the step {name} is not known")
        made = step(made, how)
    if any(name in _PADDLEX for name, _ in steps):
        made = replace(made, layout="NCHW")  # PaddleX transposes without a step that says so
    if made.crop is None and made.resize is not None:
        made = replace(made, crop=made.resize)
    return made


def _decode(made: Overrides, how: Mapping[str, Any]) -> Overrides:
    if how.get("channel_first"):
        raise _UnknownError("DecodeImage with channel_first is not known")
    return replace(made, channel_order="RGB" if how.get("to_rgb", True) else "BGR")


def _resize_clas(made: Overrides, how: Mapping[str, Any]) -> Overrides:
    interpolation = _interpolation(how.get("interpolation"), str(how.get("backend", "cv2")).lower())
    if how.get("resize_short"):
        return replace(made, resize_short=int(how["resize_short"]), interpolation=interpolation)
    width, height = _two(how["size"])  # PaddleClas' order
    return replace(made, resize=(height, width), interpolation=interpolation)


def _resize_detection(made: Overrides, how: Mapping[str, Any]) -> Overrides:
    height, width = _two(how["target_size"])
    if how.get("keep_ratio", True):
        raise _UnknownError("Resize with keep_ratio is not known")
    return replace(made, resize=(height, width), interpolation=_interpolation(how.get("interp", 1), "cv2"))


def _resize_short_paddlex(made: Overrides, how: Mapping[str, Any]) -> Overrides:
    if int(how.get("max_size", -1)) > 0:
        raise _UnknownError("ResizeByShort with max_size is not known")
    short = how["short_size"] if "short_size" in how else how["target_size"]
    return replace(made, resize_short=int(short), interpolation=_interpolation(how.get("interp"), "cv2"))


def _resize(made: Overrides, how: Mapping[str, Any]) -> Overrides:
    """PaddleDetection's and PaddleX' have one name; only the former has keep_ratio and interp as a number."""
    if "keep_ratio" in how or not isinstance(how.get("interp", 1), str):
        return _resize_detection(made, how)
    height, width = _two(how["target_size"])
    return replace(made, resize=(height, width), interpolation=_interpolation(how["interp"], "cv2"))


def _crop(made: Overrides, how: Mapping[str, Any]) -> Overrides:
    width, height = _two(how["size"] if "size" in how else how["crop_size"])
    return replace(made, crop=(height, width))


def _normalise_clas(made: Overrides, how: Mapping[str, Any]) -> Overrides:
    """One name in two tools: PaddleDetection's says `is_scale` or `norm_type`."""
    if int(how.get("channel_num", 3)) != 3:
        raise _UnknownError(f"NormalizeImage with channel_num {how['channel_num']} is not known")
    if how.get("norm_type", "mean_std") == "none":
        return replace(made, scale=1 / BYTE if how.get("is_scale", True) else 1.0)
    scale = _scale(how)
    return replace(made, scale=scale, mean=_numbers(how.get("mean") or _MEAN), std=_numbers(how.get("std") or _STD))


def _normalise_paddlex(made: Overrides, how: Mapping[str, Any]) -> Overrides:
    lows, highs = _numbers(how.get("min_val", (0,))), _numbers(how.get("max_val", (BYTE,)))
    if set(lows) != {0.0} or len(set(highs)) != 1:
        raise _UnknownError("Normalize with its own min_val, or several max_val, is not known")
    scale = 1 / highs[0] if how.get("is_scale", True) else 1.0
    return replace(made, scale=scale, mean=_numbers(how.get("mean", _MEAN)), std=_numbers(how.get("std", _STD)))


def _chw(made: Overrides, how: Mapping[str, Any]) -> Overrides:
    if how.get("to_bgr"):
        made = replace(made, channel_order="BGR" if made.channel_order == "RGB" else "RGB")
    return replace(made, layout="NCHW")


_KNOWN: dict[str, Callable[[Overrides, Mapping[str, Any]], Overrides]] = {
    "DecodeImage": _decode,
    "ResizeImage": _resize_clas,
    "CropImage": _crop,
    "NormalizeImage": _normalise_clas,
    "ToCHWImage": _chw,
    "KeepKeys": lambda made, _: made,
    "Resize": _resize,
    "Permute": _chw,
    "ResizeByShort": _resize_short_paddlex,
    "CenterCrop": _crop,
    "Normalize": _normalise_paddlex,
}
_PADDLEX = ("ResizeByShort", "CenterCrop", "Normalize")


def _interpolation(value: object, backend: str) -> str:
    if backend == "pil":
        known = {None: "bilinear", "bilinear": "bilinear", "bicubic": "bicubic", 2: "bilinear", 3: "bicubic"}
        found = known.get(value)  # type: ignore[call-overload]
        found = found and f"pillow-{found}"
    else:
        found = _OPENCV.get(value)
    if not isinstance(found, str):
        raise _UnknownError(f"the interpolation {value} is not known")
    return found


def _scale(how: Mapping[str, Any]) -> float:
    if "is_scale" in how:
        return 1 / BYTE if how["is_scale"] else 1.0
    value = how.get("scale")
    if value is None:
        return 1 / BYTE
    match = _FRACTION.fullmatch(str(value))
    if match is None:
        raise _UnknownError(f"the scale {value} is not known")
    return float(match[1]) / float(match[2] or 1)


def _two(size: object) -> tuple[int, int]:
    if isinstance(size, list | tuple):
        first, second = size
        return int(first), int(second)
    return int(str(size)), int(str(size))


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values) if isinstance(values, list | tuple) else (float(values),)


def _labels(document: Mapping[str, Any], file: Callable[[str], str | None]) -> tuple[str, ...] | None:
    after = document.get("PostProcess")
    after = after if isinstance(after, Mapping) else {}
    inside = [
        one for one in (document, after, *after.values(), document.get("_Attributes")) if isinstance(one, Mapping)
    ]
    for one in inside:
        for key in ("label_list", "labels"):
            if isinstance(one.get(key), list) and one[key]:
                return tuple(str(label) for label in one[key])
        named = one.get("class_id_map_file")
        if isinstance(named, str):
            text = file(named)
            if text is None:
                raise FormatError(
                    f"the labels {brief(named)} that it names are not beside it; name them: package --labels"
                )
            return parse_labels(text, named)
    return None
