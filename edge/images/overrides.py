"""Which preprocessing a network is judged with: its metadata's, with what the user says instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edge.errors import UsageError
from edge.metadata.file import origin_of
from edge.zoo.model import Preprocessing

if TYPE_CHECKING:
    from edge.results.measurement import Subject


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the user says of the preprocessing; None: nothing. Mean and deviation by channel, of values from 0 to 1."""

    resize_short: int | None = None
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    interpolation: str | None = None
    channel_order: str | None = None


def steps(subject: Subject, overrides: Overrides) -> Preprocessing:
    """The preprocessing for a converted network, as `fitting` says."""
    return fitting(subject.name, subject.shapes, _known(subject), overrides)


def fitting(
    name: str, shapes: Sequence[Sequence[int]], known: Preprocessing | None, overrides: Overrides
) -> Preprocessing:
    """The preprocessing for a network with inputs of these shapes.

    Raises `UsageError` where nothing is known of it, or it cannot feed the network. A network of which none is known (one
    of the user's own) must be given the size its images are resized to; what else is not given is PaddleClas' default:
    bilinear, RGB, ImageNet's mean and deviation.
    """
    shape = shapes[0]
    if len(shapes) != 1 or len(shape) != 4 or tuple(shape[:2]) != (1, 3):
        inputs = ", ".join(str(list(each)) for each in shapes)
        raise UsageError(
            f"{name} takes {inputs}: it must be one colour image at a time",
            hint="a network of one image input may be converted with --input-shape 1,3,HEIGHT,WIDTH",
        )
    size = (shape[2], shape[3])
    if overrides.resize_short is not None:
        base = replace(known or Preprocessing(0, size), resize_short=overrides.resize_short, crop=size)
    elif known is None:
        raise UsageError(
            f"nothing is known of the preprocessing of {name}",
            hint=f"say to what the short side is resized before the centre of {size[0]} x {size[1]} is taken: "
            f"--resize-short {min(size)}; and, where they are not ImageNet's, --mean and --std",
        )
    else:
        base = known
    if base.crop != size:
        raise UsageError(
            f"the preprocessing of {name} crops to {base.crop[0]} x {base.crop[1]}, "
            f"and its input is {size[0]} x {size[1]}",
            hint="say to what the short side is resized for this size: --resize-short",
        )
    if base.resize_short < max(size):
        raise UsageError(
            f"a short side of {base.resize_short} is too small for a crop of {size[0]} x {size[1]}",
            hint=f"--resize-short {max(size)} or more",
        )
    changes = {key: getattr(overrides, key) for key in ("mean", "std", "interpolation", "channel_order")}
    return replace(base, **{key: value for key, value in changes.items() if value is not None})


def _known(subject: Subject) -> Preprocessing | None:
    """What the metadata says, else the catalogue of the network that it names."""
    origin = origin_of(subject.metadata, subject.name)
    if origin.preprocessing is None and origin.model is not None:
        from edge.zoo.catalogue import lookup

        return lookup(origin.model.name).preprocessing
    return origin.preprocessing
