"""The results of other hosts, taken into one database: each measurement once, however often and in whichever order.

A session is known by when and with which seed it was begun and by the device itself (`DeviceIdentity`), not by how that was
reached; a measurement by its session and what it is of; a launch by its number and samples. A measurement that went on in
one of two databases takes the new launches along. One that went on in both, in two ways, is a conflict: it is named, and stays
as it is here. The other files are only read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edge.errors import ResultsError, UsageError
from edge.results import rows
from edge.results.database import Database
from edge.results.domains import DamagedRowError, check_row
from edge.results.measurement import Launch, Measurement
from edge.results.store import Store

# A row means the same in two databases where these agree; of a device that tells no serial number its address counts.
_SESSION = ("started", "seed", "kind", "serialno", "build", "soc")
_CELL = ("started", "model", "model_sha256", "shapes", "threads", "protocol", "program", "program_sha256", "contract")
_ACCURACY = ("finished", "model_sha256", "dataset_sha256", "engine", "serialno", "outcomes")
_STATE = ("status", "reasons", "notes", "error", "finished")

Execute = Callable[..., Any]
Identity = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """What one file brought: how many sessions, measurements (new ones, and those that went on there), launches, accuracies,
    labels and baselines. `conflicts` and `damaged`: a sentence for each thing that stays behind.
    """

    path: Path
    sessions: int = 0
    cells: int = 0
    continued: int = 0
    launches: int = 0
    accuracies: int = 0
    labels: int = 0
    baselines: int = 0
    conflicts: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


def merge(path: Path, others: Sequence[Path], *, say: Callable[[str], None] = lambda _: None) -> list[Merged]:
    """Take what is in `others` into the database `path`, which is made if need be; a file wholly or not at all.

    Raises as `check`, and `ResultsError` for damage that shows only when it is read: the files before it are then merged.
    """
    check(path, others)
    made = []
    with Store(path, say=say) as ours:
        for other in others:
            with _open(other) as theirs:
                made.append(_Merge(ours, theirs).run())
    return made


def check(path: Path, others: Sequence[Path]) -> None:
    """Raises `UsageError` for the database itself, `NoDatabaseError` for a file that cannot be read, is newer or no results,
    `ResultsError` for one that is damaged.
    """
    for other in others:
        if path.exists() and other.exists() and path.samefile(other):
            raise UsageError(f"{other} is the database itself that it would be merged into", hint="name the other one")
        _open(other).close()


def _open(other: Path) -> Store:
    try:
        return Store(other, create=False, read_only=True)
    except ResultsError as error:  # they are named otherwise than with --db
        hint = "" if not other.exists() else error.hint.removesuffix(" with --db")
        raise type(error)(error.message, hint=hint) from error


class _Merge:
    def __init__(self, ours: Store, theirs: Store) -> None:
        self._ours, self._theirs = ours, theirs
        self._sessions: dict[int, int] = {}  # their ids, ours
        self._cells: dict[int, int] = {}
        self._counts = dict.fromkeys(("sessions", "cells", "continued", "launches", "accuracies", "labels"), 0)
        self._conflicts: list[str] = []
        self._damaged = [*theirs.unreadable(), *theirs.marks.damaged()]

    def run(self) -> Merged:
        ours, theirs = self._ours.database, self._theirs.database
        with ours.transaction() as execute:
            self._known_sessions = {_session(row): row["id"] for row in ours.rows("SELECT * FROM session")}
            self._their_sessions = {
                row["id"]: row for row in theirs.rows("SELECT * FROM session") if self._is_sound(row)
            }
            self._session_of = {id: _session(row) for id, row in self._their_sessions.items()}
            mine = {id: identity for identity, id in self._known_sessions.items()}
            known: dict[Identity, int] = {
                (mine[row["session"]], _values(row, _CELL)): row["id"]
                for row in ours.rows("SELECT * FROM cell")
                if row["session"] in mine
            }
            with theirs.sentences():
                for row in theirs.rows("SELECT * FROM cell ORDER BY id"):
                    self._cell(execute, row, known)
                for row in theirs.rows("SELECT id FROM launch WHERE cell NOT IN (SELECT id FROM cell)"):
                    self._damaged.append(
                        f"launch {row['id']} in {self._theirs.path} belongs to a measurement that is lost"
                    )
                self._labels(execute)
                baselines = self._baselines(execute)
                self._accuracies(execute)
        return Merged(
            self._theirs.path,
            **self._counts,
            baselines=baselines,
            conflicts=tuple(self._conflicts),
            damaged=tuple(self._damaged),
        )

    def _is_sound(self, session: sqlite3.Row) -> bool:
        """What is wrong with one that is not is told; its measurements stay behind with it."""
        try:
            check_row("session", session)
            rows.Row(session, "session").device()
        except DamagedRowError as error:
            self._damaged.append(f"session {session['id']} in {self._theirs.path} is damaged: {error}")
            return False
        return True

    def _cell(self, execute: Execute, row: sqlite3.Row, known: dict[Identity, int]) -> None:
        launches = self._theirs.database.rows("SELECT session FROM launch WHERE cell = ?", row["id"])
        if not {row["session"], *(launch["session"] for launch in launches)} <= self._session_of.keys():
            self._damaged.append(
                f"measurement {row['id']} in {self._theirs.path} belongs to a session that is lost or damaged"
            )
            return
        try:
            theirs = self._theirs.get(row["id"])
        except ResultsError as error:
            self._damaged.append(error.message)
            return
        if len(theirs.launches) != len(launches):
            self._damaged.append(f"measurement {row['id']} in {self._theirs.path} has launches whose samples are lost")
            return
        identity = (self._session_of[row["session"]], _values(row, _CELL))
        if identity not in known:
            values = {**_without_id(row), "session": self._session(execute, row["session"])}
            known[identity] = self._cells[row["id"]] = _insert(execute, "cell", values)
            self._counts["cells"] += 1
            self._launches(execute, row["id"], theirs.launches)
            return
        mine = known[identity]
        try:
            here = self._ours.get(mine)
        except ResultsError as error:
            self._damaged.append(error.message)
            return
        self._cells[row["id"]] = mine
        self._both(execute, row, here, theirs)

    def _both(self, execute: Execute, row: sqlite3.Row, here: Measurement, theirs: Measurement) -> None:
        """The same measurement in both: whichever went on from the other's state is what it is now."""
        a = _identities(self._ours.database, here, {id: key for key, id in self._known_sessions.items()})
        b = _identities(self._theirs.database, theirs, self._session_of)
        common = min(len(a), len(b))
        if a[:common] != b[:common]:
            self._conflicts.append(
                f"measurement {theirs.id} of {self._theirs.path} is measurement {here.id} here, and went on otherwise there"
                f" ({len(b)} launches there, {len(a)} here): it stays as it is here"
            )
            return
        if len(b) < len(a) or (len(a) == len(b) and (theirs.finished or 0) <= (here.finished or 0)):
            return
        self._counts["continued"] += 1
        self._launches(execute, row["id"], theirs.launches[common:])
        for launch in theirs.launches[:common]:  # what was found against it later
            facts = _one(self._theirs.database, "SELECT sound, facts FROM launch JOIN launch_data ON launch.id = launch"
                         " WHERE cell = ? AND number = ?", theirs.id, launch.number)  # fmt: skip
            place = (here.id, launch.number)
            execute("UPDATE launch SET sound = ? WHERE cell = ? AND number = ?", (facts["sound"], *place))
            execute("UPDATE launch_data SET facts = ? WHERE launch = (SELECT id FROM launch WHERE cell = ? AND number = ?)",
                    (facts["facts"], *place))  # fmt: skip
        changes = ", ".join(f"{name} = ?" for name in _STATE)
        execute(f"UPDATE cell SET {changes} WHERE id = ?", (*(row[name] for name in _STATE), here.id))

    def _launches(self, execute: Execute, cell: int, launches: Sequence[Launch]) -> None:
        """Copy those of their cell."""
        wanted = {launch.number: launch for launch in launches}
        for row in self._theirs.database.rows("SELECT * FROM launch WHERE cell = ? ORDER BY number", cell):
            if row["number"] not in wanted:
                continue
            data = _one(self._theirs.database, "SELECT * FROM launch_data WHERE launch = ?", row["id"])
            session = self._session(execute, row["session"])
            told = rows.launch_columns(wanted[row["number"]])
            id = _insert(execute, "launch", {**told, "cell": self._cells[cell], "session": session})
            _insert(execute, "launch_data", {**dict(data), "launch": id})
            self._counts["launches"] += 1

    def _session(self, execute: Execute, id: int) -> int:
        """Our id of their session, which is taken over with the first thing that belongs to it."""
        if id not in self._sessions:
            identity = self._session_of[id]
            if identity not in self._known_sessions:
                values = _without_id(self._their_sessions[id])
                self._known_sessions[identity] = _insert(execute, "session", values)
                self._counts["sessions"] += 1
            self._sessions[id] = self._known_sessions[identity]
        return self._sessions[id]

    def _labels(self, execute: Execute) -> None:
        for cell, texts in self._theirs.marks.labels().items():
            for text in texts if cell in self._cells else ():
                made = execute("INSERT OR IGNORE INTO label VALUES (?, ?)", (self._cells[cell], text))
                self._counts["labels"] += made.rowcount

    def _baselines(self, execute: Execute) -> int:
        known = {one.name: one for one in self._ours.marks.baselines()}
        count = 0
        for one in self._theirs.marks.baselines():
            cells = [self._cells.get(cell) for cell in one.cells]
            if not cells:
                continue  # it lost them there
            if None in cells:
                missing = cells.count(None)
                self._conflicts.append(
                    f"the baseline {one.name} of {self._theirs.path} stays behind: {missing} of its {len(cells)}"
                    f" measurements could not be taken"
                )
            elif one.name not in known:
                execute("INSERT INTO baseline VALUES (?, ?)", (one.name, one.saved))
                for cell in sorted({cell for cell in cells if cell is not None}):
                    execute("INSERT INTO baseline_cell VALUES (?, ?)", (one.name, cell))
                count += 1
            elif set(known[one.name].cells) != set(cells):
                self._conflicts.append(
                    f"the baseline {one.name} of {self._theirs.path} is of other measurements than the one here,"
                    " which stays"
                )
        return count

    def _accuracies(self, execute: Execute) -> None:
        ours = {_accuracy(row) for row in self._ours.database.rows("SELECT * FROM accuracy")}
        found, damaged = self._theirs.accuracies.all()
        self._damaged += damaged
        for one in found:
            row = _one(self._theirs.database, "SELECT * FROM accuracy WHERE id = ?", one.id)
            if (identity := _accuracy(row)) not in ours:
                ours.add(identity)
                _insert(execute, "accuracy", _without_id(row))
                self._counts["accuracies"] += 1


def _session(row: sqlite3.Row) -> Identity:
    return _values(row, _SESSION), None if row["serialno"] else row["address"]


def _accuracy(row: sqlite3.Row) -> Identity:
    return _values(row, _ACCURACY), None if row["serialno"] else row["address"]


def _values(row: sqlite3.Row, names: Sequence[str]) -> Identity:
    return tuple(row[name] for name in names)


def _identities(database: Database, one: Measurement, sessions: dict[int, Identity]) -> list[Identity]:
    """Its launches as they are told from others: without what was found against them later."""
    of = {row["number"]: row["session"] for row in database.rows("SELECT * FROM launch WHERE cell = ?", one.id)}
    return [(sessions.get(of[launch.number]), replace(launch, reasons=())) for launch in one.launches]


def _one(database: Database, query: str, *values: object) -> sqlite3.Row:
    row = database.one(query, *values)
    assert row is not None  # the measurement was read whole
    return row


def _without_id(row: sqlite3.Row) -> dict[str, object]:
    return {name: row[name] for name in row.keys() if name != "id"}  # noqa: SIM118 - a Row's iterator gives values


def _insert(execute: Execute, table: str, values: dict[str, object]) -> int:
    names, blanks = ", ".join(values), ", ".join("?" * len(values))
    return int(execute(f"INSERT INTO {table} ({names}) VALUES ({blanks})", tuple(values.values())).lastrowid or 0)
