"""What is said of measurements after they were made: labels, baselines, and that they are to go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from edge.errors import ResultsError, UnknownResultError
from edge.results.database import Database
from edge.results.domains import LINE, is_sound, wrong_in

MARKS = ("label", "baseline", "baseline_cell")  # the tables


@dataclass(frozen=True, slots=True)
class Baseline:
    """A set of measurements kept by name; `saved` in seconds since the epoch."""

    name: str
    saved: float
    cells: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many measurements and launches went, the baselines that lost some, and which of these are gone for it."""

    cells: int
    launches: int
    baselines: tuple[str, ...]
    emptied: tuple[str, ...] = ()


class Marks:
    """Of one database, which stays the store's. Every change is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def label(self, cells: Sequence[int], text: str) -> None:
        """Say `text` of those cells. Raises `ResultsError` for an unknown id, and for what a table cannot show in a line."""
        self._check(cells)
        if not LINE.has(text):
            raise ResultsError(f"{text!r} is no label", hint="one line of letters and digits")
        with self._database.transaction() as execute:
            for cell in cells:
                execute("INSERT OR IGNORE INTO label VALUES (?, ?)", (cell, text))

    def unlabel(self, cells: Sequence[int], text: str) -> int:
        """Take `text` back; returns of how many it was said. Raises `ResultsError` for an unknown id."""
        self._check(cells)
        with self._database.transaction() as execute:
            return sum(
                execute("DELETE FROM label WHERE cell = ? AND text = ?", (cell, text)).rowcount for cell in cells
            )

    def labels(self) -> dict[int, tuple[str, ...]]:
        """The labels of every cell that has any, in the order of the alphabet."""
        found: dict[int, tuple[str, ...]] = {}
        for row in self._database.rows("SELECT cell, text FROM label ORDER BY cell, text"):
            if is_sound("label", row):
                found[row["cell"]] = (*found.get(row["cell"], ()), row["text"])
        return found

    def labels_of(self, cell: int) -> tuple[str, ...]:
        """Of one cell."""
        return tuple(
            row["text"]
            for row in self._database.rows("SELECT cell, text FROM label WHERE cell = ? ORDER BY text", cell)
            if is_sound("label", row)
        )

    def save_baseline(self, name: str, cells: Sequence[int]) -> bool:
        """Keep those cells as `name`, in place of what it was; returns whether there was one. Raises `ResultsError`."""
        self._check(cells)
        if not LINE.has(name):
            raise ResultsError(f"{name!r} is no name of a baseline", hint="letters and digits, for instance main")
        if not cells:
            raise ResultsError(f"no measurement is chosen for the baseline {name}", hint="see `edgezoo results list`")
        with self._database.transaction() as execute:
            execute("DELETE FROM baseline_cell WHERE baseline = ?", (name,))
            replaced = bool(execute("DELETE FROM baseline WHERE name = ?", (name,)).rowcount)
            execute("INSERT INTO baseline VALUES (?, ?)", (name, time.time()))
            for cell in dict.fromkeys(cells):
                execute("INSERT INTO baseline_cell VALUES (?, ?)", (name, cell))
        return replaced

    def baselines(self) -> list[Baseline]:
        """All of them, the oldest first."""
        cells: dict[str, list[int]] = {}
        for row in self._database.rows("SELECT baseline, cell FROM baseline_cell ORDER BY cell"):
            cells.setdefault(row["baseline"], []).append(row["cell"])
        return [
            Baseline(row["name"], row["saved"], tuple(cells.get(row["name"], ())))
            for row in self._database.rows("SELECT name, saved FROM baseline ORDER BY saved, name")
            if is_sound("baseline", row)
        ]

    def damaged(self) -> list[str]:
        """A sentence for each label, baseline, or entry of one whose columns hold what they may not."""
        return [
            f"{table.replace('_', ' ')} {row['rowid']} in {self._database.path} is damaged: {why}"
            for table in MARKS
            for row in self._database.rows(f"SELECT rowid, * FROM {table} ORDER BY rowid")
            if (why := wrong_in(table, row))
        ]

    def baseline(self, name: str) -> Baseline:
        """Raises `ResultsError` if there is none of that name."""
        known = {one.name: one for one in self.baselines()}
        if name not in known:
            there = f"there are {', '.join(known)}" if known else "`edgezoo results save-baseline NAME` makes one"
            raise UnknownResultError(f"there is no baseline {name}", hint=there)
        return known[name]

    def delete_baseline(self, name: str) -> None:
        """Forget the set; its measurements stay. Raises `ResultsError` if there is none of that name."""
        self.baseline(name)
        with self._database.transaction() as execute:
            execute("DELETE FROM baseline_cell WHERE baseline = ?", (name,))
            execute("DELETE FROM baseline WHERE name = ?", (name,))

    def delete(self, cells: Sequence[int], *, force: bool = False) -> Deleted:
        """Those cells with every launch and sample, and sessions of which nothing is left.

        Raises `ResultsError`, and deletes nothing, for an unknown id, and without `force` for a cell of a baseline.
        """
        gone = tuple(dict.fromkeys(cells))
        used = self.deletable(gone, force=force)
        launches = 0
        with self._database.transaction() as execute:
            for cell in gone:
                execute("DELETE FROM launch_data WHERE launch IN (SELECT id FROM launch WHERE cell = ?)", (cell,))
                launches += execute("DELETE FROM launch WHERE cell = ?", (cell,)).rowcount
                for table in ("label", "baseline_cell", "unreadable"):
                    execute(f"DELETE FROM {table} WHERE cell = ?", (cell,))
                execute("DELETE FROM cell WHERE id = ?", (cell,))
            execute("DELETE FROM baseline WHERE name NOT IN (SELECT baseline FROM baseline_cell)")
            execute(
                "DELETE FROM session WHERE id NOT IN (SELECT session FROM cell) AND id NOT IN (SELECT session FROM launch)"
                " AND id NOT IN (SELECT session FROM unreadable)"
            )
        left = {one.name for one in self.baselines()}
        return Deleted(len(gone), launches, used, tuple(name for name in used if name not in left))

    def deletable(self, cells: Sequence[int], *, force: bool = False) -> tuple[str, ...]:
        """The names of the baselines that would lose some of the cells. Raises `ResultsError` where `delete` would."""
        self._check(cells)
        used = [one for one in self.baselines() if set(one.cells) & set(cells)]
        names = tuple(one.name for one in used)
        if used and not force:
            held = ", ".join(str(cell) for cell in cells if any(cell in one.cells for one in used))
            raise ResultsError(
                f"measurement {held} belongs to the baseline {', '.join(names)}",
                hint="--force deletes it from there, too",
            )
        return names

    def _check(self, cells: Sequence[int]) -> None:
        for cell in cells:
            known = "SELECT id FROM cell WHERE id = ? UNION SELECT cell FROM unreadable WHERE cell = ?"
            if self._database.one(known, cell, cell) is None:
                raise UnknownResultError(
                    f"there is no measurement {cell} in {self._database.path}", hint="see `edgezoo results list`"
                )
