"""The thermal gate, with a clock that only the pauses move."""

from __future__ import annotations

import pytest

from edge.bench.gate import Gate, Verdict, hottest, judge, merged, wait_until_cool
from edge.device.base import Thermal, Zone
from edge.results.reasons import Remark

COOLEST = {"cpu": 41_000}


def at(status: int | None, *millicelsius: int) -> Thermal:
    zones = tuple(Zone(f"cpu{number}", "cpu", value) for number, value in enumerate(millicelsius))
    return Thermal(status, (*zones, Zone("gpu", "gpu", 90_000)))


@pytest.mark.parametrize(
    ("thermal", "coolest", "verdict", "reasons"),
    [
        (at(0, 40_000, 51_000), COOLEST, "fine", ()),
        (at(0, 40_000, 51_001), COOLEST, "hot", ("hottest CPU zone at 51.0 °C, 10.0 °C above its coolest",)),
        (at(1, 41_000), COOLEST, "hot", ("thermal status LIGHT (1)",)),
        (at(9, 41_000), COOLEST, "hot", ("thermal status SHUTDOWN (9)",)),
        (at(None, 41_000), COOLEST, "unknown", ("thermal status unknown",)),
        (at(0), COOLEST, "unknown", ("CPU temperature unknown",)),
        (at(0, 41_000), {}, "unknown", ("CPU temperature unknown",)),
        (at(None), COOLEST, "unknown", ("thermal status unknown", "CPU temperature unknown")),
        (at(None, 55_000), COOLEST, "hot", ("hottest CPU zone at 55.0 °C, 14.0 °C above its coolest",)),
        (at(3), {}, "hot", ("thermal status SEVERE (3)",)),
        (at(0, 141_060), COOLEST, "hot", ("hottest CPU zone at 141.1 °C, 100.1 °C above its coolest",)),
    ],
)
def test_one_reading(thermal: Thermal, coolest: dict[str, int], verdict: Verdict, reasons: tuple[str, ...]) -> None:
    found, why = judge(thermal, coolest, Gate())
    assert (found, tuple(map(str, why))) == (verdict, reasons)


def test_skin_and_battery_count_and_have_the_narrower_margin() -> None:
    coolest = {"cpu": 41_000, "skin": 30_000, "battery": 29_000}
    warm = Thermal(0, (Zone("c", "cpu", 45_000), Zone("s", "skin", 35_100), Zone("b", "battery", 34_000)))
    verdict, why = judge(warm, coolest, Gate())
    assert (verdict, [str(one) for one in why]) == ("hot", ["skin at 35.1 °C, 5.1 °C above its coolest"])


@pytest.mark.parametrize(
    ("limits", "verdict", "reasons"),
    [
        ((), "fine", []),
        (("under-voltage",), "fine", []),
        (("under-voltage", "frequency capped", "throttled"), "fine", []),
        (("throttled",), "hot", ["the board's firmware held its clocks down: throttled"]),
        (("under-voltage", "throttled", "soft temperature limit"), "hot",
         ["the board's firmware held its clocks down: soft temperature limit"]),
    ],
)  # fmt: skip
def test_too_little_voltage_is_not_heat(limits: tuple[str, ...], verdict: Verdict, reasons: list[str]) -> None:
    found, why = judge(Thermal(None, (Zone("c", "cpu", 41_000),), limits), COOLEST, Gate())
    assert (found, [str(one) for one in why]) == (verdict, reasons)


def test_hottest_of_each_kind() -> None:
    assert hottest(at(0, 40_000, 43_000, 42_000)) == {"cpu": 43_000}
    assert hottest(at(0)) == {}


def test_the_coolest_of_all_sessions_counts() -> None:
    assert merged({"cpu": 40_000, "skin": 31_000}, {"cpu": 38_000}, {}) == {"cpu": 38_000, "skin": 31_000}


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
    result = wait_until_cool(clock.read, COOLEST, clock=clock.time, sleep=clock.sleep)
    assert (result.verdict, result.polls, result.waited_seconds, clock.pauses) == ("fine", 1, 0.0, [])


def test_waits_until_it_has_cooled_down() -> None:
    clock = Clock(at(2, 60_000), at(0, 60_000), at(0, 43_000))
    message: list[tuple[Remark, ...]] = []
    result = wait_until_cool(clock.read, COOLEST, clock=clock.time, sleep=clock.sleep, on_wait=message.append)
    assert (result.verdict, result.reasons, result.polls) == ("fine", (), 3)
    assert (result.waited_seconds, clock.pauses) == (2.0, [1.0, 1.0])
    assert str(message[0][0]) == "thermal status MODERATE (2)"
    assert result.thermal == at(0, 43_000)


def test_stays_hot() -> None:
    clock = Clock(at(2, 41_000))
    result = wait_until_cool(clock.read, COOLEST, Gate(limit_seconds=2.5), clock=clock.time, sleep=clock.sleep)
    assert (result.verdict, [str(one) for one in result.reasons]) == ("hot", ["thermal status MODERATE (2)"])
    assert (result.waited_seconds, clock.pauses, result.polls) == (2.5, [1.0, 1.0, 0.5], 4)


def test_waits_to_the_last_moment() -> None:
    clock = Clock(at(2, 41_000))
    result = wait_until_cool(clock.read, COOLEST, Gate(limit_seconds=1.05), clock=clock.time, sleep=clock.sleep)
    assert result.waited_seconds == pytest.approx(1.05)
    assert clock.pauses == [1.0, pytest.approx(0.05)]


def test_unknown_is_not_waited_for_and_not_fine() -> None:
    clock = Clock(at(None))
    result = wait_until_cool(clock.read, COOLEST, clock=clock.time, sleep=clock.sleep)
    assert (result.verdict, clock.pauses) == ("unknown", [])


def test_a_device_that_cools_no_further_is_not_waited_for() -> None:
    clock = Clock(at(0, 60_000), at(0, 58_000), at(0, 57_800))
    result = wait_until_cool(clock.read, COOLEST, clock=clock.time, sleep=clock.sleep)
    assert (result.verdict, result.settled) == ("fine", True)
    assert tuple(map(str, result.reasons)) == ("hottest CPU zone at 57.8 °C, 16.8 °C above its coolest",)
    assert result.waited_seconds == 61


def test_a_device_with_a_thermal_status_is_waited_for_to_the_limit() -> None:
    clock = Clock(at(1, 60_000))
    result = wait_until_cool(clock.read, COOLEST, clock=clock.time, sleep=clock.sleep)
    assert (result.verdict, result.waited_seconds) == ("hot", 300)
