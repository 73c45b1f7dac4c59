"""Writing FlatBuffers, as far as a program needs it for another output: new parts in front of a buffer that stays as it is.

Strings, vectors and tables are a distance ahead of what leads to them (`flatbuffer.py`), so new ones may lead to each other and
into the buffer, and nothing in that has to change.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_ALIGNED = 8  # bytes: the most that a number in Paddle-Lite's program asks for


@dataclass(frozen=True, slots=True)
class Part:
    """A string, vector or table of a buffer that grows at its front: how far before its end it lies."""

    place: int


class Prepend:
    """A buffer, and what is put in front of it, the last first."""

    def __init__(self, buffer: bytes) -> None:
        self._data, self._old = buffer, len(buffer)

    def old(self, at: int) -> Part:
        """The part that lies at `at` of the buffer as it was."""
        return Part(self._old - at)

    def vector(self, parts: Sequence[Part]) -> Part:
        """A vector of strings or tables."""
        place = len(self._data) + 4 + 4 * len(parts)
        ahead = [place - 4 - 4 * number - part.place for number, part in enumerate(parts)]
        return self._put(struct.pack(f"<{1 + len(parts)}I", len(parts), *ahead))

    def table(self, fields: Mapping[int, int | Part]) -> Part:
        """A table of parts and of numbers of 32 bits; fields that are not named have their default."""
        count = max(fields) + 1
        vtable = 4 + 2 * count
        gap = -vtable % 4
        places = {index: 4 + 4 * number for number, index in enumerate(fields)}
        size = 4 + 4 * len(fields)
        begins = len(self._data) + size
        values = [v if isinstance(v, int) else begins - places[i] - v.place for i, v in fields.items()]
        self._put(struct.pack(f"<i{len(values)}I", vtable, *(value & 0xFFFFFFFF for value in values)))
        own = Part(len(self._data))
        listed = (places.get(index, 0) for index in range(count))
        self._put(bytes(gap) + struct.pack(f"<{2 + count}H", vtable, size, *listed))
        return own

    def whole(self, root: Part) -> bytes:
        """The buffer with this table as its root."""
        gap = -(len(self._data) + 4 - self._old) % _ALIGNED
        return struct.pack("<I", 4 + gap + len(self._data) - root.place) + bytes(gap) + self._data

    def _put(self, piece: bytes) -> Part:
        self._data = piece + self._data
        return Part(len(self._data))
