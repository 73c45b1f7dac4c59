"""Measurements in one SQLite file: sessions, cells, launches. Every raw sample is kept.

A launch is committed as soon as it ended, so a session that is killed loses at most the launch under way. A cell is
found again by its `Key`. The tables are described in edge/results/migrations/.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import Struct

from edge.errors import FormatError, ResultsError, UnknownResultError
from edge.results import reasons as remarks
from edge.results import rows
from edge.results.accuracies import Accuracies
from edge.results.database import Database
from edge.results.domains import DamagedRowError
from edge.results.identity import DeviceIdentity
from edge.results.key import Key
from edge.results.marks import Marks
from edge.results.measurement import Launch, Measurement, RunnerProgram, Status, Subject, sound_launches
from edge.results.protocol import Protocol
from edge.results.reasons import Remark
from edge.results.rows import Row
from edge.results.sessions import Sessions
from edge.results.summary import LaunchSummary, Summary, counted_of
from edge.typed import decode

_FIND = """
SELECT cell.*, session.device FROM cell JOIN session ON session.id = cell.session
WHERE model_sha256 = ? AND threads = ? AND program_sha256 = ? AND shapes = ? AND program = ? AND contract IS ?
ORDER BY cell.started DESC, cell.id DESC
"""
_SUMMARIES = """
SELECT cell.id, session, model, model_sha256, bytes, shapes, weights, target, precision, opt_version, flops, params,
  verification, threads, protocol, program, program_sha256, threads_honoured, contract, status, reasons, notes, error,
  cell.started, finished, kind, serialno, build, soc, address
FROM cell JOIN session ON session.id = cell.session WHERE {} ORDER BY cell.started, cell.id
"""
_LAUNCHES = """
SELECT cell, session, level_ms, mean_ms, runs, sampled, engine, engine_version, synthetic, sound
FROM launch WHERE cell IN (SELECT cell.id FROM cell JOIN session ON session.id = cell.session WHERE {})
ORDER BY cell, number
"""


class _Zone(Struct):
    kind: str
    millicelsius: int


class Store:
    """The results database at `path`. Use it from one thread; several may be open on one file."""

    def __init__(
        self,
        path: Path,
        *,
        create: bool = True,
        read_only: bool = False,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """As `Database`, whose errors it raises."""
        self.path = path
        self._database = Database(path, create=create, read_only=read_only, say=say)
        self.marks = Marks(self._database)
        self.accuracies = Accuracies(self._database)
        self.sessions = Sessions(self._database)

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._database.close()

    def integrity(self) -> list[str]:
        """What SQLite finds wrong with the file itself."""
        found = [row[0] for row in self._database.rows("PRAGMA integrity_check(20)")]
        return [] if found == ["ok"] else found

    @property
    def database(self) -> Database:
        """The file itself: for `edge.results.repair` and `edge.results.merge`."""
        return self._database

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def new_session(self, *, seed: int, device: Mapping[str, Any]) -> int:
        """Begin a session; returns its id. `device`: the JSON form of its properties, with what else was read."""
        from edge import __version__

        who = DeviceIdentity.of(device)
        known = [one or "" for one in (who.kind, who.serialno, who.build, who.soc)]
        with self._database.transaction() as execute:
            cursor = execute(
                "INSERT INTO session (started, seed, edgezoo, kind, serialno, build, soc, address, device)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (time.time(), seed, __version__, *known, str(device.get("serial") or ""), _json(device)),
            )
            return int(cursor.lastrowid or 0)

    def find(self, key: Key) -> Measurement | None:
        """The newest cell of that key, whatever its status; one that is damaged is as if it were not there."""
        candidates = self._database.rows(
            _FIND,
            *(key.model_sha256, key.threads, key.program.sha256, rows.shapes_text(key.shapes)),
            *(key.program.name, key.program.contract),
        )
        for row in candidates:
            try:
                if _is(Row(row), key):
                    return self._measurement(row)
            except DamagedRowError:
                continue
        return None

    def begin(self, session: int, *, subject: Subject, threads: int, protocol: Protocol, program: RunnerProgram) -> int:
        """Begin a cell; returns its id."""
        values = {
            "session": session,
            "model": subject.name,
            "model_sha256": subject.sha256,
            "bytes": subject.bytes,
            "shapes": rows.shapes_text(subject.shapes),
            **{
                name: getattr(subject, name)
                for name in ("weights", "target", "precision", "opt_version", "flops", "params", "verification")
            },
            "threads": threads,
            "protocol": rows.protocol_text(protocol),
            "program": program.name,
            "program_sha256": program.sha256,
            "threads_honoured": int(program.threads_honoured),
            "contract": program.contract,
            "status": "unfinished",
            "reasons": "[]",
            "notes": "[]",
            "started": time.time(),
            "metadata": None if subject.metadata is None else _json(subject.metadata),
        }
        names, blanks = ", ".join(values), ", ".join("?" * len(values))
        with self._database.transaction() as execute:
            cursor = execute(f"INSERT INTO cell ({names}) VALUES ({blanks})", tuple(values.values()))
            return int(cursor.lastrowid or 0)

    def add_launch(self, cell: int, session: int, launch: Launch) -> None:
        """Keep one launch, at once."""
        with self._database.transaction() as execute:
            cursor = execute(
                "INSERT INTO launch (cell, session, number, runs, sampled, level_ms, mean_ms, engine, engine_version,"
                " synthetic, sound) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (cell, session, *rows.launch_values(launch)),
            )
            execute("INSERT INTO launch_data VALUES (?, ?, ?)", (cursor.lastrowid, *rows.launch_data(launch)))

    def mark_launch(self, cell: int, launch: Launch) -> None:
        """Keep what was found against a launch that is there already."""
        _, facts = rows.launch_data(launch)
        with self._database.transaction() as execute:
            mine = (cell, launch.number)
            execute("UPDATE launch SET sound = ? WHERE cell = ? AND number = ?", (int(not launch.reasons), *mine))
            execute(
                "UPDATE launch_data SET facts = ? WHERE launch = (SELECT id FROM launch WHERE cell = ? AND number = ?)",
                (facts, *mine),
            )

    def coolest_known(self, device: DeviceIdentity) -> dict[str, int]:
        """The lowest reading of each kind of temperature zone of that device before its launches, in 1/1000 °C.

        Of a kind with several zones the hottest one counts.
        """
        found = self._database.rows(
            "SELECT json_extract(CASE WHEN json_valid(facts) THEN facts END, '$.state.before.zones') AS zones FROM launch_data"
            " JOIN launch ON launch.id = launch JOIN session ON session.id = launch.session"
            " WHERE kind = ? AND serialno = ? AND build = ? AND soc = ?"
            " AND (serialno != '' OR address = ?) ORDER BY session.started DESC, launch.id DESC LIMIT 2000",
            *(device.kind, *(one or "" for one in (device.serialno, device.build, device.soc, device.address))),
        )
        coolest: dict[str, int] = {}
        for row in found:
            hottest: dict[str, int] = {}
            try:
                zones = decode(str(row["zones"] or "[]"), list[_Zone], "")
            except FormatError:
                continue  # damaged
            for zone in zones:
                hottest[zone.kind] = max(zone.millicelsius, hottest.get(zone.kind, zone.millicelsius))
            for kind, value in hottest.items():
                coolest[kind] = min(value, coolest.get(kind, value))
        return coolest

    def reopen(self, cell: int) -> None:
        """Go on with a cell that failed or was cut off."""
        with self._database.transaction() as execute:
            execute("UPDATE cell SET status = 'unfinished', error = NULL, finished = NULL WHERE id = ?", (cell,))

    def finish(self, cell: int, *, reasons: Sequence[Remark] = (), notes: Sequence[Remark] = ()) -> None:
        """The cell has all its launches."""
        self._end(cell, "measured", reasons, notes, None)

    def compared(self, cell: int, subject: Subject, *, reasons: Sequence[Remark], notes: Sequence[Remark]) -> None:
        """Its output was compared after it was measured: add what came of that, and the `subject`'s metadata with the proof.

        It counts as finished now, so that merging takes it over. Nothing is done where all that was known before.
        """
        found = self.get(cell)
        metadata = found.subject.metadata if subject.metadata is None else subject.metadata
        why, told = (tuple(dict.fromkeys(both)) for both in ((*found.reasons, *reasons), (*found.notes, *notes)))
        if (why, told, metadata) == (found.reasons, found.notes, found.subject.metadata):
            return
        with self._database.transaction() as execute:
            execute(
                "UPDATE cell SET reasons = ?, notes = ?, metadata = ?, finished = ? WHERE id = ?",
                (remarks.dump(why), remarks.dump(told), metadata and _json(metadata), time.time(), cell),
            )

    def fail(self, cell: int, error: str) -> None:
        """The cell cannot be measured; its launches stay."""
        self._end(cell, "failed", (), (), error)

    def get(self, cell: int) -> Measurement:
        """One cell with its launches. Raises `ResultsError` if there is none of that id, or if it is damaged."""
        row = self._database.one(
            "SELECT cell.*, session.device FROM cell JOIN session ON session.id = cell.session WHERE cell.id = ?", cell
        )
        if row is None:
            if lost := [one for one in self._unreadable() if one[0] == cell]:
                raise ResultsError(lost[0][1], hint=f"the others are as they were; {self._database.way_out}")
            raise UnknownResultError(
                f"there is no measurement {cell} in {self.path}", hint="see `edgezoo results list`"
            )
        try:
            return self._measurement(row)
        except DamagedRowError as error:
            raise ResultsError(
                self._damaged(row["id"], row["session"], error),
                hint=f"the others are as they were; {self._database.way_out}",
            ) from error

    def ids(self, *, model: str | None = None, device: str | None = None, session: int | None = None) -> list[int]:
        """The ids of the cells that match, oldest first. `device`: its serial number, or how it was reached."""
        where, values = _where(model, device, session)
        query = f"SELECT cell.id FROM cell JOIN session ON session.id = cell.session WHERE {where}"
        query += " ORDER BY cell.started, cell.id"
        return [row["id"] for row in self._database.rows(query, *values)]

    def summaries(
        self, *, model: str | None = None, device: str | None = None, session: int | None = None
    ) -> tuple[list[Summary], list[str]]:
        """The cells that match as a list shows them, oldest first; and a sentence for each row that is damaged."""
        where, values = _where(model, device, session)
        launches: dict[int, list[sqlite3.Row]] = {}
        for row in self._database.rows(_LAUNCHES.format(where), *values):
            launches.setdefault(row["cell"], []).append(row)
        labels = self.marks.labels()
        found, damaged = [], []
        for row in self._database.rows(_SUMMARIES.format(where), *values):
            try:
                summary = _summary(Row(row), launches.get(row["id"], []))
                found.append(replace(summary, labels=labels.get(summary.id, ())))
            except DamagedRowError as error:
                damaged.append(self._damaged(row["id"], row["session"], error))
        return found, damaged + self.unreadable()

    def measurements(self, ids: Iterable[int]) -> tuple[list[Measurement], list[str]]:
        """Those cells whole; and a sentence for each that is damaged. Raises `ResultsError` for an unknown id."""
        found, damaged = [], []
        for id in ids:
            row = self._database.one(
                "SELECT cell.*, session.device FROM cell JOIN session ON session.id = cell.session WHERE cell.id = ?",
                id,
            )
            if row is None:
                found.append(self.get(id))
                continue
            try:
                found.append(self._measurement(row))
            except DamagedRowError as error:
                damaged.append(self._damaged(row["id"], row["session"], error))
        return found, damaged

    def unreadable(self) -> list[str]:
        """A sentence for each cell of an earlier schema that made no sense; the file keeps it as it was."""
        return [sentence for _, sentence in self._unreadable()]

    def _damaged(self, cell: int, session: int, error: DamagedRowError) -> str:
        return f"measurement {cell} (session {session}) in {self.path} is damaged: {error}"

    def _unreadable(self) -> list[tuple[int, str]]:
        lost = self._database.rows("SELECT cell, session, why FROM unreadable ORDER BY cell")
        return [(row["cell"], self._damaged(row["cell"], row["session"], DamagedRowError(row["why"]))) for row in lost]

    def _measurement(self, row: sqlite3.Row) -> Measurement:
        data = self._database.rows(
            "SELECT launch.*, samples_ms, facts FROM launch JOIN launch_data ON launch.id = launch_data.launch"
            " WHERE cell = ? ORDER BY number",
            row["id"],
        )
        one = Row(row)
        protocol, notes = rows.protocol(one.text("protocol"))
        launches = tuple(rows.launch(Row(launch, "launch")) for launch in data)
        counted = {launch.number for launch in sound_launches(launches, protocol)}
        subject = rows.subject(one)
        return Measurement(
            id=row["id"],
            session=row["session"],
            subject=subject,
            device=one.device(),
            threads=one.whole("threads"),
            protocol=protocol,
            program=rows.program(one),
            status=one.status(),
            launches=launches,
            reasons=one.remarks("reasons"),
            notes=(*one.remarks("notes"), *notes),
            error=one.text_if_known("error"),
            started=one.number("started"),
            finished=one.number_if_known("finished"),
            sessions=len({launch["session"] for launch in data if launch["number"] in counted}) or 1,
            labels=self.marks.labels_of(row["id"]),
            accuracy=self.accuracies.of(subject),
        )

    def _end(
        self, cell: int, status: Status, why: Sequence[Remark], notes: Sequence[Remark], error: str | None
    ) -> None:
        with self._database.transaction() as execute:
            execute(
                "UPDATE cell SET status = ?, reasons = ?, notes = ?, error = ?, finished = ? WHERE id = ?",
                (status, remarks.dump(why), remarks.dump(notes), error, time.time(), cell),
            )


def asked_for(found: Measurement, subject: Subject) -> Measurement:
    """A stored measurement as that of the file that is asked for now: under its name, with what is known of it now."""
    return replace(found, subject=subject.completed(found.subject))


def _is(row: Row, key: Key) -> bool:
    """Whether a cell whose columns agree is of that key in all else."""
    protocol, others = rows.protocol(row.text("protocol"))
    if others:
        return False
    device = DeviceIdentity.of(row.device())
    subject = rows.subject(row, metadata=False)
    return key.same(Key.of(subject, device, row.whole("threads"), protocol, rows.program(row)))


def _summary(row: Row, launches: Sequence[sqlite3.Row]) -> Summary:
    protocol, notes = rows.protocol(row.text("protocol"))
    made = [Row(one, "launch") for one in launches]
    engines = [one for one in made if one.values["engine"] is not None]
    serialno, address = row.text("serialno") or None, row.text("address")
    told = tuple(
        LaunchSummary(
            one.number_if_known("level_ms"),
            one.number_if_known("mean_ms"),
            one.whole("runs"),
            tells_samples=bool(one.whole("sampled")),
            sound=bool(one.whole("sound")),
        )
        for one in made
    )
    counted = {id(launch) for launch in counted_of(told, protocol)}
    return Summary(
        id=row.whole("id"),
        session=row.whole("session"),
        subject=rows.subject(row, metadata=False),
        device=DeviceIdentity(
            kind=row.text("kind"),
            serialno=serialno,
            build=row.text("build") or None,
            soc=row.text("soc") or None,
            address=None if serialno else address,
        ),
        address=address,
        threads=row.whole("threads"),
        protocol=protocol,
        program=rows.program(row),
        engine=engines[-1].text("engine") if engines else None,
        engine_version=engines[-1].text_if_known("engine_version") if engines else None,
        status=row.status(),
        launches=told,
        synthetic=any(one.whole("synthetic") for one in made),
        sessions=len({one["session"] for one, launch in zip(launches, told, strict=True) if id(launch) in counted})
        or 1,
        reasons=row.remarks("reasons"),
        notes=(*row.remarks("notes"), *notes),
        error=row.text_if_known("error"),
        started=row.number("started"),
        finished=row.number_if_known("finished"),
    )


def _where(model: str | None, device: str | None, session: int | None) -> tuple[str, list[object]]:
    parts: list[str] = []
    values: list[object] = []
    if model is not None:
        parts.append("model = ?")
        values.append(model)
    if device is not None:
        parts.append("? IN (address, serialno)")
        values.append(device)
    if session is not None:
        parts.append("session = ?")
        values.append(session)
    return " AND ".join(parts) or "1", values


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
