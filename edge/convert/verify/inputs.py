"""Inputs that can tell networks apart: seeded, of different patterns and contrasts, in the range of real images.

White noise alone is a poor judge: a network averages it away, so that two different networks answer every sample alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.convert.auxiliary import channels_last, image_size, picture, row
from edge.images.noise import seeded_noise
from edge.paddle.program import TensorSpec

Sample = dict[str, NDArray[Any]]
Image = NDArray[np.float64]  # channels, height, width
Range = tuple[float, float]  # the least and the greatest value

# What ImageNet's preprocessing makes of black and white: (0 - mean) / std and (1 - mean) / std, widest of the channels. The
# patterns are drawn in this range and carried over to others.
IMAGENET: Range = (-2.1, 2.6)
_LOW, _HIGH = IMAGENET
_SMALL = 8  # integers of which nothing is known are below
_CHANNELS = (1, 3, 4)


def samples(
    feeds: Sequence[TensorSpec],
    shapes: Sequence[Sequence[int]],
    count: int = 8,
    seed: int = 0,
    *,
    bounds: Range | None = IMAGENET,
    rows: Mapping[str, int] = MappingProxyType({}),
) -> list[Sample]:
    """`count` samples for a program with these inputs; the image of the first is `seed:S` of the device contract, if `bounds`
    are ImageNet's, and so is what a network without an image takes.

    Image-like inputs (N C H W, N H W C) get the patterns of this module in turn, within `bounds`; those of bytes from 0 to 255.
    Beside an image other floats are its size where their name says so (edge.convert.auxiliary), else numbers around 1
    (detection networks divide by such an input), as they are where `bounds` is None;
    without one they are within `bounds`. Integers are below `rows`, by input (an embedding's), of a signed byte all that it
    holds, and small non-negative numbers where nothing is known of them.
    """
    generator = np.random.default_rng(seed)
    image = image_size(shapes)
    return [
        {
            feed.name: _fill(feed, tuple(shape), number, position, generator, seed, bounds, rows.get(feed.name), image)
            for position, (feed, shape) in enumerate(zip(feeds, shapes, strict=True))
        }
        for number in range(count)
    ]


@lru_cache(maxsize=2)  # most networks of a run take the same images, 5 MB for eight of 224 x 224
def drawn_samples(
    feeds: tuple[TensorSpec, ...],
    shapes: tuple[tuple[int, ...], ...],
    count: int,
    seed: int,
    bounds: Range | None,
    rows: tuple[tuple[str, int], ...],
) -> tuple[Sample, ...]:
    """The `samples` of these arguments, drawn once for all that ask: nobody can write to their arrays."""
    drawn = samples(feeds, shapes, count, seed, bounds=bounds, rows=dict(rows))
    for sample in drawn:
        for array in sample.values():
            array.setflags(write=False)
    return tuple(drawn)


def _fill(
    feed: TensorSpec,
    shape: tuple[int, ...],
    number: int,
    position: int,
    generator: np.random.Generator,
    seed: int,
    bounds: Range | None,
    rows: int | None,
    image: tuple[int, int] | None,
) -> NDArray[Any]:
    dtype = np.dtype(feed.dtype)
    if (values := row(feed, shape, image)) is not None:
        return np.broadcast_to(np.array(values, dtype), shape).copy()
    if dtype.kind in "iub":
        return _whole(dtype, shape, number, generator, rows)
    if number == 0 and bounds == IMAGENET and (image is None or _is_picture(shape)):
        return seeded_noise(shape, seed, position).astype(dtype)
    if not _is_picture(shape):
        low, high = bounds if image is None and bounds not in (None, IMAGENET) else (0.5, 1.5)
        return generator.uniform(low, high, shape).astype(dtype)
    return _within(bounds or IMAGENET, _picture(shape, number, generator)).astype(dtype)


def _whole(
    dtype: np.dtype[Any], shape: tuple[int, ...], number: int, generator: np.random.Generator, rows: int | None
) -> NDArray[Any]:
    """Integers and booleans over the range that they really have, as far as it is known."""
    low, high = whole_range(dtype, shape, rows)
    if rows is not None or dtype.kind == "b" or (low, high) == (0, _SMALL - 1) or not _is_picture(shape):
        return generator.integers(low, high + 1, shape).astype(dtype)
    return np.rint(_within((low, high), _picture(shape, number, generator))).astype(dtype)


def whole_range(dtype: np.dtype[Any], shape: Sequence[int], rows: int | None) -> tuple[int, int]:
    """The least and the greatest number that an input of integers or booleans is given; `rows` of the table it picks from."""
    if dtype.kind == "b":
        return 0, 1
    if rows is not None:
        return 0, rows - 1
    if dtype.itemsize == 1:
        return (0, 255) if dtype.kind == "u" else (-128, 127)
    coloured = channels_last(shape) or (_is_picture(shape) and shape[1] in _CHANNELS)
    return (0, 255) if coloured else (0, _SMALL - 1)


def _is_picture(shape: Sequence[int]) -> bool:
    return picture(shape) is not None


def _picture(shape: tuple[int, ...], number: int, generator: np.random.Generator) -> NDArray[np.float64]:
    if channels_last(shape):
        first = (shape[0], shape[3], *shape[1:3])
        return np.ascontiguousarray(_picture(first, number, generator).transpose(0, 2, 3, 1))
    pattern = _PATTERNS[(number - 1) % len(_PATTERNS)]
    images = [pattern(shape[1:], generator) for _ in range(shape[0])]
    return np.clip(np.stack(images), _LOW, _HIGH)


def _within(bounds: Range, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Patterns, drawn in ImageNet's range, carried over to `bounds`."""
    if bounds == IMAGENET:
        return values
    low, high = bounds
    return low + (values - _LOW) * ((high - low) / (_HIGH - _LOW))


def _grid(shape: tuple[int, ...]) -> tuple[Image, Image]:
    """Row and column of every pixel, from 0 to 1."""
    y, x = np.mgrid[0 : 1 : shape[1] * 1j, 0 : 1 : shape[2] * 1j]
    return y, x


def _per_channel(shape: tuple[int, ...], generator: np.random.Generator, low: float, high: float) -> Image:
    return generator.uniform(low, high, (shape[0], 1, 1))


def _gradient(shape: tuple[int, ...], generator: np.random.Generator) -> Image:
    y, x = _grid(shape)
    angle = _per_channel(shape, generator, 0, 2 * np.pi)
    image: Image = 3.2 * ((x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle))
    return image


def _waves(shape: tuple[int, ...], generator: np.random.Generator) -> Image:
    y, x = _grid(shape)
    u, v = (_per_channel(shape, generator, 1, 9) for _ in range(2))
    image: Image = 1.8 * np.sin(2 * np.pi * (u * x + v * y) + _per_channel(shape, generator, 0, 2 * np.pi))
    return image


def _checkerboard(shape: tuple[int, ...], generator: np.random.Generator) -> Image:
    y, x = _grid(shape)
    cells = generator.integers(3, 12)
    board: Image = (np.floor(x * cells) + np.floor(y * cells)) % 2
    return _per_channel(shape, generator, _LOW, 0) + board * _per_channel(shape, generator, 0.5, 2.5)


def _discs(shape: tuple[int, ...], generator: np.random.Generator) -> Image:
    y, x = _grid(shape)
    image: Image = np.zeros(shape) + _per_channel(shape, generator, -1.5, 1.5)
    for _ in range(6):
        row, column, radius = generator.uniform(0, 1), generator.uniform(0, 1), generator.uniform(0.05, 0.3)
        inside = (x - column) ** 2 + (y - row) ** 2 < radius**2
        image = np.where(inside, _per_channel(shape, generator, _LOW, _HIGH), image)
    return image


def _loud_noise(shape: tuple[int, ...], generator: np.random.Generator) -> Image:
    return generator.standard_normal(shape) * 1.5


def _faint(shape: tuple[int, ...], generator: np.random.Generator) -> Image:
    return _per_channel(shape, generator, -1.5, 1.5) + 0.15 * generator.standard_normal(shape)


def _corner(shape: tuple[int, ...], generator: np.random.Generator) -> Image:
    y, x = _grid(shape)
    stripes = np.sign(np.sin(2 * np.pi * generator.uniform(8, 24) * (x + y)))
    inside = (x < generator.uniform(0.3, 0.6)) & (y < generator.uniform(0.3, 0.6))
    image: Image = np.where(
        inside, stripes * _per_channel(shape, generator, 0.5, 2.0), _per_channel(shape, generator, -1, 1)
    )
    return image


_PATTERNS: tuple[Callable[[tuple[int, ...], np.random.Generator], Image], ...] = (
    _gradient,
    _waves,
    _checkerboard,
    _discs,
    _loud_noise,
    _faint,
    _corner,
)
