"""A program of Paddle 3 as a ProgramDesc with the same parameters, inputs and outputs.

PIR gives numbers of a layer (axes, sizes, shapes) as tensors made by `full` and `full_int_array`: these are folded into the
old operators' attributes, and written as operators only where a tensor is wanted. Names: inputs and parameters keep theirs,
an output is called what Paddle 3's predictor calls it (`fetch_name_0`), other variables by operator and value number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from edge.errors import ProgramError
from edge.paddle.pir.constant import Constant, dtype_number
from edge.paddle.pir.operators import FILL, NO_ATTRS, OPERATORS, REDUCTIONS, Legacy
from edge.paddle.pir.reading import PirOp, PirProgram, Value
from edge.paddle.pir.writing import SubBlock, Writer
from edge.paddle.program import Program
from edge.untrusted.guard import brief, guarded

_HINT = (
    "export the model in the older format instead: with Paddle 3 set FLAGS_enable_pir_api=0 before paddle.jit.save, "
    "or export with Paddle 2.6"
)


@dataclass(frozen=True, slots=True)
class Translation:
    """The program, and which of its variables is which value of the original (for fetching one there too)."""

    program: Program
    values: Mapping[str, int]


class Translator:
    """The state of one translation: what every value of PIR is in the program so far written."""

    def __init__(self, pir: PirProgram, handlers: Mapping[str, Handler]) -> None:
        self._pir = pir
        self._handlers = handlers
        self.writer = Writer()
        self._names: dict[int, str] = {}
        self._constants: dict[int, Constant] = {}
        self._parts: dict[int, list[int]] = {}  # a list of tensors -> its members
        self.sizes: dict[int, list[int]] = {}  # a shape -> the sizes it was put together of
        self.spread: dict[int, tuple[int, int]] = {}  # a parameter in one axis of many dimensions -> parameter, axis
        self._types: dict[int, Value] = {}
        self._fresh = min((arg.id for op in pir.walk() for block in op.blocks for arg in block.args), default=0)
        self._parameters = {parameter.value.id for parameter in pir.parameters}
        self._outputs: dict[int, str] = {}

    def run(self) -> Translation:
        for parameter in self._pir.parameters:
            value = parameter.value
            self._names[value.id] = self.writer.tensor(parameter.name, value.dtype, value.shape, persistable=True)
            self._types[value.id] = value
        self._look_ahead()
        self.translate(self._pir.ops)
        return Translation(self.writer.build(), {name: id for id, name in self._names.items() if id > 0})

    def translate(self, ops: Sequence[PirOp]) -> None:
        """Write operators, one after the other."""
        for op in ops:
            operator = f"{self._pir.where}: the operator {brief(op.where)}"
            with guarded(ProgramError, f"{operator} is not of the form that is known", hint=_HINT):
                dialect, _, name = op.name.partition(".")
                self._remember(op.results)
                if handler := self._handlers.get(op.name):
                    handler(self, op)
                elif dialect == "pd_op" and (legacy := _legacy(name)):
                    self.emit(op, legacy)
                elif dialect == "custom_op":
                    raise ProgramError(
                        f"{self._pir.where}: {op.where} is a custom operator: no version of Paddle-Lite can have a kernel.",
                        hint="write the network with operators of Paddle, and train or export it again",
                    )
                else:
                    raise ProgramError(f"{operator} cannot be translated.", hint=_HINT)

    def _look_ahead(self) -> None:
        """Lists of tensors are given to the values that they are taken apart into; outputs get their names."""
        makers = {result.id: op for op in self._pir.walk() for result in op.results}
        for op in self._pir.walk():
            if op.name == "builtin.split":
                self._parts[op.operands[0]] = [result.id for result in op.results]
            elif op.name == "pd_op.fetch":
                id = op.operands[0]
                if id in makers and makers[id].name != "pd_op.data":
                    self._outputs.setdefault(id, str(op.attrs["name"]))

    def _remember(self, results: Sequence[Value]) -> None:
        for value in results:
            self._types[value.id] = value
            if value.parts is not None:
                members = self._parts.setdefault(value.id, [self.fresh() for _ in value.parts])
                for id, part in zip(members, value.parts, strict=True):
                    self._types[id] = Value(id, part.dtype, part.shape)

    # What a handler asks

    def fresh(self) -> int:
        """The number of a value that the original does not have."""
        self._fresh -= 1
        return self._fresh

    def value(self, id: int) -> Value:
        return self._types[id]

    def is_parameter(self, id: int) -> bool:
        return id in self._parameters

    def constant(self, id: int) -> Constant | None:
        return self._constants.get(id)

    def numbers(self, id: int) -> tuple[Any, ...]:
        """The numbers of a constant operand. Raises ProgramError where it is computed by the network."""
        constant = self._constants.get(id)
        if constant is None:
            raise _NotConstantError
        return constant.all

    def members(self, id: int) -> list[int]:
        """The values of a list of tensors; a single tensor is a list of one."""
        return self._parts.get(id, [id])

    def tensor(self, id: int) -> str:
        """The variable that holds a value; a constant is written out at its first use."""
        if id not in self._names:
            self._write(id, self._constants[id])
        return self._names[id]

    # What a handler does

    def make(self, id: int, near: str) -> str:
        """The variable that shall hold a value."""
        value = self._types[id]
        name = self._outputs.get(id) or f"{near}_{id if id > 0 else f'part{-id}'}"
        self._names[id] = self.writer.tensor(name, value.dtype, value.shape)
        return self._names[id]

    def scratch(self, near: str, dtype: str, shape: Sequence[int]) -> str:
        """A variable for something that the original does not have."""
        return self.writer.tensor(f"{near}.edgezoo", dtype, shape)

    @contextmanager
    def sub_block(self, args: Sequence[Value] = (), names: Sequence[str] = ()) -> Iterator[SubBlock]:
        """What is translated meanwhile becomes a block that is run with `args` in the variables `names`."""
        around = dict(self._names)
        self._remember(args)
        self._names.update(zip((arg.id for arg in args), names, strict=True))
        with self.writer.sub_block() as block:
            yield block
        self._names = around  # what was made within is seen nowhere else

    def keep(self, id: int, constant: Constant) -> None:
        self._constants[id] = constant

    def join(self, id: int, members: Sequence[int]) -> None:
        self._parts[id] = list(members)

    def alias(self, id: int, other: int) -> None:
        """A value is the same as another."""
        if id in self._outputs:
            self.writer.op("assign", {"X": [self.tensor(other)]}, {"Out": [self.make(id, "assign")]})
        elif other in self._constants:
            self._constants[id] = self._constants[other]
        else:
            self._names[id] = self._names[other]

    def feed(self, id: int, name: str) -> None:
        value = self._types[id]
        self._names[id] = self.writer.tensor(name, value.dtype, value.shape)
        self.writer.feed(self._names[id])

    def fetch(self, id: int, name: str) -> None:
        """An output that is an input too, or already another output, needs a variable of its own."""
        found = self.tensor(id)
        if found != name:
            value = self._types[id]
            copy = self.writer.tensor(name, value.dtype, value.shape)
            self.writer.op("assign", {"X": [found]}, {"Out": [copy]})
            found = copy
        self.writer.fetch(found)

    def emit(
        self,
        op: PirOp,
        legacy: Legacy,
        attrs: Mapping[str, Any] | None = None,
        more: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Write an operator as the table says, with `more` inputs; `attrs` are added or replace what the table makes."""
        try:
            inputs, constants = self._inputs(op, legacy)
        except _NotConstantError:
            raise ProgramError(
                f"{self._pir.where}: the operator {op.where} gets a number that the network computes, where the older "
                "format has a fixed one.",
                hint="export the model for a fixed input shape, or " + _HINT,
            ) from None
        outputs = self._results(op, legacy, inputs)
        all_attrs = {**self._attrs(op, legacy), **constants, **legacy.fixed, **(attrs or {})}
        self.writer.op(legacy.type, {**inputs, **(more or {})}, outputs, all_attrs)

    def _inputs(self, op: PirOp, legacy: Legacy) -> tuple[dict[str, list[str]], dict[str, Any]]:
        words = legacy.inputs.split()
        if len(words) != len(op.operands):
            raise ValueError(f"{len(op.operands)} operands instead of {len(words)}")
        inputs: dict[str, list[str]] = {}
        constants: dict[str, Any] = {}
        for word, id in zip(words, op.operands, strict=True):
            if word == "-" or (word.endswith("?") and not id):
                continue
            if word.startswith("="):
                attribute, _, slot = word[1:].partition("|")
                if (constant := self.constant(id)) is not None:
                    constants[attribute] = _plain(attribute, constant)
                elif slot:
                    inputs[slot] = [self.tensor(id)]
                else:
                    raise _NotConstantError
            elif word.endswith("*"):
                inputs[word[:-1]] = [self.tensor(member) for member in self.members(id)]
            else:
                inputs[word.rstrip("?")] = [self.tensor(id)]
        return inputs, constants

    def _results(self, op: PirOp, legacy: Legacy, inputs: Mapping[str, list[str]]) -> dict[str, list[str]]:
        outputs: dict[str, list[str]] = {}
        near = op.name.partition(".")[2].rstrip("_")
        words = legacy.outputs.split()
        if words[-1] == "+XShape":
            words.pop()
            source = self._types[op.operands[0]]
            outputs["XShape"] = [self.scratch(f"{near}_xshape", source.dtype, (0, *source.shape))]
        for word, result in zip(words, op.results, strict=True):
            slot, _, place = word.partition("=")
            if slot == "-" or not result.id:
                continue
            if place:
                outputs[slot] = inputs[place]
                self._names[result.id] = inputs[place][0]
            elif slot.endswith("*"):
                outputs[slot[:-1]] = [self.make(member, near) for member in self.members(result.id)]
            else:
                outputs[slot] = [self.make(result.id, near)]
        return outputs

    def _attrs(self, op: PirOp, legacy: Legacy) -> dict[str, Any]:
        attrs = {}
        for name, value in op.attrs.items():
            if name in legacy.only and value != legacy.only[name]:
                raise ValueError(f"{name} is {value}, where older Paddle has only {legacy.only[name]}")
            new = None if name in NO_ATTRS or name in legacy.only else legacy.renamed.get(name, name)
            if new is not None:
                attrs[new] = dtype_number(value) if name == "dtype" else value
        return attrs

    def _write(self, id: int, constant: Constant) -> None:
        name = self.make(id, "constant")
        shape, dtype = constant.shape, constant.dtype
        if len(constant.values) == 1:
            (value,) = constant.values
            self.writer.op(
                "fill_constant", {}, {"Out": [name]},
                {"shape": shape, "dtype": dtype_number(dtype), "value": float(value), "str_value": _text(value),
                 **FILL},
            )  # fmt: skip
            return
        kind, convert = _ASSIGNED[dtype]
        self.writer.op(
            "assign_value", {}, {"Out": [name]},
            {"shape": shape, "dtype": dtype_number(dtype), kind: tuple(map(convert, constant.all))},
        )  # fmt: skip


class _NotConstantError(Exception):
    """A number is wanted that the network computes."""


# Which attribute of assign_value holds numbers of a type.
_ASSIGNED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "bool": ("bool_values", int), "int32": ("int32_values", int), "int64": ("int64_values", int),
    "float32": ("fp32_values", float),
}  # fmt: skip

# Attributes that are lists even of one number.
_LISTS = frozenset({"axes", "dim", "ksize", "output_size", "paddings", "repeat_times", "sections", "shape", "shifts"})


def _plain(attribute: str, constant: Constant) -> Any:
    return constant.all if attribute in _LISTS else constant.values[0]


def _legacy(name: str) -> Legacy | None:
    """`relu_` is relu in place: the same function."""
    return OPERATORS.get(name) or OPERATORS.get(name.rstrip("_")) or _reduction(name)


def _reduction(name: str) -> Legacy | None:
    return Legacy(REDUCTIONS[name]) if name in REDUCTIONS else None


def _text(value: bool | int | float) -> str:
    """fill_constant's `str_value`: exact where a float32 `value` is not."""
    return repr(float(value)) if isinstance(value, float) else str(int(value))


Handler = Callable[[Translator, PirOp], None]
"""Translates one operator whose translation takes more than names."""
