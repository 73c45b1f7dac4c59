"""From an image's pixels to a network's input, as PaddleClas does at evaluation: resize the short side, centre crop, normalise.

Defined to the last bit, so that the Android helper (`edge/package/java`) and `eval` compute the same tensor:
the resizing works in integers, as the libraries PaddleClas calls do, and the normalisation in float32, one rounding an operation.

| `Preprocessing.interpolation` | what is computed |
|---|---|
| `bilinear` | OpenCV's `INTER_LINEAR` on 8-bit images (11-bit weights, no antialiasing); PaddleClas' default |
| `pillow-bilinear`, `pillow-bicubic` | Pillow's `BILINEAR`, `BICUBIC` (antialiased), PaddleClas' `backend: pil` |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.errors import UsageError
from edge.zoo.model import Preprocessing

INTERPOLATIONS = ("bilinear", "pillow-bilinear", "pillow-bicubic")

_WEIGHT_ONE = 2048  # OpenCV's INTER_RESIZE_COEF_SCALE


def prepare(image: NDArray[np.uint8], how: Preprocessing) -> NDArray[np.float32]:
    """The input tensor, shape (1, 3, crop height, crop width), of an RGB image of shape (height, width, 3).

    Raises UsageError if the image is of another shape or the crop does not fit into the resized image.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise UsageError(f"an image must be height x width x 3 bytes, not {image.dtype} of shape {image.shape}")
    pixels = resize_and_crop(image, how)
    if how.channel_order == "BGR":
        pixels = pixels[:, :, ::-1]
    mean, std = np.asarray(how.mean, np.float32), np.asarray(how.std, np.float32)
    normalised = (pixels.astype(np.float32) * np.float32(how.scale) - mean) / std
    return np.ascontiguousarray(normalised.transpose(2, 0, 1))[np.newaxis]


def resized_size(width: int, height: int, short: int) -> tuple[int, int]:
    """Width and height after the short side was brought to `short`: rounded half to even, as in PaddleClas' ResizeImage."""
    ratio = short / min(width, height)
    return round(width * ratio), round(height * ratio)


def resize_and_crop(image: NDArray[np.uint8], how: Preprocessing) -> NDArray[np.uint8]:
    """The centre of the resized image, shape (crop height, crop width, 3)."""
    width, height = resized_size(image.shape[1], image.shape[0], how.resize_short)
    crop_height, crop_width = how.crop
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    if left < 0 or top < 0:
        raise UsageError(f"a crop of {crop_width}x{crop_height} does not fit into the resized image of {width}x{height}")
    columns, rows = np.arange(left, left + crop_width), np.arange(top, top + crop_height)
    if how.interpolation == "bilinear":
        return _opencv_bilinear(image, (width, height), columns, rows)
    if how.interpolation in INTERPOLATIONS:
        return _pillow(image, (width, height), how.interpolation)[rows][:, columns]
    known = ", ".join(INTERPOLATIONS)
    raise UsageError(f"interpolation '{how.interpolation}' is not known", hint=f"Known: {known}.")


def _opencv_bilinear(
    image: NDArray[np.uint8], size: tuple[int, int], columns: NDArray[np.intp], rows: NDArray[np.intp]
) -> NDArray[np.uint8]:
    """The given columns and rows of `cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)`, to the bit.

    Source: modules/imgproc/src/resize.cpp of OpenCV (resizeGeneric, HResizeLinear, VResizeLinear for uchar).
    """
    height, width = image.shape[:2]
    x, fx = _opencv_taps(width, size[0], columns)
    fx = np.where((x < 0) | (x >= width - 1), np.float32(0), fx)  # columns clamp the weight, rows clamp the index
    x = np.clip(x, 0, width - 1)
    y, fy = _opencv_taps(height, size[1], rows)
    upper, lower = np.clip(y, 0, height - 1), np.clip(y + 1, 0, height - 1)

    (left, right), (above, below) = _opencv_weights(fx), _opencv_weights(fy)
    next_x = np.minimum(x + 1, width - 1)

    def horizontal(chosen: NDArray[np.intp]) -> NDArray[np.int32]:
        lines = image[chosen].astype(np.int32)
        summed: NDArray[np.int32] = lines[:, x] * left[:, None] + lines[:, next_x] * right[:, None]
        return summed

    summed = (above[:, None, None] * (horizontal(upper) >> 4) >> 16) + (
        below[:, None, None] * (horizontal(lower) >> 4) >> 16
    )
    return ((summed + 2) >> 2).astype(np.uint8)


def _opencv_taps(source: int, target: int, at: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    scale = 1.0 / (target / source)
    position = ((at + 0.5) * scale - 0.5).astype(np.float32)
    index = np.floor(position)
    return index.astype(np.intp), position - index


def _opencv_weights(fraction: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    one = np.float32(_WEIGHT_ONE)
    return np.rint((np.float32(1) - fraction) * one).astype(np.int32), np.rint(fraction * one).astype(np.int32)


def _pillow(image: NDArray[np.uint8], size: tuple[int, int], interpolation: str) -> NDArray[np.uint8]:
    from PIL import Image

    filters = {"pillow-bilinear": Image.Resampling.BILINEAR, "pillow-bicubic": Image.Resampling.BICUBIC}
    return np.asarray(Image.fromarray(image).resize(size, filters[interpolation]))
