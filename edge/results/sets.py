"""Two sets of measurements beside one another: each cell of the one with the same cell of the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edge.results.columns import cell_key
from edge.results.comparison import THRESHOLD, LatencyComparison, compare
from edge.results.measurement import Measurement

Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """One cell in both sets: `first` of the baseline, `second` of now."""

    key: Key
    first: int
    second: int
    comparison: LatencyComparison


@dataclass(frozen=True, slots=True)
class SetComparison:
    """`geometric_mean` of the ratios second over first, None without any.

    `only_first` and `only_second`: the ids of cells that the other set has not, or without a launch to compare.
    """

    pairs: tuple[Pair, ...]
    geometric_mean: float | None
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]


def compare_sets(
    first: Sequence[Measurement],
    second: Sequence[Measurement],
    *,
    threshold: float = THRESHOLD,
    across: Sequence[str] = (),
) -> SetComparison:
    """Lay every cell of `second` beside the one of `first` with the same `cell_key`, leaving out the columns `across`.

    Of several in one set the newest valid one counts, else the newest that has launches.
    """
    before, now = _by_key(first, across), _by_key(second, across)
    pairs = tuple(
        Pair(key, before[key].id, one.id, compare(before[key], one, threshold=threshold))
        for key, one in now.items()
        if key in before
    )
    used = {pair.key for pair in pairs}
    return SetComparison(
        pairs,
        geometric_mean([pair.comparison.ratio for pair in pairs]),
        tuple(one.id for one in first if cell_key(one, across=across) not in used),
        tuple(one.id for one in second if cell_key(one, across=across) not in used),
    )


def geometric_mean(ratios: Sequence[float]) -> float | None:
    """The mean of ratios that is the same seen from either side (pyperf's for sets); None of none."""
    return math.exp(math.fsum(map(math.log, ratios)) / len(ratios)) if ratios else None


def _by_key(cells: Sequence[Measurement], across: Sequence[str]) -> dict[Key, Measurement]:
    found: dict[Key, Measurement] = {}
    for one in sorted(cells, key=lambda cell: (cell.valid, cell.moment)):
        if one.counted:
            found[cell_key(one, across=across)] = one
    return {
        key: found[key] for key in sorted(found, key=lambda key: (found[key].subject.name, found[key].threads, key))
    }
