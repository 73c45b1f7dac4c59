"""The SQLite file itself: opened, checked to be ours, brought to this version's schema; every trouble is a sentence."""

from __future__ import annotations

import os
import shlex
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from edge.cache.retry import Remedy, retry
from edge.errors import NoDatabaseError, ResultsError
from edge.results.untouched import HEAD_BYTES, to_read
from edge.untrusted.files import open_file
from edge.untrusted.guard import brief

APPLICATION_ID = 0x45645A6F  # "EdZo", so that another program's database is not written to
_LOOK = """SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)
           FROM pragma_application_id, pragma_user_version"""
_STRANGE = (
    "SELECT type, name FROM sqlite_master WHERE type NOT IN ('table', 'index')"  # may compute for ever when it is met
)
_TRY_SECONDS = 1.0  # of waiting for another process that writes, before it is said
_TRIES = 30
_WAL_PAUSE = 0.05
_COPY_AGAIN = "make it again where it is from, by `edgezoo results backup`, and copy it again"


def way_out(path: Path) -> str:
    """What to do about a damaged file."""
    return f"`edgezoo results check --repair --db {shlex.quote(str(path))}` saves what can be read"


def check_file(path: Path) -> None:
    """Raises `NoDatabaseError` for what its first bytes show to be no database of ours; nothing is opened for writing.

    SQLite itself takes a file of less than a page for an empty database, and overwrites it.
    """
    if path.exists() and not path.is_file():
        raise NoDatabaseError(f"the results database {path} is no file", hint="name another with --db")
    try:
        with open_file(path) as stream:
            head = stream.read(HEAD_BYTES)
    except FileNotFoundError:
        return
    except OSError as error:
        raise NoDatabaseError(
            f"the results database {path} cannot be used: {error.strerror}", hint="name another with --db"
        ) from error
    if not head:
        return
    if len(head) < HEAD_BYTES or not head.startswith(b"SQLite format 3\0"):
        raise _none_of_ours(path)
    if int.from_bytes(head[68:72], "big") not in (0, APPLICATION_ID):  # 0: ours, too, while the journal has the rest
        raise _foreign(path)


def _read_only(path: Path) -> bool:
    """Whether the file is there and cannot be written to, nor a log beside it, which SQLite would want to make."""
    return path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _holds_all(path: Path) -> bool:
    """Whether nothing lies in a log: it can be read as a file that nobody changes."""
    log = path.with_name(f"{path.name}-wal")
    return not log.exists() or log.stat().st_size == 0


def _foreign(path: Path) -> ResultsError:
    return NoDatabaseError(f"{path} is another program's database", hint="name another file with --db")


def _none_of_ours(path: Path) -> ResultsError:
    return NoDatabaseError(f"{path} is no results database of edgezoo", hint="name another file with --db")


def _is_empty(path: Path) -> bool:
    """Whether nothing was written there yet."""
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return True


def _check_place(path: Path) -> None:
    """Raises `NoDatabaseError` where no database could be made; makes nothing."""
    place = next(one for one in path.absolute().parents if one.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        why = "may not be written to" if place.is_dir() else "is no folder"
        raise NoDatabaseError(
            f"the results database {path} cannot be made: {place} {why}", hint="name another with --db"
        )


class Database:
    """One connection to the file at `path`. Use it from one thread; several may be open on one file."""

    def __init__(
        self,
        path: Path,
        *,
        create: bool = True,
        read_only: bool = False,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Raises `ResultsError` if the file is damaged or (without `create`) missing, `NoDatabaseError` if it is none of
        ours, newer, or cannot be read or made.

        A file that is missing is made by the first `transaction`, so that what only looks leaves nothing behind.
        `read_only`: the file stays as it is, an earlier schema, too, and is seen as it was at this moment. `say` hears,
        once, that another process is waited for.
        """
        self.path = path
        self._say = say
        self._is_theirs = read_only
        self._reading = ExitStack()  # what is to be done when a file that is only read is closed
        check_file(path)
        if read_only:
            if _is_empty(path):
                raise _none_of_ours(path)
            self._open_to_read()
            return
        self._is_made = not _is_empty(path)
        if self._is_made:
            self._open()
        elif not create:
            what = "is empty" if path.exists() else "does not exist"
            raise ResultsError(f"there are no results yet: {path} {what}", hint="`edgezoo bench` makes some")
        else:
            _check_place(path)
            self._connection = sqlite3.connect(":memory:", isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._migrate()

    def _open(self) -> None:
        with self.sentences():
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise NoDatabaseError(
                    f"the results database {self.path} cannot be made: {error.strerror}", hint="name another with --db"
                ) from error
            self._read_only = _read_only(self.path)
            if self._read_only and not _holds_all(self.path):
                self._connection = self._reading.enter_context(to_read(self.path, timeout=_TRY_SECONDS))
            else:
                where = f"{self.path.absolute().as_uri()}?immutable=1" if self._read_only else self.path
                self._connection = sqlite3.connect(
                    where, timeout=_TRY_SECONDS, isolation_level=None, uri=self._read_only
                )
            self._connection.row_factory = sqlite3.Row
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise

    def _open_to_read(self) -> None:
        """Of an earlier schema a copy in memory is brought to this one's."""
        from edge.results.migrations import SCHEMA_VERSION

        self._is_made = True
        with self.sentences(), ExitStack() as reading:
            self._connection = reading.enter_context(to_read(self.path, timeout=_TRY_SECONDS))
            self._connection.row_factory = sqlite3.Row
            self._execute("BEGIN")  # one moment of the file, whoever writes to it meanwhile
            version = self._check_version()
            if version == 0:
                raise _none_of_ours(self.path)
            if version < SCHEMA_VERSION:
                memory = sqlite3.connect(":memory:", isolation_level=None)
                reading.callback(memory.close)
                memory.row_factory = sqlite3.Row
                self._connection.backup(memory)
                self._connection = memory
                self._migrate()
            self._check_columns()
            self._reading = reading.pop_all()

    def _make_sure(self, *, made: bool) -> None:
        """Open the file itself where it was not there: if somebody made it meanwhile, or it is to be `made` now."""
        if not self._is_made and (made or not _is_empty(self.path)):
            self._connection.close()
            self._open()
            self._is_made = True

    @property
    def way_out(self) -> str:
        """What to do about damage: what is somebody else's is not repaired here."""
        return _COPY_AGAIN if self._is_theirs else way_out(self.path)

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._connection.close()
        self._reading.close()

    def copy_to(self, path: Path) -> tuple[int, int]:
        """All that is there at this moment into the new file `path`; returns how many measurements and launches that has."""
        with self.sentences():
            copy = sqlite3.connect(path, isolation_level=None)
            try:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # all in one file, whatever becomes of it
                counts = copy.execute("SELECT (SELECT count(*) FROM cell), (SELECT count(*) FROM launch)").fetchone()
            finally:
                copy.close()
        return int(counts[0]), int(counts[1])

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a question."""
        self._make_sure(made=False)
        with self.sentences():
            return list(self._execute(query, values))

    def one(self, query: str, *values: object) -> sqlite3.Row | None:
        """The first row of a question."""
        self._make_sure(made=False)
        with self.sentences():
            row: sqlite3.Row | None = self._execute(query, values).fetchone()
            return row

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """All of it or nothing; gives `execute`. No other process writes meanwhile. A file that is missing is made."""
        self._make_sure(made=True)
        with self._transaction() as execute:
            yield execute

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self.sentences():
            self._execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled back already
                    self._connection.execute("ROLLBACK")
                raise

    def _execute(self, query: str, values: Sequence[object] = (), *, pause: float = 0.0, tries: int = _TRIES) -> Any:
        """Again and again while another process has the file; after the first time it is said."""

        def wait(_: sqlite3.OperationalError) -> None:
            self._say(f"waiting for another program that writes to {self.path}")
            self._say = lambda _: None
            time.sleep(pause)

        return retry(
            lambda: self._connection.execute(query, values),
            Remedy((sqlite3.OperationalError,), tries, wait, _is_locked),
        )

    @contextmanager
    def sentences(self) -> Iterator[None]:
        """What SQLite says, as `ResultsError` with what to do."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            hint = _COPY_AGAIN if self._is_theirs else "name another file with --db"
            if "not a database" in str(error) or "malformed" in str(error) or "utf-8" in str(error).lower():
                hint = self.way_out
            elif isinstance(error, sqlite3.OperationalError) and _is_locked(error):
                hint = "another program writes to it: wait until it is done, then run it again"
            elif "readonly" in str(error):
                hint = "check the permissions of the file and its folder, or name another file with --db"
            elif "full" in str(error):
                hint = "free some space, then run it again: it goes on where it stopped"
            raise ResultsError(f"the results database {self.path} cannot be used: {error}", hint=hint) from error

    def _prepare(self) -> None:
        from edge.results.migrations import SCHEMA_VERSION

        version, empty = self._check_version(), self._look()[1]
        if self._read_only and version < SCHEMA_VERSION:
            raise NoDatabaseError(
                f"{self.path} was written by an older edgezoo, and cannot be written to here",
                hint="copy it, and name the copy with --db",
            )
        if (strange := self._execute(_STRANGE).fetchone()) is not None:
            raise ResultsError(
                f"the results database {self.path} holds a {strange['type']}, {brief(strange['name'])}, which no edgezoo makes",
                hint=way_out(self.path),
            )
        if empty:
            self._keep_log()
        if version < SCHEMA_VERSION:
            self._migrate()
        self._check_columns()
        if (
            not self._read_only and self._execute("PRAGMA journal_mode").fetchone()[0] != "wal"
        ):  # a backup, a repaired one
            self._keep_log()
        self._connection.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing; WAL stays whole

    def _keep_log(self) -> None:
        # SQLite's own waiting does not cover this one statement: another opener of the new file makes it fail at once.
        self._execute("PRAGMA journal_mode = WAL", pause=_WAL_PAUSE, tries=int(_TRIES * _TRY_SECONDS / _WAL_PAUSE))

    def _check_columns(self) -> None:
        from edge.results.migrations import COLUMNS, columns

        found = columns(self._connection)
        if damaged := sorted(table for table, names in COLUMNS.items() if found.get(table) != names):
            raise ResultsError(
                f"the results database {self.path} is damaged: its table {damaged[0]} has other columns than it was made with",
                hint=self.way_out,
            )

    def _check_version(self) -> int:
        """The schema's. Raises `ResultsError` for a newer one."""
        from edge.results.migrations import SCHEMA_VERSION

        version, _ = self._look()
        if version > SCHEMA_VERSION:
            raise NoDatabaseError(
                f"{self.path} was written by a newer edgezoo (schema {version}, this one knows {SCHEMA_VERSION})",
                hint="update edgezoo, or name another file with --db",
            )
        return version

    def _look(self) -> tuple[int, bool]:
        """The schema's version, and whether the file is still empty. Raises `ResultsError` for another program's."""
        application, version, tables = self._execute(_LOOK).fetchone()  # one statement: one moment of the file
        if application != APPLICATION_ID and (tables or application or version):
            raise _foreign(self.path)
        return int(version), not tables

    def _migrate(self) -> None:
        """All the steps that are missing, in one transaction: another process sees the old file or the new one."""
        from edge.results.migrations import STEPS

        with self._transaction() as execute:
            version, _ = self._look()  # again: another process may have been faster
            for step in STEPS[version:]:
                step(self._connection)
            if version < len(STEPS):
                execute(f"PRAGMA application_id = {APPLICATION_ID}")
                execute(f"PRAGMA user_version = {len(STEPS)}")


def _is_locked(error: sqlite3.OperationalError) -> bool:
    return "locked" in str(error)
