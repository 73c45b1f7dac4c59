"""Measurements in one SQLite file: sessions, cells, launches. Every raw sample is kept.

A launch is committed as soon as it ended, so a session that is killed loses at most the launch under way. A cell is
found again by its key: the model's sha256, the device's serial, threads, protocol and the program's sha256.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edge.errors import ResultsError
from edge.results.measurement import Extremes, Launch, Measurement, RunnerProgram, Subject
from edge.results.probes import probes_from_json
from edge.results.protocol import Protocol

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x45645A6F  # "EdZo", so that another program's database is not written to

_SCHEMA = """
CREATE TABLE session (
  id INTEGER PRIMARY KEY,
  started REAL NOT NULL,         -- seconds since the epoch
  seed INTEGER NOT NULL,         -- of the order of launches
  edgezoo TEXT NOT NULL,         -- version
  device TEXT NOT NULL           -- JSON: properties, prepared settings
);
CREATE TABLE cell (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES session(id),  -- the one it was begun in
  model TEXT NOT NULL,
  model_sha256 TEXT NOT NULL,
  serial TEXT NOT NULL,
  threads INTEGER NOT NULL,
  protocol TEXT NOT NULL,        -- JSON, keys sorted
  program_sha256 TEXT NOT NULL,
  subject TEXT NOT NULL,         -- JSON
  program TEXT NOT NULL,         -- JSON
  status TEXT NOT NULL,          -- unfinished, measured, failed
  reasons TEXT NOT NULL,         -- JSON: why it is invalid
  notes TEXT NOT NULL,           -- JSON
  error TEXT,
  started REAL NOT NULL,
  finished REAL
);
CREATE INDEX cell_key ON cell (model_sha256, serial, threads, program_sha256);
CREATE TABLE launch (
  id INTEGER PRIMARY KEY,
  cell INTEGER NOT NULL REFERENCES cell(id),
  session INTEGER NOT NULL REFERENCES session(id),
  number INTEGER NOT NULL,
  samples_ms TEXT NOT NULL,      -- JSON
  facts TEXT NOT NULL,           -- JSON: all else
  UNIQUE (cell, number)
);
"""


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two measurements the same one."""

    model_sha256: str
    serial: str
    threads: int
    protocol: Protocol
    program_sha256: str


class Store:
    """The results database at `path`. Use it from one thread; several may be open on one file."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Raises `ResultsError` if the file is none of ours, damaged, newer, or (without `create`) missing."""
        self.path = path
        if not create and not path.exists():
            raise ResultsError(f"there are no results yet: {path} does not exist", hint="`edgezoo bench` makes some")
        with self._sentences():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ResultsError(
                    f"the results database {path} cannot be made: {error.strerror}", hint="name another with --db"
                ) from error
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._prepare()

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def new_session(self, *, seed: int, device: Mapping[str, Any]) -> int:
        """Begin a session; returns its id."""
        from edge import __version__

        with self._transaction() as execute:
            cursor = execute(
                "INSERT INTO session (started, seed, edgezoo, device) VALUES (?, ?, ?, ?)",
                (time.time(), seed, __version__, _json(device)),
            )
            return int(cursor.lastrowid or 0)

    def find(self, key: Key) -> Measurement | None:
        """The newest cell of that key, whatever its status."""
        with self._sentences():
            row = self._connection.execute(
                "SELECT id FROM cell WHERE model_sha256 = ? AND serial = ? AND threads = ? AND protocol = ?"
                " AND program_sha256 = ? ORDER BY id DESC LIMIT 1",
                (key.model_sha256, key.serial, key.threads, _json(asdict(key.protocol)), key.program_sha256),
            ).fetchone()
        return None if row is None else self.get(row["id"])

    def begin(
        self, session: int, *, subject: Subject, serial: str, threads: int, protocol: Protocol, program: RunnerProgram
    ) -> int:
        """Begin a cell; returns its id."""
        with self._transaction() as execute:
            cursor = execute(
                "INSERT INTO cell (session, model, model_sha256, serial, threads, protocol, program_sha256, subject,"
                " program, status, reasons, notes, started)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'unfinished', '[]', '[]', ?)",
                (
                    session,
                    subject.name,
                    subject.sha256,
                    serial,
                    threads,
                    _json(asdict(protocol)),
                    program.sha256,
                    _json(asdict(subject)),
                    _json(asdict(program)),
                    time.time(),
                ),
            )
            return int(cursor.lastrowid or 0)

    def add_launch(self, cell: int, session: int, launch: Launch) -> None:
        """Keep one launch, at once."""
        samples, facts = _parts(launch)
        with self._transaction() as execute:
            execute(
                "INSERT INTO launch (cell, session, number, samples_ms, facts) VALUES (?, ?, ?, ?, ?)",
                (cell, session, launch.number, _json(samples), _json(facts)),
            )

    def mark_launch(self, cell: int, launch: Launch) -> None:
        """Keep what was found against a launch that is there already."""
        _, facts = _parts(launch)
        with self._transaction() as execute:
            execute("UPDATE launch SET facts = ? WHERE cell = ? AND number = ?", (_json(facts), cell, launch.number))

    def coolest_known(self, serial: str) -> dict[str, int]:
        """The lowest reading of each kind of temperature zone of that device before its launches, in 1/1000 °C.

        Of a kind with several zones the hottest one counts.
        """
        with self._sentences():
            rows = self._connection.execute(
                "SELECT json_extract(facts, '$.state.before.zones') AS zones FROM launch JOIN cell ON cell.id = launch.cell"
                " WHERE cell.serial = ? ORDER BY launch.id DESC LIMIT 2000",
                (serial,),
            ).fetchall()
        coolest: dict[str, int] = {}
        for row in rows:
            hottest: dict[str, int] = {}
            for zone in json.loads(row["zones"] or "[]"):
                hottest[zone["kind"]] = max(zone["millicelsius"], hottest.get(zone["kind"], zone["millicelsius"]))
            for kind, value in hottest.items():
                coolest[kind] = min(value, coolest.get(kind, value))
        return coolest

    def reopen(self, cell: int) -> None:
        """Go on with a cell that failed or was cut off."""
        with self._transaction() as execute:
            execute("UPDATE cell SET status = 'unfinished', error = NULL, finished = NULL WHERE id = ?", (cell,))

    def finish(self, cell: int, *, reasons: Sequence[str] = (), notes: Sequence[str] = ()) -> None:
        """The cell has all its launches."""
        self._end(cell, "measured", reasons, notes, None)

    def fail(self, cell: int, error: str) -> None:
        """The cell cannot be measured; its launches stay."""
        self._end(cell, "failed", (), (), error)

    def get(self, cell: int) -> Measurement:
        """One cell with its launches. Raises `ResultsError` if there is none of that id."""
        with self._sentences():
            row = self._connection.execute(
                "SELECT cell.*, session.device FROM cell JOIN session ON session.id = cell.session WHERE cell.id = ?",
                (cell,),
            ).fetchone()
            if row is None:
                raise ResultsError(f"there is no measurement {cell} in {self.path}", hint="see `edgezoo results list`")
            launches = self._connection.execute(
                "SELECT samples_ms, facts FROM launch WHERE cell = ? ORDER BY number", (cell,)
            ).fetchall()
        return _measurement(row, launches)

    def ids(self, *, model: str | None = None, serial: str | None = None, session: int | None = None) -> list[int]:
        """The ids of the cells that match, oldest first."""
        wanted = {"model": model, "serial": serial, "session": session}
        given = {column: value for column, value in wanted.items() if value is not None}
        where = " AND ".join(f"{column} = :{column}" for column in given) or "1"
        with self._sentences():
            rows = self._connection.execute(f"SELECT id FROM cell WHERE {where} ORDER BY id", given).fetchall()
        return [row["id"] for row in rows]

    def _end(self, cell: int, status: str, reasons: Sequence[str], notes: Sequence[str], error: str | None) -> None:
        with self._transaction() as execute:
            execute(
                "UPDATE cell SET status = ?, reasons = ?, notes = ?, error = ?, finished = ? WHERE id = ?",
                (status, _json(list(reasons)), _json(list(notes)), error, time.time(), cell),
            )

    def _prepare(self) -> None:
        application = self._connection.execute("PRAGMA application_id").fetchone()[0]
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and application != _APPLICATION_ID:
            raise ResultsError(f"{self.path} is another program's database", hint="name another file with --db")
        if version > SCHEMA_VERSION:
            raise ResultsError(
                f"{self.path} was written by a newer edgezoo (schema {version}, this one knows {SCHEMA_VERSION})",
                hint="update edgezoo, or name another file with --db",
            )
        if not tables:
            self._connection.execute("PRAGMA journal_mode = WAL")
            with self._transaction() as execute:
                # another process may have been faster since the look above
                if execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                    for statement in _SCHEMA.split(";\n"):
                        execute(statement)
                    execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                    execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._connection.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing; WAL stays whole

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._sentences():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled back already
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            hint = "name another file with --db"
            if "not a database" in str(error) or "malformed" in str(error):
                hint = "move it away, or name another file with --db"
            elif "full" in str(error):
                hint = "free some space, then run it again: it goes on where it stopped"
            raise ResultsError(f"the results database {self.path} cannot be used: {error}", hint=hint) from error


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _parts(launch: Launch) -> tuple[tuple[float, ...], dict[str, Any]]:
    """The samples, and all else as JSON values."""
    facts = {one.name: getattr(launch, one.name) for one in fields(launch)}  # asdict would copy every reading
    facts["extremes"] = launch.extremes and asdict(launch.extremes)
    facts["probes"] = launch.probes and asdict(launch.probes)
    return facts.pop("samples_ms"), facts


def _measurement(row: sqlite3.Row, launches: Sequence[sqlite3.Row]) -> Measurement:
    subject, protocol = json.loads(row["subject"]), json.loads(row["protocol"])
    subject["shapes"] = tuple(tuple(shape) for shape in subject["shapes"])
    protocol["cores"] = None if protocol["cores"] is None else tuple(protocol["cores"])
    return Measurement(
        id=row["id"],
        session=row["session"],
        subject=Subject(**subject),
        device=json.loads(row["device"]),
        threads=row["threads"],
        protocol=Protocol(**protocol),
        program=RunnerProgram(**json.loads(row["program"])),
        status=row["status"],
        launches=tuple(_launch(one["facts"], one["samples_ms"]) for one in launches),
        reasons=tuple(json.loads(row["reasons"])),
        notes=tuple(json.loads(row["notes"])),
        error=row["error"],
        started=row["started"],
        finished=row["finished"],
    )


def _launch(facts_text: str, samples_text: str) -> Launch:
    facts = json.loads(facts_text)
    extremes, probes = facts.pop("extremes"), facts.pop("probes", None)
    for name in ("digests", "last_digests", "reasons", "notes"):
        facts[name] = tuple(facts.get(name, ()))
    return Launch(
        **facts,
        samples_ms=tuple(json.loads(samples_text)),
        extremes=None if extremes is None else Extremes(**extremes),
        probes=None if probes is None else probes_from_json(probes),
    )
