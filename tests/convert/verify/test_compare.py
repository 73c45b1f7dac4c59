from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.convert.verify.compare import LIMITS, MIN_SPREAD, Limits, compare, judge, loosened, moved, stacked

FP32 = LIMITS["fp32"]


def outputs(seed: int = 0, samples: int = 8, classes: int = 50) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((samples, 1, classes)).astype(np.float32)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True), np.float32)


def test_equal_outputs_pass_with_perfect_figures() -> None:
    result, problem, *_ = judge([outputs()], [outputs()], FP32)
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
    ("made", "message"),
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
def test_a_wrong_network_fails(made: NDArray[np.float32], message: str) -> None:
    _, problem, *_ = judge([outputs()], [made], FP32)
    assert problem is not None
    assert message in problem


def test_a_common_offset_hides_nothing() -> None:
    # Large values that are alike for every input would make any cosine 1.
    r = outputs() + np.float32(500)
    t = outputs(1) + np.float32(500)
    result, problem, *_ = judge([r], [t], FP32)
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
    found = judge([same], [same], FP32)
    assert found.problem is None
    assert "hardly depend on the input" in str(found.undecided)


def test_a_reference_that_is_no_number_cannot_tell() -> None:
    found = judge([np.full((8, 3), np.inf)], [np.full((8, 3), np.inf)], FP32)
    assert found.problem is None
    assert "Paddle's own outputs are not finite" in str(found.undecided)


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
    steps = moved([r, constant], [other, constant + 1], FP32)
    assert [k for k in range(8) if steps[k] > 0] == [2]
    assert steps[2] == pytest.approx(1 / math.sqrt(((r - r.mean(axis=0)) ** 2).mean()), rel=1e-4)


# One limit at a time: the others are so wide that only it can say no.

ANYTHING = Limits(relative_error=math.inf, cosine=-1.0, agreement=0.0)


def turned(r: NDArray[np.float32]) -> NDArray[np.float32]:
    """Another direction for every sample, and another winner for the first."""
    t = r + outputs(1)
    t[0, 0, (r[0, 0].argmax() + 1) % r.shape[-1]] = 99
    return t


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(0.5, -1.0, 0.0), "outputs differ by"),
        (Limits(math.inf, 0.9, 0.0), "the cosine of the outputs is 0."),
        (Limits(math.inf, -1.0, 1.0), "the top class is the same for only"),
    ],
    ids=["relative error", "cosine", "agreement"],
)
def test_each_limit_refuses_by_itself(limits: Limits, message: str) -> None:
    r = outputs()
    assert judge([r], [turned(r)], ANYTHING)[1] is None
    problem = judge([r], [turned(r)], limits)[1]
    assert problem is not None
    assert message in problem


def test_a_figure_at_its_limit_passes() -> None:
    r = outputs()
    figures = judge([r], [turned(r)], ANYTHING).comparison
    assert figures.argmax_agreement is not None
    at = Limits(figures.relative_error, figures.cosine, figures.argmax_agreement)
    assert judge([r], [turned(r)], at)[1] is None


@pytest.mark.parametrize("wrong", [0, 1])
def test_the_worst_output_judges(wrong: int) -> None:
    r = outputs()
    made = [r, r]
    made[wrong] = turned(r)
    figures, problem, *_ = judge([r, r], made, FP32)
    alone = compare(r, turned(r))
    assert problem is not None
    assert figures == alone


@pytest.mark.parametrize("wrong", [0, 1])
def test_the_worst_sample_judges(wrong: int) -> None:
    r = outputs()
    t = r.copy()
    t[wrong] = turned(r)[wrong]
    apart = np.sqrt(((t - r)[wrong] ** 2).mean() / ((r - r.mean(axis=0)) ** 2).mean())
    assert compare(r, t).relative_error == pytest.approx(apart, rel=1e-4)
    centred, others = (a[wrong, 0] - r.mean(axis=0)[0] for a in (r, t))
    cosine = centred @ others / np.linalg.norm(centred) / np.linalg.norm(others)
    assert compare(r, t).cosine == pytest.approx(cosine, rel=1e-4)


@pytest.mark.parametrize("telling_first", [True, False])
def test_one_output_that_tells_is_enough_and_judges_alone(telling_first: bool) -> None:
    """Its spread is what is said; the other, which hardly moves, adds its greatest difference and nothing else."""
    r, still = outputs(), np.ones((8, 1, 50), np.float32)
    off = still + np.float32(1e-4)  # far beyond what tells its samples apart, which is nothing
    reference, made = ([r, still], [r, off]) if telling_first else ([still, r], [off, r])
    figures, problem, *_ = judge(reference, made, FP32)
    assert problem is None
    assert figures.spread == compare(r, r).spread
    assert (figures.relative_error, figures.argmax_agreement) == (0, 1)
    assert figures.max_abs_error == pytest.approx(1e-4, rel=1e-2)


@pytest.mark.parametrize(("share", "tells"), [(1.01, True), (0.99, False)])
def test_a_spread_tells_from_a_thousandth_on(share: float, tells: bool) -> None:
    r = np.full((2, 100), 1.0)
    r[0] += MIN_SPREAD * share
    r[1] -= MIN_SPREAD * share
    found = judge([r], [r], FP32)
    assert (found.problem, found.undecided is None, found.telling) == (None, tells, (tells,))
    assert tells or "hardly depend on the input (spread 9.9e-04)" in str(found.undecided)


def test_spread_is_a_share_of_the_outputs_size() -> None:
    r = np.array([[3.0, 5.0], [5.0, 3.0]])
    assert compare(r, r).spread == pytest.approx(1 / math.sqrt(17))
    assert compare(np.zeros((2, 2)), np.zeros((2, 2))).spread == 0


def test_outputs_without_a_spread_are_apart_by_nothing_or_by_all() -> None:
    same = np.ones((4, 6))
    assert (compare(same, same).relative_error, compare(same, same).cosine) == (0, 1)
    assert compare(same, same + 1).relative_error == math.inf


@pytest.mark.parametrize("side", ["reference", "made"])
def test_numbers_that_are_none_are_as_far_apart_as_can_be(side: str) -> None:
    r, broken = outputs(), outputs()
    broken[0, 0, 0] = np.nan
    figures = compare(broken, r) if side == "reference" else compare(r, broken)
    assert (figures.samples, figures.cosine, figures.argmax_agreement, figures.spread) == (8, 0, None, 0)
    assert (figures.max_abs_error, figures.relative_error) == (math.inf, math.inf)
    found = judge([broken], [r], ANYTHING) if side == "reference" else judge([r], [broken], ANYTHING)
    words = {
        "reference": (None, "Paddle's own outputs are not finite numbers"),
        "made": ("the outputs are not finite numbers", None),
    }
    assert (found.problem, found.undecided) == words[side]


def test_another_shape_is_told_with_both_and_its_output() -> None:
    figures, problem, *_ = judge([outputs(), outputs()], [outputs(), outputs(classes=49)], ANYTHING)
    assert problem == "output 1 has shape [1, 49] instead of [1, 50]"
    assert (figures.samples, figures.cosine, figures.argmax_agreement, figures.spread) == (8, 0, None, 0)
    assert (figures.max_abs_error, figures.relative_error) == (math.inf, math.inf)


def test_an_output_too_many_is_no_comparison() -> None:
    with pytest.raises(ValueError, match="argument"):
        judge([outputs()], [outputs(), outputs()], ANYTHING)


def test_a_tie_is_one_within_what_rounding_explains() -> None:
    """A hundred-thousandth of the greatest value, and never more than the error that there is."""
    r = np.zeros((2, 1, 3))
    r[0, 0], r[1, 0] = (10.0, 10.0 - 0.9e-4, 0), (10.0, 10.0 - 1.1e-4, 0)
    t = r.copy()
    t[..., 1] = 10.5  # the twin chooses the second class for both
    assert compare(r, t).argmax_agreement == 0.5
    t[..., 1] = 10.0 + 1e-7
    t[..., 0] = 10.0
    assert compare(r, t).argmax_agreement == 0.5


@pytest.mark.parametrize("most", [0, 2])
def test_a_move_is_the_worst_over_the_outputs(most: int) -> None:
    r = outputs()
    moves = [0.1, 0.1, 0.1]
    moves[most] = 1.0
    steps = moved([r, r, r], [r + np.float32(m) for m in moves], FP32)
    assert np.allclose(steps, 1 / math.sqrt(((r - r.mean(axis=0)) ** 2).mean()), rtol=1e-4)


def test_outputs_that_tell_nothing_do_not_move() -> None:
    still = np.ones((8, 3))
    assert moved([still], [still + 1], FP32).tolist() == [0.0] * 8


@pytest.mark.parametrize(("share", "tells"), [(1.01, True), (0.99, False)])
def test_a_move_counts_where_the_spread_tells(share: float, tells: bool) -> None:
    r = np.array([[1 + MIN_SPREAD * share], [1 - MIN_SPREAD * share]])
    assert (moved([r], [r + 1], FP32).max() > 0) == tells


# Networks of int8 activations


def test_limits_are_loosened_by_twice_the_networks_own_swing() -> None:
    r = outputs()
    nudged = r + np.float32(0.05) * outputs(1)
    swing = compare(r, nudged)
    loose = loosened(FP32, [r], [nudged])
    assert loose.relative_error == pytest.approx(2 * swing.relative_error)
    assert 1 - loose.cosine == pytest.approx(4 * (1 - swing.cosine))
    assert loose.agreement == FP32.agreement
    farther = r + np.float32(0.06) * outputs(2)
    assert loosened(FP32, [r], [nudged], [farther]) == loosened(FP32, [r], [farther], [nudged])
    assert loosened(FP32, [r], [r], [farther], [nudged]).relative_error == pytest.approx(
        2 * max(swing.relative_error, compare(r, farther).relative_error)
    )


def test_limits_of_a_network_that_does_not_swing_stay() -> None:
    assert loosened(FP32, [outputs()], [outputs()]) == FP32


def test_no_swing_excuses_networks_that_have_nothing_in_common() -> None:
    loose = loosened(FP32, [outputs()], [outputs(1)])
    assert (loose.relative_error, loose.cosine) == (0.9, 0.5)
    wide = loosened(Limits(2.0, 0.3, 0.0), [outputs()], [outputs(1)])  # never narrower than they were
    assert (wide.relative_error, wide.cosine) == (2.0, 0.3)


# What proves nothing, and what is no classifier


def test_probabilities_near_nothing_prove_nothing() -> None:
    """An OCR detector that sees no text: 1e-7 everywhere, and an engine's exponential is right to no more."""
    r = np.abs(outputs()) * np.float32(1e-7)
    found = judge([r], [r + np.float32(2e-7)], FP32)
    assert (found.problem, found.telling) == (None, (False,))
    assert found.undecided is not None


def test_the_logits_tell_where_the_probabilities_do_not() -> None:
    logits = outputs() - np.float32(16)
    p = 1 / (1 + np.exp(-logits))
    assert judge([p, logits], [p + np.float32(2e-7), logits], FP32)[1:3] == (None, None)
    assert judge([p, logits], [p, logits[::-1]], FP32).problem is not None


def test_outputs_that_tell_nothing_can_still_be_wrong() -> None:
    r = np.full((8, 1, 4), 1e-7, np.float32)
    assert judge([r], [np.full_like(r, 0.5)], FP32).problem == "output 0 differs by 5e+06 of its size"
    still, t = np.ones((8, 1, 4), np.float32), outputs()
    assert judge([t, still], [t, still * np.float32(1.01)], FP32).problem == "output 1 differs by 0.01 of its size"


@pytest.mark.parametrize(
    ("shape", "classes"), [((8, 1, 50), True), ((8, 1, 1), False), ((8, 50), False), ((8, 1, 4, 6, 6), False)]
)
def test_the_top_class_is_of_classifiers_only(shape: tuple[int, ...], classes: bool) -> None:
    r = np.random.default_rng(0).standard_normal(shape)
    assert (compare(r, r).argmax_agreement is not None) == classes
    assert judge([r], [r], FP32)[1:3] == (None, None)


def test_each_image_of_a_batch_has_a_top_class() -> None:
    r = np.random.default_rng(0).standard_normal((4, 2, 5))
    t = r.copy()
    t[0, 1, (r[0, 1].argmax() + 1) % 5] = 99
    assert compare(r, t).argmax_agreement == 7 / 8


def test_sizes_that_depend_on_the_input_prove_nothing_and_end_nothing() -> None:
    boxes = stacked([np.ones((n, 6), np.float32) for n in range(8)])
    found = judge([boxes], [boxes], FP32)
    assert (found.problem, found.undecided) == (None, "the size of the outputs depends on the input")
    r = outputs()
    assert judge([boxes, r], [boxes, r], FP32)[1:] == (None, None, (False, True))
    other = judge([r], [boxes], FP32).problem
    assert other == "output 0 has shape another for every input instead of [1, 50]"


def test_empty_outputs_end_nothing() -> None:
    empty = np.zeros((8, 0, 6), np.float32)
    assert judge([empty], [empty], FP32).undecided is not None


def test_a_number_without_a_dimension_is_one_number() -> None:
    """Paddle's `x.sum()`; Paddle-Lite knows no tensor without a dimension."""
    paddle, lite = (stacked([np.full(shape, n, np.float32) for n in range(4)]) for shape in [(), (1,)])
    assert paddle.shape == lite.shape == (4, 1)
    assert judge([paddle], [lite], LIMITS["fp32"]).problem is None
