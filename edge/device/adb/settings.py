"""Settings for measuring, and their way back: through every exit path, and after a kill at the next run.

A value is put back only if it is still the one that was set: what the user chose meanwhile stays.

Sources: PowerManagerShellCommand (set-fixed-performance-mode-enabled, API 30), Settings.Global
(STAY_ON_WHILE_PLUGGED_IN).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from edge.device.base import AppliedSettings
from edge.device.shell.journal import Journal
from edge.device.shell.way import Way
from edge.errors import FormatError, SettingsLeftError
from edge.typed import decode
from edge.untrusted.numbers import count

FIXED_PERFORMANCE_SDK = 30
_STAY_ON = "global stay_on_while_plugged_in"
_ANY_PLUG = "7"  # AC, USB, wireless
_FIXED = "cmd power set-fixed-performance-mode-enabled"
_NAMES = {"awake": "the setting stay_on_while_plugged_in", "fixed": "fixed performance mode"}


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


class AndroidSettings:
    """The settings of one device."""

    def __init__(self, way: Way, sdk: int | None) -> None:
        self._way, self._journal = way, Journal(way)
        self._offers_fixed = sdk is not None and sdk >= FIXED_PERFORMANCE_SDK
        self._fixed = False  # whether it was set by this object

    def put_right(self) -> bool:
        """Put back what an edgezoo that was killed left changed; returns whether there was anything."""
        before = self._journal.left(Before.parse)
        if before is not None:
            self.restore(before)
        return before is not None

    def look(self) -> Before:
        """What holds now. Fixed performance mode cannot be asked for: off is its default."""
        stay_on = self._way.execute(f"settings get {_STAY_ON} 2>/dev/null").stdout.decode(errors="replace").strip()
        return Before(stay_on if _is_setting(stay_on) else None, False if self._offers_fixed else None)

    def change(self, before: Before) -> AppliedSettings:
        """Set what is to hold, after `before` was noted."""
        commands = []
        if before.stay_on is not None:
            commands.append(f"settings put {_STAY_ON} {_ANY_PLUG} >/dev/null 2>&1")
        if before.fixed_performance is not None:
            commands.append(f"{_FIXED} true >/dev/null 2>&1 && echo fixed")
        commands.append(f"settings get {_STAY_ON} 2>/dev/null")
        states = self._way.execute("\n".join(commands)).stdout.decode(errors="replace").split()
        self._fixed = "fixed" in states
        return AppliedSettings(fixed_performance=self._fixed, stay_awake=_ANY_PLUG in states)

    def restore(self, before: Before) -> None:
        """Put back, read back, then strike out what was written down. Raises SettingsLeftError where it is not as it was.

        Fixed performance mode cannot be read: there the command's own word counts, of a device that took it before.
        """
        commands, by_hand = [], {}
        if before.stay_on is not None and before.stay_on != _ANY_PLUG:
            back = f"delete {_STAY_ON}" if before.stay_on == "null" else f"put {_STAY_ON} {before.stay_on}"
            still_ours = f'[ "$(settings get {_STAY_ON} 2>/dev/null)" = {_ANY_PLUG} ]'
            commands.append(f"{still_ours} && settings {back} >/dev/null 2>&1; {still_ours} && echo awake")
            by_hand["awake"] = f"settings {back}"
        if before.fixed_performance is not None:
            mode = f"{_FIXED} {'true' if before.fixed_performance else 'false'}"
            commands.append(f"{mode} >/dev/null 2>&1 || echo fixed")
            if self._fixed:
                by_hand["fixed"] = mode
        said = self._way.execute("\n".join([*commands, "true"])).stdout.decode(errors="replace").split()
        if left := [name for name in by_hand if name in said]:
            raise SettingsLeftError(
                f"{' and '.join(_NAMES[name] for name in left)} of {self._way.serial} could not be put back as it was",
                hint="; ".join(f"adb -s {self._way.serial} shell {by_hand[name]}" for name in left)
                + "; the next run tries again before it measures",
            )
        self._journal.strike_out()

    def note(self, before: Before) -> None:
        """Write `before` down, here and on the device. Raises OutputError if it cannot be done here."""
        self._journal.write(before.line())


def _is_setting(text: str) -> bool:
    return text == "null" or count(text) is not None
