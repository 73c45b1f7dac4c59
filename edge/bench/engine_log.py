"""What Paddle-Lite says on standard error and does not tell in any other way.

The engine goes on after each of these and would let a wrong measurement pass for a right one. The words are those of
lite/core/device_info.cc and lite/model_parser/model_parser.cc ("offine" is theirs). However often they come, each is
reported once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["threads_truncated", "cores_offline", "binding_failed", "other_cores", "version_mismatch"]


@dataclass(frozen=True, slots=True)
class EngineWarning:
    """Something the engine did otherwise than asked. `message` is one sentence with what to make of it."""

    kind: Kind
    message: str


_Match = re.Match[str]
_KNOWN: tuple[tuple[Kind, re.Pattern[str], Callable[[_Match], str]], ...] = (
    (
        "threads_truncated",
        re.compile(r"Request thread num: (\d+), exceed the (\w+) cores size: \d+, truncate thread num to (\d+)"),
        lambda m: f"the engine ran {m[3]} threads instead of {m[1]}: there are no more {m[2]} cores",
    ),
    (
        "cores_offline",
        re.compile(r"CPU id:\s*(\d+) is off?l?ine"),
        lambda m: f"core {m[1]} was offline, so the engine did not bind its threads",
    ),
    (
        "cores_offline",
        re.compile(r"Some cores are offline, switch to NO BIND MODE"),
        lambda _: "some cores were offline, so the engine did not bind its threads",
    ),
    (
        "binding_failed",
        re.compile(r"Set cpu affinity failed, core id: (\d+)"),
        lambda m: f"the engine could not bind its threads to core {m[1]}",
    ),
    (
        "other_cores",
        re.compile(r"(HIGH|LOW) POWER MODE is not support, switch to (big|little) cores"),
        lambda m: f"the device has no cores for power mode {m[1]}: the {m[2]} ones ran",
    ),
    (
        "version_mismatch",
        re.compile(r"version of opt:(\S+)\s+version of current Paddle-Lite:(\S+)"),
        lambda m: f"the model was converted by opt {m[1]}, the engine is {m[2]}: an older engine may misread it",
    ),
)


def engine_warnings(stderr: str) -> tuple[EngineWarning, ...]:
    """The warnings in the engine's chatter, each once, in the order of their first appearance."""
    found: list[tuple[int, EngineWarning]] = []
    seen: set[str] = set()
    for kind, pattern, sentence in _KNOWN:
        for match in pattern.finditer(stderr):
            message = sentence(match)
            if message not in seen:
                seen.add(message)
                found.append((match.start(), EngineWarning(kind, message)))
    return tuple(warning for _, warning in sorted(found, key=lambda item: item[0]))
