"""The weights that a .nb holds: names, types, shapes.

Behind the topology stands a head (edge.nb.header), then one FlatBuffer of Paddle-Lite's ParamDesc a weight
(lite/model_parser/flatbuffers/param.fbs), each behind two u32: the size of what follows, and the offset 4.
"""

from __future__ import annotations

import math
import mmap
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.errors import NbFormatError
from edge.nb.flatbuffer import FlatTable
from edge.nb.header import NbHeader
from edge.untrusted.files import open_file
from edge.untrusted.guard import guarded

# VarType_.Type of framework.fbs -> numpy's name
_TYPES = {
    0: "bool",
    1: "int16",
    2: "int32",
    3: "int64",
    4: "float16",
    5: "float32",
    6: "float64",
    20: "uint8",
    21: "int8",
}
_HEAD = 12  # bytes of the parameters' own head


@dataclass(frozen=True, slots=True)
class NbParam:
    """One weight as it stands in the file; its values were seen to be as many as `shape` says, and are not read."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


def read_params(nb: Path, header: NbHeader) -> Iterator[NbParam]:
    """Every weight, in the file's order. Raises NbFormatError for one that is not what its head says."""
    with (
        open_file(nb) as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as data,
    ):
        start = header.total_bytes - header.params_bytes
        (extra,) = struct.unpack_from("<H", data, start + 2)
        position = start + _HEAD + extra
        for number in range(header.params_count):
            (size,) = struct.unpack_from("<I", data, position)
            what = f"{nb}: its weight {number + 1} of {header.params_count} cannot be read"
            with (
                guarded(NbFormatError, what, hint="convert the model again"),
                data[position + 4 : position + 4 + size] as record,
            ):
                param = _param(record)
            yield param
            position += 4 + size


def count_types(nb: Path, header: NbHeader) -> dict[str, int]:
    """Elements by type, such as {"int8": 123456, "float32": 789}: most first."""
    counted: Counter[str] = Counter()
    for param in read_params(nb, header):
        counted[param.dtype] += param.elements
    return dict(counted.most_common())


def _param(record: memoryview) -> NbParam:
    """A record: u32 offset of the buffer, the buffer. Fields of ParamDesc: 1 name, 3 variable; of its LoDTensorDesc: 2 dim,
    3 data_type, 4 data."""
    (offset,) = struct.unpack_from("<I", record)
    desc = FlatTable.root(record, offset)
    tensor = desc.table(3)
    if tensor is None:
        raise ValueError("it describes no tensor")
    kind = tensor.number(3, "i")
    if kind not in _TYPES:
        raise ValueError(f"its type is {kind}")
    dtype, shape = _TYPES[kind], tuple(tensor.array(2, "i8").tolist())
    length = tensor.length(4, 1)
    if any(n < 0 for n in shape) or math.prod(shape) * np.dtype(dtype).itemsize != length:
        raise ValueError(f"it has {length} bytes for shape {list(shape)} of {dtype}")
    return NbParam(desc.string(1), dtype, shape)
