"""Files written whole or not at all, by whatever process."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from edge.cache.hashing import sha256_of
from edge.errors import OutputError
from edge.untrusted.files import open_file

DRAWN = b"Software\0edgezoo"  # in the head of a PNG: who drew it


def write_text(path: Path, text: str, *, hint: str = "", parents: bool = False) -> None:
    """Write a whole text file (UTF-8) or none, as `atomic_write` does."""
    with atomic_write(path, hint=hint, parents=parents) as part:
        part.write_text(text, encoding="utf-8")


def put_copy(source: Path, target: Path) -> None:
    """Put a cached file's content at `target`, whole or not at all, with the file's times.

    The first place shares the file's blocks (a hard link), where the file system can do that. Who writes to the target in
    place then changes the cached file with it, which is why who places a file looks at its content first.
    """
    with atomic_write(target) as part:
        if source.stat().st_nlink == 1:
            with contextlib.suppress(OSError):  # another file system, or one without links
                os.link(source, part)
                return
        shutil.copyfile(source, part)
        shutil.copystat(source, part)


Replaced = Literal["report", "package", "picture of edgezoo", "workbook"]


def check_replaceable(path: Path, what: Replaced) -> None:
    """A report may replace text that is no model's metadata, a package or a workbook an archive, a picture one that edgezoo
    drew; none a database, a model or another image.

    Raises `OutputError`, in which nothing was written.
    """
    if not path.is_file():
        return
    try:
        with open_file(path) as file:
            head = file.read(4096)
    except OSError as error:
        raise OutputError(
            f"{path} could not be written: {error.strerror or error}", hint="name another file"
        ) from error
    text = b"\0" not in head and b'"format": "edgezoo-' not in head
    fits = {"report": text, "picture of edgezoo": head.startswith(b"\x89PNG") and DRAWN in head}
    if head and not fits.get(what, head.startswith(b"PK")):
        raise OutputError(f"{path} is there already, and is no {what}", hint="name another file, or remove that one")


def holds(path: Path, sha256: str) -> bool:
    """Whether there is a file with that very content."""
    try:
        return sha256_of(path) == sha256
    except OSError:
        return False


@contextmanager
def atomic_write(path: Path, *, hint: str = "", parents: bool = False) -> Iterator[Path]:
    """A file beside `path` to write to: renamed to `path` at the end, or removed if something is raised.

    With `parents`, missing folders are made. Processes and threads that write to the same path do not disturb each other:
    the last one's file stays. Raises OutputError, with `hint`, when it cannot be written.
    """
    # Of a thread the kernel has a number that no other thread or process of the machine has while it lives.
    part = path.with_name(f".{path.name}.{threading.get_native_id()}.part")
    if path.exists() and not path.is_file():  # a rename would put a file where a device was
        raise OutputError(f"{path} could not be written: it is no file", hint=hint or "name another place")
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        yield part
        part.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path} could not be written: {error.strerror or error}",
            hint=hint or "check the permissions and the free disk space",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """The empty folder `path`, whatever a killed process left there; gone at the end unless it was renamed.

    Only for who holds a lock: it is made under the name given.
    """
    clear(path)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        clear(path)


def clear(path: Path) -> None:
    """Leave nothing at `path`, whatever is there: a folder with all that it holds, a file, a link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Remove what killed processes left beside `path`."""
    start, end = f".{path.name}.", ".part"
    with contextlib.suppress(OSError):  # what is wrong with the folder, writing into it tells
        for name in os.listdir(path.parent):  # noqa: PTH208 (a fifth of the time that Path takes)
            if name.startswith(start) and name.endswith(end):
                writer = name[len(start) : -len(end)]
                if writer.isdecimal() and not Path(f"/proc/{writer}").exists():
                    (path.parent / name).unlink(missing_ok=True)
