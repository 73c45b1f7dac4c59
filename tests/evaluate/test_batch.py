"""A batch file gives back every bit of the tensors, whichever way they are stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.errors import OutputError
from edge.evaluate.batch import write_batch
from edge.images.preprocess import levels, prepare
from edge.zoo.catalogue import catalogue
from edge.zoo.model import Preprocessing

IMAGENET = Preprocessing(16, (16, 16))
KNOWN = {model.preprocessing.mean + model.preprocessing.std: model.preprocessing for model in catalogue()}


def image(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (16, 16, 3), np.uint8)


def read(path: Path, fill: str, count: int) -> NDArray[np.float32]:
    """As docs/reference/device-contract.md says it."""
    if fill == "file":
        return np.fromfile(path, "<f4").reshape(count, 1, 3, 16, 16)
    content = path.read_bytes()
    tables = np.frombuffer(content[: 3 * 256 * 4], "<f4").reshape(3, 256)
    pixels = np.frombuffer(content[3 * 256 * 4 :], np.uint8).reshape(count, 1, 3, 16, 16)
    return np.stack([tables[channel][pixels[:, :, channel]] for channel in range(3)], axis=2)


@pytest.mark.parametrize(
    "how",
    [
        *(
            pytest.param(Preprocessing(16, (16, 16), mean=one.mean, std=one.std), id=f"{one.mean}")
            for one in KNOWN.values()
        ),
        pytest.param(Preprocessing(16, (16, 16), channel_order="BGR"), id="bgr"),
        pytest.param(Preprocessing(16, (16, 16), mean=(0, 0, 0), std=(-1, 2, 1e-3)), id="odd deviations"),
        pytest.param(Preprocessing(16, (16, 16), scale=1, mean=(1, 2, 3), std=(57, 58, 59)), id="not scaled"),
    ],
)
def test_prepared_images_are_bytes_without_loss(tmp_path: Path, how: Preprocessing) -> None:
    tensors = [prepare(image(seed), how) for seed in range(3)]
    assert write_batch(tmp_path / "batch", tensors, how) == "bytes"
    assert (tmp_path / "batch").stat().st_size == 3 * 256 * 4 + 3 * 3 * 16 * 16
    assert np.array_equal(read(tmp_path / "batch", "bytes", 3), np.stack(tensors))


@pytest.mark.parametrize("odd", [np.float32(0.12345), np.float32("nan"), np.float32(1e30)], ids=str)
def test_what_no_byte_can_be_is_kept_as_it_is(tmp_path: Path, odd: np.float32) -> None:
    tensors = [prepare(image(seed), IMAGENET) for seed in range(2)]
    tensors[1][0, 2, 5, 5] = odd
    assert write_batch(tmp_path / "batch", tensors, IMAGENET) == "file"
    assert np.array_equal(read(tmp_path / "batch", "file", 2), np.stack(tensors), equal_nan=True)


def test_a_scale_that_makes_all_bytes_equal_is_no_obstacle(tmp_path: Path) -> None:
    how = Preprocessing(16, (16, 16), scale=0)
    tensors = [prepare(image(0), how)]
    assert np.array_equal(read(tmp_path / "batch", write_batch(tmp_path / "batch", tensors, how), 1), np.stack(tensors))


def test_the_levels_are_what_prepare_makes_of_each_byte() -> None:
    pixels = image(1)
    tensor = prepare(pixels, IMAGENET)
    for channel in range(3):
        assert np.array_equal(levels(IMAGENET)[channel][pixels[:, :, channel]], tensor[0, channel])


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_batch(tmp_path / "nowhere" / "batch", [prepare(image(0), IMAGENET)], IMAGENET)
