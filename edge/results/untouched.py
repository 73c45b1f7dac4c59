"""A database of somebody else, read so that nothing is left beside it and nothing of it is changed.

SQLite makes a log and an index beside a file that it reads, and leaves them there where it may only read. What nobody has
open is therefore read as a copy, with all that its log has.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from edge.errors import ResultsError
from edge.untrusted.files import open_file

_TRIES = 5
HEAD_BYTES = 100  # of an SQLite file: www.sqlite.org/fileformat2.html, 1.3
_BESIDE = ("", "-wal", "-journal")  # the file, and where what was committed, or is to be taken back, may still lie


@contextmanager
def to_read(path: Path, *, timeout: float) -> Iterator[sqlite3.Connection]:
    """A connection that sees the file as it is now; it waits `timeout` seconds for a lock.

    Raises `sqlite3.Error`, and `ResultsError` for a file that is written to again and again while it is copied.
    """
    connection = _in_place(path, timeout)
    if connection is not None:
        try:
            yield connection
        finally:
            connection.close()
        return
    with TemporaryDirectory(prefix="edgezoo-") as folder:
        copy = Path(folder) / "copy"
        _copy(path, copy)
        connection = sqlite3.connect(copy, timeout=timeout, isolation_level=None)
        try:
            connection.execute("PRAGMA query_only = ON")  # what is written to a copy would be lost
            yield connection
        finally:
            connection.close()


def _in_place(path: Path, timeout: float) -> sqlite3.Connection | None:
    """Where log and index are there already, as they are while another process has the file open."""
    if not all(path.with_name(path.name + end).exists() for end in ("-wal", "-shm")):
        return None
    name = f"file:{quote(str(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(name, uri=True, timeout=timeout, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            return None  # the index is another's, and left over: a copy gets one of its own
        raise
    except BaseException:
        connection.close()
        raise
    return connection


def _copy(path: Path, copy: Path) -> None:
    """The file with its log, both of one moment."""
    for _ in range(_TRIES):
        before = _state(path)
        for end, state in zip(_BESIDE, before, strict=True):
            target = copy.with_name(copy.name + end)
            target.unlink(missing_ok=True)
            if state is not None:
                try:
                    shutil.copyfile(path.with_name(path.name + end), target)
                except FileNotFoundError:  # its log went, into the file
                    break
        if _state(path) == before:
            if before[1:] == (None, None):
                _check_length(path, copy)
            return
    raise ResultsError(
        f"the results database {path} is written to while it is read", hint="wait until that is done, then run it again"
    )


def _check_length(path: Path, copy: Path) -> None:
    """SQLite takes a file whose last pages were cut off for a whole one. Raises `ResultsError`."""
    with open_file(copy) as file:
        head = file.read(HEAD_BYTES)
    page, pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    page = page if page != 1 else 65536
    is_told = head[24:28] == head[92:96]  # by a SQLite that counts its pages
    size = copy.stat().st_size
    if page and (size % page or (is_told and size < pages * page)):
        raise ResultsError(f"the results database {path} was cut off: its end is missing", hint="copy it again, whole")


def _state(path: Path) -> tuple[tuple[int, int] | None, ...]:
    """Size and time of the file and of each that lies beside it."""
    found: list[tuple[int, int] | None] = []
    for end in _BESIDE:
        try:
            there = os.stat(path.with_name(path.name + end))  # noqa: PTH116
            found.append((there.st_size, there.st_mtime_ns))
        except FileNotFoundError:
            found.append(None)
    return tuple(found)
