"""The thermal gate, with a clock that only the pauses move."""

from __future__ import annotations

import pytest

from edge.bench.gate import Gate, Verdict, hottest_cpu, judge, wait_until_cool
from edge.device.base import Thermal, Zone
from edge.results.reasons import Remark

BASELINE = 41_000


def at(status: int | None, *millicelsius: int) -> Thermal:
    zones = tuple(Zone(f"cpu{number}", "cpu", value) for number, value in enumerate(millicelsius))
    return Thermal(status, (*zones, Zone("skin", "skin", 90_000)))


@pytest.mark.parametrize(
    ("thermal", "baseline", "verdict", "reasons"),
    [
        (at(0, 40_000, 46_000), BASELINE, "fine", ()),
        (at(0, 40_000, 46_001), BASELINE, "hot", ("hottest CPU zone at 46.0 °C, 5.0 °C above its baseline",)),
        (at(1, 41_000), BASELINE, "hot", ("thermal status LIGHT (1)",)),
        (at(9, 41_000), BASELINE, "hot", ("thermal status SHUTDOWN (9)",)),
        (at(None, 41_000), BASELINE, "unknown", ("thermal status unknown",)),
        (at(0), BASELINE, "unknown", ("CPU temperature unknown",)),
        (at(0, 41_000), None, "unknown", ("CPU temperature unknown",)),
        (at(None), BASELINE, "unknown", ("thermal status unknown", "CPU temperature unknown")),
        (at(None, 50_000), BASELINE, "hot", ("hottest CPU zone at 50.0 °C, 9.0 °C above its baseline",)),
        (at(3), None, "hot", ("thermal status SEVERE (3)",)),
        (at(0, 141_060), 41_000, "hot", ("hottest CPU zone at 141.1 °C, 100.1 °C above its baseline",)),
    ],
)
def test_one_reading(thermal: Thermal, baseline: int | None, verdict: Verdict, reasons: tuple[str, ...]) -> None:
    found, why = judge(thermal, baseline, Gate())
    assert (found, tuple(map(str, why))) == (verdict, reasons)


def test_hottest_cpu_zone() -> None:
    assert hottest_cpu(at(0, 40_000, 43_000, 42_000)) == 43_000
    assert hottest_cpu(at(0)) is None


class Clock:
    def __init__(self, *readings: Thermal) -> None:
        self.now = 100.0
        self.pauses: list[float] = []
        self._readings = list(readings)

    def read(self) -> Thermal:
        return self._readings.pop(0) if len(self._readings) > 1 else self._readings[0]

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def time(self) -> float:
        return self.now


def test_cool_at_once() -> None:
    clock = Clock(at(0, 41_000))
    result = wait_until_cool(clock.read, BASELINE, clock=clock.time, sleep=clock.sleep)
    assert (result.verdict, result.polls, result.waited_seconds, clock.pauses) == ("fine", 1, 0.0, [])


def test_waits_until_it_has_cooled_down() -> None:
    clock = Clock(at(2, 60_000), at(0, 60_000), at(0, 43_000))
    said: list[tuple[Remark, ...]] = []
    result = wait_until_cool(clock.read, BASELINE, clock=clock.time, sleep=clock.sleep, on_wait=said.append)
    assert (result.verdict, result.reasons, result.polls) == ("fine", (), 3)
    assert (result.waited_seconds, clock.pauses) == (20.0, [10.0, 10.0])
    assert str(said[0][0]) == "thermal status MODERATE (2)"
    assert result.thermal == at(0, 43_000)


def test_stays_hot() -> None:
    clock = Clock(at(2, 41_000))
    result = wait_until_cool(clock.read, BASELINE, Gate(limit_seconds=25), clock=clock.time, sleep=clock.sleep)
    assert (result.verdict, [str(one) for one in result.reasons]) == ("hot", ["thermal status MODERATE (2)"])
    assert (result.waited_seconds, clock.pauses, result.polls) == (25.0, [10.0, 10.0, 5.0], 4)


def test_waits_to_the_last_moment() -> None:
    clock = Clock(at(2, 41_000))
    result = wait_until_cool(clock.read, BASELINE, Gate(limit_seconds=10.5), clock=clock.time, sleep=clock.sleep)
    assert (result.waited_seconds, clock.pauses) == (10.5, [10.0, 0.5])


def test_unknown_is_not_waited_for_and_not_fine() -> None:
    clock = Clock(at(None))
    result = wait_until_cool(clock.read, BASELINE, clock=clock.time, sleep=clock.sleep)
    assert (result.verdict, clock.pauses) == ("unknown", [])
