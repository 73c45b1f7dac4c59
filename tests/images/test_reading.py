"""Images are looked at before work begins: the head of each, and the pixels of those that calibrate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.errors import ImageError
from edge.images.reading import check_image, read_image

PIXELS = np.random.default_rng(0).integers(0, 256, (120, 90, 3), np.uint8)
FORMATS = ("png", "jpg", "bmp", "gif", "webp", "tiff")


def saved(folder: Path, suffix: str, mode: str = "RGB") -> Path:
    path = folder / f"image.{suffix}"
    Image.fromarray(PIXELS).convert(mode).save(path)
    return path


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_whole_image_passes(tmp_path: Path, suffix: str, mode: str) -> None:
    path = saved(tmp_path, suffix, mode)
    check_image(path)
    check_image(path, pixels=True)
    assert read_image(path).shape == PIXELS.shape


@pytest.mark.parametrize("suffix", FORMATS)
def test_half_an_image_is_named(tmp_path: Path, suffix: str) -> None:
    """As reading it does."""
    path = saved(tmp_path, suffix)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    for look in (lambda: check_image(path, pixels=True), lambda: read_image(path)):
        with pytest.raises(ImageError) as refused:
            look()
        assert refused.value.message.startswith(f"{path} ")
        assert "\n" not in refused.value.message


def test_damaged_pixels_are_found_where_they_are_asked_for(tmp_path: Path) -> None:
    path = saved(tmp_path, "png")
    data = bytearray(path.read_bytes())
    data[3000:3100] = bytes(100)
    path.write_bytes(data)
    check_image(path)
    with pytest.raises(ImageError, match="cannot be read as an image"):
        check_image(path, pixels=True)
