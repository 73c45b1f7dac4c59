"""The Mann-Whitney test, which the interval of a shift inverts: what the tests hold that interval against."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edge.results import statistics


@dataclass(frozen=True, slots=True)
class MannWhitney:
    """`u` counts the pairs in which the first sample's value is larger (ties half); `p` is two-sided."""

    u: float
    p: float


def mann_whitney(first: Sequence[float], second: Sequence[float]) -> MannWhitney:
    """The Mann-Whitney U test that neither sample tends to be larger.

    Mann and Whitney, On a test of whether one of two random variables is stochastically larger than the other, Annals
    of Mathematical Statistics 18 (1947): the exact distribution without ties and up to 20 values each, else the normal
    approximation with the correction for ties and for continuity.
    """
    n, m = len(first), len(second)
    u = sum((a > b) + (a == b) / 2 for a in first for b in second)
    pooled = sorted([*first, *second])
    ties = [pooled.count(value) for value in dict.fromkeys(pooled)]
    if max(ties) == 1 and n <= statistics.MOST_EXACT and m <= statistics.MOST_EXACT:
        counts = statistics._u_counts(n, m)
        smaller = int(min(u, n * m - u))
        return MannWhitney(u, min(1.0, 2 * sum(counts[: smaller + 1]) / sum(counts)))
    total = n + m
    variance = n * m / 12 * (total + 1 - sum(t**3 - t for t in ties) / (total * (total - 1)))
    if variance == 0:
        return MannWhitney(u, 1.0)
    z = max(0.0, abs(u - n * m / 2) - 0.5) / math.sqrt(variance)
    return MannWhitney(u, math.erfc(z / math.sqrt(2)))
