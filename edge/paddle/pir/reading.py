"""Reading `inference.json`: PIR as Paddle 3 serialises it, as values.

One region of one block of operators. An operator is `{"#": name, "A": attributes, "I": operands, "O": results}`, and one of
control flow has `regions` of its own, whose blocks see the values around them and number what they are given below zero. A
value is a number (`{"%": 264}`; 0 where an optional operand is missing) with a type where it is made. Names are shortened:
`0.` is the dialect builtin, `1.` pd_op (`1.conv2d`), and `p` a parameter. Source: Paddle's
paddle/fluid/pir/serialize_deserialize, schema.h; looked at in what 3.0, 3.1, 3.2 and 3.3 write.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from edge.errors import FormatError, ProgramError
from edge.typed import decode
from edge.untrusted.files import read_file
from edge.untrusted.guard import brief, guarded

# The number in `base_code` -> the Paddle that writes it.
VERSIONS = {1: "3.0", 2: "3.1", 3: "3.2", 4: "3.3"}

_NOT_PIR = "name a directory with an inference.json that Paddle 3 wrote, or export with FLAGS_enable_pir_api=0 set"
_DIALECTS = {"0": "builtin", "1": "pd_op", "2": "cf", "3": "custom_op", "4": "dist_op"}
_PARAMETER = "p"
_DTYPES = {
    "t_bool": "bool", "t_i8": "int8", "t_ui8": "uint8", "t_i16": "int16", "t_i32": "int32", "t_i64": "int64",
    "t_f16": "float16", "t_bf16": "bfloat16", "t_f32": "float32", "t_f64": "float64",
}  # fmt: skip
_BEYOND = {"INF": math.inf, "-INF": -math.inf, "NaN": math.nan}  # JSON has no numbers for these


@dataclass(frozen=True, slots=True)
class Value:
    """A result of an operator: its number, and what it is: a tensor, or (`parts`) a list of tensors."""

    id: int
    dtype: str = ""
    shape: tuple[int, ...] = ()
    parts: tuple[Value, ...] | None = None


@dataclass(frozen=True, slots=True)
class PirOp:
    """One operator; `name` is written out (`pd_op.conv2d`), 0 in `operands` is an optional one left out.

    `attrs` holds plain values: a dtype by numpy's name, arrays as tuples, a float always as a float.
    """

    name: str
    attrs: Mapping[str, Any]
    operands: tuple[int, ...]
    results: tuple[Value, ...]
    index: int
    blocks: tuple[PirBlock, ...] = ()

    @property
    def where(self) -> str:
        """For an error: the operator, and the layer it belongs to if the program says so."""
        layer = str(self.attrs.get("struct_name", "")).strip("/")
        return f"{self.name} (number {self.index}{', in ' + layer if layer else ''})"


@dataclass(frozen=True, slots=True)
class PirBlock:
    """What control flow runs: what it is given each time, and its operators, a `cf.yield` of its results last."""

    args: tuple[Value, ...]
    ops: tuple[PirOp, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter under the name by which the parameters file is sorted."""

    name: str
    value: Value


class PirProgram:
    """A program of Paddle 3. Raises ProgramError for text that is none."""

    def __init__(self, document: dict[str, Any], where: str) -> None:
        self._document = document
        self.where = where

    @classmethod
    def read(cls, path: Path) -> PirProgram:
        """Read `inference.json`; ProgramError names it."""
        try:
            data = read_file(path)
        except OSError as error:
            raise ProgramError(f"The program {path} cannot be read: {error.strerror}.", hint=_NOT_PIR) from None
        return cls.parse(data, where=str(path))

    @classmethod
    def parse(cls, data: bytes, *, where: str = "The program") -> PirProgram:
        """Parse and check; `where` begins the error's sentence."""
        if not data:
            raise ProgramError(f"{where} is empty.", hint=_NOT_PIR)
        try:
            document = decode(data, object, where)
        except FormatError as error:
            raise ProgramError(f"{error.message}: it is truncated or damaged.", hint=_NOT_PIR) from error
        code = document.get("base_code") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(code, dict) or code.get("magic") != "pir":
            raise ProgramError(f"{where} is JSON, but no program of Paddle 3.", hint=_NOT_PIR)
        if type(code.get("version")) is not int or code["version"] not in VERSIONS:
            raise ProgramError(
                f"{where} is in version {brief(code.get('version'))} of Paddle's PIR format; "
                f"known are {min(VERSIONS)} to {max(VERSIONS)} (Paddle {VERSIONS[1]} to {VERSIONS[max(VERSIONS)]}).",
                hint="export with one of these, or with FLAGS_enable_pir_api=0 set, which writes inference.pdmodel",
            )
        program = cls(document, where)
        with guarded(ProgramError, f"{where} is damaged: its operators cannot be read", hint=_NOT_PIR):
            _ = program.parameters, program.ops  # all of it, now
        return program

    @property
    def version(self) -> str:
        """The Paddle that wrote it, such as `3.2`."""
        return VERSIONS[self._document["base_code"]["version"]]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(str(op["A"][3]), _value(op["O"]))
            for op in self._operators
            if op["#"] == _PARAMETER
            and op.get("OA", [1])[0]  # persistable: a state that is not has no place in the file
        )

    @cached_property
    def ops(self) -> tuple[PirOp, ...]:
        """The operators in order, without the parameters."""
        return _ops(self._operators, count())

    def walk(self, ops: Iterable[PirOp] | None = None) -> Iterator[PirOp]:
        """All operators, those inside control flow too."""
        for op in self.ops if ops is None else ops:
            yield op
            for block in op.blocks:
                yield from self.walk(block.ops)

    def with_fetch(self, id: int, name: str) -> PirProgram:
        """The same program with the value of that number as one more, last output, under that name."""
        document = json.loads(json.dumps(self._document))
        operators = document["program"]["regions"][0]["blocks"][0]["ops"]
        outputs = [op for op in operators if op["#"] == "1.fetch"]
        made = json.loads(json.dumps(outputs[-1]))
        types = {value["%"]: value["TT"] for op in operators for value in _listed(op["O"])}
        for attribute in made["A"]:
            if attribute["N"] == "name":
                attribute["AT"]["D"] = name
            elif attribute["N"] == "col":
                attribute["AT"]["D"] = len(outputs)
        made["I"] = [{"%": id}]
        made["O"] = [{"%": max(types) + 1, "TT": types[id]}]
        operators.append(made)
        return PirProgram(document, self.where)

    def serialize(self) -> bytes:
        """As Paddle 3 reads it."""
        return json.dumps(self._document, separators=(",", ":")).encode()

    @property
    def _operators(self) -> list[dict[str, Any]]:
        (region,) = self._document["program"]["regions"]
        (block,) = region["blocks"]
        operators: list[dict[str, Any]] = block["ops"]
        return operators


def _ops(operators: Iterable[Mapping[str, Any]], numbers: Iterator[int]) -> tuple[PirOp, ...]:
    numbered = [(op, next(numbers)) if op["#"] == _PARAMETER else _op(op, numbers) for op in operators]
    return tuple(op for op in numbered if isinstance(op, PirOp))


def _block(region: Mapping[str, Any], numbers: Iterator[int]) -> PirBlock:
    (block,) = region["blocks"]
    args = tuple(_typed(int(arg["#"]), arg["TT"]) for arg in block.get("args", ()))
    return PirBlock(args, _ops(block["ops"], numbers))


def _op(op: Mapping[str, Any], numbers: Iterator[int]) -> PirOp:
    index = next(numbers)
    return PirOp(
        name=_full_name(op["#"]),
        attrs={one["N"]: _attribute(one["AT"]) for one in op["A"]},
        operands=tuple(int(operand["%"]) for operand in op.get("I", ())),
        results=tuple(_value(result) for result in _listed(op["O"])),
        index=index,
        blocks=tuple(_block(region, numbers) for region in op.get("regions", ())),
    )


def _listed(results: Any) -> Sequence[Any]:
    """A parameter has its one result outside a list."""
    return results if isinstance(results, list) else [results]


def _full_name(short: str) -> str:
    dialect, _, name = short.partition(".")
    return f"{_DIALECTS.get(dialect, dialect)}.{name}"


def _value(result: Mapping[str, Any]) -> Value:
    return _typed(int(result["%"]), result["TT"])


def _typed(id: int, kind: Mapping[str, Any]) -> Value:
    name = kind["#"].partition(".")[2]
    if name == "t_vec":
        return Value(id, parts=tuple(_typed(0, part) for part in kind["D"]))
    if name == "t_dtensor":
        element, shape = kind["D"][0]["#"].partition(".")[2], kind["D"][1]
        return Value(id, _DTYPES.get(element, element), tuple(int(n) for n in shape))
    return Value(id, name)


def _attribute(value: Mapping[str, Any]) -> Any:
    kind, content = value["#"].partition(".")[2], value.get("D", value.get("VD"))
    if kind == "a_array":
        return tuple(_attribute(item) for item in content)
    if kind in ("a_f32", "a_f64"):
        return _BEYOND[content] if isinstance(content, str) else float(content)
    if kind == "a_intarray":
        return tuple(int(n) for n in content)
    return content
