"""An editable program: the few changes the legaliser's rules are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from edge.errors import ProgramError
from edge.paddle import schema
from edge.paddle.program import Op, Program, TensorSpec, tensor_spec

AttrValue = bool | int | float | str | Sequence[int] | Sequence[float] | Sequence[str]


@dataclass(frozen=True, slots=True)
class NewOp:
    """An operator to be put into a program; an attribute's type follows from its Python value."""

    type: str
    inputs: Mapping[str, Sequence[str]]
    outputs: Mapping[str, Sequence[str]]
    attrs: Mapping[str, AttrValue] = field(default_factory=dict)


class OpDraft(Op):
    """An operator that may be changed in place."""

    __slots__ = ()

    def set_type(self, name: str) -> None:
        self._message.type = name

    def set_attr(self, name: str, value: AttrValue) -> None:
        """Add an attribute, or replace the one of that name."""
        self.drop_attr(name)
        _fill(self._message.attrs.add(), name, value)

    def drop_attr(self, name: str) -> None:
        _drop(self._message.attrs, lambda a: a.name == name)

    def set_input(self, slot: str, names: Sequence[str]) -> None:
        _set_slot(self._message.inputs, slot, names)

    def set_output(self, slot: str, names: Sequence[str]) -> None:
        _set_slot(self._message.outputs, slot, names)

    def drop_input(self, slot: str) -> None:
        _drop(self._message.inputs, lambda item: item.parameter == slot)

    def drop_output(self, slot: str) -> None:
        _drop(self._message.outputs, lambda item: item.parameter == slot)


class Draft:
    """An editable copy of a program; `build()` makes it a `Program` again."""

    @classmethod
    def of(cls, program: Program) -> Draft:
        """A copy of the program to be edited."""
        return cls(program.copy_message())

    def __init__(self, message: Any) -> None:
        self._message = message
        self._replaced: dict[tuple[int, int], tuple[NewOp, ...]] = {}
        self._followed: dict[tuple[int, int], tuple[NewOp, ...]] = {}
        self._preceded: dict[tuple[int, int], tuple[NewOp, ...]] = {}
        self._numbers: dict[str, Iterator[int]] = {}  # by variable: what the next one made near it is called
        self._vars = {var.name: var for block in message.blocks for var in block.vars}

    def ops(self, *types: str) -> Iterator[OpDraft]:
        """Every operator of every block, or those of the named types. Replaced ones show after `flush()` only."""
        for position, block in enumerate(self._message.blocks):
            for index, op in enumerate(block.ops):
                if not types or op.type in types:
                    yield OpDraft(op, position, index)

    @property
    def op_types(self) -> frozenset[str]:
        return Program(self._message).op_types

    def tensor(self, name: str | None) -> TensorSpec | None:
        """The tensor variable of that name as it is described now, or None where there is none."""
        var = self._vars.get(name or "")
        return tensor_spec(var) if var is not None else None

    def readers(self) -> dict[str, list[OpDraft]]:
        """By variable, the operators that read it as the program stands now, in order."""
        found: dict[str, list[OpDraft]] = {}
        for op in self.ops():
            for name in dict.fromkeys(op.reads):
                found.setdefault(name, []).append(op)
        return found

    def makers(self) -> dict[str, OpDraft]:
        """By variable, the last operator that makes it as the program stands now."""
        return {name: op for op in self.ops() for names in op.outputs.values() for name in names}

    def is_weight(self, name: str | None) -> bool:
        """Whether a variable of that name is a parameter."""
        var = self._vars.get(name or "")
        return var is not None and bool(var.persistable)

    def new_tensor(
        self, near: str, dtype: str, shape: Sequence[int], *, block: int = 0, persistable: bool = False
    ) -> str:
        """Add a tensor variable (a parameter, if it is `persistable`); returns its name, made of `near` and not used before."""
        numbers = self._numbers.setdefault(near, count())
        name = next(n for k in numbers if (n := f"{near}.edgezoo_{k}") not in self._vars)
        var = self._vars[name] = self._message.blocks[block].vars.add(name=name, persistable=persistable)
        var.type.type = schema.LOD_TENSOR
        desc = var.type.lod_tensor.tensor
        desc.data_type = schema.dtype_number(dtype)
        desc.dims.extend(shape)
        return name

    def set_shape(self, name: str, shape: Sequence[int]) -> None:
        """Describe a tensor variable's shape anew."""
        self._vars[name].type.lod_tensor.tensor.dims[:] = list(shape)

    def make_weight(self, name: str) -> None:
        """Make a tensor variable a parameter."""
        self._vars[name].persistable = True

    def add_fetch(self, name: str) -> None:
        """Make a variable one more output, after the others."""
        block = self._message.blocks[0]
        fetches = [op for op in block.ops if op.type == "fetch"]
        if not fetches:
            raise ProgramError("The program has no outputs to put another beside.")
        op = block.ops.add()
        op.CopyFrom(fetches[-1])
        draft = OpDraft(op, 0, len(block.ops) - 1)
        draft.set_input("X", [name])
        draft.set_attr("col", len(fetches))

    def replace(self, op: OpDraft, *new: NewOp) -> None:
        """Put other operators in the place of one (none: leave it out); done by `flush()`, until then indices hold."""
        self._replaced[(op.block, op.index)] = new

    def follow(self, op: OpDraft, *new: NewOp) -> None:
        """Put operators behind one; done by `flush()`, as `replace`."""
        self._followed[(op.block, op.index)] = (*self._followed.get((op.block, op.index), ()), *new)

    def precede(self, op: OpDraft, *new: NewOp) -> None:
        """Put operators in front of one; done by `flush()`, as `replace`."""
        self._preceded[(op.block, op.index)] = (*self._preceded.get((op.block, op.index), ()), *new)

    def drop_unread(self) -> None:
        """Leave out parameters that no operator reads."""
        read = {name for op in self.ops() for name in op.reads}
        for block in self._message.blocks:
            _drop(
                block.vars, lambda var: var.persistable and var.type.type == schema.LOD_TENSOR and var.name not in read
            )
        self._vars = {var.name: var for block in self._message.blocks for var in block.vars}

    def flush(self) -> None:
        """Carry out the replacements and additions asked for."""
        for position in {block for block, _ in (*self._replaced, *self._followed, *self._preceded)}:
            block = self._message.blocks[position]
            ops: list[Any] = []
            for index, op in enumerate(block.ops):
                new = self._replaced.get((position, index))
                ops.extend(_message(item) for item in self._preceded.get((position, index), ()))
                ops.extend([op] if new is None else [_message(item) for item in new])
                ops.extend(_message(item) for item in self._followed.get((position, index), ()))
            copies = [_copy(op) for op in ops]  # emptying the field would take the messages with it
            del block.ops[:]
            block.ops.extend(copies)
        self._replaced.clear()
        self._followed.clear()
        self._preceded.clear()

    def build(self) -> Program:
        """The program as it stands now; the draft must not be used afterwards."""
        self.flush()
        return Program(self._message)


def _copy(message: Any) -> Any:
    copy = schema.MESSAGES["Op"]()
    copy.CopyFrom(message)
    return copy


def _message(new: NewOp) -> Any:
    message = schema.MESSAGES["Op"](type=new.type)
    for slots, given in ((message.inputs, new.inputs), (message.outputs, new.outputs)):
        for slot, names in given.items():
            _set_slot(slots, slot, names)
    for name, value in new.attrs.items():
        _fill(message.attrs.add(), name, value)
    return message


def _fill(attr: Any, name: str, value: AttrValue) -> None:
    kind = _kind_of(value)
    _, target, repeated = schema.ATTR_TYPES[schema.ATTR_NUMBERS[kind]]
    attr.name = name
    attr.type = schema.ATTR_NUMBERS[kind]
    if repeated:
        getattr(attr, target).extend(value)
    else:
        setattr(attr, target, value)


def _kind_of(value: AttrValue) -> str:
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "INT" if _is_short(value) else "LONG"
    if isinstance(value, float):
        return "FLOAT"
    if isinstance(value, str):
        return "STRING"
    if any(isinstance(one, str) for one in value):
        return "STRINGS"
    if any(isinstance(one, float) for one in value):
        return "FLOATS"
    return "INTS" if all(_is_short(int(one)) for one in value) else "LONGS"


def _is_short(value: int) -> bool:
    return -(2**31) <= value < 2**31


def _set_slot(slots: Any, name: str, names: Sequence[str]) -> None:
    for slot in slots:
        if slot.parameter == name:
            slot.arguments[:] = list(names)
            return
    slots.add(parameter=name).arguments.extend(names)


def _drop(items: Any, unwanted: Any) -> None:
    for index in reversed([i for i, item in enumerate(items) if unwanted(item)]):
        del items[index]


def with_fetch(program: Program, name: str | None) -> Program:
    """The same network with that variable as one more, last output; itself if it is one already, or None."""
    if name is None or any(spec.name == name for spec in program.fetches):
        return program
    draft = Draft.of(program)
    draft.add_fetch(name)
    return draft.build()
