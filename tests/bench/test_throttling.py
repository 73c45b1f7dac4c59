"""Each sign of throttling, and that a calm or unreadable device shows none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from edge.bench.launch import CoreState, LaunchEnvironment
from edge.bench.throttling import (
    sign_of_load,
    sign_of_outputs,
    signs_of_cell,
    signs_of_clock,
    signs_of_cores,
    signs_of_launch,
)
from edge.results.probes import ClockReading, Clocks, ThreadUsage, Usage

TOP = 2_841_600


def environment(
    *, ticks: tuple[int, int] = (100, 1000), affinity: tuple[int, ...] = (7,), **core: Any
) -> LaunchEnvironment:
    """An SD855's prime core with time at 0.8 GHz and at its top, beside a little core that idles, limited."""
    prime = CoreState(
        index=7, online=True, max_khz=TOP, min_khz=825_600, scaling_max_khz=TOP, cur_khz=TOP, governor="schedutil",
        time_in_state=((825_600, ticks[0]), (TOP, ticks[1])),
    )  # fmt: skip
    little = replace(prime, index=0, max_khz=1_785_600, scaling_max_khz=576_000, time_in_state=None)
    return LaunchEnvironment("before", (little, replace(prime, **core)), affinity, None)


def signs(before: LaunchEnvironment | None, after: LaunchEnvironment | None) -> tuple[str, ...]:
    return tuple(map(str, signs_of_launch(before, after, 0, 0)))


def test_a_calm_launch_shows_no_sign() -> None:
    assert signs(environment(), environment(ticks=(102, 1250))) == ()


def test_what_cannot_be_read_is_no_sign() -> None:
    unreadable = environment(online=None, max_khz=None, scaling_max_khz=None, time_in_state=None)
    assert signs(None, None) == ()
    assert signs(unreadable, unreadable) == ()
    assert signs_of_launch(None, None, None, 3) == ()


def test_thermal_status_rises() -> None:
    assert tuple(map(str, signs_of_launch(None, None, 0, 2))) == ("thermal status rose from NONE to MODERATE",)
    assert signs_of_launch(None, None, 2, 2) == ()  # the gate speaks of that one


def test_a_limited_core() -> None:
    assert signs(environment(), environment(scaling_max_khz=2_419_200)) == ("core 7 was limited to 2.42 of 2.84 GHz",)


def test_only_the_cores_that_were_used_count() -> None:
    limited_little_core = environment(affinity=(0, 7))
    assert len(signs(limited_little_core, limited_little_core)) == 1


def test_time_below_the_top_frequency() -> None:
    (sign,) = signs(environment(), environment(ticks=(150, 1150)))
    assert sign == "its cores ran below their highest frequency for 25% of the time"


def test_a_core_goes_offline() -> None:
    assert tuple(map(str, signs(environment(), environment(online=False)))) == ("core 7 went offline",)


def test_time_below_the_top_counts_from_the_begin_of_the_measured_runs() -> None:
    """Loading and warming up at low clocks is no throttling."""
    before, begin, end = environment(), environment(ticks=(160, 1000)), environment(ticks=(161, 1100))
    assert len(signs(before, end)) == 1
    assert signs_of_launch(before, end, 0, 0, loop=(begin.cores, end.cores)) == ()
    slow = environment(ticks=(260, 1000))
    (sign,) = signs_of_launch(before, environment(), 0, 0, loop=(begin.cores, slow.cores))
    assert "for 100% of the time" in str(sign)


def test_fixed_performance_mode_is_judged_by_its_own_limit() -> None:
    """The mode holds the clocks lower on purpose; a limit that falls is a sign there, too."""
    mode = replace(environment(scaling_max_khz=825_600, ticks=(100, 0)))
    after = environment(scaling_max_khz=825_600, ticks=(200, 0))
    assert len(signs(mode, after)) == 2
    assert signs_of_launch(mode, after, 0, 0, fixed_performance=True) == ()
    higher = environment(scaling_max_khz=1_612_800)
    limited = signs_of_launch(higher, environment(scaling_max_khz=825_600), 0, 0, fixed_performance=True)
    assert tuple(map(str, limited)) == ("core 7 was limited to 0.83 of 1.61 GHz",)


def usage(
    *threads: ThreadUsage, cores: tuple[int, ...] | None = (7,), cpu: float | None = 990, **changes: Any
) -> Usage:
    """A second of measured runs; without threads, of a machine whose /proc tells none."""
    values: dict[str, Any] = {"wall_ms": 1000.0, "cpu_ms": cpu or 0, "involuntary_switches": 2, "thread_cpu_ms": cpu,
                              "thread_switches": 2, "cores": cores, "threads": threads or None}  # fmt: skip
    return Usage(**{**values, **changes})


def thread(
    cpu: float = 990, delay: float | None = 1, processor: int = 7, affinity: tuple[int, ...] = (7,)
) -> ThreadUsage:
    return ThreadUsage(1, cpu, delay, 2, processor, affinity)


@pytest.mark.parametrize(
    ("measured", "lost"),
    [
        pytest.param(usage(thread()), None, id="calm"),
        pytest.param(usage(thread(500, 480)), "25%", id="half the core is another's"),
        pytest.param(usage(thread(), thread(600, 300)), "25%", id="the core of the second thread"),
        pytest.param(usage(thread(), thread(2, 900)), None, id="a thread that only waits is not asked"),
        pytest.param(usage(thread(700, 2), thread(700, 3), cpu=700), None, id="waiting for each other is no load"),
        pytest.param(usage(cpu=190), "50%", id="CPU time alone"),
        pytest.param(usage(thread(190, None), cpu=190), "50%", id="no schedstat"),
        pytest.param(usage(thread(500, None), thread(500, None), cpu=500), None, id="two threads, no schedstat"),
        pytest.param(usage(cpu=None), None, id="nothing told"),
    ],
)
def test_load_on_the_cores(measured: Usage, lost: str | None) -> None:
    sign = sign_of_load(measured)
    assert str(sign) == (f"other work had its cores for more than {lost} of the time" if lost else "None")


def clocks(before: float | None = 2.8416, after: float | None = 2.8416, between: Sequence[float] = ()) -> Clocks:
    def hz(value: float | None) -> int | None:
        return None if value is None else round(value * 1e9)

    return Clocks(
        (ClockReading(7, hz(before)),),
        tuple(ClockReading(7, hz(value), number) for number, value in enumerate(between)),
        (ClockReading(7, hz(after)),),
    )


@pytest.mark.parametrize(
    ("read", "expected", "found"),
    [
        pytest.param(clocks(), {7: TOP}, None, id="as expected"),
        pytest.param(clocks(2.8374, 2.83), {7: TOP}, None, id="within the probe's spread"),
        pytest.param(clocks(2.4192, 2.4192), {7: TOP}, "2.4 GHz where 2.8", id="a limiter nobody sees"),
        pytest.param(clocks(after=1.6), {7: TOP}, "1.6 GHz where 2.8", id="slower at the end"),
        pytest.param(clocks(between=[2.1] * 9), {7: TOP}, "2.1 GHz where 2.8", id="slower in between"),
        pytest.param(clocks(between=[2.84, 1.1, 2.84]), {7: TOP}, None, id="one reading was disturbed"),
        pytest.param(clocks(between=[1.1]), {7: TOP}, None, id="too few to tell"),
        pytest.param(clocks(3.59, 3.2), {}, "3.2 GHz where 3.6", id="nothing known but the clock before"),
        pytest.param(clocks(3.2, 3.59), {}, None, id="faster than before"),
        pytest.param(clocks(3.59, 3.59, [3.39] * 9), {}, None, id="AVX-512"),
        pytest.param(clocks(3.59, 3.59, [3.39] * 5 + [2.9] * 4), {}, "2.9 GHz where 3.4", id="slower in the end"),
        pytest.param(clocks(None, None), {7: TOP}, None, id="could not be read"),
        pytest.param(Clocks(None, None, None), {7: TOP}, None, id="no probe"),
    ],
)
def test_the_clock_that_was_measured(read: Clocks, expected: dict[int, int], found: str | None) -> None:
    signs = signs_of_clock(read, expected)
    assert (found is None) is (signs == ())
    assert all(found is not None and found in str(sign) for sign in signs)


@pytest.mark.parametrize(
    ("asked", "affinity", "measured", "found"),
    [
        pytest.param((7,), (7,), usage(thread()), (), id="as asked"),
        pytest.param(None, (0, 1), usage(thread(processor=0, affinity=(0, 1))), (), id="nothing asked"),
        pytest.param((6, 7), (6,), usage(thread(affinity=(6,), processor=6), cores=(6,)), ("core 7 could not be had",),
                     id="a core went offline"),
        pytest.param((7,), (7,), usage(thread(), cores=(3, 7)), ("it ran on core 3, not only on core 7",), id="migrated"),
        pytest.param((6, 7), (6, 7), usage(thread(affinity=(6, 7)), thread(processor=0, affinity=(0, 1))),
                     ("it ran on core 0, not only on cores 6, 7",), id="a thread elsewhere"),
        pytest.param((7,), (7,), usage(thread(), thread(affinity=(0, 7))), ("a thread of it was not bound to core 7",),
                     id="a thread that is free"),
        pytest.param((7,), (7,), usage(thread(), thread(2, processor=0, affinity=(0, 1))), (), id="a helper that sleeps"),
        pytest.param((7,), (7,), usage(thread(processor=0, affinity=(0, 1))), (), id="an emulator's /proc"),
        pytest.param((7,), None, None, (), id="nothing told"),
    ],
)  # fmt: skip
def test_the_cores_that_ran(
    asked: tuple[int, ...] | None, affinity: tuple[int, ...] | None, measured: Usage | None, found: tuple[str, ...]
) -> None:
    assert tuple(map(str, signs_of_cores(asked, affinity, measured))) == found


def test_outputs_that_change() -> None:
    assert sign_of_outputs(["a", None], ["a", None]) is None
    assert sign_of_outputs([], []) is None
    assert str(sign_of_outputs(["a", "b"], ["a", "c"])) == "its outputs changed between the first and the last run"


@pytest.mark.parametrize(
    ("launches", "count"),
    [
        ([[1.0] * 30] * 5, 0),
        ([[1.0] * 20 + [1.1] * 10] * 5, 1),
        ([[1.0] * 20 + [1.1] * 10] + [[1.0] * 30] * 4, 0),
    ],
    ids=["even", "every launch slows down", "one of five does"],
)
def test_drift_within_launches(launches: list[list[float]], count: int) -> None:
    assert len(signs_of_cell(launches)) == count
