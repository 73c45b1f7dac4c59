"""A Paddle inference program: operators, variables, inputs and outputs, read by the driver without Paddle.

`Program` is a value: nothing changes it; `edge.paddle.draft.Draft` is an editable copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from edge.errors import ProgramError
from edge.paddle import schema
from edge.paddle.wellformed import problem
from edge.untrusted.files import read_file

_NOT_A_PROGRAM = "name the program file of an inference model (inference.pdmodel, or __model__ of an old one)"
# Operators that hand their input on unchanged at inference; Paddle's exporters put them between softmax or sigmoid and fetch.
_PASSING_ON: dict[str, tuple[tuple[str, float], ...]] = {"assign": (), "scale": (("scale", 1.0), ("bias", 0.0))}


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A tensor variable; -1 in `shape` is a dimension left open (usually the batch). `dtype` is numpy's name."""

    name: str
    shape: tuple[int, ...]
    dtype: str


class Op:
    """A view of one operator. Slot names are Paddle's own (`X`, `Out`, `Filter`, ...)."""

    __slots__ = ("_message", "block", "index")

    def __init__(self, message: Any, block: int, index: int) -> None:
        self._message = message
        self.block = block
        self.index = index

    def __repr__(self) -> str:
        return f"Op({self.type!r}, block={self.block}, index={self.index})"

    @property
    def type(self) -> str:
        return str(self._message.type)

    @property
    def inputs(self) -> dict[str, tuple[str, ...]]:
        return {slot.parameter: tuple(slot.arguments) for slot in self._message.inputs}

    @property
    def outputs(self) -> dict[str, tuple[str, ...]]:
        return {slot.parameter: tuple(slot.arguments) for slot in self._message.outputs}

    @property
    def reads(self) -> tuple[str, ...]:
        """The variables of all input slots."""
        return _all(self._message.inputs)

    def input(self, slot: str) -> str | None:
        """The first variable of an input slot; None if the slot is missing or empty."""
        return _first(self._message.inputs, slot)

    def output(self, slot: str) -> str | None:
        """The first variable of an output slot; None if the slot is missing or empty."""
        return _first(self._message.outputs, slot)

    @property
    def attr_kinds(self) -> dict[str, str]:
        """Attribute name -> the name of its type (`INT`, `FLOATS`, `SCALAR`, ...; `UNKNOWN <n>` for a newer one)."""
        return {a.name: _kind(a) for a in self._message.attrs}

    def has_attr_of(self, kinds: frozenset[str]) -> bool:
        """Whether an attribute is of one of these types."""
        return any(_kind(a) in kinds for a in self._message.attrs)

    def has_attr(self, name: str) -> bool:
        return any(a.name == name for a in self._message.attrs)

    def attr(self, name: str, default: Any = None) -> Any:
        """An attribute's value: int, float, str, bool or a tuple of them; `default` where there is none."""
        for a in self._message.attrs:
            if a.name == name:
                return attr_value(a)
        return default


class Program:
    """One program description. Raises ProgramError for bytes that are none."""

    def __init__(self, message: Any) -> None:
        self._message = message

    @staticmethod
    def read(path: Path) -> Program:
        """Read a program file; ProgramError names it."""
        try:
            data = read_file(path)
        except OSError as error:
            raise ProgramError(f"The program {path} cannot be read: {error.strerror}.", hint=_NOT_A_PROGRAM) from None
        return Program.parse(data, where=str(path))

    @staticmethod
    def parse(data: bytes, *, where: str = "The program") -> Program:
        """Parse and check a serialised ProgramDesc; `where` begins the error's sentence."""
        _refuse_other_formats(data, where)
        parsed = _parsed(data)
        if isinstance(parsed, str):
            raise ProgramError(f"{where} is no Paddle program: {parsed}.", hint=_NOT_A_PROGRAM)
        return parsed

    def serialize(self) -> bytes:
        """The ProgramDesc's bytes: the same for the same program."""
        data: bytes = self._message.SerializeToString(deterministic=True)
        return data

    def copy_message(self) -> Any:
        """A copy of the message, for an editor (`edge.paddle.draft.Draft.of`)."""
        message = schema.MESSAGES["Program"]()
        message.CopyFrom(self._message)
        return message

    @property
    def version(self) -> str | None:
        """The Paddle that wrote it, such as `2.6.2`; None where it does not say (0, or a development build)."""
        number = self._message.version.version
        if number <= 0:
            return None
        return f"{number // 1_000_000}.{number // 1_000 % 1_000}.{number % 1_000}"

    def ops(self, *types: str) -> Iterator[Op]:
        """Every operator of every block in order, or only those of the named types."""
        for block in self._message.blocks:
            for index, op in enumerate(block.ops):
                if not types or op.type in types:
                    yield Op(op, block.idx, index)

    @cached_property
    def op_types(self) -> frozenset[str]:
        return frozenset(op.type for block in self._message.blocks for op in block.ops)

    def tensor(self, name: str) -> TensorSpec | None:
        """The variable of that name, or None where there is none or it is no tensor."""
        var = self._vars.get(name)
        return tensor_spec(var) if var is not None else None

    @cached_property
    def _vars(self) -> dict[str, Any]:
        return {var.name: var for block in self._message.blocks for var in block.vars}

    @cached_property
    def feeds(self) -> tuple[TensorSpec, ...]:
        """The inputs, in order."""
        return self._ends("feed", Op.output, "Out")

    @cached_property
    def fetches(self) -> tuple[TensorSpec, ...]:
        """The outputs, in order."""
        return self._ends("fetch", Op.input, "X")

    @cached_property
    def persistables(self) -> tuple[TensorSpec, ...]:
        """The parameters, sorted by name: the order of a combined parameters file."""
        specs = [spec for var in self._vars.values() if var.persistable and (spec := tensor_spec(var)) is not None]
        return tuple(sorted(specs, key=lambda spec: spec.name.encode()))

    def logits(self, output: str | None = None) -> str | None:
        """The variable that the softmax or sigmoid at the end of an output (the first) is taken of; None if there is none.

        For comparing: what is saturated looks alike whatever the network computes.
        """
        name = output or (self.fetches[0].name if self.fetches else None)
        for op in reversed(list(self.ops())):  # each looks at those before it only: one may write what it reads
            if name is None or op.type == "fetch" or all(name not in names for names in op.outputs.values()):
                continue
            if op.type in ("softmax", "sigmoid"):
                return op.input("X")
            if op.type not in _PASSING_ON or any(op.attr(key, same) != same for key, same in _PASSING_ON[op.type]):
                return None
            name = op.input("X")
        return None

    def _ends(self, kind: str, variable_of: Any, slot: str) -> tuple[TensorSpec, ...]:
        ends = sorted(self.ops(kind), key=lambda op: int(op.attr("col", 0)))
        names = [variable_of(op, slot) for op in ends]
        return tuple(self.tensor(name) or TensorSpec(name, (), "float32") for name in names if name)


def attr_value(message: Any) -> Any:
    """The Python value of one attribute message; repeated ones as tuples, scalars as plain numbers."""
    if message.type not in schema.ATTR_TYPES:
        return None
    kind, field, repeated = schema.ATTR_TYPES[message.type]
    value = getattr(message, field)
    if kind == "SCALAR":
        return scalar_value(value)
    if kind == "SCALARS":
        return tuple(scalar_value(item) for item in value)
    return tuple(value) if repeated else value


def scalar_value(message: Any) -> bool | int | float:
    """Paddle's Scalar (framework.proto, Paddle 2.5 and later): 1 boolean, 2 integer, 3 float."""
    if message.type == 1:
        return bool(message.b)
    return int(message.i) if message.type == 2 else float(message.r)


def _kind(message: Any) -> str:
    known = schema.ATTR_TYPES.get(message.type)
    return known[0] if known else f"UNKNOWN {message.type}"


def _all(slots: Any) -> tuple[str, ...]:
    return tuple(name for slot in slots for name in slot.arguments)


def _first(slots: Any, name: str) -> str | None:
    for slot in slots:
        if slot.parameter == name:
            return str(slot.arguments[0]) if slot.arguments else None
    return None


def tensor_spec(var: Any) -> TensorSpec | None:
    """What a variable's message describes; None for what is no tensor."""
    if var.type.type != schema.LOD_TENSOR:
        return None
    desc = var.type.lod_tensor.tensor
    return TensorSpec(var.name, tuple(desc.dims), _dtype(desc))


def _dtype(desc: Any) -> str:
    return schema.dtype_name(desc.data_type)


def _refuse_other_formats(data: bytes, where: str) -> None:
    if not data:
        raise ProgramError(f"{where} is empty.", hint=_NOT_A_PROGRAM)
    head = data[:4096].lstrip()
    if head.startswith(b"{") and b'"base_code"' in head:
        raise ProgramError(
            f"{where} is a Paddle 3 PIR program (JSON), not a ProgramDesc.",
            hint="name it inference.json, with inference.pdiparams beside it: then it is translated",
        )
    if head.startswith(b"{"):
        raise ProgramError(f"{where} is JSON, but no Paddle program.", hint=_NOT_A_PROGRAM)


@lru_cache(maxsize=8)  # a conversion reads the same program five times, and nobody changes one
def _parsed(data: bytes) -> Program | str:
    """The program, or in words why it is none."""
    message = schema.MESSAGES["Program"]()
    try:
        message.ParseFromString(data)
        return problem(message) or Program(message)
    except Exception:  # protobuf's DecodeError
        return "it is truncated or damaged"
