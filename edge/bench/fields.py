"""JSON lines and their fields, read strictly: a field of another type than the contract's is no field."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from edge.errors import FormatError
from edge.typed import decode

T = TypeVar("T")


_MISSING: Any = object()


class BadLine(Exception):  # noqa: N818 (never leaves this package)
    """What the program printed is not what the contract says."""


def read_lines(text: str) -> tuple[list[Fields], str | None]:
    """The JSON objects with a `type` in the text, one a line, and the first line that is a torn one (None: none is).

    The system may put lines of its own between; those are passed over. A last line that is not ended is torn.
    """
    found: list[Fields] = []
    torn: str | None = None
    lines = text.split("\n")
    for number, raw in enumerate(lines):
        line = raw.strip("\r")
        if '"type"' not in line and not line.startswith("{"):
            continue
        fields = _object(line) if number < len(lines) - 1 else None
        if fields is not None:
            found.append(fields)
        elif torn is None:
            torn = line
    return found, torn


def _object(line: str) -> Fields | None:
    try:
        value = decode(line, dict[str, Any], "a line")
    except FormatError:
        return None
    return Fields(value) if isinstance(value.get("type"), str) else None


class Fields:
    """The fields of one object. Every method raises `BadLine` for a field that is missing or of another type."""

    def __init__(self, values: Mapping[str, Any], where: str | None = None) -> None:
        self._values = values
        self._where = where or str(values.get("type"))

    @property
    def kind(self) -> str:
        """The object's `type`."""
        return self.text("type")

    def has(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str:
        return self._of(name, str)

    def whole(self, name: str) -> int:
        return self._of(name, int)

    def count(self, name: str) -> int:
        """A whole number, never negative."""
        number = self.whole(name)
        if number < 0:
            raise BadLine(f"{self._where}: {name} is {number}")
        return number

    def flag(self, name: str) -> bool:
        """False also where it is missing."""
        return self.has(name) and self._of(name, bool)

    def time(self, name: str) -> float:
        """A number of milliseconds, never negative."""
        return self._check_time(name, self._values.get(name))

    def times(self, name: str) -> tuple[float, ...]:
        return tuple(self._check_time(name, value) for value in self._list(name))

    def wholes(self, name: str) -> tuple[int, ...]:
        return tuple(self._check(name, value, int) for value in self._list(name))

    def reals(self, name: str) -> tuple[float | None, ...]:
        """Numbers; null stays None."""
        return tuple(None if value is None else self._check_number(name, value) for value in self._list(name))

    def pairs(self, name: str) -> tuple[tuple[int, int], ...]:
        found: list[tuple[int, int]] = []
        for value in self._list(name):
            if not isinstance(value, list) or len(value) != 2:
                raise BadLine(f"{self._where}: {name} is not made of pairs")
            found.append((self._check(name, value[0], int), self._check(name, value[1], int)))
        return tuple(found)

    def objects(self, name: str) -> list[Fields]:
        where = f"{self._where}: {name}"
        return [Fields(self._check(name, value, dict), where) for value in self._list(name)]

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        """`read(name)`, None for null. The field must be there."""
        if name not in self._values:
            raise BadLine(f"{self._where}: {name} is missing")
        return None if self._values[name] is None else read(name)

    def _list(self, name: str) -> list[Any]:
        return self._of(name, list)

    def _of(self, name: str, kind: type[T]) -> T:
        value: T = self._values.get(name, _MISSING)
        if type(value) is kind:  # a launch has hundreds of fields, and nearly all are right
            return value
        if value is _MISSING:
            raise BadLine(f"{self._where}: {name} is missing")
        return self._check(name, value, kind)

    def _check(self, name: str, value: object, kind: type[T]) -> T:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise BadLine(f"{self._where}: {name} is {str(value)[:40]!r}")
        return value

    def _check_number(self, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise BadLine(f"{self._where}: {name} is {str(value)[:40]!r}")
        return float(value)

    def _check_time(self, name: str, value: object) -> float:
        number = self._check_number(name, value)
        if number < 0:
            raise BadLine(f"{self._where}: {name} is {number}")
        return number
