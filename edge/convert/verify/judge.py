"""The judge: do two networks compute the same? Pure; the networks are functions from samples to outputs.

The same judge for `.nb` files, ONNX files and outputs of a device. Not every sample is a fair judge: where rounding alone moves
the reference's own output, no two float32 engines agree. Nor is every range of inputs: see `judge_all`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from edge.convert.verify.compare import Comparison, Judged, Limits, Outputs, judge, loosened, moved, stacked
from edge.convert.verify.inputs import Sample
from edge.convert.verify.rounding import judge_beside

ROUNDS = 3  # of so many samples, at the most
NUDGE = 1e-6  # of an input's own size: what float32 rounding does to it
# Of networks of int8 activations: how often, and by how much. A nudge shows only where it carries a number over a step, so one
# of 1e-6 may show nothing (net_resnet, 8 inputs: moved by 0.39, 0.16, 0.22, 0 in four draws; by 0.11 to 0.27 with 1e-5).
COARSE_NUDGES, COARSE_NUDGE = 4, 1e-5
HALF_ORDERS = 4  # in which the terms of a float16 sum are added up
HALF_REACH = 1.5  # times what the farthest of these does: the steps are the kernels' own, only the chance is another
WRONG_FROM = (
    0.5  # of what tells inputs apart: the least that a wrong int8 network was seen to differ by (compare.LIMITS)
)
UNSTEADY, UNSOUND = "rounding alone changes Paddle's own output", "Paddle's own outputs are not finite numbers"
STEADY = 0.1  # share of the limit that such a nudge may move a steady network's output by

Draw = Callable[[int], Sequence[Sample]]  # the samples of a round; none where there are no more
Run = Callable[[Sequence[Sample]], Outputs]
HalfRun = Callable[[Sequence[Sample], int], Outputs]  # in float16, the terms of each sum in an order that has a number
Exact = Callable[
    [Sequence[Sample]], Outputs | None
]  # the reference in float64; None where the engine has no such kernels
Status = Literal["passed", "failed", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the samples that judged, `given`, of the `tried` ones; `made`: the twin's outputs for them.

    `telling`: by output, whether it tells inputs apart; `left_out`: why the other samples did not judge; `rounding`: how far
    Paddle itself is from float64, where the twin was judged beside that; `swing`: how far a nudge of the input moves Paddle's
    own output, where the limit was loosened by that.
    """

    given: Sequence[Sample]
    made: Outputs
    comparison: Comparison
    problem: str | None
    tried: int
    undecided: str | None = None
    telling: tuple[bool, ...] = ()
    left_out: tuple[str, ...] = ()
    rounding: float | None = None
    swing: float | None = None

    @property
    def status(self) -> Status:
        """Too few steady samples pass nothing; a failure on those that there are is one."""
        return "failed" if self.problem else "inconclusive" if self.undecided else "passed"


@dataclass(frozen=True, slots=True)
class Domain:
    """Inputs of one kind: `name` says which, in words that go into a sentence ("0 to 255")."""

    name: str
    draw: Draw


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of all domains. `used`: the verdicts that decided, by the names of their domains."""

    status: Status
    reason: str | None
    used: tuple[tuple[str, Verdict], ...]

    @property
    def worst(self) -> Comparison:
        """The worst figures of the verdicts that decided."""
        return worst([verdict.comparison for _, verdict in self.used])

    @property
    def tried(self) -> int:
        """The samples that those verdicts were asked of."""
        return sum(verdict.tried for _, verdict in self.used)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Why not all of them judged, each reason once."""
        return tuple(dict.fromkeys(reason for _, verdict in self.used for reason in verdict.left_out))

    @property
    def rounding(self) -> float | None:
        """How far Paddle is from float64, at most, where that was asked."""
        return max((v.rounding for _, v in self.used if v.rounding is not None), default=None)

    @property
    def swing(self) -> float | None:
        """How far a nudge moves Paddle's own output, at most, where a limit was loosened by that."""
        return max((v.swing for _, v in self.used if v.swing is not None), default=None)

    @property
    def telling(self) -> tuple[bool, ...]:
        """By output, whether it told inputs apart in any of them."""
        return tuple(any(column) for column in zip(*(verdict.telling for _, verdict in self.used), strict=True))


def judge_all(domains: Sequence[Domain], judge_one: Callable[[Draw], Verdict]) -> Judgement:
    """Judge with inputs of every domain; each is a question of its own.

    One that fails is a failure, for the networks differ there. One that proves nothing (a network for pixels does not react to
    numbers around 0) is left out where another does. None that proves anything: inconclusive.
    """
    verdicts = [(domain.name, judge_one(domain.draw)) for domain in domains]
    several = len(domains) > 1
    for status in ("failed", "passed", "inconclusive"):
        if used := tuple((name, verdict) for name, verdict in verdicts if verdict.status == status):
            name, verdict = used[0]
            reason = verdict.problem or verdict.undecided
            if reason and several:
                reason = f"with inputs {name}: {reason}"
            return Judgement(status, reason, used[:1] if status != "passed" else used)
    raise ValueError("no domain to judge with")


def worst(comparisons: Sequence[Comparison]) -> Comparison:
    """The worst figures; samples are counted together."""
    agreements = [c.argmax_agreement for c in comparisons if c.argmax_agreement is not None]
    return Comparison(
        samples=sum(c.samples for c in comparisons),
        cosine=min(c.cosine for c in comparisons),
        max_abs_error=max(c.max_abs_error for c in comparisons),
        relative_error=max(c.relative_error for c in comparisons),
        argmax_agreement=min(agreements, default=None),
        spread=min(c.spread for c in comparisons),
    )


def judge_steady(draw: Draw, lite: Run, paddle: Run, limits: Limits, exact: Exact | None = None) -> Verdict:
    """Judge by the samples at which the network is steady (see `_steady`), and what fails there beside `exact`, if it is given:
    a float32 sum in another order is no other computation."""
    verdict = _steady(draw, lite, paddle, limits)
    if verdict.problem is None or np.isinf(verdict.comparison.max_abs_error) or exact is None:
        return verdict
    if (truth := exact(verdict.given)) is None:
        return verdict
    if (beside := judge_beside(truth, paddle(verdict.given), verdict.made, limits)) is None:
        return verdict
    judged, noise = beside
    few = len(verdict.given) < len(draw(0)) // 2
    return replace(
        verdict,
        comparison=judged.comparison,
        problem=judged.problem,
        undecided=judged.undecided or (f"{len(verdict.given)} of {verdict.tried} inputs are too few" if few else None),
        telling=judged.telling,
        rounding=noise,
    )


def _steady(draw: Draw, lite: Run, paddle: Run, limits: Limits) -> Verdict:
    """Judge by all samples; if they do not pass, by those at which the network is steady.

    At the others, Paddle's own output moves too far when the input is nudged by what rounding does to it (attention about
    to change its mind: LeViT; the deepest EfficientNets with random weights): no two float32 engines agree there, whether
    they compute the same or not. More samples are drawn, up to three times as many, until half of a first round are steady.
    Samples whose output in Paddle is no finite number judge nothing.
    """
    given = list(draw(0))
    made, expected = lite(given), paddle(given)
    judged = judge(expected, made, limits)
    if judged.problem is None and judged.undecided is None:
        return _verdict(given, made, judged, len(given))
    if judged.problem is not None and np.isinf(judged.comparison.max_abs_error):  # another shape, or no numbers
        return _verdict(given, made, judged, len(given))
    tried, first, sound = len(given), len(given), _sound(expected)
    if 0 < len(sound) < len(given):
        given, made, expected = [given[k] for k in sound], _of(made, sound), _of(expected, sound)
        judged = judge(expected, made, limits)
    without = (UNSOUND,) if len(sound) < first else ()
    if judged.problem is None:
        if not judged.undecided and len(sound) < first // 2:
            judged = judged._replace(undecided=f"{UNSOUND} at {first - len(sound)} of {first} inputs")
        return _verdict(given, made, judged, tried, without)
    enough, nudged = first // 2, paddle([_nudged(sample) for sample in given])
    for round_ in range(1, ROUNDS + 1):
        steps = moved(expected, nudged, limits)
        steady = [k for k, step in enumerate(steps) if step <= STEADY * limits.relative_error]
        if len(steady) == len(given):
            return _verdict(given, made, judged, tried, without)
        more = list(draw(round_)) if len(steady) < enough and round_ < ROUNDS else []
        if not more:
            break
        tried += len(more)
        made, expected = _joined(made, lite(more)), _joined(expected, paddle(more))
        nudged = _joined(nudged, paddle([_nudged(sample) for sample in more]))
        given += more
    few = f"{UNSTEADY} at {len(given) - len(steady)} of {len(given)} inputs"
    if len(steady) < 2:  # one sample alone tells nothing apart, and the others differ by rounding for all that is known
        return _verdict(given, made, judged._replace(problem=None, undecided=few), tried, without)
    chosen, theirs = [given[k] for k in steady], _of(made, steady)
    judged = judge(_of(expected, steady), theirs, limits)
    if judged.problem is None and len(steady) < enough:
        judged = judged._replace(undecided=few)
    return _verdict(chosen, theirs, judged, tried, (*without, UNSTEADY))


def judge_coarse(draw: Draw, lite: Run, paddle: Run, limits: Limits) -> Verdict:
    """Judge a network of int8 activations, whose output moves in steps: by how far nudges of the input move Paddle's own."""
    given = list(draw(0))
    made, expected = lite(given), paddle(given)
    judged = judge(expected, made, limits)
    if judged.problem is not None:
        nudged = [paddle([_nudged(one, COARSE_NUDGE, draw_) for one in given]) for draw_ in range(COARSE_NUDGES)]
        judged = _by_steps(expected, made, loosened(limits, expected, *nudged))
        swing = max(judge(expected, other, limits).comparison.relative_error for other in nudged)
        return replace(_verdict(given, made, judged, len(given)), swing=swing)
    return _verdict(given, made, judged, len(given))


def judge_half(draw: Draw, lite: Run, paddle: Run, half: HalfRun, limits: Limits) -> Verdict:
    """Judge a network of float16 kernels: by how far float16's arithmetic moves Paddle's own output, which `half` gives.

    Which way it rounds is chance: where adding up in the kernels' order does not move the output far enough, other orders of
    the same terms are asked, `HALF_ORDERS` in all.
    """
    given = list(draw(0))
    made, expected = lite(given), paddle(given)
    judged, swing = judge(expected, made, limits), None
    draws: list[Outputs] = []
    while judged.problem is not None and len(draws) < HALF_ORDERS:
        draws.append(half(given, len(draws)))
        swing = max(judge(expected, other, limits).comparison.relative_error for other in draws)
        judged = _by_steps(expected, made, loosened(limits, expected, *draws, times=HALF_REACH))
    return replace(_verdict(given, made, judged, len(given)), swing=swing)


def _by_steps(expected: Outputs, made: Outputs, limits: Limits) -> Judged:
    """Judge by limits that the network's own steps have loosened: what differs as much as wrong networks do proves nothing."""
    judged = judge(expected, made, limits)
    if judged.problem or judged.comparison.relative_error <= WRONG_FROM:
        return judged
    differ = f"outputs differ by {judged.comparison.relative_error:.2g} of what tells inputs apart"
    return judged._replace(undecided=f"{differ}, and rounding alone moves Paddle's own about as far")


def _verdict(
    given: Sequence[Sample], made: Outputs, judged: Judged, tried: int, left_out: tuple[str, ...] = ()
) -> Verdict:
    return Verdict(given, made, judged.comparison, judged.problem, tried, judged.undecided, judged.telling, left_out)


def _sound(expected: Outputs) -> list[int]:
    """The samples at which all outputs are finite numbers."""
    count = len(expected[0])
    return [k for k in range(count) if all(np.isfinite(output[k].astype(np.float64)).all() for output in expected)]


def _joined(one: Outputs, other: Outputs) -> Outputs:
    return [stacked([*a, *b]) for a, b in zip(one, other, strict=True)]


def _nudged(sample: Sample, size: float = NUDGE, seed: int = 0) -> Sample:
    generator = np.random.default_rng(seed)
    return {
        name: (a * (1 + size * generator.standard_normal(a.shape))).astype(a.dtype) if a.dtype.kind == "f" else a
        for name, a in sample.items()
    }


def _of(outputs: Outputs, chosen: Sequence[int]) -> Outputs:
    return [stacked([output[k] for k in chosen]) for output in outputs]
