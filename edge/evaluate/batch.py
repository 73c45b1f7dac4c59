"""A batch of input tensors as one file for the benchmark program: the device contract's `bytes:` or `file:` with `--images`.

A prepared image holds at most 256 values a channel, so a byte a pixel and a table of those values carry it without loss,
in a quarter of the size. It is proved of every tensor before it is trusted; what is not of that kind goes as float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import OutputError
from edge.images.preprocess import levels
from edge.zoo.model import Preprocessing


def write_batch(path: Path, tensors: Sequence[NDArray[np.float32]], how: Preprocessing) -> str:
    """Write input tensors, prepared as `how` says; returns the fill's kind. Raises OutputError."""
    tables = levels(how)
    # The program looks a byte up in the table of its place on the second axis, which are channels in NCHW alone.
    packed = [_packed(tensor, tables, how) if how.layout == "NCHW" else None for tensor in tensors]
    pixels = [one for one in packed if one is not None]
    whole = len(pixels) == len(tensors)
    parts: Sequence[NDArray[np.float32] | NDArray[np.uint8]] = [tables, *pixels] if whole else tensors
    try:
        with path.open("wb") as file:
            for part in parts:
                file.write(np.ascontiguousarray(part, part.dtype.newbyteorder("<")).data)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}", hint="free some space, or set TMPDIR"
        ) from error
    return "bytes" if whole else "file"


def _packed(tensor: NDArray[np.float32], tables: NDArray[np.float32], how: Preprocessing) -> NDArray[np.uint8] | None:
    """The pixels that `tables` turn into that very tensor, or None."""
    mean, std = (np.asarray(of, np.float32).reshape(1, -1, 1, 1) for of in (how.mean, how.std))
    with np.errstate(all="ignore"):  # of what is no image's anything may come
        guess = np.rint((tensor * std + mean) / np.float32(how.scale))
    if not (guess.min() >= 0 and guess.max() <= 255):
        return None
    pixels = guess.astype(np.uint8)
    same = all(
        np.array_equal(tables[channel][pixels[0, channel]], tensor[0, channel]) for channel in range(how.channels)
    )
    return pixels if same else None
