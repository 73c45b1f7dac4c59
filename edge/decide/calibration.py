"""Another device: the costs of the Snapdragon 855 scaled and fitted to what was measured there."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from statistics import fmean

from edge.decide.costs import Costs, refined
from edge.decide.features import Features


def calibrated(costs: Costs, measured: Sequence[tuple[Features, float]], *, fine: bool) -> Costs:
    """The costs on a device where these latencies (ms, at least one) were measured.

    First all of them are scaled alike, then each is fitted as far as the measurements tell of it. Without `fine` the coarse
    costs are what is scaled: for networks of a family that the table has not.
    """
    start = costs if fine else Costs(costs.coarse, {})
    factor = exp(fmean(log(ms / start.predict(features, fine=True)) for features, ms in measured))
    return refined(start.scaled(factor), measured)
