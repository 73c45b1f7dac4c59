"""The costs of a Snapdragon 855, fitted to the published latencies, and how far they are off for networks left out.

Fitted when they are first asked for and then kept in the cache, under the code, the features and the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np

from edge.cache.hashing import sha256_of
from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.decide import features
from edge.decide.calibration import calibrated
from edge.decide.costs import Costs, fit
from edge.decide.features import Feature, Features, of_model
from edge.decide.nnls import nnls
from edge.zoo.catalogue import FILE as MODELS
from edge.zoo.catalogue import catalogue
from edge.zoo.doubts import doubts_of
from edge.zoo.model import Model

THREADS = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class PublishedLatency:
    """A network with its latency in ms, as published."""

    model: Model
    features: Features
    ms: float


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a published network is estimated at, in ms, from the others: without itself; without its whole family; the same by
    FLOPs alone; and without its family but with one member of it measured, once for each other member.
    """

    architecture: str
    family: str
    ms: float
    alone: float
    family_out: float
    flops_alone: float
    one_measured: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ExpectedError:
    """Relative errors of estimates of a kind: their mean, and what nine of ten were within; of how many."""

    mean: float
    nine_of_ten: float
    networks: int

    @staticmethod
    def of(errors: Sequence[float]) -> ExpectedError:
        """Of signed or absolute errors, at least one."""
        absolute = np.abs(np.asarray(errors))
        return ExpectedError(float(absolute.mean()), float(np.quantile(absolute, 0.9)), len(errors))


@dataclass(frozen=True, slots=True)
class Fitted:
    """Of one thread count."""

    costs: Costs
    left_out: tuple[LeftOut, ...]

    def errors(self, estimate: Callable[[LeftOut], float]) -> ExpectedError:
        """Of all networks left out."""
        return ExpectedError.of([estimate(one) / one.ms - 1 for one in self.left_out])


def table(threads: int) -> list[PublishedLatency]:
    """The published networks: without distilled twins, and without rows that contradict themselves."""
    return [
        PublishedLatency(model, known.features, ms)
        for model in catalogue()
        if not model.ssld and (ms := model.published.sd855_ms.get(threads)) and (known := of_model(model))
        if not any(doubt.number.startswith("sd855") for doubt in doubts_of(model.name))
    ]


@cache
def fitted(threads: int) -> Fitted:
    """Of 1, 2 or 4 threads."""
    store = Cache(cache_dir() / "estimates")
    key = key_of(
        {"threads": threads, "code": code_version(__name__), "data": list(map(sha256_of, (features.FILE, MODELS)))}
    )
    entry = store.get(key)
    if entry is None:
        with store.making(key) as part:
            entry = store.get(key) or store.put(key, part, _facts(_fit(table(threads))))
    return _read(entry.facts)


def _fit(rows: Sequence[PublishedLatency]) -> Fitted:
    families = list(dict.fromkeys(row.model.series for row in rows))
    outside = {family: [row for row in rows if row.model.series != family] for family in families}
    costs = {family: _costs(others) for family, others in outside.items()}
    flops = {family: _per_flop(others) for family, others in outside.items()}
    left_out = []
    for row in rows:
        family = row.model.series
        one_out = _costs([other for other in rows if other is not row])
        left_out.append(
            LeftOut(
                row.model.architecture,
                family,
                row.ms,
                one_out.predict(row.features, fine=True),
                costs[family].predict(row.features, fine=False),
                flops[family] * (row.model.published.flops_m or 0),
                tuple(
                    calibrated(costs[family], [(other.features, other.ms)], fine=False).predict(row.features, fine=True)
                    for other in rows
                    if other is not row and other.model.series == family
                ),
            )
        )
    return Fitted(_costs(rows), tuple(left_out))


def _costs(rows: Sequence[PublishedLatency]) -> Costs:
    return fit([(row.features, row.ms) for row in rows])


def _per_flop(rows: Sequence[PublishedLatency]) -> float:
    """ms per million, with relative errors least squares."""
    shares = np.array([[(row.model.published.flops_m or 0) / row.ms] for row in rows])
    return float(nnls(shares, np.ones(len(rows)))[0])


def _facts(made: Fitted) -> dict[str, Any]:
    fine = {str(feature): ms for feature, ms in made.costs.fine.items()}
    return {"coarse": dict(made.costs.coarse), "fine": fine, "left_out": [asdict(one) for one in made.left_out]}


def _read(facts: Mapping[str, Any]) -> Fitted:
    fine = {Feature(*name.split(":")): ms for name, ms in facts["fine"].items()}
    left_out = (LeftOut(**{**one, "one_measured": tuple(one["one_measured"])}) for one in facts["left_out"])
    return Fitted(Costs(facts["coarse"], fine), tuple(left_out))
