"""Files written whole or not at all, by whatever process."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.errors import OutputError


def write_text(path: Path, text: str) -> None:
    """Write a whole text file or none: beside, then renamed."""
    with beside(path) as part:
        part.write_text(text, encoding="utf-8")


def put_copy(source: Path, target: Path) -> None:
    """Put a cached file's content at `target`, whole or not at all, with the file's times, which `is_copy` compares.

    The first place shares the file's blocks (a hard link), where the file system can do that. Who writes to the target in
    place then changes the cached file with it, which is why an entry knows its files' sizes and times.
    """
    with beside(target) as part:
        if source.stat().st_nlink == 1:
            with contextlib.suppress(OSError):  # another file system, or one without links
                os.link(source, part)
                return
        shutil.copyfile(source, part)
        shutil.copystat(source, part)


def is_copy(source: Path, target: Path) -> bool:
    """Whether `target` is what `copy` made of `source`, untouched since: by size and time, as rsync does."""
    try:
        ours, theirs = source.stat(), target.stat()
    except FileNotFoundError:
        return False
    return (ours.st_size, ours.st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to: becomes `path` at the end, or vanishes if something is raised.

    Raises OutputError when it cannot be written.
    """
    _sweep(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path} could not be written: {error.strerror}", hint="check the permissions and the free disk space"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Remove what killed processes left beside `path`."""
    start, end = f".{path.name}.", ".part"
    with contextlib.suppress(OSError):  # what is wrong with the folder, writing into it tells
        for name in os.listdir(path.parent):  # noqa: PTH208 (a fifth of the time that Path takes)
            owner = name[len(start) : -len(end)]
            if (
                name.startswith(start)
                and name.endswith(end)
                and owner.isdecimal()
                and not Path(f"/proc/{owner}").exists()
            ):
                (path.parent / name).unlink(missing_ok=True)
