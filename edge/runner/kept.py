"""The benchmark programs in the user's data directory: what each is made of, and which one a device takes.

A program's name says what it runs on and with which engine: `android-arm64-v8a-paddle-lite`, `linux-arm64-onnxruntime`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from typing import Literal

from edge import __version__, typed
from edge.cache.files import atomic_write, clear, write_text
from edge.cache.hashing import sha256_of
from edge.cache.locks import exclusive
from edge.cache.paths import data_dir
from edge.device.elf import abi_of
from edge.device.usable import BOARD_PROGRAMS
from edge.errors import FormatError, RunnerBuildError, UsageError
from edge.runner.options import ENGINES
from edge.runner.ort_library import check_library
from edge.untrusted.files import read_file

_FACTS = "runner.json"
_PROGRAM = "edgebench"
_LIBRARY = "libonnxruntime.so"
_MARK = re.compile(rb"edgebench-program engine=([a-z-]+) contract=(\d+)\0")
_NAME = re.compile(rf"(android-arm64-v8a|android-armeabi-v7a|linux-arm64|linux-armv7|host)-({'|'.join(ENGINES)})")
_ANDROID_LINKER = re.compile(rb"/system/bin/linker(64)?\0")


@dataclass(frozen=True, slots=True)
class RunnerSource:
    """Where the engine in a program is from; `sha256` and `bytes` of the archive or library, where there is one."""

    place: str
    sha256: str | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class KeptRunner:
    """A program and what it is made of. `asked` is the key of all that, `sources` of the code; of one that was added they are
    empty."""

    name: str
    engine: str
    contract: int
    sha256: str
    bytes: int
    made: Literal["built", "added"]
    when: str  # ISO 8601, UTC
    edgezoo: str
    source: RunnerSource
    engine_version: str | None = None
    compiler: str | None = None
    asked: str = ""
    sources: str = ""

    @property
    def path(self) -> Path:
        """The program."""
        return folder(self.name) / _PROGRAM

    @property
    def library(self) -> Path | None:
        """The engine that it opens at run time."""
        return self.path.with_name(_LIBRARY) if self.engine == "onnxruntime" else None

    @property
    def platform(self) -> str:
        """What it runs on: `host`, `linux-arm64`, `linux-armv7`, or `android-` and the ABI."""
        return self.name.removesuffix(f"-{self.engine}")


def root() -> Path:
    """The folder of them all."""
    return data_dir() / "runners"


def folder(name: str) -> Path:
    """The folder of one."""
    return root() / name


def runners() -> Iterator[KeptRunner]:
    """All that are there and whole, by name."""
    for place in sorted(root().glob("*")):
        if (found := read(place.name)) is not None:
            yield found


def read(name: str) -> KeptRunner | None:
    """The program of that name; None where there is none, or it is not what was made."""
    try:
        known = typed.decode(read_file(folder(name) / _FACTS), KeptRunner, name)
        whole = known.name == name and sha256_of(known.path) == known.sha256
        whole = whole and (known.library is None or sha256_of(known.library) == known.source.sha256)
    except (OSError, FormatError):
        return None
    engine = known.path.parent / "engine" / "liblite_pybind.so"  # of the host: in the cache, which may be deleted
    return known if whole and (engine.exists() or not engine.is_symlink()) else None


def keep(
    name: str,
    *,
    made: Literal["built", "added"],
    source: RunnerSource,
    engine_version: str | None = None,
    compiler: str | None = None,
    asked: str = "",
    sources: str = "",
) -> KeptRunner:
    """Write down what the program is that lies in the folder of that name; returns it."""
    program = folder(name) / _PROGRAM
    engine, contract = marked(program)
    known = KeptRunner(
        name,
        engine,
        contract,
        sha256_of(program),
        program.stat().st_size,
        made,
        datetime.now(UTC).isoformat(timespec="seconds"),
        __version__,
        source,
        engine_version,
        compiler,
        asked,
        sources,
    )
    write_text(folder(name) / _FACTS, typed.encode(known) + "\n")
    return known


def marked(program: Path) -> tuple[str, int]:
    """The engine in a program and its device contract, as they stand in the file. Raises `RunnerBuildError`."""
    found = set(_MARK.findall(read_file(program)))
    if len(found) != 1:
        raise RunnerBuildError(
            f"{program} is no edgebench, or of an edgezoo that did not write its engine into it",
            hint="build it again: edgezoo runner build; any program can be named to one command with --runner PATH",
        )
    engine, contract = found.pop()
    return engine.decode(), int(contract)


def add(program: Path) -> KeptRunner:
    """Keep a copy of a program that was built elsewhere; it takes the place of one of the same name.

    Raises `UsageError` for what is no file, `RunnerBuildError` for what is no edgebench for a device or this machine.
    """
    if not program.is_file():
        raise UsageError(f"{program} is no file", hint="name the program itself")
    engine, _ = marked(program)
    beside = program.with_name(_LIBRARY)
    if engine == "onnxruntime" and not beside.is_file():
        raise UsageError(f"{program} opens {_LIBRARY} at run time, and that is not beside it", hint="put it there")
    name = f"{_platform(program)}-{engine}"
    if engine == "onnxruntime":
        check_library(beside, name.removesuffix(f"-{engine}"), str(beside))
    with exclusive(folder(name).with_name(f"{name}.lock")), whole_or_none(name):
        with atomic_write(folder(name) / _PROGRAM, parents=True) as part:
            copyfile(program, part)
            part.chmod(0o755)
        source = RunnerSource(str(program.absolute()))
        if engine == "onnxruntime":
            source = place_library(name, beside, str(program.absolute()))
        return keep(name, made="added", source=source)


def place_library(name: str, library: Path, source: str) -> RunnerSource:
    """Copy the engine's library beside the program of that name."""
    with atomic_write(folder(name) / _LIBRARY, parents=True) as part:
        copyfile(library, part)
    placed = folder(name) / _LIBRARY
    return RunnerSource(source, sha256_of(placed), placed.stat().st_size)


@contextmanager
def whole_or_none(name: str) -> Iterator[None]:
    """However what makes the program ends, also by a signal: its folder holds a whole program, or is not there."""
    try:
        yield
    except BaseException:
        if folder(name).is_dir() and read(name) is None:
            clear(folder(name))
        raise


def remove(name: str) -> None:
    """Remove it. Raises `UsageError` where there is none of that name."""
    if _NAME.fullmatch(name) is None or not folder(name).is_dir():
        there = ", ".join(place.name for place in sorted(root().glob("*")) if place.is_dir()) or "none"
        raise UsageError(f"there is no runner {name!r}", hint=f"known: {there}")
    with exclusive(folder(name).with_name(f"{name}.lock")):
        clear(folder(name))


def for_device(kind: str, abis: Sequence[str], engine: str = "paddle-lite") -> KeptRunner | None:
    """The program that a device takes: for its first ABI that there is one for; a static one for Linux runs on Android, too.

    One that opens a library at run time needs the loader of the system there: on a board only its first ABI has one. Where
    none has the engine, one that only pretends to compute, if there is one: its numbers are not kept as any.
    """
    if kind == "host":
        platforms = ["host"]
    elif kind == "linux":
        platforms = [BOARD_PROGRAMS[abi] for abi in abis if abi in BOARD_PROGRAMS]
    else:
        platforms = [place for abi in abis for place in (f"android-{abi}", BOARD_PROGRAMS.get(abi, "")) if place]
    for one in dict.fromkeys((engine, "synthetic")):
        for platform in platforms[:1] if (kind, one) == ("linux", "onnxruntime") else platforms:
            if (found := read(f"{platform}-{one}")) is not None:
                return found
    return None


def _platform(program: Path) -> str:
    abi = abi_of(program)
    if abi == "x86_64":
        return "host"
    if abi in BOARD_PROGRAMS:
        android = _ANDROID_LINKER.search(read_file(program)[: 1 << 16])
        return f"android-{abi}" if android else BOARD_PROGRAMS[abi]
    raise RunnerBuildError(f"{program} is for {abi or 'no processor that is known'}: no device of edgezoo's runs it")
