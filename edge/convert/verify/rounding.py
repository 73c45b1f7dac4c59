"""Is a difference rounding, or another computation? Judged beside the network in float64, where Paddle's own rounding shows.

A long sum (the mean of a 160 x 160 map) is off by its order alone: each engine has its own, and two float32 engines may be
further apart than the limit, while both compute the same. Float64 tells: how far the twin is from it, and how far Paddle is.
"""

from __future__ import annotations

from dataclasses import replace

from edge.convert.verify.compare import Comparison, Judged, Limits, Outputs, judge

WIDEST = 4  # times the limit of float32, 8e-3: outputs that are 1 % too large differ by 1e-2 at the least, and fail
MOST = 0.1  # what rounding can do at all: a float64 network further from Paddle's own computes something else
REACH = 2  # times Paddle's own rounding: what differs by more is not explained by it


def judge_beside(truth: Outputs, paddle: Outputs, made: Outputs, limits: Limits) -> tuple[Judged, float] | None:
    """The verdict on `made` beside `truth`, the reference in float64; and how far Paddle's float32 outputs are from it.

    Each output by itself may differ as far as Paddle's own does, up to `WIDEST` limits. Beyond, and up to `REACH` times what
    Paddle's rounding did, nothing is decided. The distance is that of `Comparison.relative_error`.
    None where `truth` is no reference: from `MOST` on, or of other shapes.
    """
    found, farthest = [], 0.0
    for t, p, m in zip(truth, paddle, made, strict=True):
        judged = judge([t], [m], limits)
        noise = judge([t], [p], limits).comparison
        if judged.telling[0]:
            farthest = max(farthest, noise.relative_error)
        if judged.problem is not None and judged.telling[0]:
            judged = _allowing(judged, judge([t], [m], widened(limits, noise), ties=noise.max_abs_error), noise)
        found.append(judged)
    return (_together(found), farthest) if farthest < MOST else None


def widened(limits: Limits, noise: Comparison) -> Limits:
    """Limits as far as the reference's own `noise` goes, and never further than `WIDEST` times the distance."""
    farthest = 1 - (1 - limits.cosine) * WIDEST**2  # a distance four times as great: 16 times the cosine's from 1
    return replace(
        limits,
        relative_error=max(limits.relative_error, min(noise.relative_error, WIDEST * limits.relative_error)),
        cosine=min(limits.cosine, max(noise.cosine, farthest)),
    )


def _allowing(strict: Judged, wide: Judged, noise: Comparison) -> Judged:
    if wide.problem is None or strict.comparison.relative_error > REACH * noise.relative_error:
        return wide
    moves = f"rounding alone moves Paddle's own output by {noise.relative_error:.2g} of what tells inputs apart"
    return wide._replace(problem=None, undecided=moves)


def _together(found: list[Judged]) -> Judged:
    """All outputs: the first problem; an output that proves nothing matters only where none does, or rounding hides it."""
    telling = tuple(one.telling[0] for one in found)
    chosen = [one for one in found if one.telling[0]] or found
    agreements = [c.argmax_agreement for one in chosen if (c := one.comparison).argmax_agreement is not None]
    worst = Comparison(
        samples=chosen[0].comparison.samples,
        cosine=min(one.comparison.cosine for one in chosen),
        max_abs_error=max(one.comparison.max_abs_error for one in found),
        relative_error=max(one.comparison.relative_error for one in chosen),
        argmax_agreement=min(agreements, default=None),
        spread=max(one.comparison.spread for one in found),
    )
    problem = next((one.problem for one in found if one.problem), None)
    undecided = next((one.undecided for one in chosen if one.undecided), None)
    return Judged(worst, problem, None if problem else undecided, telling)
