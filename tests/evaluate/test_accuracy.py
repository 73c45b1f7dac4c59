"""The order of the classes."""

from __future__ import annotations

import numpy as np
import pytest

from edge.errors import EvaluationError
from edge.evaluate.accuracy import ranked


def test_classes_are_ranked_by_score_and_equal_ones_by_index() -> None:
    scores = np.array([[0.1, 0.4, 0.1, 0.4], [-3, -2, -1, -4]], np.float32)
    assert ranked(scores, 3).tolist() == [[1, 3, 0], [2, 1, 0]]


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_scores_that_are_no_numbers_have_no_order(wrong: float) -> None:
    with pytest.raises(EvaluationError, match="not finite"):
        ranked(np.array([[0, wrong]], np.float32), 1)
