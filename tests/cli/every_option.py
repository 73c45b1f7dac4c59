"""What a row of the table of options is made of: a command line, what is looked at, and what must be seen there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from edge.cli.main import run


@dataclass
class Made:
    """What a command left: its exit code, what it said, and the folder it ran in. `more` is the stage's own."""

    code: int
    out: str
    err: str
    more: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def cell(self) -> dict[str, Any]:
        """The first measurement, network or conversion of the JSON list."""
        assert self.json, self.err
        found: dict[str, Any] = self.json[0]
        return found


@dataclass(frozen=True)
class Effect:
    """With the option `seen` gives `value`; without it, or with `without` in its place, it does not."""

    given: str
    seen: Callable[[Made], Any]
    value: Any = True
    without: str = ""
    slow: bool = False


@dataclass(frozen=True)
class Refused:
    """It is an error, and `said` says why."""

    given: str
    message: str
    slow: bool = False


Row = Effect | Refused


def instead(line: str, option: str) -> str:
    """The command line with this option, and without what it said of it before: an option stands once."""
    name = option.split()[0]
    return re.sub(rf"{re.escape(name)} \S+ ", "", line) + option


def typed(text: str, places: dict[str, Path]) -> list[str]:
    """The words of a command line; `{tiny}` and the like stand for what the stage has."""
    return [word.format(**places) for word in shlex.split(text)]


def start(text: str, places: dict[str, Path], capsys: Any, more: dict[str, Any] | None = None) -> Made:
    """Run it."""
    capsys.readouterr()
    code = run(typed(text, places))
    told = capsys.readouterr()
    return Made(code, told.out, told.err, more or {})


def field_of(*path: str | int) -> Callable[[Made], Any]:
    """Look at one value of the first object of the JSON list."""

    def look(made: Made) -> Any:
        value: Any = made.cell
        for step in path:
            value = value[step]
        return value

    look.__name__ = ".".join(map(str, path))
    return look
