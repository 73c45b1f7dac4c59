"""The preprocessing and labels that go into a model's metadata: said by somebody, and by whom.

First what the options say; then what was said before, in the metadata that stands where the new one will, if it is of the same
network; then the file that the training tool wrote beside the model; the catalogue's for its own weights. Of the user's own
network, whose preprocessing nobody said, none is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.convert.shapes import InputShape, input_shapes
from edge.errors import FormatError, UsageError
from edge.images.overrides import Overrides, fitting, images_of, in_layout_of, takes_one_image
from edge.metadata.file import read_beside
from edge.metadata.model import Metadata
from edge.paddle.program import Program
from edge.source.checkout import CheckoutNetwork
from edge.source.config import Config, read_config
from edge.source.model import InferenceModel
from edge.zoo.model import ClasNetwork, Model, Preprocessing


@dataclass(frozen=True, slots=True)
class Preparation:
    """`remarks`: where it comes from, and what could not be taken."""

    preprocessing: Preprocessing | None
    labels: tuple[str, ...] | None = None
    remarks: tuple[str, ...] = ()


def prepared(
    name: str,
    model: ClasNetwork | None,
    source: InferenceModel,
    shapes: Sequence[Sequence[int]],
    overrides: Overrides,
    place: Path | None = None,
) -> Preparation:
    """What is known for a network with inputs of these shapes; its file goes to `place`. Raises `UsageError`, as `fitting`."""
    images = images_of(shapes)
    before = _before(place, source) if place is not None else None
    config = _config(model, source)
    labels = (config.labels if config else None) or (before.class_labels or None if before else None)
    remarks = list(config.remarks) if config else []
    known, origin = _known(model, source, _kept(before, images), config, place)
    if overrides:
        if known is None and config is not None and config.prepared is not None:
            overrides = overrides.over(config.prepared)
        how = fitting(name, images, known, overrides)
        return Preparation(how, labels, (*remarks, f"preprocessing as said: {how}"))
    try:
        if known is not None:
            how = fitting(name, images, known, Overrides())
        elif config is not None and config.prepared is not None:
            how, origin = fitting(name, images, None, config.prepared), config.name
        else:
            return Preparation(None, labels, (*remarks, *_unknown(model, source, images)))
    except UsageError as error:
        return Preparation(None, labels, (*remarks, f"no preprocessing from {origin}: {error.message}"))
    if config is not None and config.prepared is not None and origin != config.name and not _same(config, images, how):
        remarks.append(f"{config.name} says otherwise; remove {origin} to take it from there")
    if origin != "the catalogue":
        remarks.append(f"preprocessing from {origin}: {how}")
    return Preparation(how, labels, tuple(remarks))


def shapes_of(source: InferenceModel, model: ClasNetwork | None, asked: InputShape | None) -> list[tuple[int, ...]]:
    """The inputs' shapes, as `input_shapes` has them. Raises `ProgramError`."""
    if model is not None and not source.program.exists():  # an export of which the facts alone were kept
        return [model.input_shape]
    return input_shapes(Program.read(source.program).feeds, asked)


def _config(model: ClasNetwork | None, source: InferenceModel) -> Config | None:
    """What was written of it by who trained it: of a checkout's network, its configuration there."""
    if isinstance(model, CheckoutNetwork):
        return model.config
    return read_config(source.directory) if source.kind == "own" else None


def _known(
    model: ClasNetwork | None,
    source: InferenceModel,
    kept: Preprocessing | None,
    config: Config | None,
    place: Path | None,
) -> tuple[Preprocessing | None, str]:
    catalogue = model.preprocessing if isinstance(model, Model) and source.kind in ("published", "random") else None
    if kept is not None and kept != catalogue:
        return kept, f"the metadata that was there ({place.stem}.json)" if place else ""
    return catalogue, config.name if config is not None and catalogue is None else "the catalogue"


def _kept(before: Metadata | None, images: Sequence[Sequence[int]]) -> Preprocessing | None:
    """What stands there, for the program: a file that an engine takes may have the channels of its image last."""
    kept = before.preprocessing if before is not None else None
    if before is None or kept is None or kept.layout not in [one.layout for one in before.inputs]:
        return kept
    return in_layout_of(kept, images)


def _before(place: Path, source: InferenceModel) -> Metadata | None:
    """What stands there of the same network, be it by hand; of another one it says nothing."""
    try:
        metadata = read_beside(place)
    except FormatError:
        return None
    if metadata is None:
        return None
    there = metadata.source
    same = (there.program_sha256, there.params_sha256) == (source.program_sha256, source.params_sha256)
    return metadata if same else None


def _same(config: Config, shapes: Sequence[Sequence[int]], how: Preprocessing) -> bool:
    assert config.prepared is not None  # asked for where it says something
    try:
        return fitting("", shapes, None, config.prepared) == how
    except UsageError:
        return True


def _unknown(model: ClasNetwork | None, source: InferenceModel, shapes: Sequence[Sequence[int]]) -> list[str]:
    """What to do about a preprocessing that nobody said, where the network takes an image."""
    built = isinstance(model, CheckoutNetwork)
    if (source.kind not in ("own", "checkpoint") and not built) or not takes_one_image(shapes):
        return []
    as_catalogue = ""
    if isinstance(model, Model):
        how = model.preprocessing
        mean, std = (",".join(f"{value:g}" for value in values) for values in (how.mean, how.std))
        more = ("" if how.interpolation == "bilinear" else f" --interpolation {how.interpolation}") + (
            " --bgr" if how.channel_order == "BGR" else ""
        )
        as_catalogue = f" (as PaddleClas', --resize-short {how.resize_short} --mean {mean} --std {std}{more})"
    return [f"no preprocessing is known: say how images are prepared with --resize-short, --mean, --std{as_catalogue}"]
