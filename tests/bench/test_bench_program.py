"""The half of the Python benchmark programs that needs no engine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import pytest

from edge.toolchain.engines import WORKERS


@pytest.mark.parametrize(
    ("pace", "runs", "settled"),
    [
        pytest.param(lambda _: 1.0, 10, True, id="steady"),
        pytest.param(lambda number: max(10.0, 20 - 0.2 * number), (51, 100), True, id="falling"),
        pytest.param(lambda number: 100 * 0.98**number, (10, 60), False, id="never settles"),
        pytest.param(lambda _: 900.0, 3, None, id="slow"),
    ],
)
def test_the_warm_up_is_the_programs(
    pace: Callable[[int], float], runs: int | tuple[int, int], settled: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule of android_runner/tests/test_measure.cpp, in the Python half."""
    monkeypatch.syspath_prepend(str(WORKERS))
    import bench_program  # type: ignore[import-not-found]

    now, number = 0, 0

    def run() -> None:
        nonlocal now, number
        now += round(pace(number) * 1e6)
        number += 1

    monkeypatch.setattr(bench_program.time, "perf_counter_ns", lambda: now)
    samples, found = bench_program.warmed_up(run, 10, 0, 2000)
    low, high = runs if isinstance(runs, tuple) else (runs, runs)
    assert low <= len(samples) <= high
    assert found is settled
    assert bench_program.warmed_up(run, 12, 0, 0)[1] is None
    assert len(bench_program.repeated(run, 4, 0, 0, int)) == 4


def test_repeats_end_at_their_bound_but_not_before_there_are_five(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(WORKERS))
    import bench_program

    now = 0
    paused: list[int] = []

    def run() -> None:
        nonlocal now
        now += 2_000_000_000

    monkeypatch.setattr(bench_program.time, "perf_counter_ns", lambda: now)
    for bound, count in ((10_000, 5), (3_000, 5), (20_000, 10), (0, 30)):
        paused.clear()
        assert len(bench_program.repeated(run, 30, 1000, bound, lambda: paused.append(1))) == count
        assert len(paused) == count


def test_cpu_time_tells_work_from_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(WORKERS))
    import bench_host  # type: ignore[import-not-found]

    begin = bench_host.usage()
    time.sleep(0.1)
    slept = bench_host.used_between(begin, bench_host.usage())
    begin = bench_host.usage()
    end = time.perf_counter() + 0.1
    while time.perf_counter() < end:
        pass
    worked = bench_host.used_between(begin, bench_host.usage())
    assert slept["wall_ms"] >= 100
    assert slept["thread_cpu_ms"] < 20
    own = next(thread for thread in worked["threads"] if thread["tid"] == threading.get_native_id())
    # it was ready all the time: it had a core, or waited for one (shown in steps of a tick where there is no schedstat)
    assert worked["thread_cpu_ms"] + (own["delay_ms"] or 0) > 60
    assert worked["thread_cpu_ms"] <= worked["wall_ms"] + 10
    assert set(own["affinity"]) == os.sched_getaffinity(0)
    assert bench_host.core_reader()() in own["affinity"]
