"""Converted models under the hash of everything that can change them: same key, no work; two processes, one result."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from edge.errors import OutputError
from edge.toolchain.lockfile import exclusive, exclusive_now, shared


def key_of(parts: Mapping[str, Any]) -> str:
    """A key from named parts: 32 hex digits of the SHA-256 of their canonical JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


@cache
def code_version(*files: Path) -> str:
    """A stage's code version: the hash of the files it is written in, so that no number is ever forgotten."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


_FACTS = "facts.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished result: `folder` holds its files and `facts` what is known of them."""

    folder: Path
    facts: dict[str, Any]


class Store:
    """Entries below `root`, each a folder named by its key. A folder without `facts.json`, or with other files than it tells
    of, is no entry."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, key: str, *, hollow: bool = False) -> Entry | None:
        """The entry, or None. With `hollow`, one that `empty` has left without its files counts, too."""
        folder = self.root / key
        try:
            known = json.loads((folder / _FACTS).read_bytes())
            if known["files"] is None:
                return Entry(folder, known["facts"]) if hollow else None
            if known["files"] == {name: _stamp(folder / name) for name in known["files"]}:
                return Entry(folder, known["facts"])
        except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError, KeyError):
            pass
        return None

    @contextmanager
    def making(self, key: str) -> Iterator[Path]:
        """An empty folder to make the entry in, while no other process makes the same one.

        Look again with `get` inside: another process may have finished it while this one waited. What a killed process
        left is swept away first.
        """
        with exclusive(self.root / f"{key}.lock"):
            part = self.root / f"{key}.part"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            try:
                yield part
            finally:
                shutil.rmtree(part, ignore_errors=True)

    def put(self, key: str, part: Path, facts: dict[str, Any]) -> Entry:
        """Turn the folder that `making` gave into the entry, in one rename."""
        _write_facts(part, facts, {path.name: _stamp(path) for path in sorted(part.iterdir())})
        place = self.root / key
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
        return Entry(place, facts)

    @contextmanager
    def using(self, key: str) -> Iterator[None]:
        """Keep the entry's files from being emptied out or dropped meanwhile, by whatever process."""
        with shared(self.root / f"{key}.use"):
            yield

    def empty(self, key: str) -> None:
        """Remove the entry's files and keep its facts, unless somebody is using it."""
        with exclusive_now(self.root / f"{key}.use") as alone:
            if alone and (entry := self.get(key)) is not None:
                _write_facts(entry.folder, entry.facts, None)
                for path in entry.folder.iterdir():
                    if path.name != _FACTS:
                        path.unlink()

    def drop(self, key: str) -> None:
        """Remove the entry, unless somebody is using it."""
        with exclusive_now(self.root / f"{key}.use") as alone:
            if alone:
                shutil.rmtree(self.root / key, ignore_errors=True)


def _write_facts(folder: Path, facts: Mapping[str, Any], files: Mapping[str, Any] | None) -> None:
    write_text(folder / _FACTS, json.dumps({"facts": facts, "files": files}, indent=1) + "\n")


def _stamp(path: Path) -> list[int]:
    """A file's size and time of writing: what is written to later has others."""
    known = path.stat()
    return [known.st_size, known.st_mtime_ns]


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
