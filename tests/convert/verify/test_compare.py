from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.convert.verify.compare import LIMITS, compare, judge, moved

FP32 = LIMITS["fp32"]


def outputs(seed: int = 0, samples: int = 8, classes: int = 50) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((samples, 1, classes)).astype(np.float32)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True), np.float32)


def test_equal_outputs_pass_with_perfect_figures() -> None:
    result, problem = judge([outputs()], [outputs()], FP32)
    assert problem is None
    assert result.cosine == pytest.approx(1.0)
    assert (result.max_abs_error, result.relative_error, result.argmax_agreement) == (0.0, 0.0, 1.0)


def test_rounding_passes() -> None:
    r = outputs()
    assert judge([r], [r * np.float32(1 + 1e-6)], FP32)[1] is None


@given(st.integers(0, 1000), st.floats(0.01, 10))
def test_figures_mean_what_their_docstring_says(seed: int, error: float) -> None:
    r = outputs(seed)
    t = r.copy()
    t[3] += np.float32(error)
    result = compare(r, t)
    assert result.max_abs_error == pytest.approx(error, rel=1e-4)
    assert result.relative_error == pytest.approx(error / np.sqrt(((r - r.mean(axis=0)) ** 2).mean()), rel=1e-4)
    assert result.cosine <= 1.0


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (outputs(1), "differ by"),
        (outputs()[::-1], "differ by"),
        (-outputs(), "differ by"),
        (np.zeros_like(outputs()), "differ by"),
        (np.full_like(outputs(), np.nan), "not finite"),
        (outputs(classes=49), "shape"),
    ],
    ids=["another network", "samples mixed up", "negative", "zeros", "nan", "other shape"],
)
def test_a_wrong_network_fails(made: NDArray[np.float32], said: str) -> None:
    _, problem = judge([outputs()], [made], FP32)
    assert problem is not None
    assert said in problem


def test_a_common_offset_hides_nothing() -> None:
    # Large values that are alike for every input would make any cosine 1.
    r = outputs() + np.float32(1000)
    t = outputs(1) + np.float32(1000)
    result, problem = judge([r], [t], FP32)
    assert problem is not None
    assert result.cosine < 0.5


def test_saturated_probabilities_do_not_pass_wrong_logits() -> None:
    logits = outputs() * 3
    logits[..., 7] = 2000  # the softmax is one-hot whatever else the network says
    wrong = logits[::-1].copy()
    assert np.array_equal(softmax(logits), softmax(wrong))
    assert judge([softmax(logits), logits], [softmax(wrong), wrong], FP32)[1] is not None


def test_outputs_that_do_not_depend_on_the_input_cannot_tell() -> None:
    same = np.broadcast_to(outputs(samples=1), (8, 1, 50))
    _, problem = judge([same], [same], FP32)
    assert problem is not None
    assert "cannot tell" in problem


def test_a_reference_that_is_no_number_cannot_tell() -> None:
    _, problem = judge([np.full((8, 3), np.inf)], [np.full((8, 3), np.inf)], FP32)
    assert problem is not None
    assert "cannot tell" in problem


def test_a_tie_is_no_disagreement() -> None:
    r = outputs()
    r[..., 4] = r[..., 9] = 9
    t = r.copy()
    t[..., 9] += np.float32(1e-5)
    assert r.argmax(axis=-1)[0] != t.argmax(axis=-1)[0]
    assert compare(r, t).argmax_agreement == 1.0


def test_another_winner_is_a_disagreement() -> None:
    r = outputs()
    t = r.copy()
    t[0, 0, (r[0, 0].argmax() + 1) % 50] = 99
    assert compare(r, t).argmax_agreement == 7 / 8


def test_a_move_is_told_by_sample_and_of_the_outputs_that_tell() -> None:
    r, constant = outputs(), np.ones((8, 3))
    other = r.copy()
    other[2] += 1
    steps = moved([r, constant], [other, constant + 1])
    assert [k for k in range(8) if steps[k] > 0] == [2]
    assert steps[2] == pytest.approx(1 / math.sqrt(((r - r.mean(axis=0)) ** 2).mean()), rel=1e-4)
