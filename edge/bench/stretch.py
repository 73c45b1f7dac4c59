"""Whether a stretch of a session ran at another speed than the rest: heat, another program, a clock that changed.

Every launch is laid against the median of its own cell, in the order of time, so that slow and fast networks can be
looked at together. No launch is made for it, and a slow start is seen as well as a slow middle or end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.results.statistics import mad, median

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIGNIFICANCE = 0.01
LEAST_SHIFT = 0.02  # what is less is not worth measuring again
MIN_LAUNCHES = 8
_SHORTEST = 2  # launches
_ORDERS = 299  # random ones
_ENDS = 40  # a stretch begins and ends at one of so many places


@dataclass(frozen=True, slots=True)
class Stretch:
    """The launches `concerned` (their places in the order of time), and how much slower (above 0) or faster they ran."""

    concerned: tuple[int, ...]
    shift: float
    p: float


def find_stretch(cells: Sequence[int], levels: Sequence[float], *, seed: int = 0) -> Stretch | None:
    """The stretch of launches farthest from the rest, if chance makes no such one (1 % of random orders do).

    `cells[i]` is which cell launch i belongs to, `levels[i]` its latency in any unit, in the order of time. The test is
    a permutation test: within each cell the launches change places, all else stays (Good, Permutation, Parametric and
    Bootstrap Tests of Hypotheses, 3rd ed. (2005), chapter 3), so it holds for any distribution of the noise; the
    statistic is that of a change in mean on a stretch (Levin and Kline, The cusum test of homogeneity, Statistics in
    Medicine 4 (1985)), of values cut off at three standard deviations.

    The slower side is what is concerned, except where a short fast stretch comes after a slow start: that is itself
    the exception.
    """
    import numpy as np

    places: dict[int, list[int]] = {}
    for place, cell in enumerate(cells):
        places.setdefault(cell, []).append(place)
    used = sorted(place for members in places.values() if len(members) >= 3 for place in members)
    n = len(used)
    if n < MIN_LAUNCHES:
        return None
    middle = {cell: median([levels[place] for place in members]) for cell, members in places.items()}
    residuals = np.log([levels[place] / middle[cells[place]] for place in used])
    scale = 1.4826 * mad(residuals)
    cut = np.clip(residuals, -3 * scale, 3 * scale) if scale > 0 else np.sign(residuals)
    ends = np.unique(np.linspace(0, n, min(n, _ENDS) + 1).astype(int))
    starts, stops = (ends[index] for index in np.triu_indices(len(ends), 1))
    wide = (stops - starts >= _SHORTEST) & (n - (stops - starts) >= _SHORTEST)
    starts, stops = starts[wide], stops[wide]
    found = _scores(cut[None, :], starts, stops)[0]
    best = int(np.argmax(found))
    p = _p_value(cut, [cells[place] for place in used], starts, stops, float(found[best]), seed)
    inside = np.zeros(n, dtype=bool)
    inside[starts[best] : stops[best]] = True
    shift = float(np.expm1(np.median(residuals[inside]) - np.median(residuals[~inside])))
    if p > SIGNIFICANCE or abs(shift) < LEAST_SHIFT:
        return None
    if shift < 0 and not (starts[best] > 0 and inside.sum() < n / 2):
        inside, shift = ~inside, 1 / (1 + shift) - 1
    return Stretch(tuple(used[i] for i in np.flatnonzero(inside)), shift, p)


def _scores(values: NDArray[np.float64], starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far the mean of each stretch is from the whole one, in units of its own chance; values (orders, n)."""
    import numpy as np

    n = values.shape[1]
    sums = np.concatenate(
        [np.zeros((len(values), 1)), np.cumsum(values - values.mean(axis=1, keepdims=True), axis=1)], 1
    )
    lengths = stops - starts
    scored: NDArray[np.float64] = np.abs(sums[:, stops] - sums[:, starts]) / np.sqrt(lengths * (n - lengths) / n)
    return scored


def _p_value(
    values: NDArray[np.float64],
    cells: Sequence[int],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    found: float,
    seed: int,
) -> float:
    import numpy as np

    n = len(values)
    by_cell = np.argsort(np.asarray(cells), kind="stable")
    blocks = np.unique(np.asarray(cells)[by_cell], return_inverse=True)[1]
    keys = np.random.default_rng(seed).random((_ORDERS, n)) + blocks  # sorted, each block stays and is shuffled within
    shuffled = np.empty((_ORDERS, n))
    shuffled[:, by_cell] = values[by_cell][np.argsort(keys, axis=1)]
    others = _scores(shuffled, starts, stops).max(axis=1)
    return float((1 + np.count_nonzero(others >= found * (1 - 1e-12))) / (_ORDERS + 1))
