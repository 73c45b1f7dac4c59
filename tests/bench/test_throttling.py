"""Each sign of throttling, and that a calm or unreadable device shows none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edge.bench.launch import CoreState, LaunchEnvironment
from edge.bench.throttling import sign_of_anchor, signs_of_cell, signs_of_launch

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
    assert signs(environment(), environment(online=False)) == ("core 7 went offline",)


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


def test_anchor() -> None:
    assert sign_of_anchor("A", [10.0, 10.1, 9.9], [10.2, 10.3, 10.1]) is None
    sign = sign_of_anchor("A", [10.0, 10.1, 9.9], [10.5, 10.6, 10.4])
    assert str(sign) == "the anchor A was 5.0% slower at the end of the session than at its start"
