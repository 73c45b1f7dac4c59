"""Reading an image file to the pixels that PaddleClas' evaluation would see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.cache.regular import open_file
from edge.errors import ImageError

_REPLACE = "copy it again, or take it out"
_DEEP = ("I", "F")  # how Pillow's modes of more than 8 bits begin


def check_image(path: Path, *, pixels: bool = False) -> None:
    """Raises `ImageError` for what its head shows to be no image that can be read; with `pixels`, for a damaged body too."""
    from PIL import Image, UnidentifiedImageError

    try:
        with open_file(path) as stream, Image.open(stream) as file:
            if file.mode.startswith(_DEEP):
                raise _deep(path)
            if pixels:
                file.draft("RGB", (1, 1))  # JPEG's coarsest, which takes a fraction of the time
                file.load()
    except UnidentifiedImageError:
        raise ImageError(f"{path} is no image", hint=_REPLACE) from None
    except ImageError:
        raise
    except Exception as error:  # as in read_image
        raise ImageError(f"{path} cannot be read as an image: {error}", hint=_REPLACE) from error


def _deep(path: Path) -> ImageError:
    return ImageError(f"{path} has more than 8 bits a channel", hint="convert it to 8 bits")


def read_image(path: Path) -> NDArray[np.uint8]:
    """An image as RGB bytes, shape (height, width, 3).

    As OpenCV's `imread` does for PaddleClas: grey becomes three equal channels, transparency is dropped, and a camera's
    orientation is followed. Raises `ImageError` for what is missing, broken, or has more than 8 bits a channel.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with open_file(path) as stream, Image.open(stream) as file:
            if file.mode.startswith(_DEEP):
                raise _deep(path)
            upright = ImageOps.exif_transpose(file)
            return np.array(upright.convert("RGB"), np.uint8)
    except FileNotFoundError:
        raise ImageError(f"{path} does not exist") from None
    except UnidentifiedImageError:
        raise ImageError(f"{path} is no image") from None
    except ImageError:
        raise
    # Pillow's decoders raise much: OSError, SyntaxError, ValueError, struct.error, its own for bombs.
    except Exception as error:
        raise ImageError(f"{path} cannot be read as an image: {error}") from error
