"""Reads the optimised program inside a .nb: which ops run, on what kind of kernel, with which weights.

The topology part of a .nb (meta version 2) is a FlatBuffer of Paddle-Lite's ProgramDesc
(lite/model_parser/flatbuffers/framework.fbs); only the fields needed here are read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.errors import NbFormatError
from edge.nb.flatbuffer import FlatTable
from edge.nb.header import NbHeader
from edge.untrusted.files import open_file
from edge.untrusted.guard import guarded

# An attribute of every op: "op/alias/target/precision/layout", numbers as in lite/api/paddle_place.h.
KERNEL_ATTRIBUTE = "__@kernel_type_attr@__"
_TARGETS = {1: "host", 2: "x86", 3: "cuda", 4: "arm", 5: "opencl", 9: "xpu", 17: "metal", 18: "nnadapter"}
_PRECISIONS = {1: "fp32", 2: "int8", 3: "int32", 4: "any", 5: "fp16", 6: "bool", 7: "int64", 8: "int16", 9: "uint8"}


@dataclass(frozen=True, slots=True)
class NbOp:
    """One op: its type, the target and precision of the kernel that opt chose ("" where it says nothing), the variables of its
    slots, and its attributes but for blocks."""

    type: str
    target: str
    precision: str
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    outputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    attrs: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def kernel(self) -> str:
        """Such as `arm fp32`; `unknown` where opt says nothing."""
        return f"{self.target} {self.precision}".strip() or "unknown"


def read_ops(nb: Path, header: NbHeader, *, attrs: bool = True) -> tuple[NbOp, ...]:
    """Every op of every block, in order, without feed and fetch; without `attrs` in half the time, and they have none.

    Raises NbFormatError if there is no sound program.
    """
    try:
        return parse_ops(topology_of(nb, header), attrs=attrs)
    except NbFormatError as error:
        raise NbFormatError(f"{nb}: {error.message}", hint="convert the model again") from error


def read_inputs(nb: Path, header: NbHeader) -> dict[str, tuple[int, ...]]:
    """The program's inputs in their order, with the shapes it was made for; -1 is a size left open. Raises NbFormatError."""
    with guarded(NbFormatError, f"{nb}: its inputs cannot be read", hint="convert the model again"):
        blocks = list(FlatTable.root(topology_of(nb, header)).tables(0))
        feeds = [op for block in blocks for op in block.tables(3) if op.string(0) == "feed"]
        names = {
            name: dict(_attribute(a) for a in op.tables(3)).get("col", 0)
            for op in feeds
            for name in _slots(op, 2)["Out"]
        }
        shapes = {var.string(0): _shape(var) for block in blocks for var in block.tables(2) if var.string(0) in names}
        return {name: shapes[name] for name in sorted(names, key=lambda name: names[name])}


def topology_of(nb: Path, header: NbHeader) -> bytes:
    """The program's part of the file."""
    with open_file(nb) as stream:
        stream.seek(nb.stat().st_size - header.params_bytes - header.topology_bytes)
        return stream.read(header.topology_bytes)


def _shape(var: FlatTable) -> tuple[int, ...]:
    """Of a VarDesc: field 1 type; of its VarType: 2 lod_tensor; of that: 0 tensor; of that: 1 dims."""
    lod_tensor = (kind := var.table(1)) and kind.table(2)
    tensor = lod_tensor and lod_tensor.table(0)
    if not tensor:
        raise ValueError(f"{var.string(0)} is no tensor")
    return tuple(int(size) for size in tensor.array(1, "i8"))


def parse_ops(topology: bytes, *, attrs: bool = True) -> tuple[NbOp, ...]:
    """The ops of a topology, as `read_ops` gives them."""
    with guarded(NbFormatError, "its program cannot be read"):
        found = [_op(op, attrs=attrs) for block in FlatTable.root(topology).tables(0) for op in block.tables(3)]
    if not found:
        raise NbFormatError("its program has no ops")
    return tuple(op for op in found if op.type not in ("feed", "fetch"))


def count_ops(ops: tuple[NbOp, ...]) -> dict[str, int]:
    """How often each type occurs, most frequent first, then by name."""
    return most_first(Counter(op.type for op in ops))


def count_kernels(ops: tuple[NbOp, ...]) -> dict[str, int]:
    """How many ops run on which kind of kernel, such as {"arm fp32": 63}, most frequent first."""
    return most_first(Counter(op.kernel for op in ops))


def most_first(counted: Mapping[str, int]) -> dict[str, int]:
    """The same, most frequent first, then by name."""
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _op(table: FlatTable, *, attrs: bool) -> NbOp:
    found = dict(_attribute(attr) for attr in table.tables(3)) if attrs else {}
    kernel = found.pop(KERNEL_ATTRIBUTE, "") if attrs else kernel_of(table)[0]
    parts = str(kernel).split("/")
    target, precision = ("", "") if len(parts) != 5 else (_name(_TARGETS, parts[2]), _name(_PRECISIONS, parts[3]))
    return NbOp(table.string(0), target, precision, _slots(table, 1), _slots(table, 2), found)


def kernel_of(op: FlatTable) -> tuple[str, int | None]:
    """How an op names its kernel, and where that lies; "" where it does not."""
    attr = next((attr for attr in op.tables(3) if attr.string(0) == KERNEL_ATTRIBUTE), None)
    return ("", None) if attr is None else (attr.string(4), attr.place(4))


def _slots(table: FlatTable, index: int) -> dict[str, tuple[str, ...]]:
    return {slot.string(0): slot.strings(1) for slot in table.tables(index)}


def _attribute(table: FlatTable) -> tuple[str, Any]:
    """Name and value. Fields of Attr: 0 name, 1 type (of AttrType: 0 to 7, 9 and 11 are read), then one for each type."""
    kind = table.number(1, "i")
    value: Any = None
    match kind:
        case 0:
            value = table.number(2, "i")
        case 1:
            value = table.number(3, "f", 0.0)
        case 2:
            value = table.string(4)
        case 3:
            value = table.array(5, "i4").tolist()
        case 4:
            value = table.array(6, "f4").tolist()
        case 5:
            value = list(table.strings(7))
        case 6:
            value = bool(table.number(8, "?", False))
        case 7:
            value = table.array(9, "?").tolist()
        case 9:
            value = table.number(11, "q")
        case 11:
            value = table.array(13, "i8").tolist()
    return table.string(0), value


def _name(names: dict[int, str], number: str) -> str:
    return names.get(int(number), f"#{number}")
