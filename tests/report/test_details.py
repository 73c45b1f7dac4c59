"""What `results show` says of one cell."""

from __future__ import annotations

from edge.report.details import render
from edge.results.measurement import Launch
from tests.bench.examples import launch, measurement


def launches(*levels: float) -> list[Launch]:
    """A launch of 24 runs at each level."""
    return [launch(number, *([level] * 22), level * 1.1, level * 2) for number, level in enumerate(levels)]


SIX = launches(10.0, 10.1, 10.2, 10.3, 10.4, 10.5)


def test_the_spread_of_the_runs_is_told() -> None:
    shown = render(measurement(*SIX))
    assert "p10 10.000, p90 10.500" in shown
    assert "4.2% took more than 1.2 times their launch's median" in shown
    assert "Two groups" not in shown


def test_launches_whose_runs_fall_in_two_groups_are_counted() -> None:
    two = launch(6, *([10.0] * 12), *([13.0] * 12))
    assert "of runs in 1 of 7 launches" in render(measurement(*SIX, two))


def test_the_interval_says_what_it_holds_over() -> None:
    assert "(95 % interval 10.036 to 10.464, within this session)" in render(measurement(*SIX))
    assert "(93.75 % interval 10.000 to 10.400, within this session)" in render(measurement(*SIX[:5]))
    assert "over launches of 2 sessions)" in render(measurement(*SIX, sessions=2))


def test_sessions_of_the_cell_are_pooled() -> None:
    first = measurement(*SIX)
    second = measurement(*launches(11.0, 11.0, 11.0, 11.0, 11.0, 11.0), id=2, session=2)
    shown = render(first, [first, second])
    assert (
        "All sessions    median of 2 sessions' medians 10.625 ms (50 % interval over sessions 10.250 to 11.000)"
        in shown
    )
