"""A measurement by columns: what can be asked for with `--where`, and what makes two cells the same row of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from edge.errors import UsageError
from edge.results.measurement import Measurement
from edge.results.rows import shapes_text
from edge.results.summary import Summary
from edge.results.versions import as_named

# A cell of one set belongs to the one of another that has the same of all these; versions may differ.
OF_CELL = ("model", "weights", "precision", "target", "shape", "device", "threads", "protocol", "engine")


def columns(one: Measurement | Summary) -> Mapping[str, tuple[str, ...]]:
    """Every column by name, with its values as text: none where it is not known, several labels or remarks."""
    device = one.identity if isinstance(one, Measurement) else one.device
    address = str(one.device.get("serial") or "") if isinstance(one, Measurement) else one.address
    engine, version = one.engine if isinstance(one, Measurement) else (one.engine, one.engine_version)
    subject, program = one.subject, one.program
    values: dict[str, Sequence[str | int | None]] = {
        "id": [one.id],
        "session": [one.session],
        "label": one.labels,
        "model": [subject.name],
        "weights": [subject.weights],
        "precision": [subject.precision],
        "target": [subject.target],
        "shape": [shapes_text(subject.shapes)],
        "batch": [subject.shapes[0][0] if subject.shapes and subject.shapes[0] else None],
        "opt": _both(subject.opt_version),
        "sha256": [subject.sha256],
        "device": [device.serialno, address],
        "kind": [device.kind],
        "build": [device.build],
        "soc": [device.soc],
        "threads": [one.threads],
        "protocol": list(dict.fromkeys([one.protocol.name, one.protocol.base])),
        "input": [one.protocol.input],
        "engine": [engine],
        "engine_version": _both(version),
        "program": [program.name],
        "program_sha256": [program.sha256],
        "contract": [program.contract],
        "status": [status(one)],
        "remark": [remark.code for remark in (*one.reasons, *one.remarks)],
    }
    return {name: tuple(str(value) for value in found if value not in (None, "")) for name, found in values.items()}


def _both(version: str | None) -> Sequence[str]:
    """As it was told, and as tables show it."""
    return list(dict.fromkeys([version, as_named(version)])) if version else []


def status(one: Measurement | Summary) -> str:
    """In one word or two: valid, not valid, failed, unfinished."""
    return one.status if one.status != "measured" else "valid" if one.valid else "not valid"


def cell_key(one: Measurement | Summary, *, across: Sequence[str] = ()) -> tuple[tuple[str, str], ...]:
    """What `OF_CELL` says of it, by name, without the columns `across`; of a device its serial number, if it tells one."""
    found = columns(one)
    return tuple((name, found[name][0] if found[name] else "unknown") for name in OF_CELL if name not in across)


@dataclass(frozen=True, slots=True)
class Condition:
    """That a column has that value, or matches that pattern of the shell (`*`, `?`)."""

    column: str
    value: str

    @staticmethod
    def parse(text: str) -> Condition:
        """From `COLUMN=VALUE`. Raises `UsageError`."""
        column, equals, value = text.partition("=")
        if not equals or not value:
            raise UsageError(f"--where {text} is no condition", hint="COLUMN=VALUE, for instance threads=4")
        if column not in NAMES:
            from difflib import get_close_matches

            near = get_close_matches(column, NAMES, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"--where {text}: there is no column {column}", hint=f"{hint}columns: {', '.join(NAMES)}")
        return Condition(column, value)


def matches(one: Measurement | Summary, conditions: Sequence[Condition]) -> bool:
    """Whether every column that is asked for has one of the values that are asked for."""
    if not conditions:
        return True
    found = columns(one)
    asked: dict[str, list[str]] = {}
    for condition in conditions:
        asked.setdefault(condition.column, []).append(condition.value)
    return all(
        any(value == pattern or fnmatchcase(value, pattern) for value in found[column] for pattern in patterns)
        for column, patterns in asked.items()
    )


NAMES = (
    *("id", "session", "label", "model", "weights", "precision", "target", "shape", "batch", "opt", "sha256", "device"),
    *("kind", "build", "soc", "threads", "protocol", "input", "engine", "engine_version", "program", "program_sha256"),
    *("contract", "status", "remark"),
)
