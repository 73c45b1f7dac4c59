"""The domain of every column of the results database: which values it may hold.

Who reads a row has each value checked here (`edge.results.rows.Row`), and who takes a row that others wrote the whole of it
(`check_row`). A text of JSON is text here; its reader decodes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, get_args
from typing import Protocol as Interface

from edge.results.measurement import YEAR_10000, Status

_LARGEST = 2**63 - 1  # what SQLite holds
_SHA256 = re.compile(r"[0-9a-f]{64}")


class DamagedRowError(Exception):
    """A row that does not hold what its table says; the message says what is wrong."""


class Named(Interface):
    """A row as SQLite gives it, or a mapping."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class ColumnDomain:
    """`says` what a value is that it has, with its article: "no whole number from 1" is what is said of one that it has not."""

    says: str
    has: Callable[[Any], bool]

    def or_null(self) -> ColumnDomain:
        """The same where nothing may be known."""
        has = self.has
        return ColumnDomain(self.says, lambda value: value is None or has(value))


def _whole(least: int, most: int = _LARGEST) -> ColumnDomain:
    bounds = f" from {least} to {most}" if most < _LARGEST else f" from {least}" if least > -_LARGEST else ""
    return ColumnDomain(f"whole number{bounds}", lambda value: type(value) is int and least <= value <= most)


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and isfinite(value)  # type: ignore[arg-type]


def _is_line(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value == value.strip() and value.isprintable()


_TEXT = ColumnDomain("text", lambda value: isinstance(value, str))
_NAME = ColumnDomain("name", lambda value: isinstance(value, str) and bool(value))
LINE = ColumnDomain("line of letters and digits", _is_line)
_SHA = ColumnDomain(
    "SHA-256 in hexadecimal", lambda value: isinstance(value, str) and _SHA256.fullmatch(value) is not None
)
_STATUS = ColumnDomain("status", lambda value: value in get_args(Status))
_ID = _ANY = _whole(-_LARGEST - 1)
_COUNT, _FROM_1, _FLAG = _whole(0), _whole(1), _whole(0, 1)
_MOMENT = ColumnDomain("moment", lambda value: _is_number(value) and 0 <= value < YEAR_10000)
_DURATION = ColumnDomain("number from 0", lambda value: _is_number(value) and value >= 0)  # seconds or milliseconds
_BYTES = ColumnDomain("bytes", lambda value: isinstance(value, bytes))
_JSON = ColumnDomain("text of JSON", _TEXT.has)

_OF_SUBJECT: Mapping[str, ColumnDomain] = {
    "model": _NAME,
    "model_sha256": _SHA,
    "bytes": _COUNT,
    "shapes": _TEXT,
    "weights": _TEXT.or_null(),
    "target": _TEXT.or_null(),
    "precision": _TEXT.or_null(),
    "opt_version": _TEXT.or_null(),
    "flops": _COUNT.or_null(),
    "params": _COUNT.or_null(),
    "verification": _TEXT.or_null(),
    "metadata": _JSON.or_null(),
}
DOMAINS: Mapping[str, Mapping[str, ColumnDomain]] = {
    "session": {
        "id": _ID,
        "started": _MOMENT,
        "seed": _ANY,
        "edgezoo": _TEXT,
        "kind": _TEXT,
        "serialno": _TEXT,
        "build": _TEXT,
        "soc": _TEXT,
        "address": _TEXT,
        "device": _JSON,
    },
    "cell": {
        "id": _ID,
        "session": _ID,
        **_OF_SUBJECT,
        "threads": _FROM_1,
        "protocol": _JSON,
        "program": _NAME,
        "program_sha256": _SHA,
        "threads_honoured": _FLAG,
        "contract": _COUNT.or_null(),
        "status": _STATUS,
        "reasons": _JSON,
        "notes": _JSON,
        "error": _TEXT.or_null(),
        "started": _MOMENT,
        "finished": _MOMENT.or_null(),
    },
    "launch": {
        "id": _ID,
        "cell": _ID,
        "session": _ID,
        "number": _COUNT,
        "runs": _COUNT,
        "sampled": _FLAG,
        "level_ms": _DURATION.or_null(),
        "mean_ms": _DURATION.or_null(),
        "engine": _TEXT.or_null(),
        "engine_version": _TEXT.or_null(),
        "synthetic": _FLAG,
        "sound": _FLAG,
    },
    "launch_data": {"launch": _ID, "samples_ms": _BYTES, "facts": _JSON},
    "unreadable": {"cell": _ID, "session": _ID, "why": _TEXT, "content": _TEXT},
    "label": {"cell": _ID, "text": LINE},
    "baseline": {"name": LINE, "saved": _MOMENT},
    "baseline_cell": {"baseline": LINE, "cell": _ID},
    "accuracy": {
        "id": _ID,
        "finished": _MOMENT,
        "seconds": _DURATION,
        **_OF_SUBJECT,
        "network": _TEXT.or_null(),
        "dataset": _TEXT,
        "dataset_sha256": _SHA,
        "classes": _FROM_1.or_null(),
        "preprocessing": _JSON,
        "engine": _TEXT,
        "program": _JSON.or_null(),
        "synthetic": _FLAG,
        "address": _TEXT,
        "serialno": _TEXT,
        "device": _JSON,
        "remarks": _JSON,
        "top5": _FLAG,
        "outcomes": _BYTES,
    },
}
# A row of a cell, of a launch's data is read together with columns of what it belongs to.
_BESIDE: Mapping[str, str] = {"cell": "session", "launch": "launch_data"}
_READ = {table: {**DOMAINS.get(_BESIDE.get(table, ""), {}), **columns} for table, columns in DOMAINS.items()}


def checked(table: str, values: Named, name: str) -> Any:
    """The value of that column. Raises `DamagedRowError`."""
    try:
        value = values[name]
    except (IndexError, KeyError):  # its table has lost the column's name
        raise DamagedRowError(f"it has no {name}") from None
    domain = _READ[table][name]
    if not domain.has(value):
        raise DamagedRowError(f"its {name} is {value!r:.60}, no {domain.says}")
    return value


def check_row(table: str, values: Named) -> None:
    """Every column of a row. Raises `DamagedRowError` for the first one that holds what it may not."""
    for name in DOMAINS[table]:
        checked(table, values, name)


def is_in(table: str, name: str, value: object) -> bool:
    """Whether a column may hold that value."""
    return DOMAINS[table][name].has(value)


def wrong_in(table: str, values: Named) -> str | None:
    """What the first column holds that it may not, in words; None for a sound row."""
    try:
        check_row(table, values)
    except DamagedRowError as error:
        return str(error)
    return None


def is_sound(table: str, values: Named) -> bool:
    """Whether every column holds what it may."""
    return wrong_in(table, values) is None
