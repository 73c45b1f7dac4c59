"""Settings for measuring, and their way back: through every exit path, and after a kill at the next run.

What is changed is written down before it is changed, on this machine and on the device (another machine may be the
next), and a value is put back only if it is still the one that was set: what the user chose meanwhile stays.

Sources: PowerManagerShellCommand (set-fixed-performance-mode-enabled, API 30), Settings.Global
(STAY_ON_WHILE_PLUGGED_IN).
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

from edge.cache.files import write_text
from edge.device.adb.layout import JOURNAL
from edge.device.adb.link import Link
from edge.device.base import AppliedSettings
from edge.device.owner import device_file
from edge.errors import FormatError, OutputError
from edge.typed import decode
from edge.untrusted.files import read_loosely
from edge.untrusted.numbers import count

FIXED_PERFORMANCE_SDK = 30
_STAY_ON = "global stay_on_while_plugged_in"
_ANY_PLUG = "7"  # AC, USB, wireless
_FIXED = "cmd power set-fixed-performance-mode-enabled"


@dataclass(frozen=True, slots=True)
class Before:
    """What was found and is to be put back; None: not touched."""

    stay_on: str | None  # the setting's text, "null" where it was never set
    fixed_performance: bool | None

    @classmethod
    def parse(cls, text: str) -> Before | None:
        try:
            before = decode(text, cls, "")
        except FormatError:
            return None
        return before if before.stay_on is None or _is_setting(before.stay_on) else None  # it becomes part of a command

    def line(self) -> str:
        return json.dumps({"stay_on": self.stay_on, "fixed_performance": self.fixed_performance})


class Settings:
    """The settings of one device."""

    def __init__(self, link: Link, sdk: int | None) -> None:
        self._link = link
        self._offers_fixed = sdk is not None and sdk >= FIXED_PERFORMANCE_SDK

    def put_right(self) -> bool:
        """Put back what an edgezoo that was killed left changed; returns whether there was anything."""
        there = self._link.execute(f"[ ! -f {JOURNAL} ] || cat {JOURNAL}").stdout.decode(errors="replace")
        here = _read(self._file)
        before = Before.parse(there) or Before.parse(here)
        if before is not None:
            self.restore(before)
        elif there or here:
            self._forget()  # cut off while it was written: nothing had been changed yet
        return before is not None

    def look(self) -> Before:
        """What holds now. Fixed performance mode cannot be asked for: off is its default."""
        stay_on = self._link.execute(f"settings get {_STAY_ON} 2>/dev/null").stdout.decode(errors="replace").strip()
        return Before(stay_on if _is_setting(stay_on) else None, False if self._offers_fixed else None)

    def change(self, before: Before) -> AppliedSettings:
        """Set what is to hold, after `before` was noted."""
        commands = []
        if before.stay_on is not None:
            commands.append(f"settings put {_STAY_ON} {_ANY_PLUG} >/dev/null 2>&1")
        if before.fixed_performance is not None:
            commands.append(f"{_FIXED} true >/dev/null 2>&1 && echo fixed")
        commands.append(f"settings get {_STAY_ON} 2>/dev/null")
        states = self._link.execute("\n".join(commands)).stdout.decode(errors="replace").split()
        return AppliedSettings(fixed_performance="fixed" in states, stay_awake=_ANY_PLUG in states)

    def restore(self, before: Before) -> None:
        """Put back, then strike out what was written down."""
        commands = []
        if before.stay_on is not None and before.stay_on != _ANY_PLUG:
            back = f"delete {_STAY_ON}" if before.stay_on == "null" else f"put {_STAY_ON} {before.stay_on}"
            still_ours = f'[ "$(settings get {_STAY_ON} 2>/dev/null)" = {_ANY_PLUG} ]'
            commands.append(f"{still_ours} && settings {back} >/dev/null")
        if before.fixed_performance is not None:
            commands.append(f"{_FIXED} {'true' if before.fixed_performance else 'false'} >/dev/null 2>&1")
        self._link.execute("\n".join([*commands, "true"]))
        self._forget()

    @property
    def _file(self) -> Path:
        return device_file(self._link.serial, ".settings.json")

    def note(self, before: Before) -> None:
        """Write `before` down, here and on the device. Raises OutputError if it cannot be done here."""
        write_text(self._file, before.line() + "\n", hint="set EDGEZOO_DATA_DIR", parents=True)
        self._link.execute(f"mkdir -p {JOURNAL.parent}; echo {shlex.quote(before.line())} >{JOURNAL}")

    def _forget(self) -> None:
        self._link.execute(f"rm -f {JOURNAL}")
        self._file.unlink(missing_ok=True)


def _is_setting(text: str) -> bool:
    return text == "null" or count(text) is not None


def _read(path: Path) -> str:
    try:
        return read_loosely(path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {error.strerror}") from error
