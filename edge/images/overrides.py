"""What is said of a network's preprocessing, by the user or by a file beside the model, and the preprocessing that follows.

Nothing is assumed that changes what the network sees: the size, mean and deviation must be said by somebody. Only what
has one sensible meaning has a default: values of 0 to 1, RGB, bilinear, and the layout that the input's shape shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from edge.errors import UsageError
from edge.metadata.file import origin_of
from edge.zoo.model import Preprocessing

if TYPE_CHECKING:
    from edge.results.measurement import Subject

BYTE = 255.0


@dataclass(frozen=True, slots=True)
class Overrides:
    """What is said; None: nothing. Sizes are height and width.

    Mean and deviation are of values times `scale`, one for all channels or one each, in the order of the network's channels.
    """

    resize_short: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    interpolation: str | None = None
    channel_order: str | None = None
    resize: tuple[int, int] | None = None
    crop: tuple[int, int] | None = None
    scale: float | None = None
    layout: str | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) is not None for one in fields(self))

    def over(self, given: Overrides) -> Overrides:
        """These, and what else was `given` before; a new size replaces the whole of the old one."""
        sizes = ("resize_short", "resize", "crop")
        mine = {one.name: getattr(self, one.name) for one in fields(self)}
        resized = self.resize_short is not None or self.resize is not None
        kept = {
            name: getattr(given, name)
            for name, value in mine.items()
            if value is None and not (resized and name in sizes)
        }
        return replace(self, **kept)


def steps(subject: Subject, overrides: Overrides) -> Preprocessing:
    """The preprocessing for a converted network, as `fitting` says."""
    return fitting(subject.name, subject.shapes, known(subject), overrides)


def fitting(
    name: str, shapes: Sequence[Sequence[int]], known: Preprocessing | None, overrides: Overrides
) -> Preprocessing:
    """The preprocessing for a network with inputs of these shapes: `known`, but for what the overrides say.

    Raises `UsageError` where too little is known of it, it cannot feed the network, or its mean and deviation cannot be
    those of its values.
    """
    layout, channels, size = _image(
        name, shapes, overrides.layout or (known.layout if known else None), said=overrides.layout is not None
    )
    base = known or Preprocessing(None, size, mean=(), std=(), channel_order="GREY" if channels == 1 else "RGB")
    given = {key: getattr(overrides, key) for key in ("mean", "std", "scale", "interpolation", "channel_order")}
    base = replace(base, **{key: value for key, value in given.items() if value is not None}, layout=layout)
    if overrides.resize_short is not None or overrides.resize is not None:
        crop = overrides.crop or size
        base = replace(base, resize_short=overrides.resize_short, resize=overrides.resize, crop=crop)
    elif overrides.crop is not None:
        base = replace(base, crop=overrides.crop)
    if (base.resize_short is None and base.resize is None) or not base.mean or not base.std:
        raise _too_little(name, base, size, channels)
    base = replace(base, mean=_each(name, "mean", base.mean, channels), std=_each(name, "std", base.std, channels))
    _check_channels(name, base, channels)
    _check_size(name, base, size)
    _check_values(name, base)
    return base


def images_of(shapes: Sequence[Sequence[int]]) -> list[Sequence[int]]:
    """Of several inputs those that can be images."""
    return [shape for shape in shapes if len(shape) == 4 or len(shapes) == 1]


def takes_one_image(shapes: Sequence[Sequence[int]]) -> bool:
    """Whether `fitting` could say how an image becomes its only one of `images_of`, channels first or last."""
    images = images_of(shapes)
    return len(images) == 1 and bool(_layouts(images[0]))


def in_layout_of(how: Preprocessing, shapes: Sequence[Sequence[int]]) -> Preprocessing:
    """The preprocessing with the layout of a network's only image, where its own does not fit that."""
    images = images_of(shapes)
    fits = _layouts(images[0]) if len(images) == 1 else {}
    return how if how.layout in fits or not fits else replace(how, layout=next(iter(fits)))


def _layouts(shape: Sequence[int]) -> dict[str, tuple[int, tuple[int, int]]]:
    """Channels, height and width by each layout that such an input may have."""
    if len(shape) != 4 or shape[0] != 1 or min(shape) < 1:
        return {}
    found = {"NCHW": (shape[1], (shape[2], shape[3])), "NHWC": (shape[3], (shape[1], shape[2]))}
    return {layout: one for layout, one in found.items() if one[0] in (1, 3)}


def _image(
    name: str, shapes: Sequence[Sequence[int]], layout: str | None, *, said: bool
) -> tuple[str, int, tuple[int, int]]:
    """Layout, channels, height and width of the only input."""
    shape = tuple(shapes[0]) if len(shapes) == 1 else ()
    if len(shape) == 4 and shape[0] == 1 and min(shape) > 0:
        fits = list(found := _layouts(shape))
        if layout is not None and layout not in fits:
            hint = (
                "leave --layout out"
                if said
                else f"what is known of it says {layout}; say it yourself: --layout {fits[0]}"
                if fits
                else ""
            )
            raise UsageError(f"{name} takes {list(shape)}, which is no {layout} image", hint=hint)
        if layout is not None or len(fits) == 1:
            return layout or fits[0], *found[layout or fits[0]]
        if fits:
            raise UsageError(
                f"{name} takes {list(shape)}: are the channels first or last?", hint="--layout NCHW or --layout NHWC"
            )
    inputs = ", ".join(str(list(each)) for each in shapes)
    raise UsageError(
        f"{name} takes {inputs}: it must be one image at a time, of 3 channels or 1",
        hint="where its shape is open, say it: --input-shape 1,3,HEIGHT,WIDTH (grey: 1,1,HEIGHT,WIDTH)",
    )


def _too_little(name: str, base: Preprocessing, size: tuple[int, int], channels: int) -> UsageError:
    missing = (
        [] if base.resize_short or base.resize else [f"--resize {size[1]},{size[0]} or --resize-short {min(size)}"]
    )
    missing += [f"--{what} {','.join('?' * channels)}" for what in ("mean", "std") if not getattr(base, what)]
    return UsageError(
        f"nothing is known of the preprocessing of {name}"
        if len(missing) == 3
        else f"too little is known of the preprocessing of {name}",
        hint=f"say how its images are prepared: {' '.join(missing)}; of values from 0 to 255 with --scale 1 "
        "(ImageNet's: --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225)",
    )


def _each(name: str, what: str, values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    if len(values) not in (1, channels):
        raise UsageError(f"--{what} has {len(values)} values, and {name} takes images of {channels} channels")
    return values if len(values) == channels else values * channels


def _check_channels(name: str, base: Preprocessing, channels: int) -> None:
    if base.channels != channels:
        hint = "say --grey: it has one channel" if channels == 1 else "leave --grey out"
        raise UsageError(f"{name} takes images of {channels} channels, and not {base.channel_order}", hint=hint)


def _check_size(name: str, base: Preprocessing, size: tuple[int, int]) -> None:
    if base.crop != size:
        raise UsageError(
            f"the preprocessing of {name} crops to {base.crop[0]} x {base.crop[1]}, "
            f"and its input is {size[0]} x {size[1]}",
            hint="say to what the short side is resized for this size: --resize-short",
        )
    if base.resize is not None and (base.resize[0] < size[0] or base.resize[1] < size[1]):
        raise UsageError(
            f"an image of {base.resize[0]} x {base.resize[1]} is too small for a crop of {size[0]} x {size[1]}",
            hint=f"--resize {size[1]},{size[0]} (width, height)",
        )
    if base.resize_short is not None and base.resize_short < max(size):
        raise UsageError(
            f"a short side of {base.resize_short} is too small for a crop of {size[0]} x {size[1]}",
            hint=f"--resize-short {max(size)} or more, or --resize {size[1]},{size[0]}",
        )


def _check_values(name: str, base: Preprocessing) -> None:
    """A mean lies among the values, a deviation is no wider than all of them, and what comes of it is no fault of scale."""
    top = BYTE * base.scale
    mean, std = max(base.mean), max(map(abs, base.std))
    shown = f"0 to {top:g} (x {base.scale:.6g})"
    if max(mean, std) > top * 1.001:
        what, values = ("mean", base.mean) if mean > top * 1.001 else ("std", base.std)
        hint = "--scale 1 leaves the values 0 to 255" if base.scale != 1 else "see docs/reference/metadata.md"
        raise UsageError(f"the {what} {_said(values)} of {name} is not of values of {shown}", hint=hint)
    if top > 3 * BYTE * min(map(abs, base.std)):
        raise UsageError(
            f"the std {_said(base.std)} of {name} is not of values of {shown}",
            hint="leave --scale out where mean and deviation are of values from 0 to 1",
        )


def _said(values: Sequence[float]) -> str:
    return ",".join(f"{value:g}" for value in values)


def known(subject: Subject) -> Preprocessing | None:
    """What the metadata says, else the catalogue of its own network; the user's weights may have been trained otherwise."""
    origin = origin_of(subject.metadata, subject.name)
    own = origin.source is not None and origin.source.kind in ("own", "checkpoint")
    if origin.preprocessing is None and origin.model is not None and not own:
        from edge.zoo.catalogue import lookup

        return lookup(origin.model.name).preprocessing
    return origin.preprocessing
