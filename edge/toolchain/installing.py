"""uv installs; what it shows on a terminal is read for what is being fetched and how far it is, and kept in a log."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from edge.cache.leash import Leashed
from edge.cache.paths import cache_dir
from edge.errors import EnvironmentSetupError
from edge.toolchain import interpreter

Working = Callable[[str, int, int], None]
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_FETCHED = re.compile(r"([A-Za-z0-9][\w.-]*)\s+-*\s*([\d.]+) (B|KiB|MiB|GiB)/([\d.]+) (B|KiB|MiB|GiB)")
_UNIT = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_COLUMNS = 200  # so that no name of a package is cut
_TELLING = 6  # lines of an error


def uv_install(name: str, *commands: tuple[str, ...], working: Working) -> None:
    """Run uv with each of the commands; `name` says for what. `working` hears of downloads in bytes.

    Raises `EnvironmentSetupError`, with what uv said at its end and where all of it is kept.
    """
    log = cache_dir() / "logs" / f"install-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as kept:
        for command in commands:
            code, last = _run(command, lambda text: kept.write(text.encode()), Downloads(working))
            if code != 0:
                raise EnvironmentSetupError(
                    f"the packages of {name} could not be installed: " + " / ".join(last[-_TELLING:]),
                    hint="check the connection to the package index and the free disk space, then run it again; "
                    f"all that uv said: {log}",
                )
    log.unlink()  # of use where it failed only


class Downloads:
    """What uv's progress bars say, added up over packages."""

    def __init__(self, working: Working) -> None:
        self._working = working
        self._have: dict[str, int] = {}
        self._all: dict[str, int] = {}

    def read(self, text: str) -> None:
        """A piece of what uv wrote; of a package that is shown no more, all is here."""
        found = {name: (_bytes(have, unit), _bytes(size, of)) for name, have, unit, size, of in _FETCHED.findall(text)}
        if not found:
            if "Prepared" in text or "Installed" in text:
                self._working("unpacking", sum(self._all.values()), sum(self._all.values()))
            return
        for name in self._all.keys() - found.keys():
            self._have[name] = self._all[name]
        for name, (have, size) in found.items():
            self._have[name] = max(have, self._have.get(name, 0))
            self._all[name] = size
        largest = max(found, key=lambda name: found[name][1] - found[name][0])
        self._working(f"downloading {largest}", sum(self._have.values()), sum(self._all.values()))


def _run(command: tuple[str, ...], keep: Callable[[str], object], downloads: Downloads) -> tuple[int, list[str]]:
    """Its exit code, and the lines that it left."""
    shown, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, _COLUMNS, 0, 0))
    # Held: it would go on after kill -9, in the folder that the next edgezoo has begun anew.
    try:
        uv = Leashed(
            [interpreter.uv(), *command], stdin=theirs, stdout=theirs, stderr=theirs, env=_environment(os.environ)
        )
    finally:
        os.close(theirs)
    lines: list[str] = []
    try:
        for text in _text(shown):
            plain = _STYLE.sub("", text)
            downloads.read(plain)
            if told := [line.strip() for line in re.split(r"[\r\n]+", plain) if _stays(line)]:
                keep("\n".join(told) + "\n")
                lines = [*lines, *told][-20:]
        return uv.wait(), lines
    finally:
        uv.end()
        os.close(shown)


def _stays(line: str) -> bool:
    return (
        bool(line.strip())
        and not _FETCHED.search(line)
        and not re.match(r"\s*[\u2800-\u28ff\u2591-\u2593\u2588]", line)
    )


def _text(terminal: int) -> Iterator[str]:
    """What is written there, until nobody has it open any more (EIO)."""
    rest = b""
    with suppress(OSError):
        while piece := os.read(terminal, 1 << 16):
            whole, end, rest = (rest + piece).rpartition(b"m")  # not in the middle of an escape or a character
            yield (whole + end).decode(errors="replace")
    yield rest.decode(errors="replace")


def _environment(of: Mapping[str, str]) -> dict[str, str]:
    """Of uv: no other environment than the one named, and progress wherever edgezoo itself runs."""
    gone = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "CI", "NO_COLOR", "UV_NO_PROGRESS")
    return {name: value for name, value in of.items() if name not in gone} | {"TERM": "xterm"}


def _bytes(number: str, unit: str) -> int:
    return round(float(number) * _UNIT[unit])
