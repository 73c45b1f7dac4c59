"""All of a results database in one new file, also while others write to it.

The last launches of a database may lie in its log, a file beside it, which whoever copies the file alone leaves behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.cache.files import atomic_write
from edge.errors import OutputError
from edge.results.store import Store


@dataclass(frozen=True, slots=True)
class Backup:
    """The file that was made, and how many measurements and launches are in it."""

    path: Path
    measurements: int
    launches: int


def back_up(path: Path, to: Path) -> Backup:
    """Copy what is in the database `path` at this moment to the file `to`, whole or not at all.

    Raises `ResultsError`, and `OutputError` where `to` is there already or cannot be written.
    """
    if to.exists():
        raise OutputError(f"{to} is there already", hint="name another file, or remove that one")
    with Store(path, create=False) as store, atomic_write(to) as part:
        measurements, launches = store.database.copy_to(part)
    return Backup(to, measurements, launches)
