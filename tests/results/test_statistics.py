"""Formulas against textbook values, and properties that hold whatever the numbers are."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.results import statistics
from tests.results.mann_whitney import mann_whitney

latencies = st.floats(min_value=0.01, max_value=1e4)
samples = st.lists(latencies, min_size=1, max_size=60)
few = st.lists(latencies, min_size=2, max_size=12)


def test_summary_of_known_numbers() -> None:
    summary = statistics.summarise([[1.0, 2.0, 9.0], [3.0, 4.0, 5.0], [2.0, 2.0, 2.0]])
    assert (summary.launches, summary.runs) == (3, 9)
    assert summary.median == 2.0  # of 2, 4, 2
    assert summary.mean == pytest.approx(30 / 9)
    assert (summary.min, summary.max) == (1.0, 9.0)
    assert summary.interval == statistics.Interval(2.0, 4.0, 0.75)
    assert summary.ci95 is None
    assert summary.p99 is None
    assert summary.mad == 1.0


def test_p99_needs_a_thousand_runs() -> None:
    launch = [float(i) for i in range(1, 501)]
    assert statistics.summarise([launch, launch[:-1]]).p99 is None
    assert statistics.summarise([launch, launch]).p99 == pytest.approx(495, abs=1)


def test_one_launch_has_no_interval() -> None:
    assert statistics.summarise([[1.0, 1.1, 0.9]]).interval is None


@pytest.mark.parametrize(("launches", "level"), [(2, 0.5), (3, 0.75), (4, 0.875), (5, 0.9375)])
def test_few_launches_give_their_range_at_the_level_that_it_has(launches: int, level: float) -> None:
    values = [float(i) for i in range(launches)]
    assert statistics.median_interval(values) == statistics.Interval(0.0, launches - 1.0, level)


@pytest.mark.parametrize("launches", [6, 7, 8, 10, 11, 15, 20, 33])
def test_interval_is_the_one_of_hettmansperger_and_sheather(launches: int) -> None:
    from scipy.stats.mstats import median_cihs  # type: ignore[import-untyped]

    values = [10 + math.sin(3.7 * i) for i in range(launches)]
    interval = statistics.median_interval(values)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(tuple(median_cihs(values, alpha=0.05)))


def test_levels_of_the_sign_interval() -> None:
    assert statistics.sign_level(6, 1) == pytest.approx(1 - 2 / 64)
    assert statistics.sign_level(10, 2) == pytest.approx(1 - 2 * 11 / 1024)


@given(few)
def test_interval_holds_the_median_and_stays_inside_the_data(values: list[float]) -> None:
    interval = statistics.median_interval(values)
    assert interval is not None
    assert min(values) <= interval.low <= statistics.median(values) * (1 + 1e-12)
    assert statistics.median(values) * (1 - 1e-12) <= interval.high <= max(values)


def test_interval_narrows_with_launches() -> None:
    launches = [10.0, 10.1, 9.9, 10.2, 9.8, 10.05]
    wide, narrow = statistics.median_interval(launches), statistics.median_interval(launches * 6)
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
def test_ratio_of_a_scaled_sample_is_the_scale(values: list[float], scale: float) -> None:
    scaled = [scale * v for v in values]
    ratio, interval = statistics.paired_ratio(scaled, values)
    assert interval is not None
    assert (ratio, interval.low, interval.high) == pytest.approx((scale, scale, scale))
    ratio, interval = statistics.shift_ratio(scaled, values)
    assert interval is not None
    assert ratio == pytest.approx(scale)
    assert interval.low <= scale * (1 + 1e-9)
    assert interval.high >= scale * (1 - 1e-9)


@given(
    st.lists(latencies, min_size=2, max_size=7, unique=True), st.lists(latencies, min_size=2, max_size=7, unique=True)
)
def test_the_interval_of_a_shift_is_what_mann_whitney_does_not_reject(first: list[float], second: list[float]) -> None:
    _, interval = statistics.shift_ratio(first, second)
    assert interval is not None
    if interval.level < 0.95:
        return
    for factor, rejected in ((interval.low * (1 - 1e-6), True), (math.sqrt(interval.low * interval.high), False)):
        if interval.high / interval.low > 1 + 1e-4:
            test = mann_whitney(first, [factor * v for v in second])
            assert (test.p <= 0.05) is rejected


def test_exact_level_of_few_unpaired_launches_is_said() -> None:
    _, interval = statistics.shift_ratio([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert interval is not None
    assert interval.level == pytest.approx(0.9)  # 2 of 20 orders are as extreme


def test_two_groups_of_launches_are_seen() -> None:
    found = statistics.two_groups([10.0, 10.6, 10.01, 10.62, 9.99, 10.61, 10.0, 10.6])
    assert found is not None
    assert (found.lows, found.highs) == (4, 4)
    assert (found.low, found.high) == pytest.approx((10.0, 10.605))


@pytest.mark.parametrize(
    "values",
    [
        [10.0, 10.1, 9.9, 10.05, 9.95, 10.02, 9.97],
        [10.0] * 9 + [12.0],
        [10.0, 10.6] * 2,
        [float(i) for i in range(9, 17)],
    ],
    ids=["one cloud", "one outlier", "too few", "evenly spread"],
)
def test_no_groups_where_there_are_none(values: list[float]) -> None:
    assert statistics.two_groups(values) is None


def test_neighbours_that_are_alike_are_told_from_chance() -> None:
    waves = [10 + math.sin(i / 3) for i in range(20)]
    found = statistics.neighbours_alike(waves)
    assert found is not None
    assert found > 0.7
    assert statistics.neighbours_alike([10 + (i * 7919 % 13) / 13 for i in range(20)]) is None
    assert statistics.neighbours_alike(waves[:7]) is None


def test_slow_runs_are_counted_against_their_own_launch() -> None:
    summary = statistics.summarise([[10.0] * 9 + [13.0], [20.0] * 10])
    assert summary.slow_share == pytest.approx(1 / 20)


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
    result = mann_whitney([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])
    assert result.u == 0
    assert result.p == pytest.approx(2 / 252)  # 2 of the 252 orders are as extreme


def test_mann_whitney_by_normal_approximation() -> None:
    # Mann and Whitney's z: U = 30 * 30 - 100 pairs, mean 450, variance 30 * 30 * 61 / 12
    first, second = list(range(30, 60)), [*range(29), 59.5]
    result = mann_whitney(first, second)
    z = (abs(result.u - 450) - 0.5) / math.sqrt(30 * 30 * 61 / 12)
    assert result.u == 870
    assert result.p == pytest.approx(math.erfc(z / math.sqrt(2)))


def test_mann_whitney_of_equal_samples_sees_nothing() -> None:
    assert mann_whitney([1.0, 1.0], [1.0, 1.0]).p == 1.0


@given(st.integers(1, 6), st.integers(1, 6))
def test_exact_distribution_is_the_count_of_orders(n: int, m: int) -> None:
    counts = [0] * (n * m + 1)
    for places in combinations(range(n + m), n):
        counts[sum(places) - n * (n - 1) // 2] += 1
    assert statistics._u_counts(n, m) == counts


@given(few, few)
def test_mann_whitney_does_not_care_which_comes_first(first: list[float], second: list[float]) -> None:
    one, other = mann_whitney(first, second), mann_whitney(second, first)
    assert one.u + other.u == len(first) * len(second)
    assert one.p == pytest.approx(other.p)
    assert 0 <= one.p <= 1


@pytest.mark.parametrize(
    ("n", "m", "depth", "level"),
    [
        (5, 5, 3, 0.95),  # one above the critical values of U in the tables of Mann and Whitney's test, 5 % two-sided
        (10, 10, 24, 0.95),
        (8, 15, 30, 0.95),
        (20, 20, 128, 0.95),
        (3, 3, 1, 0.9),
        (2, 7, 1, 1 - 2 / 36),
        (21, 21, 142, 0.95),  # nm / 2 - 1.96 sqrt(nm (n + m + 1) / 12)
        (5, 25, 27, 0.95),
        (25, 5, 27, 0.95),
        (2, 21, 3, 0.95),
    ],
)
def test_the_ends_of_a_shift_stand_where_the_tables_say(n: int, m: int, depth: int, level: float) -> None:
    first = [math.exp(k * 1.0) for k in range(n)]
    second = [math.exp(-k * n / 10 - k * k / 1000) for k in range(m)]  # no two ratios are equal
    ratios = sorted(a / b for a in first for b in second)
    found, interval = statistics.shift_ratio(first, second)
    assert math.isclose(found, math.exp(statistics.median([math.log(r) for r in ratios])))
    assert interval is not None
    assert interval.low == pytest.approx(ratios[depth - 1], rel=1e-9)
    assert interval.high == pytest.approx(ratios[-depth], rel=1e-9)
    assert interval.level == pytest.approx(level)


@pytest.mark.parametrize(("first", "second"), [([1.0], [1.0, 2.0]), ([1.0, 2.0], [1.0])])
def test_a_single_value_has_a_ratio_and_no_interval(first: list[float], second: list[float]) -> None:
    assert statistics.shift_ratio(first, second)[1] is None


def test_pairs_of_different_numbers_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        statistics.paired_ratio([1.0, 2.0], [1.0])


def test_the_level_of_paired_launches_is_the_one_asked_for() -> None:
    a, b = [1.0 + k / 100 for k in range(20)], [1.0] * 20
    _, wide = statistics.paired_ratio(a, b, confidence=0.99)
    _, plain = statistics.paired_ratio(a, b)
    assert wide is not None
    assert plain is not None
    assert (wide.level, plain.level) == (0.99, 0.95)
    assert wide.low < plain.low < plain.high < wide.high


def test_every_figure_of_a_summary() -> None:
    found = statistics.summarise([[1, 2, 3, 4], [10, 20, 30, 41]])
    assert (found.launches, found.runs, found.median, found.min, found.max) == (2, 8, 13.75, 1, 41)
    assert [found.p10, found.p90] == pytest.approx([1.7, 33.3])
    assert found.p99 is None
    assert found.mean == pytest.approx(13.875)
    assert found.cv == pytest.approx(
        math.sqrt(sum((v - 13.875) ** 2 for v in (1, 2, 3, 4, 10, 20, 30, 41)) / 7) / 13.875
    )
    assert (found.mad, found.outliers) == (5.5, 0)
    assert statistics.summarise([[1.0, 3.0]]).cv == pytest.approx(math.sqrt(2) / 2)
    assert statistics.summarise([[1.0] * 9 + [9.0]]).outliers == 1
    assert statistics.summarise([[5.0]]).cv == 0.0


def test_a_run_is_slow_above_the_limit_and_not_on_it() -> None:
    on, above = 2 * statistics.SLOW, 2 * statistics.SLOW * (1 + 1e-9)
    assert statistics.summarise([[2.0, 2.0, 2.0, on]]).slow_share == 0
    assert statistics.summarise([[2.0, 2.0, 2.0, above]]).slow_share == 0.25


def test_launches_on_two_clocks_are_counted() -> None:
    two = [1.0, 1.001, 1.002, 1.5, 1.501, 1.502, 1.0, 1.5]
    assert statistics.summarise([two, [1.0] * 8, two]).bimodal_launches == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 1, 1, 2, 2, 2], (1, 2, 3, 3)),
        ([1, 1, 1, 2, 2], None),  # too few
        ([1, 1, 2, 2, 2, 2], (1, 2, 2, 4)),
        ([1, 2, 2, 2, 2, 2], None),  # one value is no group
        ([1] * 3 + [2] * 15, (1, 2, 3, 15)),
        ([1] * 2 + [2] * 16, None),  # less than a sixth
        ([2] * 16 + [1] * 2, None),
        ([1] * 15 + [2] * 3, (1, 2, 15, 3)),
        ([1] * 6 + [1.02] * 6, (1, 1.02, 6, 6)),
        ([1] * 6 + [1.019] * 6, None),  # less than 2 % apart
        ([1, 1, 1, 1.6, 1.6, 2, 2, 2], None),  # nothing lies apart: the gap is less than half the distance
        # Groups of 8 that are `width` wide on either side: 6 x (1 + 9 / 16) = 9.4 times narrower than 1 is 0.107.
        ([1 - 0.10, 1 + 0.10] * 4 + [2 - 0.10, 2 + 0.10] * 4, (1, 2, 8, 8)),
        ([1 - 0.11, 1 + 0.11] * 4 + [2 - 0.11, 2 + 0.11] * 4, None),
    ],
)
def test_what_two_groups_are(values: list[float], expected: tuple[float, ...] | None) -> None:
    found = statistics.two_groups(values)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.low, found.high, found.lows, found.highs) == pytest.approx(expected)


def test_what_neighbours_have_in_common_is_a_rank_correlation() -> None:
    rising = [float(k) ** 3 for k in range(12)]
    ranks = [k - 5.5 for k in range(12)]
    expected = sum(a * b for a, b in pairwise(ranks)) / sum(r * r for r in ranks)
    assert statistics.neighbours_alike(rising) == pytest.approx(expected)
    assert statistics.neighbours_alike(rising[: statistics.MIN_FOR_DEPENDENCE - 1]) is None
    assert statistics.neighbours_alike(rising[: statistics.MIN_FOR_DEPENDENCE]) is not None
    assert statistics.neighbours_alike([0.0, 9.0] * 6) is None  # alternating: alike is what they are not
    assert statistics.neighbours_alike(rising, significance=0.0) is None
