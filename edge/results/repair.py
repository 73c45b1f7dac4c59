"""A database that lost power or lies on a bad disk: what is damaged is told, and what can still be read is saved.

`check` changes nothing. `repair` copies row by row, around the pages that cannot be read, into a new file that takes the old
one's place; the old one stays beside it.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.cache.files import clear
from edge.errors import ResultsError
from edge.results.database import APPLICATION_ID, check_file, way_out
from edge.results.domains import DamagedRowError, is_in, is_sound
from edge.results.identity import DeviceIdentity
from edge.results.marks import MARKS
from edge.results.migrations import SCHEMA_VERSION, STEPS, columns
from edge.results.rows import Row, launch_columns
from edge.results.store import Store

_PROBED = 100_000  # rows between two readable ones that are tried one by one
# What belongs to nothing any more; in this order, for each takes others along.
_ORPHANS = (
    "DELETE FROM cell WHERE session NOT IN (SELECT id FROM session)",
    "DELETE FROM launch WHERE cell NOT IN (SELECT id FROM cell) OR session NOT IN (SELECT id FROM session)"
    " OR id NOT IN (SELECT launch FROM launch_data)",
    "DELETE FROM launch_data WHERE launch NOT IN (SELECT id FROM launch)",
    "DELETE FROM label WHERE cell NOT IN (SELECT id FROM cell)",
    "DELETE FROM baseline_cell WHERE cell NOT IN (SELECT id FROM cell) OR baseline NOT IN (SELECT name FROM baseline)",
    "DELETE FROM baseline WHERE name NOT IN (SELECT baseline FROM baseline_cell)",
)
# Cells of the sessions from that of the last launch before a gap to that of the first one behind it.
_UNFINISHED = """
WITH around AS (SELECT coalesce((SELECT session FROM launch WHERE id <= {first} ORDER BY id DESC LIMIT 1), 0) AS low,
                       coalesce((SELECT session FROM launch WHERE id >= {last} ORDER BY id LIMIT 1), 1 << 62) AS high)
UPDATE cell SET status = 'unfinished', finished = NULL WHERE status = 'measured' AND id IN (
  SELECT cell.id FROM cell LEFT JOIN launch ON launch.cell = cell.id, around
  WHERE cell.session BETWEEN low AND high OR launch.session BETWEEN low AND high)
"""
_Gap = tuple[int, int | None]  # the ids of the launches around it; None: to the end


@dataclass(frozen=True, slots=True)
class Checked:
    """How many measurements can be read whole, and a sentence for each thing that is damaged."""

    measurements: int
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repaired:
    """How many measurements were saved, a sentence for each that could be found and was not; `kept`: the damaged file."""

    measurements: int
    lost: tuple[str, ...]
    kept: Path


def check(path: Path) -> Checked:
    """Read all of a database. Raises `ResultsError` for a file that is none of ours."""
    check_file(path)
    try:
        with Store(path, create=False) as store:
            pages = store.integrity()
            found, damaged = store.measurements(store.ids())
            damaged += [one for one in store.summaries()[1] if one not in damaged]
            damaged += [*store.sessions.damaged(), *store.marks.damaged()]
            damaged += store.accuracies.all()[1]
    except ResultsError as error:
        if error.hint != way_out(path) and not _is_damage(error.__cause__):
            raise
        return Checked(0, (error.message,))
    return Checked(len(found), (*(f"{path}: {one}" for one in pages), *damaged))


def repair(path: Path) -> Repaired:
    """Save what can be read. Raises `ResultsError` where nothing can, or another process has the file open."""
    check_file(path)
    fresh = path.with_name(f"{path.name}.repaired")
    _remove(fresh)
    source = sqlite3.connect(path, timeout=1.0, isolation_level=None)
    source.text_factory = lambda text: text.decode(errors="replace")
    kept = _beside(path)
    try:
        source.execute("PRAGMA locking_mode = EXCLUSIVE")  # of a file in WAL mode: refused while anybody has it open
        lost = _tidy(fresh, _copy(source, fresh))
        for end in ("", "-wal"):
            if (file := path.with_name(path.name + end)).exists() and file.stat().st_size:
                shutil.copyfile(file, kept.with_name(kept.name + end))
    except BaseException as error:
        _remove(fresh)
        _remove(kept)
        if not isinstance(error, (sqlite3.Error, UnicodeDecodeError)):
            raise
        if _is_busy(error):
            what, hint = "is in use by another process", "wait until it is done"
        elif _is_damage(error):
            what, hint = (
                f"cannot be read at all: {error}",
                "keep it for somebody who knows SQLite; name another with --db",
            )
        else:
            what, hint = f"cannot be repaired here: {error}", "check the permissions, and the room on the disk"
        raise ResultsError(f"the results database {path} {what}", hint=hint) from error
    finally:
        source.close()
    for end in ("-wal", "-shm"):  # they belong to the old file
        path.with_name(path.name + end).unlink(missing_ok=True)
    fresh.replace(path)
    with Store(path, create=False) as store:
        return Repaired(len(store.ids()), tuple(lost), kept)


def _copy(source: sqlite3.Connection, fresh: Path) -> list[_Gap]:
    """Every row that can be read into a new file with sound tables; returns where launches are missing."""
    gaps: list[_Gap] = []
    (version,) = source.execute("PRAGMA user_version").fetchone()
    version = version if 0 < version <= SCHEMA_VERSION else SCHEMA_VERSION
    target = sqlite3.connect(fresh, isolation_level=None)
    target.row_factory = sqlite3.Row
    try:
        target.execute("BEGIN")
        for step in STEPS[:version]:
            step(target)
        source = _with_schema_of(target, source)
        there = columns(source)
        for name, names in columns(target).items():
            if len(there.get(name, "").split(",")) == (width := len(names.split(","))):
                blanks = ", ".join("?" * width)
                target.executemany(f"INSERT OR IGNORE INTO {name} VALUES ({blanks})", _rows(source, name, gaps))
        target.execute("COMMIT")
        target.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        target.execute(f"PRAGMA user_version = {version}")
    finally:
        target.close()
    return gaps


def _with_schema_of(target: sqlite3.Connection, source: sqlite3.Connection) -> sqlite3.Connection:
    """The damaged file; where its schema's text is damaged, which SQLite then refuses or takes for other tables, a copy in
    memory with the text that it was made with: what stands in which place is the same."""
    schema = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid"
    source.execute("PRAGMA writable_schema = ON")  # nothing is written: else a damaged schema is not even read
    ours, theirs = ([tuple(row) for row in one.execute(schema)] for one in (target, source))
    if ours == theirs or len(ours) != len(theirs):
        return source
    content = bytearray(source.serialize())
    content[18:20] = b"\1\1"  # no write-ahead log, which memory has none of
    copy = sqlite3.connect(":memory:", isolation_level=None)
    copy.text_factory = source.text_factory
    copy.deserialize(bytes(content))
    copy.execute("PRAGMA writable_schema = ON")
    places = [row[0] for row in copy.execute("SELECT rowid FROM sqlite_master ORDER BY rowid")]
    update = "UPDATE sqlite_master SET type = ?, name = ?, tbl_name = ?, sql = ? WHERE rowid = ?"
    copy.executemany(update, [(*one, place) for one, place in zip(ours, places, strict=True)])
    copy.execute("PRAGMA writable_schema = RESET")
    return copy


def _rows(source: sqlite3.Connection, table: str, gaps: list[_Gap]) -> Iterator[tuple[object, ...]]:
    """From the beginning and from the end as far as that goes, then one by one what is between: there are `gaps`."""
    reached: list[int | None] = [None, None]
    for place, order in enumerate(("ASC", "DESC")):
        try:
            for rowid, *row in source.execute(f"SELECT rowid, * FROM {table} ORDER BY rowid {order}"):
                reached[place] = rowid
                yield tuple(row)
        except sqlite3.DatabaseError as error:
            if _is_busy(error):
                raise
            continue
        return
    first, last = reached[0] or 0, reached[1]
    if table in ("launch", "launch_data"):
        gaps.append((first, last))
    for rowid in range(first + 1, min(last if last is not None else first + _PROBED, first + _PROBED)):
        try:
            yield from source.execute(f"SELECT * FROM {table} WHERE rowid = ?", (rowid,))
        except sqlite3.DatabaseError:
            continue


def _tidy(fresh: Path, gaps: Sequence[_Gap]) -> list[str]:
    """Take out what makes no sense alone; returns a sentence for each measurement that is lost by it.

    A cell that may have lost launches is unfinished: `edgezoo bench` goes on with it.
    """
    with Store(fresh, create=False) as store:
        with store.database.transaction() as execute:
            for first, last in gaps:
                execute(_UNFINISHED.format(first=first, last=last or 2**62))
            marks = store.marks.damaged()
            for table in MARKS:
                for row in list(execute(f"SELECT rowid, * FROM {table}")):
                    if not is_sound(table, row):
                        execute(f"DELETE FROM {table} WHERE rowid = ?", (row["rowid"],))
            for statement in _ORPHANS:
                execute(statement)
        sessions = _mended_sessions(store)
        _, damaged = store.measurements(before := store.ids())
        for cell in before:
            try:
                store.get(cell)
            except ResultsError:
                store.marks.delete([cell], force=True)
        if store.summaries()[1]:  # numbers that are kept beside the samples, for lists
            _tell_launches_again(store)
        accuracies, more = store.accuracies.all()
        readable = ", ".join(str(one.id) for one in accuracies)
        with store.database.transaction() as execute:
            execute(f"DELETE FROM accuracy WHERE id NOT IN ({readable})")
        return [
            sentence.replace(str(fresh), str(fresh.with_suffix(""))) for sentence in sessions + marks + damaged + more
        ]


def _mended_sessions(store: Store) -> list[str]:
    """Those whose columns hold what they may not, with what is known from elsewhere in its place; a sentence for each.

    So their measurements stay. Which device it was is told in the session's JSON; where that is lost, they are, too.
    """
    damaged = store.sessions.damaged()
    for row in store.database.rows("SELECT * FROM session"):
        if is_sound("session", row):
            continue
        begun = store.database.rows("SELECT started FROM cell WHERE session = ?", row["id"])
        known: dict[str, object] = {"seed": 0, "edgezoo": "", "device": "{}"}
        known["started"] = min((one["started"] for one in begun if is_in("cell", "started", one["started"])), default=0)
        try:
            device = Row(row).device()
        except DamagedRowError:
            device = {}
        who = DeviceIdentity.of(device)
        known |= {name: getattr(who, name) or "" for name in ("kind", "serialno", "build", "soc")}
        known["address"] = str(device.get("serial") or "")
        wrong = {name: value for name, value in known.items() if not is_in("session", name, row[name])}
        changes = ", ".join(f"{name} = ?" for name in wrong)
        with store.database.transaction() as execute:
            execute(f"UPDATE session SET {changes} WHERE id = ?", (*wrong.values(), row["id"]))
    return damaged


def _tell_launches_again(store: Store) -> None:
    for cell in store.ids():
        for launch in store.get(cell).launches:
            told = {**launch_columns(launch), "cell": cell}
            changes = ", ".join(f"{name} = :{name}" for name in told)
            with store.database.transaction() as execute:
                execute(f"UPDATE launch SET {changes} WHERE cell = :cell AND number = :number", told)


def _beside(path: Path) -> Path:
    """A name that is free."""
    kept, number = path.with_name(f"{path.name}.damaged"), 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.damaged-{number}")
    return kept


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        clear(path.with_name(path.name + end))


def _is_damage(error: BaseException | None) -> bool:
    """Whether it is the file that is wrong, and not its permissions, its disk or who else has it."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # a decoding that failed has none
        return code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error, UnicodeDecodeError)


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )
