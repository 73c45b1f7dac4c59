"""Rounding and wrong computations told apart: float32 sums in two orders, and the same with a weight that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.convert.verify.compare import LIMITS, Comparison, Judged, Limits, Outputs
from edge.convert.verify.inputs import Sample
from edge.convert.verify.judge import judge_steady
from edge.convert.verify.rounding import MOST, REACH, WIDEST, judge_beside, widened

FP32 = LIMITS["fp32"]
Array = NDArray[np.float64]


def truth(seed: int = 0, mean: float = 3.0) -> Array:
    """Eight samples of ten classes, whose mean is much greater than what tells the samples apart."""
    return mean + 0.3 * np.random.default_rng(seed).standard_normal((8, 1, 10))


def off(reference: Array, distance: float, seed: int) -> Array:
    """Another float32 engine: every sample off by `distance`, as `relative_error` counts it."""
    noise = np.random.default_rng(seed).standard_normal(reference.shape)
    noise /= np.sqrt((noise**2).mean(axis=(1, 2), keepdims=True))
    spread = np.sqrt(((reference - reference.mean(axis=0)) ** 2).mean())
    result: Array = reference + distance * spread * noise
    return result


def beside(exact: Outputs, paddle: Outputs, made: Outputs, limits: Limits) -> tuple[Judged, float]:
    found = judge_beside(exact, paddle, made, limits)
    assert found is not None
    return found


def test_a_twin_that_is_nearer_to_the_truth_than_paddle_passes() -> None:
    exact = truth()
    judged, noise = beside([exact], [off(exact, 0.01, 1)], [off(exact, 0.001, 2)], FP32)
    assert (judged.problem, judged.undecided) == (None, None)
    assert noise == pytest.approx(0.01)
    assert judged.comparison.relative_error == pytest.approx(0.001)


def test_a_twin_may_be_as_far_off_as_paddle_is() -> None:
    exact = truth()
    paddle, made = off(exact, 0.005, 1), off(exact, 0.0045, 2)
    assert beside([exact], [paddle], [made], FP32)[0].problem is None
    judged, _ = beside([exact], [off(exact, 0.001, 1)], [made], FP32)
    assert judged.problem == "outputs differ by 0.0045 of what tells inputs apart"


def test_what_rounding_may_explain_beyond_the_widest_limit_is_not_decided() -> None:
    exact = truth()
    paddle = off(exact, 0.02, 1)
    judged, _ = beside([exact], [paddle], [off(exact, 0.03, 2)], FP32)
    assert (judged.problem, judged.undecided) == (
        None,
        "rounding alone moves Paddle's own output by 0.02 of what tells inputs apart",
    )
    assert beside([exact], [paddle], [off(exact, 0.02 * REACH * 1.01, 2)], FP32)[0].problem is not None


def test_a_float64_network_that_computes_something_else_is_no_reference() -> None:
    exact = truth()
    assert judge_beside([off(exact, MOST * 1.01, 1)], [exact], [off(exact, 0.01, 2)], FP32) is None
    assert judge_beside([exact[:, :, :9]], [exact], [exact], FP32) is None


@given(seed=st.integers(0, 1000), noise=st.floats(0, 0.0049), mean=st.floats(-100, 100))
def test_outputs_one_per_cent_too_large_never_pass(seed: int, noise: float, mean: float) -> None:
    """However much rounding there is: widest where nothing but the scale differs, and the mean is 0."""
    exact = truth(seed, mean)
    judged, _ = beside([exact], [off(exact, noise, 1)], [exact * 1.01], FP32)
    assert judged.problem is not None


@given(distance=st.floats(0, 10), cosine=st.floats(-1, 1))
def test_limits_are_never_widened_beyond_what_one_per_cent_costs(distance: float, cosine: float) -> None:
    wide = widened(FP32, Comparison(8, cosine, 0.0, distance, None, 1.0))
    assert FP32.relative_error <= wide.relative_error <= WIDEST * FP32.relative_error < 0.01
    assert 0.998 < wide.cosine <= FP32.cosine
    assert wide.agreement == FP32.agreement


def test_each_output_has_the_rounding_of_its_own() -> None:
    """One output's long sum excuses nothing of the other."""
    exact = truth()
    noisy, clean = off(exact, 0.006, 1), off(exact, 1e-6, 1)
    judged, _ = beside([exact, exact], [noisy, clean], [off(exact, 0.005, 2), off(exact, 0.005, 3)], FP32)
    assert judged.problem is not None
    judged, _ = beside([exact, exact], [noisy, clean], [off(exact, 0.005, 2), off(exact, 1e-6, 3)], FP32)
    assert judged.problem is None


def test_classes_that_paddles_rounding_makes_equal_are_a_tie() -> None:
    exact = truth()
    exact[0, 0, :2] = 9.0, 9.0002
    paddle = exact.copy()
    paddle[0, 0, :2] = 9.0004, 8.9998
    made = exact.copy()
    made[0, 0, 0] = 9.0004
    assert beside([exact], [paddle], [made], replace(FP32, relative_error=1e-9))[0].problem is not None
    assert beside([exact], [off(exact, 0.004, 1)], [made + 0.002 * 0.3 * 1.5], FP32)[0].problem is None


class Sums:
    """Means over long rows, as float32 engines make them: one after the other, in halves, or with a weight that is wrong."""

    def __init__(self, weight: float = 1.0, length: int = 200_000) -> None:
        self.weight, self.length, self.asked = np.float32(weight), length, 0

    def draw(self, round_: int) -> list[Sample]:
        generator = np.random.default_rng(round_)
        base = generator.uniform(0, 1, (4, 1)) * 0.006 + 0.5
        return [{"x": (one + generator.uniform(0, 1, (5, self.length))).astype(np.float32)} for one in base]

    def one_by_one(self, given: Sequence[Sample]) -> Outputs:
        return [np.stack([np.cumsum(s["x"], axis=1, dtype=np.float32)[:, -1] / self.length for s in given])]

    def in_halves(self, given: Sequence[Sample]) -> Outputs:
        return [np.stack([(s["x"] * self.weight).sum(axis=1) / np.float32(self.length) for s in given])]

    def exact(self, given: Sequence[Sample]) -> Outputs:
        self.asked += 1
        return [np.stack([s["x"].astype(np.float64).mean(axis=1) for s in given])]


def test_long_sums_in_another_order_are_no_other_computation() -> None:
    network = Sums()
    assert judge_steady(network.draw, network.in_halves, network.one_by_one, FP32).status == "failed"
    verdict = judge_steady(network.draw, network.in_halves, network.one_by_one, FP32, network.exact)
    assert verdict.status == "passed"
    assert verdict.rounding is not None
    assert verdict.rounding > FP32.relative_error > verdict.comparison.relative_error


@pytest.mark.parametrize("weight", [0.99, 1.01, 1.001])
def test_a_wrong_weight_behind_a_long_sum_is_found(weight: float) -> None:
    network = Sums(weight)
    verdict = judge_steady(network.draw, network.in_halves, network.one_by_one, FP32, network.exact)
    assert verdict.status == "failed"


def test_what_passes_needs_no_float64() -> None:
    network = Sums()
    assert judge_steady(network.draw, network.one_by_one, network.one_by_one, FP32, network.exact).rounding is None
    assert network.asked == 0


def test_without_kernels_for_float64_the_difference_stands() -> None:
    network = Sums()
    verdict = judge_steady(network.draw, network.in_halves, network.one_by_one, FP32, lambda _: None)
    assert (verdict.status, verdict.rounding) == ("failed", None)
