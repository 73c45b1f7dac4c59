"""What was changed on a device and is to be put back, written down before it is changed.

Here and on the device: another machine may be the next, or the device an emptied one. Whoever locks the device next puts
back what a killed edgezoo left.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edge.cache.files import write_text
from edge.device.owner import device_file
from edge.device.shell.way import Way
from edge.errors import OutputError
from edge.untrusted.files import read_loosely

Found = TypeVar("Found")


class Journal:
    """One line of text that says what was found, while it is changed."""

    def __init__(self, way: Way) -> None:
        self._way = way

    def left(self, parse: Callable[[str], Found | None]) -> Found | None:
        """What a killed edgezoo left changed, as `parse` reads it: on the device, else here.

        A line that was cut off is struck out: while it was written nothing had been changed yet.
        """
        place = self._way.layout.journal
        there = self._way.execute(f"[ ! -f {place} ] || cat {place}").stdout.decode(errors="replace")
        here = _read(self._file)
        found = parse(there) or parse(here)
        if found is None and (there or here):
            self.strike_out()
        return found

    def write(self, line: str) -> None:
        """Raises OutputError if it cannot be done here."""
        write_text(self._file, line + "\n", hint="set EDGEZOO_DATA_DIR", parents=True)
        place = self._way.layout.journal
        self._way.execute(f"mkdir -p {place.parent}; echo {shlex.quote(line)} >{place}")

    def strike_out(self) -> None:
        """All is as it was."""
        self._way.execute(f"rm -f {self._way.layout.journal}")
        self._file.unlink(missing_ok=True)

    @property
    def _file(self) -> Path:
        return device_file(self._way.serial, ".settings.json")


def _read(path: Path) -> str:
    try:
        return read_loosely(path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {error.strerror}") from error
