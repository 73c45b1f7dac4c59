"""Commands that print tables: `--columns` and `--wide`, and what they make of the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from edge.cli import completing, terminal

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from edge.report.view import View

_NO_TABLE = ("json", "csv")  # forms that have every column


class Columns(click.ParamType):  # type: ignore[type-arg]  # click before 8.2 takes no argument there
    """`model,ms`: keys of the columns that a command's tables can have."""

    name = "columns"

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:  # noqa: ARG002
        if isinstance(value, tuple):
            return value
        from edge.errors import UsageError

        asked = tuple(dict.fromkeys(part.strip().lower() for part in str(value).split(",")))
        unknown = [one for one in asked if one not in self.keys]
        if unknown:
            raise UsageError(f"--columns: there is no column {unknown[0]!r}", hint="columns: " + ", ".join(self.keys))
        return asked

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        before, comma, last = incomplete.rpartition(",")
        named = before.split(",")
        return [
            completing.item(f"{before}{comma}{key}") for key in self.keys if key.startswith(last) and key not in named
        ]


def tabular(*keys: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`--columns` of these keys, and `--wide`; the command is given a `view`."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        @click.option("--wide", is_flag=True, help="Every column, however wide the terminal is.")
        @click.option("--columns", type=Columns(keys), metavar="A,B,...",
                      help=f"Show these, in this order: {', '.join(keys)}.  [default: what has room]")  # fmt: skip
        @wraps(command)
        def shown(columns: tuple[str, ...] | None, wide: bool, **given: Any) -> None:
            _check(columns, wide, given)
            command(**given, view=view(columns or (), wide=wide or given.get("output") is not None))

        return shown

    return add


def view(columns: tuple[str, ...] = (), *, wide: bool = False) -> View:
    """How a table is shown on standard output."""
    from edge.report.view import View

    return View(None if wide else terminal.width(), columns, terminal.in_colour(sys.stdout) and not wide)


def _check(columns: tuple[str, ...] | None, wide: bool, given: dict[str, Any]) -> None:
    """Raises `UsageError` where what was typed would have no effect."""
    from edge.cli.settings import typed

    form = "json" if given.get("as_json") else given.get("form")
    for name, value in (("columns", columns), ("wide", wide)):
        if value and form in _NO_TABLE and typed(name):
            from edge.errors import UsageError

            raise UsageError(f"--{name} is for tables: {form.upper()} has every column", hint="leave it out")
