"""What Paddle-Lite says on standard error and does not tell in any other way.

The engine goes on after each of these and would let a wrong measurement pass for a right one. The words are those of
lite/core/device_info.cc and lite/model_parser/model_parser.cc ("offine" is theirs). However often they come, each is
reported once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from edge.results.reasons import Code, Remark

Kind = Literal["threads_truncated", "cores_offline", "binding_failed", "other_cores", "version_mismatch"]


@dataclass(frozen=True, slots=True)
class EngineWarning:
    """Something the engine did otherwise than asked, and what is to be said of the measurement."""

    kind: Kind
    remark: Remark

    @property
    def message(self) -> str:
        """One sentence."""
        return str(self.remark)


# The groups of a pattern fill the blanks of its remark.
_KNOWN: tuple[tuple[Kind, re.Pattern[str], Code], ...] = (
    (
        "threads_truncated",
        re.compile(
            r"Request thread num: (?P<asked>\d+), exceed the (?P<kind>\w+) cores size: \d+, truncate thread num to (?P<ran>\d+)"
        ),
        Code.THREADS_TRUNCATED,
    ),
    ("cores_offline", re.compile(r"CPU id:\s*(?P<core>\d+) is off?l?ine"), Code.CORE_OFFLINE),
    ("cores_offline", re.compile(r"Some cores are offline, switch to NO BIND MODE"), Code.CORES_OFFLINE),
    ("binding_failed", re.compile(r"Set cpu affinity failed, core id: (?P<core>\d+)"), Code.BINDING_FAILED),
    (
        "other_cores",
        re.compile(r"(?P<mode>HIGH|LOW) POWER MODE is not support, switch to (?P<kind>big|little) cores"),
        Code.OTHER_CORES,
    ),
    (
        "version_mismatch",
        re.compile(r"version of opt:(?P<opt>\S+)\s+version of current Paddle-Lite:(?P<engine>\S+)"),
        Code.VERSION_MISMATCH,
    ),
)


def engine_warnings(stderr: str) -> tuple[EngineWarning, ...]:
    """The warnings in the engine's chatter, each once, in the order of their first appearance."""
    found: dict[EngineWarning, int] = {}
    for kind, pattern, code in _KNOWN:
        for match in pattern.finditer(stderr):
            found.setdefault(EngineWarning(kind, code(**match.groupdict())), match.start())
    return tuple(sorted(found, key=found.__getitem__))
