"""Work that goes on, as bars at the end of a terminal: rich draws them, and lines that stay go above."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from edge.cli import terminal
from edge.cli.shield import beneath, harmless
from edge.errors import printable

if TYPE_CHECKING:
    from edge.cli.output import Activity

_BAR = 12  # cells


class Bars:
    """A row an activity: what it is, a bar where its length is known, how much of it, and how long."""

    def __init__(self) -> None:
        console = Console(
            file=beneath(sys.stderr),
            force_terminal=True,
            color_system="standard" if terminal.in_colour(sys.stderr) else None,
            legacy_windows=False,
        )
        self._progress = Progress(
            TextColumn(
                "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
            ),
            BarColumn(_BAR, table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[amount]}", markup=False, justify="right", table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[times]}", markup=False, table_column=Column(no_wrap=True)),
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            expand=True,
        )
        self._rows: dict[str, TaskID] = {}
        self._progress.start()

    def show(self, activities: Mapping[str, Activity]) -> None:
        """These, and no others."""
        for name in [name for name in self._rows if name not in activities]:
            self._progress.remove_task(self._rows.pop(name))
        for name, one in activities.items():
            if name not in self._rows:
                self._rows[name] = self._progress.add_task("", total=None, amount="", times="")
            title, what = printable(name.lstrip("\0")), printable(one.what)
            self._progress.update(
                self._rows[name],
                description=f"{title}: {what}" if title and what else title or what,
                completed=one.done,
                total=one.of or None,
                amount=one.amount,
                times=one.left or one.times,
            )
        self._progress.refresh()

    def line(self, text: str) -> None:
        """A line that stays, above the bars."""
        self._progress.console.print(Text.from_ansi(harmless(text)), soft_wrap=True, highlight=False)

    def end(self) -> None:
        """The bars are gone."""
        self.show({})
        self._progress.stop()
