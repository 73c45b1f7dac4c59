"""Arrays in a `.npz` of others. numpy's own reader takes as much memory as an array's head asks for, be the file empty."""

from __future__ import annotations

import math
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import EdgezooError
from edge.untrusted.guard import guarded
from edge.untrusted.zip import open_zip

_HEADS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_arrays(path: Path, where: str, *, error: type[EdgezooError]) -> dict[str, NDArray[Any]]:
    """Every array of numbers or booleans, by its name, read-only. Raises `error`, which begins with `where`."""
    with guarded(error, where), open_zip(path, where, error=error) as archive:
        names = [name for name in archive.names if name.endswith(".npy")]
        return {
            name.removesuffix(".npy"): _array(archive.read_large(name), f"{where}: {name}", error) for name in names
        }


def _array(data: bytes, where: str, error: type[EdgezooError]) -> NDArray[Any]:
    stream = BytesIO(data)
    with guarded(error, where):
        shape, by_columns, dtype = _HEADS[np.lib.format.read_magic(stream)](stream)
        if dtype.kind not in "biufc":
            raise error(f"{where} holds {dtype}, which are no numbers")
        values = np.frombuffer(data, dtype, -1, stream.tell()) if len(data) > stream.tell() else np.empty(0, dtype)
        if min(shape, default=0) < 0 or math.prod(shape) != len(values):
            raise error(f"{where} has {len(values)} values for the shape {list(shape)}")
        return values.reshape(shape, order="F" if by_columns else "C")
