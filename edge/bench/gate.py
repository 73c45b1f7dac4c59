"""The thermal gate: a measurement starts on a device that is cool, or says that it did not.

The rule is AndroidX Benchmark's (nothing above THERMAL_STATUS_NONE counts), plus the hottest CPU zone being near its
baseline (docs/explanation/measurement.md). What cannot be read is "unknown", never "fine".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from edge.device.base import Thermal
from edge.results.reasons import Code, Remark

Verdict = Literal["fine", "hot", "unknown"]

# PowerManager.THERMAL_STATUS_*
STATUS_NAMES = ("NONE", "LIGHT", "MODERATE", "SEVERE", "CRITICAL", "EMERGENCY", "SHUTDOWN")


@dataclass(frozen=True, slots=True)
class Gate:
    """How cool is cool enough, and how long to wait for it. Times in seconds, temperatures in 1/1000 °C."""

    poll_seconds: float = 10.0
    limit_seconds: float = 300.0
    margin_millicelsius: int = 5_000


@dataclass(frozen=True, slots=True)
class GateResult:
    """How the wait ended. Only `verdict == "hot"` makes the measurement that follows invalid; `reasons` say why."""

    verdict: Verdict
    reasons: tuple[Remark, ...]
    waited_seconds: float
    polls: int
    thermal: Thermal  # the last reading


def hottest_cpu(thermal: Thermal) -> int | None:
    """Temperature of the hottest CPU zone in 1/1000 °C; None if none can be read."""
    return max((zone.millicelsius for zone in thermal.zones if zone.kind == "cpu"), default=None)


def judge(thermal: Thermal, baseline: int | None, gate: Gate) -> tuple[Verdict, tuple[Remark, ...]]:
    """One reading against the rule. `baseline`: the hottest CPU zone of the idle device (`hottest_cpu`), if known."""
    hot, unknown = [], []
    if thermal.status is None:
        unknown.append(Code.THERMAL_STATUS_UNKNOWN())
    elif thermal.status > 0:
        name = STATUS_NAMES[min(thermal.status, len(STATUS_NAMES) - 1)]
        hot.append(Code.THERMAL_STATUS(name=name, status=thermal.status))
    now = hottest_cpu(thermal)
    if now is None or baseline is None:
        unknown.append(Code.CPU_TEMPERATURE_UNKNOWN())
    elif now > baseline + gate.margin_millicelsius:
        hot.append(Code.CPU_ABOVE_BASELINE(celsius=now / 1000, above=(now - baseline) / 1000))
    if hot:
        return "hot", tuple(hot)
    return ("unknown", tuple(unknown)) if unknown else ("fine", ())


def wait_until_cool(
    read: Callable[[], Thermal],
    baseline: int | None,
    gate: Gate | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    on_wait: Callable[[tuple[Remark, ...]], None] | None = None,
) -> GateResult:
    """Poll `read` (a device's `thermal`) until it is not hot, at most `limit_seconds`.

    `on_wait(reasons)` is called before each pause. What `read` raises passes through.
    """
    gate = gate or Gate()
    start = clock()
    polls = 0
    while True:
        thermal = read()
        polls += 1
        verdict, reasons = judge(thermal, baseline, gate)
        waited = clock() - start
        left = gate.limit_seconds - waited
        if verdict != "hot" or left <= 0:
            return GateResult(verdict, reasons, waited, polls, thermal)
        if on_wait is not None:
            on_wait(reasons)
        sleep(min(gate.poll_seconds, left))
