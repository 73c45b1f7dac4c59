"""edgezoo.toml as a file: read once a command, whose it is, and in which line a key stands."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from edge.cli.settings import SHARED, unknown
from edge.errors import UsageError
from edge.untrusted.files import read_file
from edge.untrusted.toml import toml_table
from edge.untrusted.toml_lines import line_of

G = TypeVar("G")


@dataclass(frozen=True, slots=True)
class File:
    """What stands in a file: `values` as TOML has them, `text` as it was written."""

    path: Path
    values: dict[str, Any]
    text: str

    def own(self, path: Sequence[str], make: Callable[[Any, str], G]) -> Iterator[tuple[str, G]]:
        """Every key of the command's section."""
        return ((key, make(value, self.place(path, key))) for key, value in self.section(path).items())

    def shared(self, keys: Sequence[str], make: Callable[[Any, str], G]) -> Iterator[tuple[str, G]]:
        """The keys above all sections."""
        return ((key, make(self.values[key], self.place((), key))) for key in keys if key in self.values)

    def section(self, path: Sequence[str]) -> dict[str, Any]:
        """Raises `UsageError` where a value stands in its place."""
        section: Any = self.values
        for at, name in enumerate(path):
            section = section.get(name, {})
            if not isinstance(section, dict):
                raise UsageError(f"{self.place(path[:at], name)}: {name} is a section", hint=f"[{'.'.join(path)}]")
        return dict(section)

    def check(self, root: click.Command, of: Sequence[str]) -> None:
        """Raises `UsageError` for a section that names no command, on the way to the command `of`."""
        command: click.Command | None = root
        here: tuple[str, ...] = ()
        while isinstance(command, click.Group):
            known = [*command.list_commands(click.Context(command)), *(() if here else SHARED)]
            for key in self.section(here):
                if key not in known:
                    what = (
                        f"{' '.join(here)} has no command"
                        if here
                        else "there is no command, and no key of all commands,"
                    )
                    raise unknown(f"{self.place(here, key)}: {what} {key!r}", key, known)
            if len(here) == len(of):
                return
            command = command.get_command(click.Context(command), of[len(here)])
            here = (*here, of[len(here)])

    def place(self, path: Sequence[str], key: str) -> str:
        """`edgezoo.toml, line 3, bench.threads`."""
        line = line_of(self.text, (*path, key))
        return ", ".join([str(self.path), *([f"line {line}"] if line else []), ".".join((*path, key))])


def read(path: Path, root: click.Command, of: Sequence[str]) -> File:
    """The file, its sections checked on the way to the command `of`. Raises `UsageError`."""
    try:
        owner = path.stat().st_uid
        content = read_file(path)
    except FileNotFoundError:
        raise UsageError(
            f"{path}: there is no such file", hint="EDGEZOO_CONFIG names it; an empty one reads none"
        ) from None
    values = toml_table(content, str(path), error=UsageError, hint="https://toml.io shows the form")
    if owner not in (0, os.geteuid()) and "EDGEZOO_CONFIG" not in os.environ:
        raise UsageError(
            f"{path} belongs to another user, and a setting can name a program to run",
            hint=f"EDGEZOO_CONFIG={path} if you trust it; EDGEZOO_CONFIG= to read no file",
        )
    made = File(path, values, content.decode())
    made.check(root, of)
    return made
