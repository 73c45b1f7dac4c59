"""Locks between processes: two edgezoo at once do the same work once, and never tear a file."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from edge.untrusted.files import regular

_HELD: dict[Path, IO[str]] = {}


@contextmanager
def exclusive(path: Path, *, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock file `path` (made when missing, and left there: removing it would race).

    The kernel drops the lock when its holder dies, so nothing is ever stale. `waiting` is called once if another
    process holds it.
    """
    with _opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is not None:
                waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Hold the lock file `path` together with others who share it; waits for an exclusive holder."""
    with _opened(path) as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def hold(path: Path) -> None:
    """Share the lock file `path` until this process ends, and mark the time; once a process. Waits for an exclusive holder."""
    if path not in _HELD:
        file = _opened(path)
        fcntl.flock(file, fcntl.LOCK_SH)
        os.utime(path)
        _HELD[path] = file


@contextmanager
def exclusive_now(path: Path) -> Iterator[bool]:
    """Hold the lock file `path` alone, if nobody holds it at the moment: says so, and does not wait."""
    with _opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _opened(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "a", opener=regular)
