"""Half of the inputs decide, where they leave nothing open: of networks of so many operations that one takes a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edge.convert.verify.compare import Limits, Outputs, stacked
from edge.convert.verify.inputs import Sample
from edge.convert.verify.judge import Draw, Run, Verdict

DECISIVE = 0.1  # share of the limit that half of the inputs may differ by at the most, where they are to decide


def judge_early(draw: Draw, judge_one: Callable[[Draw], Verdict], limits: Limits) -> Verdict:
    """Judge by every second sample of the first round, and by all of them unless that passes beyond doubt.

    Of eight images those are gradient, checkerboard, loud noise and corner of `inputs.py`: smooth and sharp, everywhere and in
    one place.
    """
    half = judge_one(lambda round_: draw(round_)[1::2])
    return half if _beyond_doubt(half, limits) else judge_one(draw)


def _beyond_doubt(verdict: Verdict, limits: Limits) -> bool:
    """Whether each output tells these inputs apart, none was left out, and both networks agree far within the limits."""
    return (
        verdict.status == "passed"
        and not verdict.left_out
        and verdict.rounding is None
        and all(verdict.telling)
        and verdict.comparison.argmax_agreement in (None, 1.0)
        and verdict.comparison.relative_error <= DECISIVE * limits.relative_error
    )


def remembered(run: Run) -> Run:
    """The same network, which runs with a sample once; both are kept as long as it is."""
    known: dict[int, tuple[Sample, list[Any]]] = {}

    def call(given: Sequence[Sample]) -> Outputs:
        new = [sample for sample in given if id(sample) not in known]
        for sample, *outputs in zip(new, *(run(new) if new else ()), strict=bool(new)):
            known[id(sample)] = sample, outputs
        return [stacked(column) for column in zip(*(known[id(sample)][1] for sample in given), strict=True)]

    return call
