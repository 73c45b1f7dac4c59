"""How many of the images a network got right, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from edge.errors import EvaluationError

_Z = 1.959963984540054  # the normal distribution's 97.5 % point: 95 % on both sides


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `total` images, the share itself (0 to 1), and its 95 % confidence interval."""

    hits: int
    total: int
    value: float
    low: float
    high: float


def share(hits: int, total: int) -> Share:
    """The share with Wilson's score interval, which holds near 0 and 1, too, and for few images.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212. It takes
    the images for an independent sample of those the network will meet. `total` must be at least 1.
    """
    p = hits / total
    scale = 1 + _Z**2 / total
    centre = (p + _Z**2 / (2 * total)) / scale
    half = _Z * sqrt(p * (1 - p) / total + _Z**2 / (4 * total**2)) / scale
    # At the ends the formula gives exactly 0 and 1, and rounding may not.
    return Share(hits, total, p, 0.0 if hits == 0 else centre - half, 1.0 if hits == total else centre + half)


def ranked(scores: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """The `count` best classes of each image, best first, equal scores by class index; `scores` is images x classes.

    Raises `EvaluationError` for scores that are no numbers: an order of them would mean nothing.
    """
    if not np.isfinite(scores).all():
        raise EvaluationError(
            "the network's output holds values that are not finite numbers", hint="its weights are damaged or untrained"
        )
    order: NDArray[np.intp] = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    return order
