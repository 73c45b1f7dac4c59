"""Results under the hash of everything that can change them: same key, no work; two processes, one result."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.cache.files import clear, fresh_folder, write_text
from edge.cache.hashing import checksum_of
from edge.cache.keys import key_of
from edge.cache.locks import exclusive, exclusive_now, shared
from edge.untrusted.files import read_file

_FACTS = "facts.json"


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A finished result: `folder` holds its files and `facts` what is known of them."""

    folder: Path
    facts: dict[str, Any]


class Cache:
    """Entries below `root`, each a folder named by its key. A folder without a sound `facts.json`, or with other files than it
    tells of, is no entry."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, key: str, *, hollow: bool = False, content: bool = False) -> CacheEntry | None:
        """The entry, or None. With `hollow`, one that `empty` has left without its files counts, too.

        Its files are compared by size and time; with `content` by a checksum, too: for who goes on to use them. Neither a bit
        that a disk flipped, nor an edit that kept the time, is then taken for what was made.
        """
        folder = self.root / key
        try:
            known = json.loads(read_file(folder / _FACTS))
            facts, files = known["facts"], known["files"]
            if known["digest"] != _digest(facts, files):
                return None
            if files is None:
                return CacheEntry(folder, facts) if hollow else None
            stamps = {name: stamp for name, (*stamp, _) in files.items()}
            if stamps != {name: _stamp(folder / name) for name in files}:
                return None
            if content and any(checksum_of(folder / name) != known for name, (*_, known) in files.items()):
                return None
            if content:
                os.utime(folder / _FACTS)  # it is used: `edgezoo cache prune` leaves it alone for a while
            return CacheEntry(folder, facts)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None  # not there, or damaged

    def entries(self) -> Iterator[CacheEntry]:
        """All that are there and whole."""
        for folder in sorted(self.root.glob("*")):
            if folder.is_dir() and (found := self.get(folder.name)) is not None:
                yield found

    @contextmanager
    def making(self, key: str) -> Iterator[Path]:
        """An empty folder to make the entry in, while no other process makes the same one.

        Look again with `get` inside: another process may have finished it while this one waited. What a killed process
        left is swept away first.
        """
        with exclusive(self.root / f"{key}.lock"), fresh_folder(self.root / f"{key}.part") as part:
            yield part

    def put(self, key: str, part: Path, facts: dict[str, Any]) -> CacheEntry:
        """Turn the folder that `making` gave into the entry, in one rename."""
        files = {path.name: [*_stamp(path), checksum_of(path)] for path in sorted(part.iterdir())}
        _write_facts(part, facts, files)
        place = self.root / key
        clear(place)
        part.rename(place)
        return CacheEntry(place, facts)

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
                clear(self.root / key)


def _write_facts(folder: Path, facts: Mapping[str, Any], files: Mapping[str, Any] | None) -> None:
    document = json.loads(json.dumps({"facts": facts, "files": files}))
    document["digest"] = _digest(document["facts"], document["files"])
    write_text(folder / _FACTS, json.dumps(document, indent=1) + "\n")


def _digest(facts: Any, files: Any) -> str:
    """What a damaged `facts.json` is known by."""
    return key_of({"facts": facts, "files": files})


def _stamp(path: Path) -> list[int]:
    """A file's size and time of writing: what is written to later has others."""
    known = path.stat()
    return [known.st_size, known.st_mtime_ns]
