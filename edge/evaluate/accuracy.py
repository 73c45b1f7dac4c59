"""The order in which a network ranks the classes of an image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.errors import EvaluationError


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
