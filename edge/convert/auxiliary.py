"""Inputs beside the image, as PaddleDetection names them: what they hold, and what they are given where nobody says it.

Source: PaddleDetection's deploy/python/preprocess.py (`im_shape`, `scale_factor`), and that of 0.x (`im_size`, `im_info`).
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.paddle.program import TensorSpec

_GIVEN = "height and width of the image that the network is given"
HOLDS = {
    "im_shape": _GIVEN,
    "scale_factor": "what height and width of the original image were multiplied by to get it",
    "im_size": "height and width of the original image",
    "im_info": f"{_GIVEN}, and what the original was multiplied by to get it",
}
_MORE = {"im_shape": (), "im_size": (), "im_info": (1.0,)}  # behind height and width


def row(spec: TensorSpec, shape: Sequence[int], image: tuple[int, int] | None) -> tuple[float, ...] | None:
    """What each row of an input of that shape holds where the network is given an `image` of that height and width, unresized.

    None for other inputs, and for factors, which may be any number around 1.
    """
    if image is None or spec.name not in _MORE:
        return None
    values = (float(image[0]), float(image[1]), *_MORE[spec.name])
    return values if len(shape) == 2 and shape[1] == len(values) else None


def given(feeds: Sequence[TensorSpec], shapes: Sequence[Sequence[int]]) -> str | None:
    """Which inputs have such a row, in words: `im_shape held 320,320`."""
    image = image_size(shapes)
    rows = ((spec.name, row(spec, shape, image)) for spec, shape in zip(feeds, shapes, strict=True))
    return "; ".join(f"{name} held {','.join(f'{one:g}' for one in values)}" for name, values in rows if values) or None


def image_size(shapes: Sequence[Sequence[int]]) -> tuple[int, int] | None:
    """Height and width of the first input that is an image."""
    return next((size for shape in shapes if (size := picture(shape)) is not None), None)


def picture(shape: Sequence[int]) -> tuple[int, int] | None:
    """Height and width of an image-like input, N C H W or N H W C."""
    if len(shape) == 4 and min(shape[2:]) >= _SIDE:
        return shape[2], shape[3]
    return (shape[1], shape[2]) if channels_last(shape) else None


def channels_last(shape: Sequence[int]) -> bool:
    """Whether it can only be N H W C."""
    return len(shape) == 4 and shape[3] in (1, 3) and min(shape[1:3]) >= _SIDE


_SIDE = 4  # pixels; narrower ones are no images
