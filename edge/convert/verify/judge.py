"""The judge: do two networks compute the same? Pure; the networks are functions from samples to outputs.

Not every sample is a fair judge: where rounding alone moves the reference's own output, no two float32 engines agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge.convert.verify.compare import Comparison, Limits, Outputs, judge, loosened, moved
from edge.convert.verify.inputs import Sample

ROUNDS = 3  # of so many samples, at the most
NUDGE = 1e-6  # of an input's own size: what float32 rounding does to it
STEADY = 0.1  # share of the limit that such a nudge may move a steady network's output by

Draw = Callable[[int], Sequence[Sample]]  # the samples of a round
Run = Callable[[Sequence[Sample]], Outputs]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the samples that judged, `given`, of the `tried` ones; `made`: the twin's outputs for them."""

    given: Sequence[Sample]
    made: Outputs
    comparison: Comparison
    problem: str | None
    tried: int
    undecided: str | None = None

    @property
    def status(self) -> Literal["passed", "failed", "unavailable"]:
        """Too few steady samples pass nothing; a failure on those that there are is one."""
        return "failed" if self.problem else "unavailable" if self.undecided else "passed"


def judge_steady(draw: Draw, lite: Run, paddle: Run, limits: Limits) -> Verdict:
    """Judge by all samples; if they do not pass, by those at which the network is steady.

    At the others, Paddle's own output moves too far when the input is nudged by what rounding does to it (attention about
    to change its mind: LeViT; the deepest EfficientNets with random weights): no two float32 engines agree there, whether
    they compute the same or not. More samples are drawn, up to three times as many, until half of a first round are steady.
    """
    given = list(draw(0))
    made, expected = lite(given), paddle(given)
    comparison, problem = judge(expected, made, limits)
    if problem is None:
        return Verdict(given, made, comparison, None, len(given))
    enough, nudged = len(given) // 2, paddle([_nudged(sample) for sample in given])
    for round_ in range(1, ROUNDS + 1):
        steps = moved(expected, nudged)
        steady = [k for k, step in enumerate(steps) if step <= STEADY * limits.relative_error]
        if len(steady) == len(given):
            return Verdict(given, made, comparison, problem, len(given))
        if len(steady) >= enough or round_ == ROUNDS:
            break
        more = list(draw(round_))
        given += more
        made, expected = _joined(made, lite(more)), _joined(expected, paddle(more))
        nudged = _joined(nudged, paddle([_nudged(sample) for sample in more]))
    if len(steady) < 2:  # one sample alone tells nothing apart
        return Verdict(given, made, comparison, problem, len(given))
    chosen, theirs = [given[k] for k in steady], _of(made, steady)
    comparison, problem = judge(_of(expected, steady), theirs, limits)
    few = f"rounding alone changes Paddle's own output at {len(given) - len(steady)} of {len(given)} inputs"
    return Verdict(chosen, theirs, comparison, problem, len(given), few if len(steady) < enough else None)


def judge_coarse(draw: Draw, lite: Run, paddle: Run, limits: Limits) -> Verdict:
    """Judge a network of int8 activations, whose output moves in steps: by how far a nudge of the input moves Paddle's own."""
    given = list(draw(0))
    made, expected = lite(given), paddle(given)
    comparison, problem = judge(expected, made, limits)
    if problem is not None:
        nudged = paddle([_nudged(sample) for sample in given])
        comparison, problem = judge(expected, made, loosened(limits, expected, nudged))
    return Verdict(given, made, comparison, problem, len(given))


def _joined(one: Outputs, other: Outputs) -> Outputs:
    return [np.concatenate(pair) for pair in zip(one, other, strict=True)]


def _nudged(sample: Sample) -> Sample:
    generator = np.random.default_rng(0)
    return {
        name: (a * (1 + NUDGE * generator.standard_normal(a.shape))).astype(a.dtype) if a.dtype.kind == "f" else a
        for name, a in sample.items()
    }


def _of(outputs: Outputs, chosen: Sequence[int]) -> Outputs:
    return [output[list(chosen)] for output in outputs]
