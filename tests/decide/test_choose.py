"""What fits, what an interval straddles, what dominates what, and in which order."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decide.candidates import Contender
from edge.decide.choose import NEAREST, choose, pareto
from edge.decide.number import Limit, Sourced, tiers

MS = Limit("--max-ms", 10.0)
TOP1 = Limit("--min-top1", 0.7, most=False)
MB = Limit("--max-mb", 12.0)


def ms(value: float, low: float | None = None, high: float | None = None) -> Sourced:
    return Sourced(value, "measured", low, high)


def network(name: str, latency: Any, top1: Any = 0.7, mb: float | None = 10.0) -> Contender:
    return Contender(
        name, None, "fp32", "paddle-lite", "published",
        ms(latency) if isinstance(latency, float) else latency,
        ms(top1) if isinstance(top1, float) else top1,
        None if mb is None else ms(mb),
    )  # fmt: skip


def names(choices: Any) -> list[str]:
    return [one.candidate.name for one in choices]


@pytest.mark.parametrize(
    ("of", "verdict"),
    [
        (ms(10.0), "fits"),
        (ms(10.1), "misses"),
        (ms(9.8, 9.6, 9.9), "fits"),
        (ms(9.8, 9.6, 10.2), "straddles"),
        (ms(10.1, 9.9, 10.3), "straddles"),
        (ms(10.3, 10.1, 10.5), "misses"),
    ],
)
def test_an_interval_is_within_a_limit_across_it_or_beyond(of: Sourced, verdict: str) -> None:
    assert MS.verdict(of) == verdict


def test_of_an_accuracy_the_lower_end_decides() -> None:
    assert TOP1.verdict(ms(0.71, 0.70, 0.72)) == "fits"
    assert TOP1.verdict(ms(0.71, 0.69, 0.73)) == "straddles"
    assert TOP1.verdict(ms(0.69, 0.68, 0.71)) == "straddles"
    assert TOP1.verdict(ms(0.68, 0.67, 0.69)) == "misses"


def test_what_fits_comes_in_the_order_of_accuracy_and_what_straddles_after_it() -> None:
    found = choose(
        [network("a", 9.0, 0.71), network("b", 8.0, 0.75), network("c", ms(9.9, 9.7, 10.1), 0.79), network("d", 11.0)],
        [MS, TOP1, MB],
        fastest_first=False,
    )
    assert names(found.fitting) == ["b", "a", "c"]
    assert [one.straddling for one in found.fitting] == [(), (), ("--max-ms",)]
    assert [one.rank for one in found.fitting] == [1, 2, 3]
    assert found.nearest == ()


def test_the_fastest_first_where_that_is_asked_for() -> None:
    found = choose([network("a", 9.0, 0.75), network("b", 8.0, 0.71)], [TOP1], fastest_first=True)
    assert names(found.fitting) == ["b", "a"]


def test_what_intervals_do_not_tell_apart_is_ordered_by_the_next_number() -> None:
    slower, faster = network("slower", ms(5.1, 4.9, 5.3), 0.72), network("faster", ms(5.0, 4.8, 5.2), 0.71)
    far = network("far", ms(5.6, 5.5, 5.7), 0.78)
    assert names(choose([far, faster, slower], [TOP1], fastest_first=True).fitting) == ["slower", "faster", "far"]


def test_networks_that_nothing_tells_apart_are_of_equal_rank() -> None:
    found = choose([network("a", 9.0), network("b", 9.0), network("c", 9.5)], [MS], fastest_first=False)
    assert [(one.rank, one.tied) for one in found.fitting] == [(1, True), (1, True), (3, False)]


def test_where_nothing_fits_the_nearest_say_what_they_miss_by() -> None:
    found = choose(
        [network(f"far{n}", 20.0 + n) for n in range(9)] + [network("near", 10.5, 0.69)],
        [MS, TOP1],
        fastest_first=False,
    )
    assert found.fitting == ()
    assert len(found.nearest) == NEAREST
    nearest = found.nearest[0]
    assert nearest.candidate.name == "near"
    assert dict(nearest.missed) == pytest.approx({"--max-ms": 0.5, "--min-top1": 0.01})
    assert dict(found.nearest[1].missed) == {"--max-ms": 10.0}  # the accuracy it has


def test_a_number_that_is_not_known_is_no_number_within_a_limit() -> None:
    candidates = [network("no size", 5.0, mb=None), network("no accuracy", 5.0, None), network("no latency", None)]
    assert choose(candidates, [MB, TOP1], fastest_first=False).unknown == 3
    found = choose(candidates, [], fastest_first=False)
    assert names(found.fitting) == ["no size", "no accuracy"]
    assert found.unknown == 1


def test_the_pareto_front_by_values_and_by_intervals() -> None:
    best = network("best", ms(5.0, 4.9, 5.1), 0.75)
    beaten = network("beaten", ms(6.0, 5.9, 6.1), 0.74)
    perhaps = network("perhaps", ms(5.05, 4.95, 5.15), 0.75)
    quick = network("quick", 1.0, 0.5)
    unknown = network("unknown", 0.5, None)
    group = [best, beaten, perhaps, quick, unknown]
    assert {one.name: pareto(one, group) for one in group} == {
        "best": "yes", "beaten": "no", "perhaps": "perhaps", "quick": "yes", "unknown": "no",
    }  # fmt: skip


points = st.tuples(st.floats(1, 100), st.floats(0.1, 1))


@given(st.lists(points, min_size=1, max_size=12))
def test_somebody_is_on_the_front_and_everybody_else_is_behind_one_of_them(numbers: list[tuple[float, float]]) -> None:
    group = [network(str(place), latency, top1) for place, (latency, top1) in enumerate(numbers)]
    front = [one for one in group if pareto(one, group) == "yes"]
    assert front
    for one in group:
        if one not in front:
            assert any(
                other.latency.value <= one.latency.value and other.top1.value >= one.top1.value  # type: ignore[union-attr]
                for other in front
            )


@given(st.lists(st.tuples(st.floats(1, 100), st.floats(0, 5)), max_size=15), st.booleans())
def test_tiers_keep_everything_and_part_only_what_intervals_tell_apart(
    numbers: list[tuple[float, float]], descending: bool
) -> None:
    items = [ms(value, value - half, value + half) for value, half in numbers]
    made = tiers(items, lambda one: one, descending=descending)
    assert sorted(map(id, (one for tier in made for one in tier))) == sorted(map(id, items))
    for before, after in pairwise(made):
        first, second = before[0], after[0]
        if descending:
            assert first.ends[0] > second.ends[1]
        else:
            assert first.ends[1] < second.ends[0]
