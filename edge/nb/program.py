"""Reads the optimised program inside a .nb: which ops run, on what kind of kernel.

The topology part of a .nb (meta version 2) is a FlatBuffer of Paddle-Lite's ProgramDesc
(lite/model_parser/flatbuffers/framework.fbs); only the few fields needed here are read.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.errors import NbFormatError
from edge.nb.header import NbHeader

# An attribute of every op: "op/alias/target/precision/layout", numbers as in lite/api/paddle_place.h.
_KERNEL_ATTRIBUTE = "__@kernel_type_attr@__"
_TARGETS = {1: "host", 2: "x86", 3: "cuda", 4: "arm", 5: "opencl", 9: "xpu", 17: "metal", 18: "nnadapter"}
_PRECISIONS = {1: "fp32", 2: "int8", 3: "int32", 4: "any", 5: "fp16", 6: "bool", 7: "int64", 8: "int16", 9: "uint8"}


@dataclass(frozen=True, slots=True)
class NbOp:
    """One op: its type, and the target and precision of the kernel that opt chose ("" where it says nothing)."""

    type: str
    target: str
    precision: str


def read_ops(nb: Path, header: NbHeader) -> tuple[NbOp, ...]:
    """Every op of every block, in order, without feed and fetch. Raises NbFormatError if there is no sound program."""
    with nb.open("rb") as stream:
        stream.seek(nb.stat().st_size - header.params_bytes - header.topology_bytes)
        topology = stream.read(header.topology_bytes)
    try:
        return parse_ops(topology)
    except NbFormatError as error:
        raise NbFormatError(f"{nb}: {error.message}", hint="convert the model again") from error


def parse_ops(topology: bytes) -> tuple[NbOp, ...]:
    """The ops of a topology."""
    try:
        root = _Table(topology, _u32(topology, 0), set())
        found = [_op(op) for block in root.tables(0) for op in block.tables(3)]
    except (struct.error, ValueError) as error:
        raise NbFormatError(f"its program cannot be read: {error}") from error
    if not found:
        raise NbFormatError("its program has no ops")
    return tuple(op for op in found if op.type not in ("feed", "fetch"))


def count_ops(ops: tuple[NbOp, ...]) -> dict[str, int]:
    """How often each type occurs, most frequent first, then by name."""
    return dict(sorted(Counter(op.type for op in ops).items(), key=lambda item: (-item[1], item[0])))


def _op(table: _Table) -> NbOp:
    kernel = next((a.string(4) for a in table.tables(3) if a.string(0) == _KERNEL_ATTRIBUTE), "")
    parts = kernel.split("/")
    if len(parts) != 5:
        return NbOp(table.string(0), "", "")
    return NbOp(table.string(0), _name(_TARGETS, parts[2]), _name(_PRECISIONS, parts[3]))


def _name(names: dict[int, str], number: str) -> str:
    return names.get(int(number), f"#{number}")


def _u32(data: bytes, at: int) -> int:
    (value,) = struct.unpack_from("<I", data, at)
    return int(value)


@dataclass(frozen=True, slots=True)
class _Table:
    """A FlatBuffer table: a signed distance back to its vtable, which lists where each field lies."""

    data: bytes
    at: int
    read: set[int]  # where vectors were read: a sound program shares none, a hostile one must not multiply

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

    def string(self, index: int) -> str:
        """A string field; "" if absent."""
        at = self.field(index)
        if at is None:
            return ""
        start = at + _u32(self.data, at)
        length = _u32(self.data, start)
        return self.data[start + 4 : _inside(self.data, start + 4 + length)].decode()

    def tables(self, index: int) -> Iterator[_Table]:
        """A field that is a vector of tables."""
        at = self.field(index)
        if at is None:
            return
        start = at + _u32(self.data, at)
        count = _u32(self.data, start)
        _inside(self.data, start + 4 + 4 * count)
        if count and start in self.read:
            raise ValueError("it refers twice to one list")
        self.read.add(start)
        for place in range(start + 4, start + 4 + 4 * count, 4):
            yield _Table(self.data, place + _u32(self.data, place), self.read)


def _inside(data: bytes, at: int) -> int:
    if not 0 <= at <= len(data):
        raise ValueError(f"an offset of {at} points outside of its {len(data)} bytes")
    return at
