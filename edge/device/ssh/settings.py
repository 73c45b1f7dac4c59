"""The clocks of a board while it is measured: the governor "performance", where sudo allows it without a password.

A governor is put back only where it is still the one that was set: what the user chose meanwhile stays.

Source: kernel Documentation/admin-guide/pm/cpufreq.rst.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from edge.device.base import AppliedSettings
from edge.device.shell.journal import Journal
from edge.device.shell.way import Way
from edge.errors import FormatError, SettingsLeftError
from edge.typed import decode
from edge.untrusted.guard import brief

_GOVERNOR = "performance"
_POLICIES = "/sys/devices/system/cpu/cpufreq"
_POLICY = re.compile(r"policy[0-9]{1,4}")
_NAME = re.compile(r"[a-z0-9_]{1,15}")  # CPUFREQ_NAME_LEN is 16
_ROOT = 's=; [ "$(id -u)" = 0 ] || s="sudo -n"'


@dataclass(frozen=True, slots=True)
class Governors:
    """What was found and is to be put back: the governor of each policy; of none where it may not be changed."""

    governors: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> Governors | None:
        try:
            found = decode(text, cls, "")
        except FormatError:
            return None
        sound = all(_POLICY.fullmatch(one) and _NAME.fullmatch(name) for one, name in found.governors.items())
        return found if sound else None  # it becomes part of a command

    def line(self) -> str:
        return json.dumps({"governors": self.governors})


class BoardSettings:
    """The settings of one board."""

    def __init__(self, way: Way) -> None:
        self._way, self._journal = way, Journal(way)

    def put_right(self) -> bool:
        before = self._journal.left(Governors.parse)
        if before is not None:
            self.restore(before)
        return before is not None

    def look(self) -> Governors:
        """The governors that may be changed: it is tried by writing the one that holds."""
        script = "\n".join(
            [
                _ROOT,
                f"for p in {_POLICIES}/policy*; do",
                "  g=; [ -r $p/scaling_governor ] && read -r g <$p/scaling_governor",
                f'  case " $(cat $p/scaling_available_governors 2>/dev/null) " in *" {_GOVERNOR} "*) ;; *) continue;; esac',
                '  echo "$g" | $s tee $p/scaling_governor >/dev/null 2>&1 && echo "${p##*/} $g"',
                "done; true",
            ]
        )
        pairs = [line.split() for line in self._answer(script).splitlines()]
        return Governors(
            {one[0]: one[1] for one in pairs if len(one) == 2 and _POLICY.fullmatch(one[0]) and _NAME.fullmatch(one[1])}
        )

    def note(self, before: Governors) -> None:
        self._journal.write(before.line())

    def change(self, before: Governors) -> AppliedSettings:
        """The governor counts as set where every policy of the board has it."""
        lines = [
            f"echo {_GOVERNOR} | $s tee {_POLICIES}/{policy}/scaling_governor >/dev/null 2>&1"
            for policy in before.governors
        ]
        script = "\n".join([_ROOT, *lines, f"cat {_POLICIES}/policy*/scaling_governor 2>/dev/null"])
        now = self._answer(script).split()
        fixed = bool(now) and set(now) == {_GOVERNOR}
        return AppliedSettings(fixed_performance=False, stay_awake=False, governor=_GOVERNOR if fixed else None)

    def restore(self, before: Governors) -> None:
        """Put back, read back, then strike out what was written down. Raises SettingsLeftError where it is not as it was."""
        changed = {policy: governor for policy, governor in before.governors.items() if governor != _GOVERNOR}
        lines = [
            f"f={_POLICIES}/{policy}/scaling_governor; e=; g=; [ ! -e $f ] || read -r g <$f || g=unreadable\n"
            f'[ "$g" != {_GOVERNOR} ] || {{ e="$(echo {governor} | $s tee $f 2>&1 >/dev/null)"; read -r g <$f; }}\n'
            f'case "$g" in {_GOVERNOR}|unreadable) echo "{policy} $g" $e;; esac'
            for policy, governor in changed.items()
        ]
        left = [line.split(maxsplit=2) for line in self._answer("\n".join([_ROOT, *lines, "true"])).splitlines()]
        left = [words for words in left if len(words) > 1 and words[0] in changed]
        if left:
            raise self._left(changed, left)
        self._journal.strike_out()

    def _left(self, changed: dict[str, str], left: list[list[str]]) -> SettingsLeftError:
        told = "; ".join(f"of {one[0]} it is {brief(one[1])}, and was {changed[one[0]]}" for one in left)
        said = next((f" ({brief(one[2])})" for one in left if len(one) > 2), "")
        mend = "; ".join(f"echo {changed[one[0]]} | sudo tee {_POLICIES}/{one[0]}/scaling_governor" for one in left)
        return SettingsLeftError(
            f"the governor of {self._way.serial} could not be put back: {told}{said}",
            hint=f"on the board: {mend} (or restart it); the next run tries again before it measures",
        )

    def _answer(self, script: str) -> str:
        return self._way.execute(script).stdout.decode(errors="replace")
