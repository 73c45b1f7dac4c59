"""The judge with networks that are functions: what it makes of right, wrong and unsteady ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.convert.verify import judge as judging
from edge.convert.verify.compare import Limits, Outputs, moved
from edge.convert.verify.inputs import Sample
from edge.convert.verify.judge import Verdict, judge_coarse, judge_half, judge_steady

COUNT, SIZE = 8, 20
LIMITS = Limits(relative_error=2e-3, cosine=0.9999, agreement=1.0)


class Bench:
    """A network, beside another one; `unsteady`: the numbers of the samples at which a nudge changes its output much.

    Numbers count on through the rounds. `wrong`: where the other network computes something else.
    """

    def __init__(self, *, unsteady: Collection[int] = (), wrong: Collection[int] = (), by: float = 1.0) -> None:
        self.unsteady, self.wrong, self.by = unsteady, wrong, by
        self.rounds: list[int] = []
        self.paddle_ran: list[int] = []

    def draw(self, round_: int) -> list[Sample]:
        self.rounds.append(round_)
        generator = np.random.default_rng(round_)
        return [
            {"x": generator.integers(1, 1000, SIZE) / 100, "number": np.array([round_ * COUNT + k])}
            for k in range(COUNT)
        ]

    def paddle(self, given: Sequence[Sample]) -> Outputs:
        self.paddle_ran.append(len(given))
        return [np.stack([self._output(sample) for sample in given])]

    def lite(self, given: Sequence[Sample]) -> Outputs:
        shift = [self.by * (self._number(sample) in self.wrong) for sample in given]
        return [np.stack([self._output(sample) + s * np.arange(SIZE) for sample, s in zip(given, shift, strict=True)])]

    def _output(self, sample: Sample) -> NDArray[np.float64]:
        x = np.asarray(sample["x"], np.float64)
        # Inputs are hundredths, so this is nothing until they are nudged.
        return x + (1e5 * (x - np.round(x, 2)) if self._number(sample) in self.unsteady else 0)

    @staticmethod
    def _number(sample: Sample) -> int:
        return int(sample["number"][0])

    def steady(self) -> Verdict:
        return judge_steady(self.draw, self.lite, self.paddle, LIMITS)


def numbers(verdict: Verdict) -> list[int]:
    return [int(sample["number"][0]) for sample in verdict.given]


def test_a_right_network_passes_at_the_first_look() -> None:
    bench = Bench()
    verdict = bench.steady()
    assert (verdict.status, verdict.problem, verdict.undecided) == ("passed", None, None)
    assert (numbers(verdict), verdict.tried, verdict.comparison.samples) == (list(range(8)), 8, 8)
    assert (bench.rounds, bench.paddle_ran) == ([0], [8])


def test_a_right_network_passes_at_the_first_look_even_where_it_is_unsteady() -> None:
    assert Bench(unsteady=range(8)).steady().status == "passed"


def test_a_wrong_network_that_is_steady_fails_without_more_samples() -> None:
    bench = Bench(wrong=[3])
    verdict = bench.steady()
    assert verdict.status == "failed"
    assert (numbers(verdict), verdict.tried) == (list(range(8)), 8)
    assert (bench.rounds, bench.paddle_ran) == ([0], [8, 8])


def test_unsteady_samples_do_not_judge() -> None:
    bench = Bench(unsteady=[1, 4, 6], wrong=[1, 4, 6])
    verdict = bench.steady()
    assert (verdict.status, verdict.problem, verdict.undecided) == ("passed", None, None)
    assert (numbers(verdict), verdict.tried, verdict.comparison.samples) == ([0, 2, 3, 5, 7], 8, 5)
    assert np.array_equal(verdict.made[0], bench.lite(verdict.given)[0])
    assert bench.rounds == [0]


def test_half_of_a_round_is_enough() -> None:
    bench = Bench(unsteady=[0, 1, 2, 3], wrong=[0, 1, 2, 3])
    verdict = bench.steady()
    assert (verdict.status, numbers(verdict), bench.rounds) == ("passed", [4, 5, 6, 7], [0])


def test_steady_samples_judge_whatever_the_others_do() -> None:
    verdict = Bench(unsteady=[1, 4, 6], wrong=[1, 2]).steady()
    assert verdict.status == "failed"
    assert verdict.problem is not None
    assert "differ by" in verdict.problem
    assert numbers(verdict) == [0, 2, 3, 5, 7]


def test_more_samples_are_drawn_until_half_of_a_round_are_steady() -> None:
    unsteady = {*range(6), 8, 9, 11, 12, 14, 15}  # steady: 6, 7; 10, 13
    bench = Bench(unsteady=unsteady, wrong=unsteady)
    verdict = bench.steady()
    assert (verdict.status, verdict.undecided) == ("passed", None)
    assert (numbers(verdict), verdict.tried, verdict.comparison.samples) == ([6, 7, 10, 13], 16, 4)
    assert np.array_equal(verdict.made[0], bench.lite(verdict.given)[0])
    assert (bench.rounds, bench.paddle_ran) == ([0, 1], [8, 8, 8, 8])


ALL_BUT_THREE = sorted({*range(24)} - {2, 10, 18})


def test_too_few_steady_samples_decide_nothing() -> None:
    bench = Bench(unsteady=ALL_BUT_THREE, wrong=ALL_BUT_THREE)
    verdict = bench.steady()
    assert (verdict.status, verdict.problem) == ("inconclusive", None)
    assert verdict.undecided == "rounding alone changes Paddle's own output at 21 of 24 inputs"
    assert (numbers(verdict), verdict.tried, bench.rounds) == ([2, 10, 18], 24, [0, 1, 2])


def test_too_few_steady_samples_can_still_fail() -> None:
    verdict = Bench(unsteady=ALL_BUT_THREE, wrong=range(24)).steady()
    assert verdict.status == "failed"
    assert numbers(verdict) == [2, 10, 18]


@pytest.mark.parametrize("steady", [(), (5,)])
def test_one_steady_sample_alone_tells_nothing_apart(steady: tuple[int, ...]) -> None:
    unsteady = {*range(24)} - {*steady}
    verdict = Bench(unsteady=unsteady, wrong=unsteady).steady()
    assert (verdict.status, verdict.problem) == ("inconclusive", None)
    assert verdict.undecided == f"rounding alone changes Paddle's own output at {24 - len(steady)} of 24 inputs"
    assert (numbers(verdict), verdict.tried) == (list(range(24)), 24)


def test_two_steady_samples_are_looked_at() -> None:
    unsteady = sorted({*range(24)} - {5, 6})
    verdict = Bench(unsteady=unsteady, wrong=unsteady).steady()
    assert (verdict.status, numbers(verdict)) == ("inconclusive", [5, 6])


def test_a_sample_that_moves_by_just_what_is_allowed_is_steady() -> None:
    """Both sides of the threshold, met by moving the limit instead of the network."""
    bench = Bench(unsteady=[0], wrong=[0])
    given = bench.draw(0)
    nudged = [judging._nudged(sample) for sample in given]
    step = moved(bench.paddle(given), bench.paddle(nudged), LIMITS)[0]
    for limit, judged in ((step / judging.STEADY * 1.001, 8), (step / judging.STEADY * 0.999, 7)):
        tight = Limits(relative_error=limit, cosine=2.0, agreement=1.0)  # no cosine is 2, so nothing passes
        assert len(judge_steady(bench.draw, bench.lite, bench.paddle, tight).given) == judged


def test_a_nudge_is_what_rounding_does_to_floats_and_nothing_to_whole_numbers() -> None:
    sample: Sample = {"x": np.linspace(-2, 2, 1000, dtype=np.float32), "ids": np.arange(5), "on": np.array([True])}
    nudged = judging._nudged(sample)
    change = nudged["x"][sample["x"] != 0] / sample["x"][sample["x"] != 0] - 1
    assert change.std() == pytest.approx(1e-6, rel=0.1)
    assert {name: array.dtype for name, array in nudged.items()} == {k: a.dtype for k, a in sample.items()}
    assert np.array_equal(nudged["ids"], sample["ids"])
    assert np.array_equal(nudged["on"], sample["on"])
    assert np.array_equal(judging._nudged(sample)["x"], nudged["x"])


# Networks of int8 activations


def coarse(bench: Bench) -> Verdict:
    return judge_coarse(bench.draw, bench.lite, bench.paddle, replace(LIMITS, agreement=0.0))


def test_coarse_and_right_is_not_nudged() -> None:
    bench = Bench()
    verdict = coarse(bench)
    assert (verdict.status, verdict.tried, numbers(verdict)) == ("passed", 8, list(range(8)))
    assert (bench.rounds, bench.paddle_ran) == ([0], [8])
    assert np.array_equal(verdict.made[0], bench.lite(verdict.given)[0])


def test_coarse_may_differ_by_as_much_as_its_own_steps() -> None:
    bench = Bench(unsteady=range(8), wrong=range(8), by=0.05)
    verdict = coarse(bench)
    assert (verdict.status, bench.paddle_ran) == ("passed", [8] * (1 + judging.COARSE_NUDGES))
    assert verdict.comparison.relative_error > LIMITS.relative_error


def test_coarse_is_nudged_until_a_step_shows() -> None:
    """Seen on a processor whose sums round otherwise: the one nudge of before met no step, and a right file was refused."""

    class Seldom(Bench):
        def paddle(self, given: Sequence[Sample]) -> Outputs:
            outputs = super().paddle(given)
            shown = len(self.paddle_ran) == judging.COARSE_NUDGES
            return outputs if shown else [np.round(output, 2) for output in outputs]

    verdict = coarse(Seldom(unsteady=range(8), wrong=range(8), by=0.05))
    assert verdict.status == "passed"


def test_coarse_that_differs_as_wrong_networks_do_proves_nothing() -> None:
    for by, status in ((0.1, "passed"), (0.2, "inconclusive")):
        verdict = coarse(Bench(unsteady=range(8), wrong=range(8), by=by))
        error = verdict.comparison.relative_error
        assert (verdict.status, error > judging.WRONG_FROM) == (status, status == "inconclusive"), error


def test_coarse_may_not_differ_by_more() -> None:
    assert coarse(Bench(unsteady=range(8), wrong=range(8), by=2.0)).status == "failed"


def test_coarse_without_steps_has_the_limits_themselves() -> None:
    assert coarse(Bench(wrong=range(8), by=0.05)).status == "failed"


class Unsound(Bench):
    """Paddle's output is no number at the samples `unsound`."""

    def __init__(self, unsound: Collection[int]) -> None:
        super().__init__()
        self.unsound = unsound

    def _output(self, sample: Sample) -> NDArray[np.float64]:
        return super()._output(sample) + (np.nan if self._number(sample) in self.unsound else 0)


@pytest.mark.parametrize(
    ("unsound", "status"), [(1, "passed"), (4, "passed"), (5, "inconclusive"), (7, "inconclusive")]
)
def test_samples_without_numbers_judge_nothing_and_half_of_them_must_be_left(unsound: int, status: str) -> None:
    verdict = Unsound(range(unsound)).steady()
    assert (verdict.status, verdict.tried, verdict.left_out) == (status, COUNT, (judging.UNSOUND,))
    assert numbers(verdict) == list(range(unsound, COUNT))
    assert [len(made) for made in verdict.made] == [COUNT - unsound]
    if 1 < COUNT - unsound < COUNT // 2:
        assert verdict.undecided == f"{judging.UNSOUND} at {unsound} of {COUNT} inputs"


def test_nothing_is_drawn_again_after_the_last_round() -> None:
    bench = Bench(unsteady=range(1000), wrong=range(1000), by=1e-3)
    verdict = bench.steady()
    assert bench.rounds == list(range(judging.ROUNDS))
    assert verdict.tried == COUNT * judging.ROUNDS
    assert verdict.status == "inconclusive"


# Networks of float16 kernels


def half_and_orders(bench: Bench, *shifts: float) -> tuple[Verdict, int]:
    """The verdict, and how many orders were asked.

    Float16 moves Paddle's output by so much of what a wrong sample is off, with the terms in each of these orders.
    """

    def rounds(given: Sequence[Sample], order: int) -> Outputs:
        shift = shifts[min(order, len(shifts) - 1)]
        asked.append(order)
        return [output + shift * np.arange(SIZE) for output in bench.paddle(given)]

    asked: list[int] = []
    verdict = judge_half(bench.draw, bench.lite, bench.paddle, rounds, replace(LIMITS, agreement=0.0))
    assert asked == list(range(len(asked)))
    return verdict, len(asked)


def half(bench: Bench, shift: float) -> Verdict:
    return half_and_orders(bench, shift)[0]


def test_half_and_right_is_not_computed_again() -> None:
    bench = Bench()
    assert half(bench, 0.05).status == "passed"
    assert bench.paddle_ran == [8]


def test_half_may_differ_half_as_far_again_as_float16_moves_it() -> None:
    verdict, orders = half_and_orders(Bench(wrong=range(8), by=0.05), 0.04)
    assert (verdict.status, orders) == ("passed", 1)
    assert verdict.swing is not None
    assert verdict.comparison.relative_error < judging.HALF_REACH * verdict.swing
    assert verdict.comparison.relative_error > LIMITS.relative_error


def test_half_may_not_differ_by_more() -> None:
    assert half(Bench(wrong=range(8), by=0.05), 0.03).status == "failed"
    assert half(Bench(wrong=range(8), by=2.0), 2.0).status == "failed"


def test_half_is_asked_in_other_orders_where_the_first_moves_it_too_little() -> None:
    bench = Bench(wrong=range(8), by=0.05)
    assert half_and_orders(bench, 0.03, 0.01, 0.04)[1] == 3
    verdict, orders = half_and_orders(bench, 0.03)
    assert (verdict.status, orders) == ("failed", judging.HALF_ORDERS)
