"""FlatBuffers of hostile files: no more is read than a few times the buffer."""

from __future__ import annotations

import struct

import pytest

from edge.nb.flatbuffer import FlatTable

ENTRIES = 4000


def with_vtables(tables: int, step: int) -> bytes:
    """A root whose first field is a vector of tables, each with a vtable of 4000 fields that begins `step` after the last."""
    root = 4 + 8  # behind the offset of the root and its vtable
    vector = root + 8
    places = vector + 4 + 4 * tables
    size = 4 + 2 * ENTRIES
    vtables = places + 4 * tables
    head = struct.pack("<IHHHH", root, 6, 8, 4, 0) + struct.pack("<iI", 8, 4) + struct.pack("<I", tables)
    offsets = b"".join(struct.pack("<I", places + 4 * k - (vector + 4 + 4 * k)) for k in range(tables))
    backs = b"".join(struct.pack("<i", places + 4 * k - (vtables + step * k)) for k in range(tables))
    return head + offsets + backs + struct.pack("<H", size) * (size + step * tables)


def test_tables_of_one_vtable_are_read() -> None:
    tables = list(FlatTable.root(with_vtables(1000, 0)).tables(0))
    assert len(tables) == 1000
    assert tables[-1].field(0) is not None
    assert tables[-1].field(ENTRIES) is None


def test_vtables_that_overlap_are_refused_before_they_are_much_work() -> None:
    with pytest.raises(ValueError, match="again and again"):
        list(FlatTable.root(with_vtables(1000, 2)).tables(0))
