"""Which launches of two cells belong together."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from edge.results.comparison import pairs
from edge.results.measurement import Launch
from tests.bench.examples import launch

moments = st.lists(st.integers(0, 1000), min_size=1, max_size=6, unique=True).map(sorted)


def at(*moments: float) -> list[Launch]:
    """A launch at each moment, whose latency is that moment, so that it can be told from the others."""
    return [replace(launch(number, moment + 1), started=moment) for number, moment in enumerate(moments)]


def paired(first: list[float], second: list[float]) -> list[tuple[float, float]]:
    return [(a - 1, b - 1) for a, b in pairs(at(*first), at(*second))]


def test_launches_of_one_round_are_pairs_whatever_was_nearer() -> None:
    # rounds of 0, 5; 6, 11; 12, 17: the second of one is nearest to the first of the next
    assert paired([0, 6, 12], [5, 11, 17]) == [(0, 5), (6, 11), (12, 17)]


def test_a_launch_whose_partner_was_set_aside_is_left_alone() -> None:
    assert paired([0, 20, 30], [1, 11, 21, 31]) == [(0, 1), (20, 21), (30, 31)]
    assert paired([1, 11, 21, 31], [0, 20, 30]) == [(1, 0), (21, 20), (31, 30)]


@given(first=moments, second=moments)
def test_no_other_pairs_in_order_are_nearer_in_all(first: list[float], second: list[float]) -> None:
    found = paired(first, second)
    size = min(len(first), len(second))
    assert len(found) == size
    assert found == sorted(found)
    least = min(
        sum(abs(a - b) for a, b in zip(some, others, strict=True))
        for some in combinations(first, size)
        for others in combinations(second, size)
    )
    assert sum(abs(a - b) for a, b in found) == least
