"""Reading FlatBuffers that nobody vouches for: every offset is checked, and no more is read than a few times the buffer.

The format (google's FlatBuffers, "Internals"): a table begins with a signed distance back to its vtable, which lists where
each field lies; strings and vectors are a distance ahead of their field. A hostile file can refer to one of them from many
places and so multiply the work; a sound one refers to each once, or to a few words several times.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TIMES = 4  # the buffer's size
_U16, _U32, _I32 = (struct.Struct(form).unpack_from for form in ("<H", "<I", "<i"))


class _Buffer:
    """What all tables of a buffer share: its bytes, how many of strings, vectors and vtables may still be read, and the vtables
    that were read. A few vtables serve all tables."""

    __slots__ = ("data", "left", "vtables")

    def __init__(self, data: Any) -> None:
        self.data = data  # bytes or a memory view of them
        self.left = _TIMES * len(data)
        self.vtables: dict[int, tuple[int, ...]] = {}

    def take(self, start: int, size: int) -> None:
        self.inside(start + size)
        self.left -= size
        if self.left < 0:
            raise ValueError("it refers to the same things again and again")

    def inside(self, at: int) -> int:
        if not 0 <= at <= len(self.data):
            raise ValueError(f"an offset of {at} points outside of its {len(self.data)} bytes")
        return at

    def vtable(self, at: int) -> tuple[int, ...]:
        """How far from a table's beginning each of its fields lies; 0 of one that has its default."""
        (size,) = _U16(self.data, self.inside(at))
        self.take(at, size)
        return struct.unpack_from(f"<{max(0, size - 4) // 2}H", self.data, at + 4)


class FlatTable:
    """A table of a buffer. Every method, and the making of one, raises ValueError or struct.error for a broken one."""

    __slots__ = ("_at", "_buffer", "_fields")

    def __init__(self, buffer: _Buffer, at: int) -> None:
        self._buffer, self._at = buffer, buffer.inside(at)
        vtable = at - _I32(buffer.data, at)[0]
        if (fields := buffer.vtables.get(vtable)) is None:
            fields = buffer.vtables[vtable] = buffer.vtable(vtable)
        self._fields = fields

    @property
    def at(self) -> int:
        """Where the table lies."""
        return self._at

    @classmethod
    def root(cls, data: Any, at: int = 0) -> FlatTable:
        """The root table of a buffer that begins at `at`; `data` are bytes or a memory view of them."""
        return cls(_Buffer(data), at + _U32(data, at)[0])

    def field(self, index: int) -> int | None:
        """Where the field's value lies, or None if it has its default."""
        fields = self._fields
        return self._at + fields[index] if index < len(fields) and fields[index] else None

    def number(self, index: int, form: str, default: int | float = 0) -> Any:
        """A scalar field; `form` as in struct, such as "i" or "f"."""
        at = self.field(index)
        return default if at is None else struct.unpack_from("<" + form, self._buffer.data, at)[0]

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
        return np.frombuffer(self._buffer.data, kind, count, start) if count else np.empty(0, kind)

    def length(self, index: int, width: int) -> int:
        """How many elements of `width` bytes a field has that is a vector of them."""
        return self._vector(index, width)[1]

    def table(self, index: int) -> FlatTable | None:
        """A field that is a table (or a union's value)."""
        at = self.field(index)
        return None if at is None else FlatTable(self._buffer, at + _U32(self._buffer.data, at)[0])

    def tables(self, index: int) -> Iterator[FlatTable]:
        """A field that is a vector of tables."""
        return (FlatTable(self._buffer, place) for place in self.places(index))

    def place(self, index: int) -> int | None:
        """Where the string, vector or table lies that a field leads to."""
        at = self.field(index)
        return None if at is None else self._buffer.inside(at + _U32(self._buffer.data, at)[0])

    def places(self, index: int) -> Iterator[int]:
        """Where each of the strings or tables lies that a field is a vector of."""
        start, count = self._vector(index, 4)
        for place in range(start, start + 4 * count, 4):
            yield place + _U32(self._buffer.data, place)[0]

    def _vector(self, index: int, width: int) -> tuple[int, int]:
        """Where the elements begin, and how many there are."""
        at = self.field(index)
        if at is None:
            return 0, 0
        start = at + _U32(self._buffer.data, at)[0]
        count = int(_U32(self._buffer.data, start)[0])
        self._buffer.take(start, 4 + width * count)
        return start + 4, count

    def _string(self, at: int) -> str:
        data = self._buffer.data
        start = at + _U32(data, at)[0]
        end = start + 4 + _U32(data, start)[0]
        self._buffer.take(start, end - start)
        return bytes(data[start + 4 : end]).decode()
