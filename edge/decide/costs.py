"""What a unit of work costs on a device: fitted to latencies, in ms.

Two levels. The coarse one has one cost for each of `edge.decide.features.COSTS`, whatever the kind of operator. The fine one
has a cost for each feature, and pays for every share by which it goes away from the coarse one: what the rows say little
of costs what operators cost on the whole. Coarse costs carry over to networks of other families; fine ones tell the members
of a family apart. Errors are relative: a row counts alike whether it takes 2 or 30 ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.decide.features import COSTS, Feature, Features
from edge.decide.nnls import Matrix, nnls

SHRINKAGE = 0.02  # leave-one-out errors hardly depend on it between 0.01 and 0.07: docs/reference/estimate.md


@dataclass(frozen=True, slots=True)
class Costs:
    """Fitted costs of one thread count, in ms a unit. A feature without a fine cost has its coarse one."""

    coarse: Mapping[str, float]
    fine: Mapping[Feature, float]

    def predict(self, features: Features, *, fine: bool) -> float:
        """The latency in ms."""
        return sum(self.part(feature, amount, fine=fine) for feature, amount in features.items())

    def part(self, feature: Feature, amount: int, *, fine: bool) -> float:
        """What one feature adds to it."""
        coarse = self.coarse[feature.cost]
        return amount * (self.fine.get(feature, coarse) if fine else coarse)

    def scaled(self, by: float) -> Costs:
        """All of them `by` times as high."""
        return Costs(
            {cost: by * ms for cost, ms in self.coarse.items()}, {feature: by * ms for feature, ms in self.fine.items()}
        )


def fit(rows: Sequence[tuple[Features, float]]) -> Costs:
    """The costs that fit networks of known latency (ms) best; of at least one row."""
    latencies = np.array([ms for _, ms in rows])
    whole = np.array(
        [[sum(n for feature, n in row.items() if feature.cost == cost) for cost in COSTS] for row, _ in rows]
    )
    shares = whole / latencies[:, None]
    sizes = np.maximum(shares.max(axis=0), 1e-12)
    coarse = dict(zip(COSTS, (nnls(shares / sizes, np.ones(len(rows))) / sizes).tolist(), strict=True))
    return refined(Costs(coarse, {}), rows)


def refined(costs: Costs, rows: Sequence[tuple[Features, float]], shrinkage: float = SHRINKAGE) -> Costs:
    """With fine costs fitted to these rows, near those that are there."""
    features = _features(row for row, _ in rows)
    before = np.array([costs.part(feature, 1, fine=True) for feature in features])
    amounts = np.array([[row.get(feature, 0) for feature in features] for row, _ in rows])
    shares: Matrix = amounts * before / np.array([ms for _, ms in rows])[:, None]
    a = np.vstack([shares, shrinkage * np.eye(len(features))])
    b = np.concatenate([np.ones(len(rows)), np.full(len(features), shrinkage)])
    return Costs(costs.coarse, {**costs.fine, **dict(zip(features, (nnls(a, b) * before).tolist(), strict=True))})


def _features(rows: Iterable[Features]) -> list[Feature]:
    return sorted({feature for row in rows for feature in row})
