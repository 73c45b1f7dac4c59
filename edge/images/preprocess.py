"""From an image's pixels to a network's input, as PaddleClas does at evaluation: resize, centre crop, normalise.

Defined to the last bit, so that the Android helper (`edge/package/java`) and `eval` compute the same tensor: the
resizing works in integers, as the libraries PaddleClas calls do, the normalisation in float32, rounded after every
operation.

| `Preprocessing.interpolation` | what is computed |
|---|---|
| `bilinear` | OpenCV's `INTER_LINEAR` on 8-bit images (11-bit weights, no antialiasing); PaddleClas' default |
| `bicubic` | OpenCV's `INTER_CUBIC` likewise; builds of OpenCV differ among themselves here, by 1 of 255 at most |
| `pillow-bilinear`, `pillow-bicubic` | Pillow's `BILINEAR`, `BICUBIC` (antialiased), lines first; `backend: pil` |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.errors import ImageError, UsageError
from edge.images.reading import MOST_PIXELS
from edge.zoo.model import Preprocessing

INTERPOLATIONS = ("bilinear", "bicubic", "pillow-bilinear", "pillow-bicubic")

_WEIGHT_ONE = 2048  # OpenCV's INTER_RESIZE_COEF_SCALE


def prepare(image: NDArray[np.uint8], how: Preprocessing) -> NDArray[np.float32]:
    """The input tensor of an RGB image of shape (height, width, 3): (1, channels, crop height, crop width), or NHWC.

    Grey is what OpenCV makes of RGB, and is made before the image is resized, as by reading it so.

    Raises UsageError if the image is of another shape or the crop does not fit into the resized image, ImageError if it is so
    long that Pillow's filters would fill the memory.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise UsageError(f"an image must be height x width x 3 bytes, not {image.dtype} of shape {image.shape}")
    pixels = resize_and_crop(_grey(image) if how.channel_order == "GREY" else image, how)
    if how.channel_order == "BGR":
        pixels = pixels[:, :, ::-1]
    tensor = _normalised(pixels, how)
    return np.ascontiguousarray(tensor if how.layout == "NHWC" else tensor.transpose(2, 0, 1))[np.newaxis]


def levels(how: Preprocessing) -> NDArray[np.float32]:
    """What each of the 256 values of a byte becomes in each channel of the tensor: shape (channels, 256)."""
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], how.channels, axis=1)
    return np.ascontiguousarray(_normalised(grey, how).T)


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Shape (height, width, 1). OpenCV's COLOR_RGB2GRAY (color_rgb.simd.hpp): ITU-R BT.601's weights in 14 bits."""
    red, green, blue = np.moveaxis(image.astype(np.int32), 2, 0)
    grey: NDArray[np.uint8] = ((4899 * red + 9617 * green + 1868 * blue + 8192) >> 14).astype(np.uint8)
    return grey[:, :, np.newaxis]


def _normalised(pixels: NDArray[np.uint8], how: Preprocessing) -> NDArray[np.float32]:
    """Pixels with the tensor's channels last, of any shape before."""
    mean, std = np.asarray(how.mean, np.float32), np.asarray(how.std, np.float32)
    normalised: NDArray[np.float32] = (pixels.astype(np.float32) * np.float32(how.scale) - mean) / std
    return normalised


def resized_size(width: int, height: int, short: int) -> tuple[int, int]:
    """Width and height once the short side is `short` long; rounds half to even, as PaddleClas' ResizeImage does."""
    ratio = short / min(width, height)
    return round(width * ratio), round(height * ratio)


def resize_and_crop(image: NDArray[np.uint8], how: Preprocessing) -> NDArray[np.uint8]:
    """The centre of the resized image, shape (crop height, crop width, channels)."""
    if how.resize is not None:
        height, width = how.resize
    elif how.resize_short is not None:
        width, height = resized_size(image.shape[1], image.shape[0], how.resize_short)
    else:
        raise UsageError("the preprocessing does not say what images are resized to")
    crop_height, crop_width = how.crop
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    if left < 0 or top < 0:
        raise UsageError(
            f"a crop of {crop_width}x{crop_height} does not fit into the resized image of {width}x{height}"
        )
    columns, rows = np.arange(left, left + crop_width), np.arange(top, top + crop_height)
    if how.interpolation in ("bilinear", "bicubic"):
        return _opencv(image, (width, height), columns, rows, cubic=how.interpolation == "bicubic")
    if how.interpolation in INTERPOLATIONS:
        return _pillow(image, (width, height), how.interpolation)[rows][:, columns]
    known = ", ".join(INTERPOLATIONS)
    raise UsageError(f"interpolation '{how.interpolation}' is not known", hint=f"Known: {known}.")


def _opencv(
    image: NDArray[np.uint8], size: tuple[int, int], columns: NDArray[np.intp], rows: NDArray[np.intp], *, cubic: bool
) -> NDArray[np.uint8]:
    """The given columns and rows of `cv2.resize(image, size, interpolation=cv2.INTER_LINEAR or cv2.INTER_CUBIC)`.

    Source: modules/imgproc/src/resize.cpp of OpenCV (resizeGeneric; H/VResizeLinear, H/VResizeCubic for uchar).
    """
    height, width = image.shape[:2]
    x, along = _opencv_taps(width, size[0], columns)
    y, down = _opencv_taps(height, size[1], rows)
    if not cubic:
        along = np.where((x < 0) | (x >= width - 1), np.float32(0), along)
    weigh, first = (_cubic_weights, -1) if cubic else (_linear_weights, 0)
    horizontal, vertical = weigh(along), weigh(down)
    summed = np.zeros((len(rows), len(columns), image.shape[2]), np.int32)
    for j, above in enumerate(vertical):
        lines = image[np.clip(y + first + j, 0, height - 1)].astype(np.int32)
        line = np.zeros_like(summed)
        for i, left in enumerate(horizontal):
            line += lines[:, np.clip(x + first + i, 0, width - 1)] * left[:, np.newaxis]
        weight = above[:, np.newaxis, np.newaxis]
        summed += weight * line if cubic else (weight * (line >> 4)) >> 16
    rounded: NDArray[np.int32] = (summed + (1 << 21)) >> 22 if cubic else (summed + 2) >> 2
    return np.clip(rounded, 0, 255).astype(np.uint8)


def _opencv_taps(source: int, target: int, at: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    scale = 1.0 / (target / source)
    position = ((at + 0.5) * scale - 0.5).astype(np.float32)
    index = np.floor(position)
    return index.astype(np.intp), position - index


def _linear_weights(x: NDArray[np.float32]) -> list[NDArray[np.int32]]:
    return [_fixed(1 - x), _fixed(x)]


def _cubic_weights(x: NDArray[np.float32]) -> list[NDArray[np.int32]]:
    """Keys' cubic convolution with a = -0.75 (interpolateCubic), float32 all the way."""
    a, rest = np.float32(-0.75), 1 - x
    first = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a
    second = ((a + 2) * x - (a + 3)) * x * x + 1
    third = ((a + 2) * rest - (a + 3)) * rest * rest + 1
    return [_fixed(first), _fixed(second), _fixed(third), _fixed(1 - first - second - third)]


def _fixed(weight: NDArray[np.float32]) -> NDArray[np.int32]:
    fixed: NDArray[np.int32] = np.rint(weight * np.float32(_WEIGHT_ONE)).astype(np.int32)
    return fixed


def _pillow(image: NDArray[np.uint8], size: tuple[int, int], interpolation: str) -> NDArray[np.uint8]:
    from PIL import Image

    if size[0] * max(size[1], image.shape[0]) > MOST_PIXELS:
        raise ImageError(
            f"an image of {image.shape[1]} x {image.shape[0]} pixels is too long to be resized to {size[0]} x {size[1]}"
        )
    filters = {"pillow-bilinear": Image.Resampling.BILINEAR, "pillow-bicubic": Image.Resampling.BICUBIC}
    # Along the lines, then down the columns, as every Pillow did in the networks' time; Pillow 13 swaps the two where
    # that is cheaper, which gives other pixels.
    along = Image.fromarray(image.squeeze(2) if image.shape[2] == 1 else image)
    along = along.resize((size[0], image.shape[0]), filters[interpolation])
    made = np.asarray(along.resize(size, filters[interpolation]))
    return made.reshape(*made.shape[:2], image.shape[2])
