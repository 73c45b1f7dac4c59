"""Between rows of the database and values: every cell of a row is checked, and what is wrong is said in a few words.

All readers raise `DamagedRowError`; the store says of which measurement.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from math import isfinite
from typing import Any, TypeVar, cast

from edge.errors import FormatError, UsageError
from edge.results import reasons
from edge.results.domains import DamagedRowError, Named, checked
from edge.results.measurement import Launch, RunnerProgram, Status, Subject
from edge.results.protocol import ADDED, REMOVED, Protocol
from edge.results.reasons import Code, Remark
from edge.typed import convert, decode, encode
from edge.untrusted.numbers import whole

T = TypeVar("T")
# Of a launch: in columns of their own, for a list shows them.
_COLUMNS = ("number", "samples_ms", "engine", "engine_version", "synthetic")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table by column name. What `edge.results.domains` says of a column is demanded of every value."""

    values: Named
    table: str = "cell"

    def _value(self, name: str) -> Any:
        return checked(self.table, self.values, name)

    def text(self, name: str) -> str:
        return _of(name, self._value(name), str)

    def whole(self, name: str) -> int:
        return _of(name, self._value(name), int)

    def number(self, name: str) -> float:
        """Seconds, ms or a moment (seconds since the epoch)."""
        return float(_of(name, self._value(name), (int, float)))

    def blob(self, name: str) -> bytes:
        return _of(name, self._value(name), bytes)

    def text_if_known(self, name: str) -> str | None:
        value = self._value(name)
        return None if value is None else _of(name, value, str)

    def whole_if_known(self, name: str) -> int | None:
        value = self._value(name)
        return None if value is None else _of(name, value, int)

    def number_if_known(self, name: str) -> float | None:
        value = self._value(name)
        return None if value is None else float(_of(name, value, (int, float)))

    def mapping(self, name: str) -> dict[str, Any]:
        """A JSON object."""
        return _decoded(self.text(name), dict[str, Any], f"its {name}")

    def device(self) -> dict[str, Any]:
        """A device's properties, of which one is never missing."""
        _decoded(self.text("device"), _Device, "its device")
        return self.mapping("device")

    def remarks(self, name: str) -> tuple[Remark, ...]:
        try:
            return reasons.load(self.text(name))
        except ValueError as error:
            raise DamagedRowError(f"its {name} cannot be read: {error}") from error

    def status(self) -> Status:
        return cast(Status, self.text("status"))


@dataclass(frozen=True, slots=True)
class _Device:
    serial: str


def _of(name: str, value: Any, kind: type[T] | tuple[type, ...]) -> T:
    if not isinstance(value, kind):
        raise DamagedRowError(f"its {name} is {value!r:.60}")
    return cast(T, value)


def _decoded(text: str, kind: type[T], where: str) -> T:
    try:
        return decode(text, kind, where)
    except FormatError as error:
        raise DamagedRowError(error.message) from error


def subject(row: Row, *, metadata: bool = True) -> Subject:
    """The model of a cell's row; without `metadata` it is left out."""
    return Subject(
        name=row.text("model"),
        sha256=row.text("model_sha256"),
        bytes=row.whole("bytes"),
        shapes=shapes(row.text("shapes")),
        weights=row.text_if_known("weights"),
        target=row.text_if_known("target"),
        precision=row.text_if_known("precision"),
        opt_version=row.text_if_known("opt_version"),
        flops=row.whole_if_known("flops"),
        params=row.whole_if_known("params"),
        verification=row.text_if_known("verification"),
        metadata=row.mapping("metadata") if metadata and row.text_if_known("metadata") is not None else None,
    )


@lru_cache(maxsize=64)
def shapes(text: str) -> tuple[tuple[int, ...], ...]:
    """`1x3x224x224,1x2` as the shapes of two inputs."""
    try:
        return tuple(tuple(_size(number) for number in shape.split("x") if number) for shape in text.split(","))
    except ValueError:
        raise DamagedRowError(f"its shapes are {text!r:.60}") from None


def _size(text: str) -> int:
    if (value := whole(text)) is None:
        raise ValueError
    return value


def shapes_text(of: Sequence[Sequence[int]]) -> str:
    """The inverse of `shapes`."""
    return ",".join("x".join(map(str, shape)) for shape in of)


def program(row: Row) -> RunnerProgram:
    return RunnerProgram(
        row.text("program"),
        row.text("program_sha256"),
        threads_honoured=bool(row.whole("threads_honoured")),
        contract=row.whole_if_known("contract"),
    )


def protocol(text: str) -> tuple[Protocol, tuple[Remark, ...]]:
    """A stored protocol: what it lacks was added later, and is what was done before (`ADDED`).

    With a remark if it has a parameter that this edgezoo does not know, or no longer knows at that value: it is then
    another protocol than any of today's.
    """
    try:
        return _protocol(text)
    except (ValueError, TypeError, UsageError, FormatError) as error:
        raise DamagedRowError(f"its protocol cannot be read: {error}") from error


@lru_cache(maxsize=64)
def _protocol(text: str) -> tuple[Protocol, tuple[Remark, ...]]:
    stored = decode(text, dict[str, Any], "it")
    known = {one.name: one for one in fields(Protocol)}
    values = {**ADDED, **{name: value for name, value in stored.items() if name in known}}
    if missing := [name for name, one in known.items() if name not in values]:
        raise ValueError(f"{missing[0]} is missing")
    convert(values, Protocol, "it")
    cores = values["cores"]
    made = Protocol(**{**values, "cores": None if cores is None else tuple(cores)})
    others = {name: value for name, value in stored.items() if name not in known and _means_more(name, value)}
    if not others:
        return made, ()
    return made, (Code.UNKNOWN_PROTOCOL(parameters=", ".join(f"{n} {others[n]}" for n in sorted(others))),)


def _means_more(name: str, value: object) -> bool:
    return name not in REMOVED or REMOVED[name] != value


def protocol_text(of: Protocol) -> str:
    """Every parameter by name, the names sorted."""
    return _json(asdict(of))


_TOLD = ("number", "runs", "sampled", "level_ms", "mean_ms", "engine", "engine_version", "synthetic", "sound")


def launch_values(launch: Launch) -> tuple[Any, ...]:
    """The columns of `launch` from `number` on."""
    level = launch.level_ms if launch.runs else None
    return (
        *(launch.number, launch.runs, int(bool(launch.samples_ms)), level, launch.mean_ms),
        *(launch.engine, launch.engine_version, int(launch.synthetic), int(not launch.reasons)),
    )


def launch_columns(launch: Launch) -> dict[str, Any]:
    """`launch_values` by their columns' names."""
    return dict(zip(_TOLD, launch_values(launch), strict=True))


def launch_data(launch: Launch) -> tuple[bytes, str]:
    """The columns of `launch_data`: the samples, and every field that has no column, by its name."""
    facts = {one.name: getattr(launch, one.name) for one in fields(launch) if one.name not in _COLUMNS}
    for name in ("reasons", "notes"):
        facts[name] = reasons.to_store(facts[name])
    return _little_endian(array("d", launch.samples_ms)).tobytes(), encode(facts)


def launch(row: Row) -> Launch:
    """A launch with all its data: a field that was added later has its default, one that is no more is left out."""
    samples = array("d")
    try:
        samples.frombytes(row.blob("samples_ms"))
    except ValueError:
        raise DamagedRowError("its samples are cut off") from None
    if not isfinite(sum(samples)):
        raise DamagedRowError("its samples are no numbers")
    facts = row.mapping("facts")
    values = {one.name: facts[one.name] for one in fields(Launch) if one.name in facts and one.name not in _COLUMNS}
    try:
        for name in ("reasons", "notes"):
            values[name] = reasons.from_store(facts.get(name, []))
        values |= {
            "number": row.whole("number"),
            "samples_ms": tuple(_little_endian(samples)),
            "engine": row.text_if_known("engine"),
            "engine_version": row.text_if_known("engine_version"),
            "synthetic": bool(row.whole("synthetic")),
        }
        return convert(values, Launch, "it")
    except (ValueError, FormatError) as error:
        raise DamagedRowError(f"what a launch said cannot be read: {error}") from error


def _little_endian(values: array[float]) -> array[float]:
    """The same for both directions."""
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
