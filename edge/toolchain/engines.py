"""The engines edgezoo knows: read from engines.toml."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from edge.cache.hashing import sha256_of
from edge.errors import UsageError

HERE = Path(__file__).parent
WORKERS = HERE / "workers"


@dataclass(frozen=True, slots=True)
class FileFormat:
    """The files that an engine runs where they are made from ONNX files: `name` is that of `convert --format`, `suffix` the
    main file's, `converter` the kind of engine in whose environment they are made; `weights` is what stands for the last part
    of the main file's name in that of the weights, "" where they are in it."""

    name: str
    suffix: str
    converter: str
    weights: str = ""


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine version, the interpreter it needs and the packages to put there."""

    kind: str  # "paddlelite", "paddle", ...
    version: str
    python: str  # minor version, "3.10"
    requires: tuple[str, ...]
    bare: tuple[str, ...]  # taken without their dependencies
    machines: tuple[str, ...]  # system and processor, "Linux x86_64", for which all of its wheels are published
    default: bool
    title: str = ""  # as people write it, of engines with a format
    format: FileFormat | None = None

    @property
    def program(self) -> Path:
        """Its one script, of an engine with a format: worker and benchmark program (workers/engine_program.py)."""
        return WORKERS / f"{self.kind}_program.py"

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.version}"

    @property
    def lock(self) -> Path:
        return HERE / "locks" / f"{self.name}.txt"

    def lacks_wheels(self) -> str | None:
        """Why it cannot be installed on this machine, in a sentence; None where its wheels are published for it."""
        here = f"{platform.system()} {platform.machine()}"
        if here in self.machines:
            return None
        return f"{self.name} is published for {', '.join(self.machines)}, and not for this machine, {here}"

    @property
    def lock_hash(self) -> str:
        """Part of every result's key: other packages, other results."""
        return sha256_of(self.lock)[:12]


@cache
def engines() -> tuple[Engine, ...]:
    """All engines, in the order of engines.toml."""
    import tomllib

    rows = tomllib.loads((HERE / "engines.toml").read_text(encoding="utf-8"))["engine"]
    return tuple(
        Engine(
            kind=row["kind"],
            version=row["version"],
            python=row["python"],
            requires=tuple(row["requires"]),
            bare=tuple(row.get("bare", ())),
            machines=tuple(row["machines"]),
            default=row.get("default", False),
            title=row.get("title", ""),
            format=_format(row) if "format" in row else None,
        )
        for row in rows
    )


def _format(row: dict[str, Any]) -> FileFormat:
    return FileFormat(row["format"], row["suffix"], row.get("converter", row["kind"]), row.get("weights", ""))


def formats() -> dict[str, Engine]:
    """The engines that have a format of their own, by its name."""
    return {one.format.name: one for one in engines() if one.format is not None}


def format_of(file: Path) -> FileFormat | None:
    """That of a file with such a name, where an engine has one of its own."""
    known = (one.format for one in formats().values() if one.format)
    return next((one for one in known if file.name.endswith(one.suffix)), None)


def engine(kind: str, version: str | None = None) -> Engine:
    """The engine of that kind and version; the kind's default or only one where none is named. Raises `UsageError`."""
    of_kind = [e for e in engines() if e.kind == kind]
    for candidate in of_kind:
        if candidate.version == version or (version is None and (candidate.default or len(of_kind) == 1)):
            return candidate
    known = ", ".join(e.version for e in of_kind)
    raise UsageError(f"there is no {kind} engine of version {version!r}", hint=f"known versions: {known}")
