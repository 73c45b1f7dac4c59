"""The preprocessing against what OpenCV 4.10 and 5.0 (captured) and Pillow (called) compute."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edge.errors import UsageError
from edge.images.preprocess import INTERPOLATIONS, prepare, resize_and_crop, resized_size
from edge.zoo.model import Preprocessing

CAPTURED = json.loads((Path(__file__).parent / "data/opencv_resize.json").read_bytes())


def noise(height: int, width: int) -> NDArray[np.uint8]:
    """The image that OpenCV was given when its answers were captured."""
    values = np.arange(height * width * 3, dtype=np.uint64) * np.uint64(2654435761) >> np.uint64(13)
    return (values & np.uint64(255)).astype(np.uint8).reshape(height, width, 3)


def resized(case: dict[str, Any], interpolation: str) -> NDArray[np.uint8]:
    """The whole resized image, uncropped."""
    width, height = case["to"]
    how = Preprocessing(min(width, height), (height, width), interpolation=interpolation)
    return resize_and_crop(noise(case["height"], case["width"]), how)


@pytest.mark.parametrize("case", CAPTURED["bilinear"], ids=lambda c: f"{c['width']}x{c['height']}")
def test_bilinear_is_opencvs_to_the_bit(case: dict[str, Any]) -> None:
    assert hashlib.sha256(resized(case, "bilinear").tobytes()).hexdigest() == case["sha256"]


@pytest.mark.parametrize("case", CAPTURED["bicubic"], ids=lambda c: f"{c['width']}x{c['height']}")
def test_bicubic_is_opencvs_within_one(case: dict[str, Any]) -> None:
    theirs = np.array(case["pixels"]).reshape(resized(case, "bicubic").shape)
    assert np.abs(resized(case, "bicubic") - theirs).max() <= 1
    assert np.mean(resized(case, "bicubic") != theirs) < 0.01


@pytest.mark.parametrize(
    ("interpolation", "resample"),
    [("pillow-bilinear", Image.Resampling.BILINEAR), ("pillow-bicubic", Image.Resampling.BICUBIC)],
)
def test_pillow_works_along_the_lines_first(interpolation: str, resample: Image.Resampling) -> None:
    image = noise(120, 90)
    expected = Image.fromarray(image).resize((24, 120), resample).resize((24, 32), resample)
    assert np.array_equal(
        resize_and_crop(image, Preprocessing(24, (32, 24), interpolation=interpolation)), np.asarray(expected)
    )


def test_normalisation_is_float32_step_by_step() -> None:
    image = np.arange(256 * 3, dtype=np.uint8).reshape(16, 16, 3)
    how = Preprocessing(16, (16, 16))
    tensor = prepare(image, how)
    assert tensor.shape == (1, 3, 16, 16)
    assert tensor.dtype == np.float32
    one = np.float32(image[3, 5, 1]) * np.float32(1 / 255)
    assert tensor[0, 1, 3, 5] == (one - np.float32(0.456)) / np.float32(0.224)


def test_bgr_reverses_the_channels() -> None:
    image = noise(8, 8)
    same = Preprocessing(8, (8, 8), 1.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    bgr = Preprocessing(8, (8, 8), 1.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), channel_order="BGR")
    assert np.array_equal(prepare(image, bgr), prepare(image, same)[:, ::-1])


def test_mean_and_deviation_are_in_the_order_of_the_networks_channels() -> None:
    """Blue first with BGR: (blue - first) / first's deviation stands in the first channel."""
    image = np.zeros((2, 2, 3), np.uint8)
    image[..., 0], image[..., 2] = 200, 100  # red, blue
    how = Preprocessing(2, (2, 2), 1.0, (10.0, 20.0, 30.0), (1.0, 2.0, 5.0), channel_order="BGR")
    assert prepare(image, how)[0, :, 0, 0].tolist() == [90.0, -10.0, 34.0]


def test_grey_is_opencvs() -> None:
    """cv2.cvtColor(..., COLOR_RGB2GRAY) of OpenCV 4.10 for these pixels."""
    image = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [10, 200, 30]]], np.uint8)
    how = Preprocessing(None, (2, 2), 1.0, (0.0,), (1.0,), "GREY", resize=(2, 2))
    assert prepare(image, how)[0, 0].tolist() == [[76.0, 150.0], [29.0, 124.0]]


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_a_whole_image_becomes_what_is_said(interpolation: str) -> None:
    """Not square, and the same as a resizing of the short side that happens to give this size."""
    image = noise(30, 60)
    whole = Preprocessing(None, (20, 40), interpolation=interpolation, resize=(20, 40))
    assert np.array_equal(
        prepare(image, whole), prepare(image, Preprocessing(20, (20, 40), interpolation=interpolation))
    )
    other = Preprocessing(None, (16, 25), interpolation=interpolation, resize=(20, 25))
    assert prepare(image, other).shape == (1, 3, 16, 25)


def test_channels_last_are_the_same_values() -> None:
    first, last = (Preprocessing(8, (8, 8), layout=layout) for layout in ("NCHW", "NHWC"))
    assert np.array_equal(prepare(noise(9, 8), first).transpose(0, 2, 3, 1), prepare(noise(9, 8), last))


def test_the_short_side_rounds_half_to_even() -> None:
    assert resized_size(4, 6, 5) == (5, 8)  # 7.5
    assert resized_size(4, 10, 5) == (5, 12)  # 12.5
    assert resized_size(500, 375, 256) == (341, 256)


@pytest.mark.parametrize(
    ("image", "how", "output"),
    [
        (np.zeros((8, 8), np.uint8), Preprocessing(8, (8, 8)), "an image must be height x width x 3 bytes"),
        (np.zeros((8, 8, 3), np.float32), Preprocessing(8, (8, 8)), "not float32"),
        (np.zeros((0, 8, 3), np.uint8), Preprocessing(8, (8, 8)), "of shape (0, 8, 3)"),
        (np.zeros((8, 8, 3), np.uint8), Preprocessing(8, (9, 8)), "a crop of 8x9 does not fit into"),
        (np.zeros((8, 8, 3), np.uint8), Preprocessing(8, (8, 8), interpolation="area"), "'area' is not known"),
    ],
)
def test_bad_input_is_named(image: NDArray[np.uint8], how: Preprocessing, output: str) -> None:
    with pytest.raises(UsageError) as raised:
        prepare(image, how)
    assert output in raised.value.message
