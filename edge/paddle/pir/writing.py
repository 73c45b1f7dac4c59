"""Writing a ProgramDesc operator by operator, as Paddle 2.6 would have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from edge.paddle import schema
from edge.paddle.pir.operators import KINDS
from edge.paddle.program import Program

_PADDLE_2_6 = 2_006_000  # operators are written in that version's form
_FEED_MINIBATCH, _FETCH_LIST, _STEP_SCOPES = 9, 10, 11  # framework.proto's VarType.Type
_SCALAR_FLOAT = 3
_KEPT = frozenset({"feed", "fetch", "while", "conditional_block"})  # the blocks of the latter are numbered


@dataclass
class SubBlock:
    """A block that control flow runs: its number; once it is written, `reads` has the variables of others that it reads."""

    number: int
    reads: list[str] = field(default_factory=list)


class Writer:
    """A program in the making."""

    def __init__(self) -> None:
        self._message = schema.MESSAGES["Program"]()
        self._message.version.version = _PADDLE_2_6
        self._block = self._message.blocks.add(idx=0, parent_idx=-1)
        self._names: set[str] = set()
        for name, kind in (("feed", _FEED_MINIBATCH), ("fetch", _FETCH_LIST)):
            var = self._block.vars.add(name=name, persistable=True)
            var.type.type = kind
            self._names.add(name)
        self._feeds = self._fetches = 0

    def tensor(self, name: str, dtype: str, shape: Sequence[int], *, persistable: bool = False) -> str:
        """Add a tensor variable; returns its name, which is `name` with underscores behind it if that was taken.

        Raises KeyError for a dtype that the old format does not have.
        """
        while name in self._names:
            name += "_"
        self._names.add(name)
        var = self._block.vars.add(name=name, persistable=persistable)
        var.type.type = schema.LOD_TENSOR
        var.type.lod_tensor.tensor.data_type = schema.DTYPE_NUMBERS[dtype]
        var.type.lod_tensor.tensor.dims.extend(shape)
        return name

    def scopes(self, near: str) -> str:
        """Add the variable in which an operator of control flow keeps what it runs in."""
        name = self.tensor(f"{near}_scopes.edgezoo", "bool", ())
        self._block.vars[-1].type.Clear()
        self._block.vars[-1].type.type = _STEP_SCOPES
        return name

    @contextmanager
    def sub_block(self) -> Iterator[SubBlock]:
        """What is added meanwhile becomes a block of its own."""
        parent = self._block
        self._block = self._message.blocks.add(idx=len(self._message.blocks), parent_idx=parent.idx)
        made = SubBlock(self._block.idx)
        yield made
        own = {var.name for var in self._block.vars}
        read = dict.fromkeys(name for op in self._block.ops for slot in op.inputs for name in slot.arguments)
        made.reads += [name for name in read if name not in own]
        self._block = parent

    def op(
        self,
        type: str,
        inputs: Mapping[str, Sequence[str]],
        outputs: Mapping[str, Sequence[str]],
        attrs: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an operator; an attribute's type follows from its value and `operators.KINDS`."""
        message = self._block.ops.add(type=type)
        for slots, given in ((message.inputs, inputs), (message.outputs, outputs)):
            for slot, names in given.items():
                slots.add(parameter=slot).arguments.extend(names)
        for name, value in (attrs or {}).items():
            _fill(message.attrs.add(name=name), KINDS.get((type, name)) or _kind(value), value)

    def feed(self, name: str) -> None:
        self.op("feed", {"X": ["feed"]}, {"Out": [name]}, {"col": self._feeds})
        self._feeds += 1

    def fetch(self, name: str) -> None:
        self.op("fetch", {"X": [name]}, {"Out": ["fetch"]}, {"col": self._fetches})
        self._fetches += 1

    def build(self) -> Program:
        """The program, without the operators and variables that no output needs."""
        needed: set[str] = set()
        kept = []
        first, *others = self._message.blocks
        for op in reversed(first.ops):
            made = {name for slot in op.outputs for name in slot.arguments}
            if op.type in _KEPT or made & needed:
                needed |= made | {name for slot in op.inputs for name in slot.arguments}
                kept.append(op)
        program = schema.MESSAGES["Program"]()
        program.version.CopyFrom(self._message.version)
        block = program.blocks.add(idx=0, parent_idx=-1)
        block.vars.extend(var for var in first.vars if var.persistable or var.name in needed)
        block.ops.extend(reversed(kept))
        program.blocks.extend(others)
        return Program(program)


def _fill(attr: Any, kind: str, value: Any) -> None:
    number = schema.ATTR_NUMBERS[kind]
    _, target, repeated = schema.ATTR_TYPES[number]
    attr.type = number
    if kind == "SCALARS":
        for item in value:
            attr.scalars.add(type=_SCALAR_FLOAT, r=float(item))
    elif repeated:
        getattr(attr, target).extend(value)
    else:
        setattr(attr, target, value)


def _kind(value: Any) -> str:
    """Whole numbers of any width are 32-bit in the old operators, but for those of KINDS."""
    if isinstance(value, tuple | list):
        return {bool: "BOOLEANS", float: "FLOATS", str: "STRINGS"}.get(type(next(iter(value), 0)), "INTS")
    return {bool: "BOOLEAN", float: "FLOAT", str: "STRING"}.get(type(value), "INT")
