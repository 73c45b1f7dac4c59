"""A combined parameters file (`.pdiparams`): checked and read tensor by tensor, without loading it, and written.

A stream of tensors, sorted by name, without names. Each, little-endian: u32 LoDTensor version (0), u64 number of LoD
levels (each a u64 size and as many bytes), u32 tensor version (0), i32 size of a TensorDesc message, the message, the
raw values. Source: Paddle's SerializeToStream in paddle/fluid/framework/lod_tensor.cc and tensor_util.cc.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelFilesError
from edge.paddle.program import TensorSpec
from edge.paddle.schema import DTYPE_NUMBERS, DTYPES, MESSAGES
from edge.untrusted.files import open_file
from edge.untrusted.guard import guarded

_SIZES = {
    "bool": 1, "int8": 1, "uint8": 1, "int16": 2, "float16": 2, "bfloat16": 2,
    "int32": 4, "float32": 4, "int64": 8, "float64": 8,
}  # fmt: skip
_LARGEST_DESC = 1 << 16  # bytes; a real one has a few dozen


class _EndedError(Exception):
    """The file ends in the middle of a tensor."""


def check(path: Path, expected: Sequence[TensorSpec], otherwise: Collection[str] = ()) -> int:
    """Check that the file holds exactly the tensors `expected`, in this order; returns the number of their elements.

    Those in `otherwise` may have another type or rank. Raises `ModelFilesError`: the file is empty, cut off, no such stream, or
    belongs to another program.
    """
    if path.stat().st_size == 0 and expected:
        raise ModelFilesError(f"{path} is empty", hint="export or copy the model again")
    elements = 0
    with open_file(path) as file, guarded(ModelFilesError, f"{path} is damaged"):
        for number, spec in enumerate(expected, 1):
            try:
                dtype, shape = _skip_tensor(file, path)
            except _EndedError:
                raise ModelFilesError(
                    f"{path} is cut off: it ends at tensor {number} of {len(expected)} ({spec.name})",
                    hint="export or copy the model again; if it is whole, it belongs to another program",
                ) from None
            alike = spec.name in otherwise and math.prod(shape) == math.prod(spec.shape)
            if (shape != spec.shape or dtype != spec.dtype) and not alike:
                raise _other_program(path, f"its tensor {number} is {dtype} {list(shape)}, where the program has "
                                     f"{spec.name} as {spec.dtype} {list(spec.shape)}")  # fmt: skip
            elements += math.prod(shape)
        if file.read(1):
            raise _other_program(path, f"it holds more than the program's {len(expected)} tensors")
    return elements


def is_params(path: Path) -> bool:
    """Whether the file begins as a tensor does: a combined parameters file, or that of one parameter."""
    with open_file(path) as file:
        head = file.read(21)
    if len(head) < 21 or head[:4] != bytes(4) or head[4:12] != bytes(8):  # parameters have no LoD levels
        return False
    version, size, first = struct.unpack("<IiB", head[12:])
    return bool(version == 0 and 0 < size < _LARGEST_DESC and first == 8)  # a TensorDesc begins with its type: field 1


def read(path: Path, expected: Sequence[TensorSpec]) -> dict[str, NDArray[Any]]:
    """The tensors of a file that `check` found right, by name, in the types that the file has; not loaded, but mapped."""
    return {spec.name: np.atleast_1d(values) for spec, values in tensors(path, expected)}


def write(path: Path, arrays: Iterable[NDArray[Any]]) -> None:
    """A combined parameters file of these tensors, which stand in the order of their names' bytes."""
    with path.open("wb") as file:
        for array in arrays:
            number = DTYPE_NUMBERS[str(array.dtype)]
            described = MESSAGES["TensorDesc"](data_type=number, dims=array.shape).SerializeToString()
            file.write(struct.pack("<IQIi", 0, 0, 0, len(described)) + described)
            array.tofile(file)


def tensors(path: Path, specs: Sequence[TensorSpec]) -> Iterator[tuple[TensorSpec, NDArray[Any]]]:
    """Each tensor of a file that `check` found right for `specs`, mapped, as the file has it."""
    with open_file(path) as file:
        for spec in specs:
            dtype, shape = _skip_tensor(file, path)
            begin = file.tell() - _SIZES[dtype] * math.prod(shape)
            yield spec, np.memmap(path, dtype=dtype, mode="r", offset=begin, shape=shape)


def _other_program(path: Path, difference: str) -> ModelFilesError:
    return ModelFilesError(
        f"{path} does not belong to the program beside it: {difference}",
        hint="put a program and the parameters that were saved with it into one directory",
    )


def _skip_tensor(file: IO[bytes], path: Path) -> tuple[str, tuple[int, ...]]:
    version, levels = struct.unpack("<IQ", _read(file, 12))
    if version != 0 or levels > 8:
        raise ModelFilesError(
            f"{path} is no parameters file of Paddle", hint="name the .pdiparams of an inference model"
        )
    for _ in range(levels):
        (size,) = struct.unpack("<Q", _read(file, 8))
        _skip(file, size)
    tensor_version, size = struct.unpack("<Ii", _read(file, 8))
    if tensor_version != 0 or not 0 < size < _LARGEST_DESC:
        raise ModelFilesError(
            f"{path} is no parameters file of Paddle", hint="name the .pdiparams of an inference model"
        )
    described = _read(file, size)
    message = MESSAGES["TensorDesc"]()
    with guarded(ModelFilesError, f"{path} is damaged: a tensor's description cannot be read"):
        message.ParseFromString(described)
    dtype, shape = DTYPES.get(message.data_type, "unknown"), tuple(message.dims)
    if dtype not in _SIZES or any(n < 0 for n in shape):
        raise ModelFilesError(f"{path} is damaged: a tensor of type {message.data_type} and shape {list(shape)}")
    _skip(file, _SIZES[dtype] * math.prod(shape))
    return dtype, shape


def _read(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise _EndedError
    return data


def _skip(file: IO[bytes], size: int) -> None:
    """Move on by `size` bytes, the last of which must be there."""
    if size:
        file.seek(size - 1, 1)
        _read(file, 1)
