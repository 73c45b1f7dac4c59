"""Two networks' outputs over several samples: how far they are apart, and whether that passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.convert.recipe import Precision

# One array an output, its first axis the samples; where their shapes differ, an array of objects (`stacked`).
Outputs = Sequence[NDArray[Any]]

# A spread (see `Comparison`) below this share of the outputs' size tells nothing: float32 networks differ between two
# engines by about 1e-6 of the outputs' size, and a difference must stand well above that.
MIN_SPREAD = 1e-3

# What float32 rounding does to a number of the size of 1, twice. Probabilities near zero carry it whole: an engine's
# exponential is right to so much. A spread tells nothing where so small a difference would exceed the limit.
NOISE = 2.4e-7


@dataclass(frozen=True, slots=True)
class Limits:
    """What passes. `relative_error` is of the spread; `agreement` is the share of samples with the same top class."""

    relative_error: float
    cosine: float
    agreement: float


# How far a network may be from Paddle with the parameters it should have (edge.convert.verify.rounded).
# float32: engines fuse and order operations differently, which was seen to cost up to 4e-4 of the spread (GhostNet); a
# swapped, dropped or misread operator costs 0.1 and more.
# int8: a weight between two steps may be rounded the other way behind a folded batch norm. The 55 light models with random
# weights differ by 8.4e-3 at most (ESNet_x0_5), with cosines from 0.99995 and the same classes throughout: three times that,
# and a class that is nearly tied. int16: 2e-4 at most, so the limits are float32's. Weights misread have a cosine of 0.
# int8-static: the same whole numbers in both, but where a sum lies between two of them rounding decides, and the layers behind
# see a step of 1 % (up to 0.14 in a trained ResNet18, more in random networks: see `loosened`). Activations forgotten, sums cut
# off and misread inputs cost 0.5 to 6, with cosines from 0.5 down to 0.
# float16, on a device: 11 bits instead of 24 in every operation. In networks with random weights it grows (see `loosened`).
LIMITS: dict[Precision, Limits] = {
    "fp32": Limits(relative_error=2e-3, cosine=0.9999, agreement=1.0),
    "fp16": Limits(relative_error=0.2, cosine=0.98, agreement=0.0),
    "int16": Limits(relative_error=2e-3, cosine=0.9999, agreement=1.0),
    "int8": Limits(relative_error=2.5e-2, cosine=0.9995, agreement=0.75),
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
    greatest class is the same, ties within the error not counted against it: of classifiers only (see `is_classes`), else None.
    """

    samples: int
    cosine: float
    max_abs_error: float
    relative_error: float
    argmax_agreement: float | None
    spread: float


class Judged(NamedTuple):
    """What comparing came to: `problem`, why it does not pass; or else `undecided`, why it proves nothing; `telling`, by
    output: whether it tells inputs apart."""

    comparison: Comparison
    problem: str | None
    undecided: str | None
    telling: tuple[bool, ...]


def judge(reference: Outputs, made: Outputs, limits: Limits, *, ties: float = 0.0) -> Judged:
    """Compare all outputs; returns the worst figures and, in words, what is wrong or why they prove nothing.

    Outputs that hardly depend on the input (see `tells`) are compared by their size alone, which can fail and cannot pass.
    `ties`: classes so near to the greatest are as good as it.
    """
    telling = tuple(tells(r, limits) for r in reference)
    comparisons = []
    for number, (r, t) in enumerate(zip(reference, made, strict=True)):
        if r.dtype != object and r.shape != t.shape:
            shape = "another for every input" if t.dtype == object else str(list(t.shape[1:]))
            return Judged(
                _nothing(len(r)), f"output {number} has shape {shape} instead of {list(r.shape[1:])}", None, telling
            )
        if r.dtype != object and r.size and not np.isfinite(r.astype(np.float64)).all():
            return Judged(_nothing(len(r)), None, "Paddle's own outputs are not finite numbers", telling)
        comparisons.append(_nothing(len(r), 0.0) if r.dtype == object or not r.size else compare(r, t, ties))
    fixed = [c for c, r in zip(comparisons, reference, strict=True) if r.dtype != object and r.size]
    if not fixed:
        return Judged(_nothing(len(reference[0])), None, "the size of the outputs depends on the input", telling)
    # Probabilities of a confident network hardly move; the logits beside them do, and are judged the harder for it.
    chosen = [c for c, tell in zip(comparisons, telling, strict=True) if tell] or fixed
    agreements = [c.argmax_agreement for c in chosen if c.argmax_agreement is not None]
    worst = Comparison(
        samples=fixed[0].samples,
        cosine=min(c.cosine for c in chosen),
        max_abs_error=max(c.max_abs_error for c in fixed),
        relative_error=max(c.relative_error for c in chosen),
        argmax_agreement=min(agreements, default=None),
        spread=max(c.spread for c in fixed),
    )
    return Judged(worst, *_verdict(worst, reference, made, limits, telling), telling)


def _verdict(
    worst: Comparison, reference: Outputs, made: Outputs, limits: Limits, telling: Sequence[bool]
) -> tuple[str | None, str | None]:
    if not np.isfinite(worst.max_abs_error):
        return "the outputs are not finite numbers", None
    for number, (r, t, tell) in enumerate(zip(reference, made, telling, strict=True)):
        if not tell and r.dtype != object and r.size and (off := _off(r, t)) > limits.relative_error:
            return f"output {number} differs by {off:.2g} of its size", None
    if not any(telling):
        return None, f"the outputs hardly depend on the input (spread {worst.spread:.1e})"
    if worst.relative_error > limits.relative_error:
        return f"outputs differ by {worst.relative_error:.2g} of what tells inputs apart", None
    if worst.cosine < limits.cosine:
        return f"the cosine of the outputs is {worst.cosine:.4f}", None
    if worst.argmax_agreement is not None and worst.argmax_agreement < limits.agreement:
        return f"the top class is the same for only {worst.argmax_agreement:.0%} of the inputs", None
    return None, None


def tells(reference: NDArray[Any], limits: Limits) -> bool:
    """Whether this output differs between the samples by more than engines do: relative to its size, and absolutely.

    An output whose size depends on the input tells nothing, nor does one that is not finite.
    """
    if reference.dtype == object or not reference.size:
        return False
    r = reference.reshape(len(reference), -1).astype(np.float64)
    if not np.isfinite(r).all():
        return False
    spread, size = _rms(r - r.mean(axis=0)), _rms(r)
    return spread >= MIN_SPREAD * size and spread * limits.relative_error >= NOISE


def stacked(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """One output's arrays, a sample each, as one array; as an array of objects where their shapes differ.

    A number without a dimension has one: Paddle-Lite knows no other.
    """
    arrays = [np.atleast_1d(array) for array in arrays]
    if len({array.shape for array in arrays}) == 1:
        return np.stack(arrays)
    boxed = np.empty(len(arrays), object)
    boxed[:] = [None] * len(arrays)
    for number, array in enumerate(arrays):
        boxed[number] = array
    return boxed


def is_classes(output: NDArray[Any]) -> bool:
    """Whether this output, samples first, is a classifier's: a row of more than one class for each image of a batch."""
    return output.ndim == 3 and output.shape[-1] > 1


def loosened(limits: Limits, reference: Outputs, *nudged: Outputs, times: float = 2) -> Limits:
    """Limits for a network whose own outputs move from `reference` to each of `nudged`: of int8, when its input hardly does;
    of float16, when it computes in that.

    Another engine may differ so many `times` as far (an error twice as large has four times the distance of the cosine from
    1), but never so far as networks do that have nothing in common.
    """
    swings = [judge(reference, other, limits).comparison for other in nudged]
    farthest, least = max(swing.relative_error for swing in swings), min(swing.cosine for swing in swings)
    return replace(
        limits,
        relative_error=max(limits.relative_error, min(times * farthest, _UNLIKE.relative_error)),
        cosine=min(limits.cosine, max(1 - times**2 * (1 - least), _UNLIKE.cosine)),
    )


def compare(reference: NDArray[Any], made: NDArray[Any], ties: float = 0.0) -> Comparison:
    """Compare one output over all samples: both arrays have the samples as their first axis. `ties` as `judge` takes it."""
    r, t = _flat(reference, made)
    if not np.isfinite(r).all() or not np.isfinite(t).all():
        return _nothing(len(r))
    centred, others = r - r.mean(axis=0), t - r.mean(axis=0)
    spread, size = _rms(centred), _rms(r)
    error = float(np.abs(t - r).max())
    return Comparison(
        samples=len(r),
        cosine=_least_cosine(centred, others),
        max_abs_error=error,
        relative_error=float(_apart(r, t).max()),
        argmax_agreement=_agreement(*_rows(reference, made), error, ties) if is_classes(reference) else None,
        spread=spread / size if size else 0.0,
    )


def _nothing(samples: int, error: float = float("inf")) -> Comparison:
    """As far apart as can be; or, of outputs that cannot be compared, not at all."""
    return Comparison(samples, 0.0, error, error, None, 0.0)


def _rms(a: NDArray[np.float64]) -> float:
    return float(np.sqrt((a**2).mean()))


def _off(reference: NDArray[Any], made: NDArray[Any]) -> float:
    """The greatest root mean square of a sample's difference over the output's size; what noise explains is none."""
    r, t = _flat(reference, made)
    apart = float(np.sqrt(((t - r) ** 2).mean(axis=1)).max())
    size = _rms(r)
    return 0.0 if apart <= NOISE else apart / size if size else float("inf")


def _rows(reference: NDArray[Any], made: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A row for each image of each sample."""
    r, t = (a.reshape(-1, a.shape[-1]).astype(np.float64) for a in (reference, made))
    return r, t


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


def _agreement(r: NDArray[np.float64], t: NDArray[np.float64], error: float, ties: float) -> float:
    rows = np.arange(len(r))
    chosen = r[rows, t.argmax(axis=1)]
    # The reference's own value of the class that the twin chose: a tie, if it is as great within what rounding explains.
    rounding = min(error, max(ties, 1e-5 * float(np.abs(r).max())))
    return float((chosen >= r.max(axis=1) - rounding).mean())


def moved(reference: Outputs, other: Outputs, limits: Limits) -> NDArray[np.float64]:
    """For each sample, how far the other outputs are, worst over the outputs that tell inputs apart (as `relative_error`)."""
    flat = [_flat(r, t) for r, t in zip(reference, other, strict=True) if tells(r, limits)]
    return np.max([_apart(r, t) for r, t in flat], axis=0) if flat else np.zeros(len(reference[0]))
