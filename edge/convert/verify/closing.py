"""A softmax or sigmoid that ends a network, where the twin's kernel of it fails and that of the device did not run.

Seen: the x86 engine's softmax over channels gives NaN for scores of some hundred, where Paddle's gives numbers. What was
made for another processor is then neither proven nor refuted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from edge.convert.verify.compare import Limits, judge
from edge.convert.verify.judge import Judgement, Run


def by_what_goes_in(
    judgement: Judgement, names: tuple[str, ...], logits: Mapping[str, str], paddle: Run, limits: Limits
) -> Judgement:
    """A failure made inconclusive where only closing outputs of the twin are not finite, and all that goes into them is right.

    `names`: of the outputs compared, in order; `logits`: of closing ones, what they are taken of.
    """
    if judgement.status != "failed":
        return judgement
    domain, verdict = judgement.used[0]
    sound = [output.dtype != object and bool(np.isfinite(output.astype(np.float64)).all()) for output in verdict.made]
    lost = [name for name, finite in zip(names, sound, strict=True) if not finite]
    if not lost or not all(name in logits for name in lost):
        return judgement
    kept = [place for place, finite in enumerate(sound) if finite]
    expected = paddle(verdict.given)
    judged = judge([expected[k] for k in kept], [verdict.made[k] for k in kept], limits)
    if judged.problem or judged.undecided:
        return judgement
    reason = (
        f"with inputs {domain}: the x86 engine makes no finite numbers of {', '.join(lost)}, and what goes into the operator "
        "that ends it is right: the device's own kernels did not run"
    )
    decided = replace(verdict, comparison=judged.comparison, problem=None, undecided=reason)
    return replace(judgement, status="inconclusive", reason=reason, used=((domain, decided),))
