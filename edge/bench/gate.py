"""The thermal gate: a measurement starts on a device that is cool, or says that it did not.

The rule is AndroidX Benchmark's (nothing above THERMAL_STATUS_NONE counts), plus the hottest CPU, skin and battery zones
being near the coolest that the device is known at, from this session and earlier ones: a phone that is hot when a session
begins is no baseline (docs/explanation/measurement.md). A device that cools no further is as cool as the room lets it be,
and is measured with a note. What cannot be read is "unknown", never "fine".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from edge.device.base import SOFT_LIMIT, UNDER_VOLTAGE, Thermal
from edge.results.reasons import Code, Remark

Verdict = Literal["fine", "hot", "unknown"]

# PowerManager.THERMAL_STATUS_*
STATUS_NAMES = ("NONE", "LIGHT", "MODERATE", "SEVERE", "CRITICAL", "EMERGENCY", "SHUTDOWN")


@dataclass(frozen=True, slots=True)
class Gate:
    """How cool is cool enough, and how long to wait for it. Times in seconds, temperatures in 1/1000 °C."""

    poll_seconds: float = 1.0
    limit_seconds: float = 300.0
    margin_millicelsius: int = 5_000  # of skin and battery, which change in minutes
    cpu_margin_millicelsius: int = 10_000  # of a CPU zone, which changes within a second of load
    settled_seconds: float = 60.0  # no zone cooled for so long: it will not
    settled_millicelsius: int = 500


@dataclass(frozen=True, slots=True)
class GateResult:
    """How the wait ended. Only `verdict == "hot"` makes the measurement that follows invalid; `reasons` say why."""

    verdict: Verdict
    reasons: tuple[Remark, ...]
    waited_seconds: float
    polls: int
    thermal: Thermal  # the last reading
    settled: bool = False  # it was above the margin, and cooled no further


def hottest(thermal: Thermal) -> dict[str, int]:
    """Of each kind that the gate looks at (cpu, skin, battery), the hottest zone in 1/1000 °C, where one can be read."""
    found: dict[str, int] = {}
    for zone in thermal.zones:
        if zone.kind in _KINDS:
            found[zone.kind] = max(zone.millicelsius, found.get(zone.kind, zone.millicelsius))
    return found


def merged(*known: Mapping[str, int]) -> dict[str, int]:
    """The lowest of each kind."""
    return {
        kind: min(one[kind] for one in known if kind in one) for kind in _KINDS if any(kind in one for one in known)
    }


def judge(thermal: Thermal, coolest: Mapping[str, int], gate: Gate) -> tuple[Verdict, tuple[Remark, ...]]:
    """One reading against the rule. `coolest`: what `hottest` gave at its lowest."""
    hot, unknown = [], []
    if heat := limits_of_heat(thermal):
        hot.append(Code.BOARD_LIMITED(what=", ".join(heat)))
    if thermal.status is None and thermal.limits is None:
        unknown.append(Code.THERMAL_STATUS_UNKNOWN())
    elif thermal.status:
        name = STATUS_NAMES[min(thermal.status, len(STATUS_NAMES) - 1)]
        hot.append(Code.THERMAL_STATUS(name=name, status=thermal.status))
    now = hottest(thermal)
    if "cpu" not in now or "cpu" not in coolest:
        unknown.append(Code.CPU_TEMPERATURE_UNKNOWN())
    for kind, value in now.items():
        if kind in coolest and value > coolest[kind] + _margin(kind, gate):
            above = (value - coolest[kind]) / 1000
            hot.append(Code.ABOVE_COOLEST(zone=_KINDS[kind], celsius=value / 1000, above=above))
    if hot:
        return "hot", tuple(hot)
    return ("unknown", tuple(unknown)) if unknown else ("fine", ())


def limits_of_heat(thermal: Thermal) -> tuple[str, ...]:
    """What holds a board's clocks down because it is hot: of a board with too little voltage the temperature limit alone,
    for its firmware lowers the clocks against that, too, and says it with the same flags."""
    limits = thermal.limits or ()
    return tuple(one for one in limits if one == SOFT_LIMIT) if UNDER_VOLTAGE in limits else limits


def sign_of_voltage(before: Thermal, after: Thermal) -> Remark | None:
    """Whether a board had too little voltage before a launch or after it."""
    short = [one.limits for one in (before, after) if one.limits and UNDER_VOLTAGE in one.limits]
    return Code.UNDER_VOLTAGE(what=", ".join(dict.fromkeys(sum(short, ())))) if short else None


def wait_until_cool(
    read: Callable[[], Thermal],
    coolest: Mapping[str, int],
    gate: Gate | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    on_wait: Callable[[tuple[Remark, ...]], None] | None = None,
) -> GateResult:
    """Poll `read` (a device's `thermal`) until it is not hot or cools no further, at most `limit_seconds`.

    `on_wait(reasons)` is called before each pause. What `read` raises passes through.
    """
    gate = gate or Gate()
    start = clock()
    polls = 0
    lowest: dict[str, int] = {}
    cooled = start
    while True:
        thermal = read()
        polls += 1
        verdict, reasons = judge(thermal, coolest, gate)
        waited = clock() - start
        for kind, value in hottest(thermal).items():
            if value <= lowest.get(kind, value + gate.settled_millicelsius) - gate.settled_millicelsius:
                lowest[kind], cooled = value, clock()
        settled = (
            verdict == "hot"
            and not thermal.status
            and not limits_of_heat(thermal)
            and clock() - cooled >= gate.settled_seconds
        )
        left = gate.limit_seconds - waited
        if verdict != "hot" or settled or left < _MOMENT:
            return GateResult("fine" if settled else verdict, reasons, waited, polls, thermal, settled)
        if on_wait is not None:
            on_wait(reasons)
        sleep(min(gate.poll_seconds, left))


_MOMENT = 1e-3  # seconds that are not worth another reading
_KINDS = {"cpu": "hottest CPU zone", "skin": "skin", "battery": "battery"}


def _margin(kind: str, gate: Gate) -> int:
    return gate.cpu_margin_millicelsius if kind == "cpu" else gate.margin_millicelsius
