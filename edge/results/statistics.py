"""What is said of repeated measurements. All functions are pure; times in any one unit.

Runs inside one launch are autocorrelated, so the spread that counts is the one between launches: intervals and tests
below take one number a launch (its median), never the pooled runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# hyperfine's threshold: ten standard deviations of a normal distribution (1.4826 MAD each).
# https://github.com/sharkdp/hyperfine/blob/master/src/outlier_detection.rs
OUTLIER_THRESHOLD = 14.826
MIN_RUNS_FOR_P99 = 1000
SLOW = 1.2  # a run that took so many times its launch's median is a slow one
MOST_EXACT = 20  # values on a side; above, the normal approximation of Mann and Whitney's U
TWO_GROUPS_APART, TWO_GROUPS_NARROW = 0.02, 6.0
MIN_FOR_DEPENDENCE = 8
PERMUTATIONS = 999


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval that holds at `level`: 0.95, or less where so few values cannot give it."""

    low: float
    high: float
    level: float = 0.95

    @property
    def level_text(self) -> str:
        """The level as every view tells it: 95 %, 93.75 %."""
        return f"{self.level * 100:.4g} %"

    def half_width(self, around: float) -> float:
        """The distance of the farther end from `around`, relative to it."""
        return max(self.high - around, around - self.low) / around


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of one cell, in ms. `median` is the median over the launches' medians; the others are over all runs.

    `interval` is of the median over launches: it holds within the session, and tells nothing of another day.
    """

    launches: int
    runs: int
    median: float
    interval: Interval | None  # None for a single launch
    mean: float
    min: float
    max: float
    p10: float
    p90: float
    p99: float | None  # None below 1000 runs
    mad: float
    cv: float  # sample standard deviation over mean
    outliers: int
    slow_share: float  # of runs slower than their launch's median by more than `SLOW`
    bimodal_launches: int  # launches whose own runs fall in two groups

    @property
    def ci95(self) -> Interval | None:
        """The interval, where it holds at 95 %."""
        return self.interval if self.interval is not None and self.interval.level >= 0.95 else None


def summarise(launches: Sequence[Sequence[float]]) -> Statistics:
    """The statistics of a cell from the samples of its launches; each launch has at least one sample."""
    import numpy as np

    medians = [median(launch) for launch in launches]
    runs = np.concatenate([np.asarray(launch, dtype=np.float64) for launch in launches])
    slow = sum(int((np.asarray(one) > SLOW * middle).sum()) for one, middle in zip(launches, medians, strict=True))
    return Statistics(
        launches=len(launches),
        runs=len(runs),
        median=median(medians),
        interval=median_interval(medians),
        mean=float(runs.mean()),
        min=float(runs.min()),
        max=float(runs.max()),
        p10=float(np.percentile(runs, 10)),
        p90=float(np.percentile(runs, 90)),
        p99=float(np.percentile(runs, 99)) if len(runs) >= MIN_RUNS_FOR_P99 else None,
        mad=mad(runs),
        cv=float(runs.std(ddof=1) / runs.mean()) if len(runs) > 1 else 0.0,
        outliers=count_outliers(runs),
        slow_share=slow / len(runs),
        bimodal_launches=sum(two_groups(launch) is not None for launch in launches),
    )


def median(values: Sequence[float] | NDArray[np.float64]) -> float:
    """The middle value; the mean of the two middle ones of an even number."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return float(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)


def median_interval(values: Sequence[float], *, confidence: float = 0.95) -> Interval | None:
    """The interpolated order-statistic interval of the median; None for fewer than two values.

    Free of the values' distribution. The interval from the d-th smallest to the d-th largest of n values holds the
    median with probability 1 - 2 P(B < d), B binomial (n, 1/2); between the two depths around `confidence` it is
    interpolated as Hettmansperger and Sheather, Confidence intervals based on interpolated order statistics,
    Statistics & Probability Letters 4 (1986) 75-79. Where even the extremes do not reach `confidence` (fewer than 6
    values for 95 %), they are the interval, and `level` says at which level it holds.
    """
    n = len(values)
    if n < 2:
        return None
    ordered = sorted(values)
    if (most := sign_level(n, 1)) < confidence:
        return Interval(float(ordered[0]), float(ordered[-1]), most)
    depth = 1
    while 2 * (depth + 1) <= n and sign_level(n, depth + 1) >= confidence:
        depth += 1
    outer, inner = sign_level(n, depth), sign_level(n, depth + 1)
    share = (outer - confidence) / (outer - inner)
    weight = (n - depth) * share / (depth + (n - 2 * depth) * share)
    low = (1 - weight) * ordered[depth - 1] + weight * ordered[depth]
    high = (1 - weight) * ordered[n - depth] + weight * ordered[n - depth - 1]
    # rounding must not lead beyond the values between which it is interpolated
    return Interval(max(float(low), float(ordered[0])), min(float(high), float(ordered[-1])), confidence)


def sign_level(n: int, depth: int) -> float:
    """With which probability the `depth`-th smallest and largest of n values enclose the median; depth 1: the extremes."""
    import math

    return max(0.0, 1 - 2 * sum(math.comb(n, i) for i in range(depth)) / float(2**n))


def paired_ratio(
    numerator: Sequence[float], denominator: Sequence[float], *, confidence: float = 0.95
) -> tuple[float, Interval | None]:
    """The median of the ratios of pairs, and its interval (`median_interval`): what both of a pair share cancels out.

    The interval is taken of the logarithms, so that it does not depend on which of the two is below.
    """
    import math

    logs = [math.log(a / b) for a, b in zip(numerator, denominator, strict=True)]
    return math.exp(median(logs)), _exp(median_interval(logs, confidence=confidence))


def shift_ratio(numerator: Sequence[float], denominator: Sequence[float]) -> tuple[float, Interval | None]:
    """How many times larger the first are, and the interval of it, for values that are not paired.

    Hodges and Lehmann's estimate: the median over all ratios of one value to one other; the interval is the one whose
    ratios the Mann-Whitney test does not reject (Lehmann, Nonparametrics (1975), section 2.6), exact where the two
    differ by a factor only. None where one of them is a single value.
    """
    import math

    n, m = len(numerator), len(denominator)
    logs = sorted(math.log(a / b) for a in numerator for b in denominator)
    estimate = math.exp(median(logs))
    if n < 2 or m < 2:
        return estimate, None
    if n <= MOST_EXACT and m <= MOST_EXACT:
        counts = _u_counts(n, m)
        total, below, depth = sum(counts), 0, 0  # the depth-th smallest and largest ratio are the ends
        while 2 * (below + counts[depth]) / total <= 0.05:
            below += counts[depth]
            depth += 1
        level = 0.95 if depth else 1 - 2 / total
        depth = max(1, depth)
    else:
        depth = max(1, int(n * m / 2 - 1.959964 * math.sqrt(n * m * (n + m + 1) / 12)))
        level = 0.95
    return estimate, Interval(math.exp(logs[depth - 1]), math.exp(logs[-depth]), level)


def _exp(interval: Interval | None) -> Interval | None:
    import math

    return interval and Interval(math.exp(interval.low), math.exp(interval.high), interval.level)


@dataclass(frozen=True, slots=True)
class Groups:
    """Values in two groups: the median and the number of the lower and of the upper one."""

    low: float
    high: float
    lows: int
    highs: int


def two_groups(values: Sequence[float]) -> Groups | None:
    """Whether the values lie in two groups, as on two clocks; None if not, or if they are too few (below 6) to tell.

    The split between neighbours that leaves the least variance within the groups (Otsu, A threshold selection method
    from gray-level histograms, 1979). Each group must have a sixth of the values and at least two, lie at least 2 %
    from the other, and be many times narrower (mean absolute deviation) than its distance from it: 6 times, more where
    few values may lie so by chance (the halves of a normal distribution are 3 times narrower, of a uniform one 4).
    """
    import numpy as np

    n = len(values)
    if n < 6:
        return None
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    if ordered[-1] - ordered[0] < TWO_GROUPS_APART * ordered[0]:
        return None  # so no part of them is
    least = max(2, n // 6)
    sums, counts = np.cumsum(ordered)[:-1], np.arange(1, n)
    between = (sums / counts - (ordered.sum() - sums) / (n - counts)) ** 2 * counts * (n - counts)
    allowed = between[least - 1 : n - least]
    split = int(np.argmax(allowed)) + least
    low, high = ordered[:split], ordered[split:]
    below, above = float(np.median(low)), float(np.median(high))
    width = (float(np.abs(low - below).sum()) + float(np.abs(high - above).sum())) / n
    if above - below < max(TWO_GROUPS_APART * below, TWO_GROUPS_NARROW * (1 + 9 / n) * width) or (
        ordered[split] - ordered[split - 1] < (above - below) / 2
    ):
        return None
    return Groups(below, above, split, n - split)


def neighbours_alike(values: Sequence[float], *, significance: float = 0.01, seed: int = 0) -> float | None:
    """The rank correlation of neighbours where it is more than chance (so few random orders have as much), else None.

    Values that depend on their neighbours tell less than their number: intervals over them are too narrow.
    """
    import numpy as np

    n = len(values)
    if n < MIN_FOR_DEPENDENCE:
        return None
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(np.float64)
    ranks -= ranks.mean()
    scale = float((ranks**2).sum())
    found = float((ranks[1:] * ranks[:-1]).sum()) / scale
    orders = np.random.default_rng(seed).permuted(np.tile(ranks, (PERMUTATIONS, 1)), axis=1)
    others = (orders[:, 1:] * orders[:, :-1]).sum(axis=1) / scale
    p = (1 + int((others >= found).sum())) / (PERMUTATIONS + 1)
    return found if p <= significance else None


def mad(values: Sequence[float] | NDArray[np.float64]) -> float:
    """The median absolute deviation from the median, not scaled."""
    import numpy as np

    values = np.asarray(values, dtype=np.float64)
    return float(np.median(np.abs(values - np.median(values))))


def count_outliers(values: Sequence[float] | NDArray[np.float64]) -> int:
    """How many values have a modified z-score, (x - median) / MAD, beyond hyperfine's threshold on either side.

    Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993), with hyperfine's scale. Where more than half of the
    values are equal (MAD 0), every other value counts.
    """
    import numpy as np

    away = np.abs(np.asarray(values, dtype=np.float64) - np.median(values))
    return int((away > OUTLIER_THRESHOLD * np.median(away)).sum())


def drift(samples: Sequence[float]) -> float | None:
    """The median of the last third over the median of the first third; above 1 the run became slower. None below 9."""
    third = len(samples) // 3
    return median(samples[-third:]) / median(samples[:third]) if third >= 3 else None


def _u_counts(n: int, m: int) -> list[int]:
    """How many orders of n and m values have each U, 0 to n*m: the coefficients of the Gaussian binomial (n+m, n)."""
    counts = [1] + [0] * (n * m)
    for i in range(1, n + 1):
        for u in range(n * m, m + i - 1, -1):  # times 1 - q^(m+i)
            counts[u] -= counts[u - m - i]
        for u in range(i, n * m + 1):  # over 1 - q^i
            counts[u] += counts[u - i]
    return counts
