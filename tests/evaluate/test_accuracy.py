"""Wilson's interval and the order of the classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import EvaluationError
from edge.evaluate.accuracy import ranked, share

COUNTS = st.integers(1, 60_000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


# Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I, method 3.
@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_as_published(hits: int, total: int, low: float, high: float) -> None:
    made = share(hits, total)
    assert (round(made.low, 4), round(made.high, 4)) == (low, high)


@given(COUNTS)
def test_the_interval_holds_the_share_and_is_symmetric_to_the_misses(counts: tuple[int, int]) -> None:
    hits, total = counts
    made, misses = share(hits, total), share(total - hits, total)
    assert 0 <= made.low <= made.value <= made.high <= 1
    assert made.low == pytest.approx(1 - misses.high)


def test_classes_are_ranked_by_score_and_equal_ones_by_index() -> None:
    scores = np.array([[0.1, 0.4, 0.1, 0.4], [-3, -2, -1, -4]], np.float32)
    assert ranked(scores, 3).tolist() == [[1, 3, 0], [2, 1, 0]]


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_scores_that_are_no_numbers_have_no_order(wrong: float) -> None:
    with pytest.raises(EvaluationError, match="not finite"):
        ranked(np.array([[0, wrong]], np.float32), 1)
