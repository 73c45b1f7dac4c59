"""When half of the inputs decide: each condition alone must send the rest to the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from edge.convert.verify.compare import Limits, Outputs
from edge.convert.verify.early import DECISIVE, judge_early, remembered
from edge.convert.verify.inputs import _PATTERNS, Sample, samples
from edge.convert.verify.judge import Draw, Verdict, judge_steady
from edge.paddle.program import TensorSpec

LIMITS = Limits(relative_error=2e-3, cosine=0.9999, agreement=1.0)
GIVEN: list[Sample] = [{"x": np.random.default_rng(k).standard_normal(20)} for k in range(8)]


def draw(round_: int) -> list[Sample]:
    return GIVEN if round_ == 0 else []


def paddle(given: Sequence[Sample]) -> Outputs:
    return [np.stack([sample["x"] for sample in given])]


def _sure() -> Verdict:
    return judge_steady(lambda round_: draw(round_)[1::2], paddle, paddle, LIMITS)


def _asked(half: Verdict) -> list[int]:
    """How many samples each judgement was of, when the first came out so."""
    asked: list[int] = []

    def judge_one(drawn: Draw) -> Verdict:
        asked.append(len(drawn(0)))
        return half

    judge_early(draw, judge_one, LIMITS)
    return asked


def test_half_decides_where_it_leaves_nothing_open() -> None:
    assert _asked(_sure()) == [4]
    close = replace(_sure().comparison, relative_error=DECISIVE * LIMITS.relative_error)
    assert _asked(replace(_sure(), comparison=close)) == [4]


_COMPARED = _sure().comparison


@pytest.mark.parametrize(
    "half",
    [
        replace(_sure(), problem="outputs differ"),
        replace(_sure(), undecided="too few"),
        replace(_sure(), left_out=("unsteady",)),
        replace(_sure(), rounding=1e-5),
        replace(_sure(), telling=(True, False)),
        replace(_sure(), comparison=replace(_COMPARED, relative_error=1.01 * DECISIVE * LIMITS.relative_error)),
        replace(_sure(), comparison=replace(_COMPARED, argmax_agreement=0.75)),
    ],
    ids=[
        "failed",
        "inconclusive",
        "not all",
        "rounding",
        "one output tells nothing",
        "not near enough",
        "other classes",
    ],
)
def test_whatever_half_leaves_open_all_are_asked(half: Verdict) -> None:
    assert _asked(half) == [4, 8]


def test_the_half_are_every_second_pattern() -> None:
    spec = TensorSpec("x", (1, 3, 224, 224), "float32")
    drawn = [sample["x"] for sample in samples([spec], [spec.shape])]
    chosen: list[np.ndarray] = []

    def judge_one(taken: Draw) -> Verdict:
        chosen.extend(sample["x"] for sample in taken(0))
        return _sure()

    judge_early(lambda _: [{"x": one} for one in drawn], judge_one, LIMITS)
    assert [next(k for k, one in enumerate(drawn) if one is x) for x in chosen] == [1, 3, 5, 7]
    named = [_PATTERNS[k - 1].__name__ for k in (1, 3, 5, 7)]  # 0 is the noise of the device contract
    assert named == ["_gradient", "_checkerboard", "_loud_noise", "_corner"]


def test_a_network_runs_with_a_sample_once() -> None:
    ran: list[int] = []

    def run(given: Sequence[Sample]) -> Outputs:
        ran.append(len(given))
        return [*paddle(given), np.stack([sample["x"][:3] for sample in given])]

    once = remembered(run)
    for chosen in (GIVEN[1::2], GIVEN, GIVEN[:2]):
        for made, expected in zip(once(chosen), run(chosen), strict=True):
            assert np.array_equal(made, expected)
    assert ran == [4, 4, 4, 8, 2]
