"""Two networks' outputs over several samples: how far they are apart, and whether that passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.convert.recipe import Precision

Outputs = Sequence[NDArray[Any]]  # one array an output, its first axis the samples

# A spread (see `Comparison`) below this share of the outputs' size tells nothing: float32 networks differ between two
# engines by about 1e-6 of the outputs' size, and a difference must stand well above that.
MIN_SPREAD = 1e-3


@dataclass(frozen=True, slots=True)
class Limits:
    """What passes. `relative_error` is of the spread; `agreement` is the share of samples with the same top class."""

    relative_error: float
    cosine: float
    agreement: float


# How far a network may be from Paddle with the parameters it should have (edge.convert.verify.rounded).
# float32: engines fuse and order operations differently, which was seen to cost up to 4e-4 of the spread (GhostNet); a
# swapped, dropped or misread operator costs 0.1 and more.
# int8, int16: hardly more (8e-3 and 2e-4 over the light models); weights misread have a cosine of 0.
# int8-static: the same whole numbers in both, but where a sum lies between two of them rounding decides, and the layers behind
# see a step of 1 % (up to 0.14 in a trained ResNet18, more in random networks: see `loosened`). Activations forgotten, sums cut
# off and misread inputs cost 0.5 to 6, with cosines from 0.5 down to 0.
# float16, on a device: 11 bits instead of 24 in every operation.
LIMITS: dict[Precision, Limits] = {
    "fp32": Limits(relative_error=2e-3, cosine=0.9999, agreement=1.0),
    "fp16": Limits(relative_error=0.2, cosine=0.98, agreement=0.0),
    "int16": Limits(relative_error=2e-2, cosine=0.999, agreement=1.0),
    "int8": Limits(relative_error=0.7, cosine=0.9, agreement=0.0),
    "int8-static": Limits(relative_error=0.2, cosine=0.9, agreement=0.0),
}

_UNLIKE = Limits(relative_error=0.9, cosine=0.5, agreement=0.0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far two networks' outputs are apart, worst over all outputs and samples.

    With r[s] the reference's output for sample s, m its mean over the samples and t[s] the twin's: `spread` is the root mean
    square of r[s] - m, over that of r; `cosine` is the least of cos(r[s] - m, t[s] - m); `max_abs_error` the greatest
    |t - r|; `relative_error` the greatest root mean square of t[s] - r[s], over that of r - m (the greatest single
    difference would say more of one confident probability than of the network); `argmax_agreement` the share of samples whose
    greatest class is the same, ties within the error not counted against it.
    """

    samples: int
    cosine: float
    max_abs_error: float
    relative_error: float
    argmax_agreement: float
    spread: float


def judge(reference: Outputs, made: Outputs, limits: Limits) -> tuple[Comparison, str | None]:
    """Compare all outputs; returns the worst figures and, if they do not pass, the reason in words."""
    comparisons = []
    for number, (r, t) in enumerate(zip(reference, made, strict=True)):
        if r.shape != t.shape:
            worst = Comparison(len(r), 0.0, float("inf"), float("inf"), 0.0, 0.0)
            return worst, f"output {number} has shape {list(t.shape[1:])} instead of {list(r.shape[1:])}"
        if not np.isfinite(r).all():
            worst = Comparison(len(r), 0.0, float("inf"), float("inf"), 0.0, 0.0)
            return worst, "this check cannot tell: Paddle's own outputs are not finite numbers"
        comparisons.append(compare(r, t))
    # Probabilities of a confident network hardly move; the logits beside them do, and are judged the harder for it.
    telling = [c for c in comparisons if c.spread >= MIN_SPREAD]
    worst = Comparison(
        samples=comparisons[0].samples,
        cosine=min(c.cosine for c in telling or comparisons),
        max_abs_error=max(c.max_abs_error for c in comparisons),
        relative_error=max(c.relative_error for c in telling or comparisons),
        argmax_agreement=min(c.argmax_agreement for c in telling or comparisons),
        spread=max(c.spread for c in comparisons),
    )
    if not np.isfinite(worst.max_abs_error):
        return worst, "the outputs are not finite numbers"
    if not telling:
        return worst, f"this check cannot tell: the outputs hardly depend on the input (spread {worst.spread:.1e})"
    if worst.relative_error > limits.relative_error:
        return worst, f"outputs differ by {worst.relative_error:.2g} of what tells inputs apart"
    if worst.cosine < limits.cosine:
        return worst, f"the cosine of the outputs is {worst.cosine:.4f}"
    if worst.argmax_agreement < limits.agreement:
        return worst, f"the top class is the same for only {worst.argmax_agreement:.0%} of the inputs"
    return worst, None


def loosened(limits: Limits, reference: Outputs, nudged: Outputs) -> Limits:
    """Limits for a network of int8 activations, whose own outputs move from `reference` to `nudged` when its input hardly does.

    Another engine may differ twice as far (an error twice as large has four times the distance of the cosine from 1), but
    never so far as networks do that have nothing in common.
    """
    swing, _ = judge(reference, nudged, limits)
    return replace(
        limits,
        relative_error=max(limits.relative_error, min(2 * swing.relative_error, _UNLIKE.relative_error)),
        cosine=min(limits.cosine, max(1 - 4 * (1 - swing.cosine), _UNLIKE.cosine)),
    )


def compare(reference: NDArray[Any], made: NDArray[Any]) -> Comparison:
    """Compare one output over all samples: both arrays have the samples as their first axis."""
    r, t = _flat(reference, made)
    if not np.isfinite(r).all() or not np.isfinite(t).all():
        return Comparison(len(r), 0.0, float("inf"), float("inf"), 0.0, 0.0)
    centred, others = r - r.mean(axis=0), t - r.mean(axis=0)
    spread = float(np.sqrt((centred**2).mean()))
    size = float(np.sqrt((r**2).mean()))
    error = float(np.abs(t - r).max())
    return Comparison(
        samples=len(r),
        cosine=_least_cosine(centred, others),
        max_abs_error=error,
        relative_error=float(_apart(r, t).max()),
        argmax_agreement=_agreement(r, t, error),
        spread=spread / size if size else 0.0,
    )


def _flat(reference: NDArray[Any], made: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r, t = (a.reshape(len(a), -1).astype(np.float64) for a in (reference, made))
    return r, t


def _apart(r: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each sample: the root mean square of t - r, over that of what tells r's samples apart."""
    spread = np.sqrt(((r - r.mean(axis=0)) ** 2).mean())
    apart: NDArray[np.float64] = np.sqrt(((t - r) ** 2).mean(axis=1))
    share: NDArray[np.float64] = np.divide(apart, spread, out=np.where(apart > 0, np.inf, 0.0), where=spread > 0)
    return share


def _least_cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    products = (a * b).sum(axis=1)
    return float(np.divide(products, norms, out=np.ones_like(norms), where=norms > 0).min())


def _agreement(r: NDArray[np.float64], t: NDArray[np.float64], error: float) -> float:
    rows = np.arange(len(r))
    chosen = r[rows, t.argmax(axis=1)]
    # The reference's own value of the class that the twin chose: a tie, if it is as great within what rounding explains.
    rounding = min(error, 1e-5 * float(np.abs(r).max()))
    return float((chosen >= r.max(axis=1) - rounding).mean())


def moved(reference: Outputs, other: Outputs) -> NDArray[np.float64]:
    """For each sample, how far the other outputs are, worst over the outputs that tell inputs apart (as `relative_error`)."""
    flat = [_flat(r, t) for r, t in zip(reference, other, strict=True) if compare(r, r).spread >= MIN_SPREAD]
    return np.max([_apart(r, t) for r, t in flat], axis=0) if flat else np.zeros(len(reference[0]))
