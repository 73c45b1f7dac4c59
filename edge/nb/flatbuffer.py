"""Reading FlatBuffers that nobody vouches for: every offset is checked, and no more is read than a few times the buffer.

The format (google's FlatBuffers, "Internals"): a table begins with a signed distance back to its vtable, which lists where
each field lies; strings and vectors are a distance ahead of their field. A hostile file can refer to one of them from many
places and so multiply the work; a sound one refers to each once, or to a few words several times.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TIMES = 4  # the buffer's size


@dataclass(frozen=True, slots=True)
class FlatTable:
    """A table of the buffer `data` at offset `at`. Every method raises ValueError or struct.error for a broken one."""

    data: Any  # bytes or a memory map
    at: int
    _left: list[
        int
    ]  # one number, for all tables of the buffer: how many bytes of strings and vectors may still be read

    @classmethod
    def root(cls, data: Any, at: int = 0) -> FlatTable:
        """The root table of a buffer that begins at `at`."""
        return cls(data, at + _u32(data, at), [_TIMES * len(data)])

    def field(self, index: int) -> int | None:
        """Where the field's value lies, or None if it has its default."""
        (back,) = struct.unpack_from("<i", self.data, self.at)
        vtable = _inside(self.data, self.at - back)
        (size,) = struct.unpack_from("<H", self.data, vtable)
        entry = 4 + 2 * index
        if entry + 2 > size:
            return None
        (offset,) = struct.unpack_from("<H", self.data, vtable + entry)
        return self.at + offset if offset else None

    def number(self, index: int, form: str, default: int | float = 0) -> Any:
        """A scalar field; `form` as in struct, such as "i" or "f"."""
        at = self.field(index)
        return default if at is None else struct.unpack_from("<" + form, self.data, at)[0]

    def string(self, index: int) -> str:
        """A string field; "" if absent."""
        at = self.field(index)
        return "" if at is None else self._string(at)

    def strings(self, index: int) -> tuple[str, ...]:
        """A field that is a vector of strings."""
        start, count = self._vector(index, 4)
        return tuple(self._string(place) for place in range(start, start + 4 * count, 4))

    def array(self, index: int, dtype: str) -> NDArray[Any]:
        """A field that is a vector of numbers, `dtype` as in numpy; read-only, sharing the buffer."""
        kind = np.dtype(dtype).newbyteorder("<")
        start, count = self._vector(index, kind.itemsize)
        return np.frombuffer(self.data, kind, count, start) if count else np.empty(0, kind)

    def table(self, index: int) -> FlatTable | None:
        """A field that is a table (or a union's value)."""
        at = self.field(index)
        return None if at is None else FlatTable(self.data, _inside(self.data, at + _u32(self.data, at)), self._left)

    def tables(self, index: int) -> Iterator[FlatTable]:
        """A field that is a vector of tables."""
        start, count = self._vector(index, 4)
        for place in range(start, start + 4 * count, 4):
            yield FlatTable(self.data, _inside(self.data, place + _u32(self.data, place)), self._left)

    def _vector(self, index: int, width: int) -> tuple[int, int]:
        """Where the elements begin, and how many there are."""
        at = self.field(index)
        if at is None:
            return 0, 0
        start = at + _u32(self.data, at)
        count = _u32(self.data, start)
        self._take(start, 4 + width * count)
        return start + 4, count

    def _string(self, at: int) -> str:
        start = at + _u32(self.data, at)
        length = _u32(self.data, start)
        self._take(start, 4 + length)
        return bytes(self.data[start + 4 : start + 4 + length]).decode()

    def _take(self, start: int, size: int) -> None:
        _inside(self.data, start + size)
        self._left[0] -= size
        if self._left[0] < 0:
            raise ValueError("it refers to the same things again and again")


def _u32(data: Any, at: int) -> int:
    (value,) = struct.unpack_from("<I", data, at)
    return int(value)


def _inside(data: Any, at: int) -> int:
    if not 0 <= at <= len(data):
        raise ValueError(f"an offset of {at} points outside of its {len(data)} bytes")
    return at
