"""Formulas against textbook values, and properties that hold whatever the numbers are."""

from __future__ import annotations

import math
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.results import statistics

latencies = st.floats(min_value=0.01, max_value=1e4)
samples = st.lists(latencies, min_size=1, max_size=60)
few = st.lists(latencies, min_size=2, max_size=12)


def test_summary_of_known_numbers() -> None:
    summary = statistics.summarise([[1.0, 2.0, 9.0], [3.0, 4.0, 5.0], [2.0, 2.0, 2.0]])
    assert (summary.launches, summary.runs) == (3, 9)
    assert summary.median == 2.0  # of 2, 4, 2
    assert summary.mean == pytest.approx(30 / 9)
    assert (summary.min, summary.max) == (1.0, 9.0)
    assert summary.ci95 == statistics.Interval(2.0, 4.0)
    assert summary.p99 is None
    assert summary.mad == 1.0


def test_p99_needs_a_thousand_runs() -> None:
    launch = [float(i) for i in range(1, 501)]
    assert statistics.summarise([launch, launch[:-1]]).p99 is None
    assert statistics.summarise([launch, launch]).p99 == pytest.approx(495, abs=1)


def test_one_launch_has_no_interval() -> None:
    assert statistics.summarise([[1.0, 1.1, 0.9]]).ci95 is None


def test_five_launches_give_their_range() -> None:
    # of 5 values the smallest is the bootstrap median with probability 0.058, which is more than 2.5 %
    assert statistics.bootstrap_median([5.0, 1.0, 4.0, 2.0, 3.0]) == statistics.Interval(1.0, 5.0)


@given(few)
def test_interval_holds_the_median_and_stays_inside_the_data(values: list[float]) -> None:
    interval = statistics.bootstrap_median(values)
    assert interval is not None
    assert min(values) <= interval.low <= statistics.median(values) <= interval.high <= max(values)


@given(st.lists(st.integers(1, 50), min_size=2, max_size=5))
def test_medians_of_resamples_are_those_of_all_resamples(values: list[int]) -> None:
    n = len(values)
    counted: dict[float, float] = {}
    for draws in product(values, repeat=n):
        middle = statistics.median(draws)
        counted[middle] = counted.get(middle, 0) + 1 / n**n
    computed: dict[float, float] = {}
    for middle, probability in statistics._resampled_medians(sorted(values)):
        computed[middle] = computed.get(middle, 0) + probability
    assert {v: p for v, p in computed.items() if p > 1e-12} == pytest.approx(counted)


def test_interval_narrows_with_launches() -> None:
    launches = [10.0, 10.1, 9.9, 10.2, 9.8]
    wide, narrow = statistics.bootstrap_median(launches), statistics.bootstrap_median(launches * 6)
    assert wide is not None
    assert narrow is not None
    assert narrow.half_width(10.0) < wide.half_width(10.0)


@pytest.mark.parametrize(("low", "high"), [(9.9, 10.5), (9.5, 10.1), (9.5, 10.5)])
def test_the_half_width_of_a_lopsided_interval_is_that_of_its_farther_end(low: float, high: float) -> None:
    assert statistics.Interval(low, high).half_width(10.0) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("values", "middle"),
    [
        ([3.0], 3.0),
        ([3.0, 1.0], 2.0),
        ([5.0, 1.0, 2.0], 2.0),
        ([9.0, 1.0, 2.0, 4.0], 3.0),
        ([1.0, 1.0, 7.0, 7.0, 7.0], 7.0),
    ],
)
def test_median(values: list[float], middle: float) -> None:
    assert statistics.median(values) == middle


@given(few, st.floats(min_value=0.1, max_value=10))
def test_ratio_of_a_scaled_sample_holds_the_scale(values: list[float], scale: float) -> None:
    interval = statistics.bootstrap_ratio([scale * v for v in values], values)
    assert interval is not None
    assert interval.low <= scale * (1 + 1e-9)
    assert interval.high >= scale * (1 - 1e-9)


@given(samples, st.floats(min_value=-0.005, max_value=1e3))
def test_deviation_does_not_move_with_the_values(values: list[float], shift: float) -> None:
    assert statistics.mad([v + shift for v in values]) == pytest.approx(statistics.mad(values), abs=1e-9)


def test_outliers_are_counted_on_both_sides() -> None:
    calm = [10.0, 10.1, 9.9, 10.05, 9.95, 10.0]
    assert statistics.count_outliers(calm) == 0
    assert statistics.count_outliers([*calm, 30.0, 1.0]) == 2
    assert statistics.count_outliers([5.0, 5.0, 5.0, 5.1]) == 1  # MAD 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.0] * 9 + [2.0], 1.0), ([1.0] * 6 + [1.2] * 3, 1.2), ([1.0] * 8, None)],
    ids=["one slow run is no drift", "slower last third", "too few"],
)
def test_drift(values: list[float], expected: float | None) -> None:
    assert statistics.drift(values) == expected


def test_mann_whitney_of_two_separate_fives() -> None:
    result = statistics.mann_whitney([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])
    assert result.u == 0
    assert result.p == pytest.approx(2 / 252)  # 2 of the 252 orders are as extreme


def test_mann_whitney_by_normal_approximation() -> None:
    # Mann and Whitney's z: U = 30 * 30 - 100 pairs, mean 450, variance 30 * 30 * 61 / 12
    first, second = list(range(30, 60)), [*range(29), 59.5]
    result = statistics.mann_whitney(first, second)
    z = (abs(result.u - 450) - 0.5) / math.sqrt(30 * 30 * 61 / 12)
    assert result.u == 870
    assert result.p == pytest.approx(math.erfc(z / math.sqrt(2)))


def test_mann_whitney_of_equal_samples_sees_nothing() -> None:
    assert statistics.mann_whitney([1.0, 1.0], [1.0, 1.0]).p == 1.0


@given(st.integers(1, 6), st.integers(1, 6))
def test_exact_distribution_is_the_count_of_orders(n: int, m: int) -> None:
    counts = [0] * (n * m + 1)
    for places in combinations(range(n + m), n):
        counts[sum(places) - n * (n - 1) // 2] += 1
    assert statistics._u_counts(n, m) == counts


@given(few, few)
def test_mann_whitney_does_not_care_which_comes_first(first: list[float], second: list[float]) -> None:
    one, other = statistics.mann_whitney(first, second), statistics.mann_whitney(second, first)
    assert one.u + other.u == len(first) * len(second)
    assert one.p == pytest.approx(other.p)
    assert 0 <= one.p <= 1
