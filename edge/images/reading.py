"""Reading an image file to the pixels that PaddleClas' evaluation would see."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.errors import ImageError
from edge.untrusted.files import open_file
from edge.untrusted.guard import guarded

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_LONGEST_SIDE = 65_535  # JPEG's; narrow lines cost much more than their pixels
MOST_PIXELS = 50_000_000  # of a photograph; 150 MB of RGB, of which there are two at a time

_REPLACE = "copy it again, or take it out"
# What `dataset.SUFFIXES` name, and no other: Pillow also knows PostScript, which it has another program run.
_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF", "PPM")
_DEEP = ("I", "F")  # how Pillow's modes of more than 8 bits begin


def check_image(path: Path, *, pixels: bool = False) -> None:
    """Raises `ImageError` for what its head shows to be no image that can be read; with `pixels`, for a damaged body too."""
    with _opened(path) as file:
        if pixels:
            file.draft("RGB", (1, 1))  # JPEG's coarsest, which takes a fraction of the time
            file.load()


@contextmanager
def _opened(path: Path) -> Iterator[ImageFile]:
    """The image, of which the head was read. What its decoder raises becomes `ImageError`."""
    from PIL import Image, UnidentifiedImageError

    warnings.filterwarnings("ignore", module=r"PIL\.")  # of tags that it passes over
    with ExitStack() as stack, guarded(ImageError, f"{path} cannot be read as an image", hint=_REPLACE):
        try:
            stream = stack.enter_context(open_file(path))
            _check_canvas(path, stream.read(30))
            stream.seek(0)
            file = stack.enter_context(Image.open(stream, formats=_FORMATS))
        except UnidentifiedImageError:
            raise ImageError(f"{path} is no image", hint=_REPLACE) from None
        except FileNotFoundError:
            raise ImageError(f"{path} does not exist") from None
        except OSError as error:
            raise ImageError(f"{path} cannot be read as an image: {error.strerror or error}", hint=_REPLACE) from error
        _check_size(path, file.width, file.height)
        if file.mode.startswith(_DEEP):
            raise ImageError(f"{path} has more than 8 bits a channel", hint="convert it to 8 bits")
        yield file


def _check_canvas(path: Path, head: bytes) -> None:
    """WebP's decoder takes memory for the whole image before Pillow tells its size: look at the head first (RFC 9649)."""
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or len(head) < 30:
        return
    if head[12:16] == b"VP8X":
        width, height = (1 + int.from_bytes(head[at : at + 3], "little") for at in (24, 27))
    elif head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    _check_size(path, width, height)


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > MOST_PIXELS or max(width, height) > _LONGEST_SIDE:
        raise ImageError(
            f"{path} has {width} x {height} pixels; at most {MOST_PIXELS // 1_000_000} million, {_LONGEST_SIDE} a side",
            hint="make it smaller",
        )


def read_image(path: Path) -> NDArray[np.uint8]:
    """An image as RGB bytes, shape (height, width, 3).

    As OpenCV's `imread` does for PaddleClas: grey becomes three equal channels, transparency is dropped, and a camera's
    orientation is followed. Raises `ImageError` for what is missing, broken, or has more than 8 bits a channel.
    """
    from PIL import ImageOps

    with _opened(path) as file:
        ImageOps.exif_transpose(file, in_place=True)
        return np.array(file if file.mode == "RGB" else file.convert("RGB"), np.uint8)
