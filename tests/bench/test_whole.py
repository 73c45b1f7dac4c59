"""What a session as a whole says against single launches."""

from __future__ import annotations

from dataclasses import replace

from edge.bench.whole import note_of_session, signs_of_session
from edge.results.measurement import Launch
from edge.results.probes import ClockReading, Clocks, Probes, Usage
from tests.bench.examples import launch


def probed(number: int, ms: float = 10.0, *, hz: float = 2.8e9, cpu: float = 3.9) -> Launch:
    usage = Usage(1000.0, 1000 * cpu, 1, None, None, None, None)
    reading = (ClockReading(7, round(hz)),)
    return replace(launch(number, ms), probes=Probes(usage, usage, Clocks(reading, reading, reading)))


def test_a_calm_session_shows_nothing() -> None:
    assert signs_of_session([1, 2] * 6, [probed(i) for i in range(12)], seed=1) == {}


def test_a_lower_clock_than_in_the_other_launches() -> None:
    launches = [probed(i, hz=2.4e9 if i in (3, 4) else 2.8e9 + i * 1e5) for i in range(12)]
    found = signs_of_session([1, 2] * 6, launches, seed=1)
    assert set(found) == {3, 4}
    assert str(found[3]) == "core 7 ran at 2.40 GHz, in other launches at 2.80 GHz"


def test_one_odd_reading_is_no_measure_for_the_others() -> None:
    launches = [probed(i, hz=3.3e9 if i == 5 else 2.8e9) for i in range(12)]
    assert signs_of_session([1, 2] * 6, launches, seed=1) == {}


def test_less_cpu_time_than_the_cells_best_launches() -> None:
    launches = [probed(i, cpu=3.0 if i == 7 else 3.9) for i in range(12)]
    found = signs_of_session([1, 2] * 6, launches, seed=1)
    assert {place: str(sign) for place, sign in found.items()} == {
        7: "it had 23% less CPU time than its cell's best launches"
    }


def test_programs_without_probes_are_judged_by_their_times() -> None:
    launches = [launch(i, 10.0 + 0.01 * (i % 3) + (2 if i > 7 else 0)) for i in range(16)]
    assert set(signs_of_session([1, 2] * 8, launches, seed=1)) == set(range(8, 16))


def test_neighbours_that_are_alike_are_said() -> None:
    waves = [launch(i, 10 + [0, 0.1, 0.2, 0.1][(i // 4) % 4]) for i in range(32)]
    assert "alike" in str(note_of_session([1, 2] * 16, waves, seed=1))
    calm = [launch(i, 10 + 0.01 * (i * 7919 % 13)) for i in range(32)]
    assert note_of_session([1, 2] * 16, calm, seed=1) is None
