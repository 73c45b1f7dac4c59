"""What is said of two measurements: paired where they ran in one session, and never more than the interval tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from edge.errors import ResultsError
from edge.report.comparison import percent, sentences, table
from edge.results.comparison import compare, over
from edge.results.measurement import Measurement
from edge.results.protocol import TABLE, sustained
from edge.results.reasons import Code
from edge.results.sets import compare_sets
from tests.bench.examples import launch, measurement

DRIFT = [1 + 0.01 * i for i in range(10)]  # of the device, shared by what ran at the same time
CALM = [0.000, 0.002, -0.001, 0.001, -0.002, 0.0015, -0.0005, 0.0005, -0.0015, 0.001]


def cell(levels: Sequence[float], *, id: int = 1, session: int = 1, at: float = 0.0) -> Measurement:
    launches = [replace(launch(i, level), started=1.7e9 + 10 * i + at) for i, level in enumerate(levels)]
    return measurement(*launches, id=id, session=session)


def two(factor: float, *, noise: float = 1.0, count: int = 10, session: int = 1) -> tuple[Measurement, Measurement]:
    first = [10 * d for d in DRIFT[:count]]
    second = [10 * factor * d * (1 + noise * c) for d, c in zip(DRIFT, CALM, strict=True)][:count]
    return cell(first), cell(second, id=2, session=session, at=3.0)


@pytest.mark.parametrize(
    ("factor", "answer"),
    [(1.0, "the same"), (1.015, "the same"), (0.99, "the same"), (1.04, "slower"), (0.95, "faster")],
)
def test_a_drift_that_both_share_cancels_out(factor: float, answer: str) -> None:
    found = compare(*two(factor))
    assert (found.paired, found.pairs, found.answer) == (True, 10, answer)
    assert found.ratio == pytest.approx(factor, rel=0.002)


def test_two_engines_are_named() -> None:
    first, second = two(1.04)
    assert compare(first, second).first.startswith(f"1 ({first.subject.name}, ab12, ")
    ran = tuple(replace(one, engine="mnn", engine_version="3.6.1") for one in second.launches)
    found = compare(first, replace(second, launches=ran))
    assert found.second.startswith(f"2 ({second.subject.name}, mnn 3.6.1, ab12, ")
    assert found.first.startswith(f"1 ({first.subject.name}, {first.program.name}, ab12, ")  # which told no engine


def test_the_threshold_is_the_users() -> None:
    assert compare(*two(1.015), threshold=0.01).answer == "slower"
    assert compare(*two(1.04), threshold=0.06).answer == "the same"


def test_what_is_not_decided_says_how_many_launches_would() -> None:
    found = compare(*two(1.01, noise=10))
    assert found.answer == "undecided"
    assert found.launches_needed is not None
    assert found.launches_needed > 10
    assert f"About {found.launches_needed} launches of each would decide." in sentences(found)[3]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_too_few_launches_decide_nothing(count: int) -> None:
    found = compare(*two(1.5, count=count))
    assert (found.paired, found.answer) == (False, "undecided")


def test_four_launches_are_compared_without_pairs() -> None:
    found = compare(*two(1.5, count=4))
    assert (found.paired, found.answer) == (False, "slower")


@pytest.mark.parametrize(
    ("factor", "answer"), [(1.0, "undecided"), (1.03, "undecided"), (1.3, "slower"), (0.7, "faster")]
)
def test_two_sessions_tell_only_a_large_difference(factor: float, answer: str) -> None:
    found = compare(*two(factor, session=2))
    assert (found.paired, found.answer) == (False, answer)
    assert "not measured in one session" in found.remarks[0]


def test_chance_is_never_said_to_explain_anything() -> None:
    for factor in (1.0, 1.01, 1.2):
        for noise in (0.0, 10.0):
            assert not any("hance" in sentence for sentence in sentences(compare(*two(factor, noise=noise))))


def test_a_launch_that_was_set_aside_takes_its_pair_with_it() -> None:
    first, second = two(1.0)
    spoiled = (
        *second.launches[:4],
        replace(second.launches[4], samples_ms=(99.0,), reasons=(Code.MEASURED_HOT(why="it is hot"),)),
        *second.launches[5:],
    )
    found = compare(first, replace(second, launches=spoiled))
    assert (found.pairs, found.answer) == (9, "the same")


def test_a_small_difference_that_is_certain_is_said() -> None:
    assert sentences(compare(*two(1.015)))[3] == "The same within 2.0%: the second is 1.5% slower, which is less."


@pytest.mark.parametrize(
    ("limit", "fails"), [(0.005, True), (0.01, True), (0.012, True), (0.016, False), (0.03, False)]
)
def test_a_limit_below_the_threshold_counts(limit: float, fails: bool) -> None:
    """1.5 % slower is the same within 2 %, and yet more than 1 %."""
    found = compare(*two(1.015))
    assert found.answer == "the same"
    assert over(found, limit) is fails


@pytest.mark.parametrize("factor", [1.0, 0.985, 0.9])
def test_what_is_not_slower_is_over_no_limit(factor: float) -> None:
    assert not over(compare(*two(factor)), 1e-6)


def test_windows_are_over_no_limit() -> None:
    one, other = (replace(each, protocol=sustained(60)) for each in two(1.5))
    assert not over(compare(one, other), 1e-6)


def test_a_measurement_is_not_compared_with_itself() -> None:
    one, _ = two(1.0)
    with pytest.raises(ResultsError, match="measurement 1 is compared with itself"):
        compare(one, one)


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.02, "2.0%"),
        (0.03, "3.0%"),
        (0.25, "25.0%"),
        (0.0001, "0.01%"),
        (0.0125, "1.25%"),
        (1e-6, "0.0001%"),
        (10, "1000.0%"),
    ],
)
def test_a_limit_is_told_as_it_was_given(share: float, told: str) -> None:
    assert percent(share) == told


def test_a_small_threshold_is_not_rounded_away() -> None:
    assert "Not decided whether they differ by more than 0.01%." in "\n".join(
        sentences(compare(*two(1.0), threshold=0.0001))
    )


@pytest.mark.parametrize(("count", "level"), [(3, "90 %"), (8, None)])
def test_a_table_of_sets_says_a_level_below_95(count: int, level: str | None) -> None:
    first, second = two(1.1, count=count)
    shown = table(compare_sets([first], [second]))
    assert ("0 %)" in shown) is (level is not None)
    assert level is None or f"({level})" in shown


def test_means_that_are_shown_elsewhere_are_told_of() -> None:
    one, other = (replace(each, protocol=TABLE) for each in two(1.0))
    told = "\n".join(sentences(compare(one, other)))
    assert "medians of launches are compared; the number shown elsewhere of 1 and 2 is the mean" in told
    assert "the mean" not in "\n".join(sentences(compare(*two(1.0))))


def test_a_cell_that_was_resumed_alone_is_not_paired() -> None:
    """Its launches of another day are no round with those of the other one."""
    one, other = two(1.03)
    assert compare(one, other).paired
    resumed = compare(one, replace(other, sessions=2))
    assert (resumed.paired, resumed.answer) == (False, "undecided")
    assert any("not measured in one session" in remark for remark in resumed.remarks)
    assert compare(replace(one, sessions=2), replace(other, sessions=2)).paired  # resumed together
