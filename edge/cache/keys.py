"""Keys of cache entries: the hash of everything that can change a result, the code that makes it included."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]  # edge/
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<package>[\w.]+)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#]+)"
    r"|import[ \t]+(?P<modules>[^\n#]+))",
    re.MULTILINE,
)
_FOR_TYPES_ONLY = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|\n)+", re.MULTILINE)


def key_of(parts: Mapping[str, Any]) -> str:
    """A key from named parts: 32 hex digits of the SHA-256 of their canonical JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


@cache
def code_version(*roots: str | Path) -> str:
    """The version of a stage's code: the hash of every file that the roots import, directly or not, at any depth.

    A root is a module of edgezoo (`edge.convert.conversion`) or the script of an engine's worker (a path), which imports the
    scripts beside it. So no file that decides a result is ever forgotten.
    """
    digest = hashlib.sha256()
    for path in sorted(closure(*roots)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def closure(*roots: str | Path) -> frozenset[Path]:
    """The files of the roots and of all that they import of edgezoo, imports inside functions too, those for types only not.

    Of edgezoo's own `__init__` nothing is taken: it is the door to everything. Raises `FileNotFoundError` for a root that is
    none.
    """
    found: set[Path] = set()
    waiting = [file for root in roots for file in ([root] if isinstance(root, Path) else _existing(root))]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += imported(path)
    return frozenset(found)


@cache
def imported(path: Path) -> tuple[Path, ...]:
    """The files of edgezoo that a file imports itself."""
    text = _FOR_TYPES_ONLY.sub("", path.read_text(encoding="utf-8"))
    return tuple(file for name in _names(text) for file in (_files(name) or _sibling(path, name)))


def _names(text: str) -> Iterator[str]:
    """Dotted names that may be modules: of `from a import b` both `a` and `a.b`."""
    for match in _IMPORT.finditer(text):
        for name in (match["modules"] or "").split(","):
            yield name.split(" as ")[0].strip()
        if match["package"]:
            yield match["package"]
            for name in match["names"].strip("()").split(","):
                yield f"{match['package']}.{name.split(' as ')[0].strip()}"


def _existing(name: str) -> tuple[Path, ...]:
    if not (files := _files(name)):
        raise FileNotFoundError(f"{name} is no module of edgezoo")
    return files


@cache
def _files(name: str) -> tuple[Path, ...]:
    """The module's file and those of the packages around it; nothing for what is no module of edgezoo."""
    first, *parts = name.split(".")
    if first != "edge" or not parts or not parts[-1].isidentifier():
        return ()
    place = _ROOT.joinpath(*parts)
    own = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if not own.is_file():
        return ()
    around = [_ROOT.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts))]
    return (own, *around)


def _sibling(path: Path, name: str) -> tuple[Path, ...]:
    """A script beside a worker's script, which is on the interpreter's path when the worker runs."""
    beside = path.with_name(f"{name.partition('.')[0]}.py")
    return (beside,) if beside.is_file() and not (path.parent / "__init__.py").exists() else ()
