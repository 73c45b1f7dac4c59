"""What the cache holds, and what of it can go: sizes by kind, and a prune that takes nothing away from who uses it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edge.cache.files import clear
from edge.cache.locks import exclusive_now

IN_USE = (
    3600.0  # seconds: what was made or taken since may be read at this moment, by a program that holds no lock on it
)
_LOCKS = (".lock", ".use")
_OF_PROCESS = re.compile(r"-(\d+)-\d+\.log")

WHAT = {
    "engines": "interpreters' environments",
    "downloads": "archives on their way",
    "published": "published models",
    "exports": "exported networks",
    "quantised": "calibrated networks",
    "pairs": "own models, gathered",
    "pir": "programs of Paddle 3, translated",
    "nb": "converted for Paddle-Lite",
    "onnx": "converted to ONNX",
    "onnx-int8": "quantised for ONNX Runtime",
    "bench": "converted for bench and eval",
    "references": "Paddle's outputs",
    "verified": "verdicts",
    "coverage": "rows of coverage",
    "engine-coverage": "rows of coverage in engines",
    "device-checks": "outputs that devices got right",
    "flops": "counted work",
    "estimates": "fitted costs",
    "logs": "what engines said",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the cache. `used` is when it was made or last taken (seconds since 1970); bytes of all its files.

    `rubbish` says why nobody will ever use it, "" where somebody may.
    """

    kind: str
    path: Path
    bytes_: int
    used: float
    rubbish: str = ""


def entries(root: Path, engines: Collection[str]) -> list[Entry]:
    """All of it, kind by kind; `engines` are the names of the environments that this edgezoo would use."""
    found = []
    for folder in sorted(_in(root)):
        if folder.is_dir() and not folder.is_symlink():
            for path in sorted(_in(folder)):
                if path.suffix not in _LOCKS or path.is_dir():
                    found.append(_entry(folder.name, path, engines))
    return found


def prune(entry: Entry, *, dry: bool = False) -> bool:
    """Remove it, unless somebody makes or uses it, or did within the last hour; says whether it is (or would be) gone."""
    if (not entry.rubbish or entry.kind == "engines") and time.time() - entry.used < IN_USE:
        return False
    base = entry.path.with_suffix("") if entry.path.suffix == ".part" else entry.path
    with ExitStack() as stack:
        for suffix in _LOCKS:
            lock = base.with_name(base.name + suffix)
            if lock.is_file() and not stack.enter_context(exclusive_now(lock)):
                return False
        if not dry and entry.path.is_dir() and not entry.path.is_symlink():
            clear(entry.path)
        elif not dry:
            entry.path.unlink(missing_ok=True)
    return True


def _entry(kind: str, path: Path, engines: Collection[str]) -> Entry:
    rubbish = ""
    if kind == "engines" and path.name not in engines:
        rubbish = "no engine of this version of edgezoo"
    elif path.suffix == ".part" and kind != "downloads":  # a download goes on
        rubbish = "left by a run that was cut off"
    elif (of := _OF_PROCESS.search(path.name)) and kind == "logs" and not Path("/proc", of[1]).exists():
        rubbish = "its process has ended"
    used = max(map(_time, (path, path / "facts.json", path.with_name(path.name + ".use"))))
    return Entry(kind, path, sum(_sizes(path)), used, rubbish)


def _sizes(path: Path) -> Iterator[int]:
    if path.is_dir() and not path.is_symlink():
        for one in _in(path):
            yield from _sizes(one)
    else:
        try:
            yield path.lstat().st_size
        except OSError:  # gone meanwhile
            yield 0


def _in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:
            return [Path(one.path) for one in found]
    except OSError:  # gone meanwhile, or not there at all
        return []


def _time(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
