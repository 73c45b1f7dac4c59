"""The latency of a network on a Snapdragon 855, or on a device that something was measured on, without running it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from edge.decide.calibration import calibrated
from edge.decide.costs import Costs
from edge.decide.features import Features
from edge.decide.fitted import ExpectedError, Fitted, fitted, table
from edge.zoo.model import Model

Case = Literal["family", "near", "far"]
UNSEEN_SHARE = 0.05  # of the latency, that kinds of operators may have which no network of the table has
BEYOND = 2.0  # times below the fastest and above the slowest network of the table
LEAST_MEASURED = 3  # models on a device, for an error to be told of estimates there


@dataclass(frozen=True, slots=True)
class Counted:
    """A network whose work is counted. `model`: what it is of the catalogue; `features` None where it has operators that are
    not known, which `reason` names.
    """

    name: str
    model: Model | None
    features: Features | None
    sha256: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MeasuredLatency:
    """A measured latency of another network on the device, in ms."""

    network: object
    features: Features
    ms: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """In ms, at one thread count: `ms` is None for a network that is far from the table, or where the device tells nothing.

    `error` is what to expect of an estimate of its case; None where too little was measured to tell. `reason` says why the
    case is what it is. `references`: how many measurements calibrate it.
    """

    name: str
    threads: int
    case: Case
    reason: str
    ms: float | None
    error: ExpectedError | None
    references: int = 0

    @property
    def interval(self) -> tuple[float, float] | None:
        """What nine of ten estimates of its case were within."""
        if self.ms is None or self.error is None:
            return None
        return self.ms * (1 - self.error.nine_of_ten), self.ms * (1 + self.error.nine_of_ten)


def estimate(network: Counted, threads: int, references: Sequence[MeasuredLatency] | None = None) -> Estimate:
    """Of one network. `references`: what was measured on another device, the network itself left out; None: a Snapdragon 855.

    A network of the table is estimated without its own row.
    """
    made = fitted(threads)
    case, reason = _case(network, made)
    if case == "far" or network.features is None:
        return Estimate(network.name, threads, "far", reason, None, None)
    fine = case == "family"
    if references is not None:
        others = [one for one in references if one.network != _identity(network)]
        ms = _on_device(made.costs, others, network.features, fine=fine)
        error = _error_of(made.costs, others, fine=fine)
        return Estimate(network.name, threads, case, reason, ms, error, len(others))
    own = [one for one in made.left_out if network.model and one.architecture == network.model.architecture]
    error = made.errors(lambda one: one.alone if fine else one.family_out)
    ms = own[0].alone if own and fine else made.costs.predict(network.features, fine=fine)
    return Estimate(network.name, threads, case, reason, ms, error)


def _identity(network: Counted) -> object:
    """What a reference to the same network would be called."""
    return (network.model.architecture, network.model.input_shape) if network.model else network.sha256


def _on_device(costs: Costs, references: Sequence[MeasuredLatency], features: Features, *, fine: bool) -> float | None:
    if not references:
        return None
    pairs = [(one.features, one.ms) for one in references]
    return calibrated(costs, pairs, fine=fine).predict(features, fine=True)


def _error_of(costs: Costs, references: Sequence[MeasuredLatency], *, fine: bool) -> ExpectedError | None:
    """Each reference estimated from the others."""
    if len(references) < LEAST_MEASURED:
        return None
    errors = []
    for one in references:
        ms = _on_device(costs, [other for other in references if other is not one], one.features, fine=fine)
        assert ms is not None
        errors.append(ms / one.ms - 1)
    return ExpectedError.of(errors)


def _case(network: Counted, made: Fitted) -> tuple[Case, str]:
    """Which networks of the table it is like, and why."""
    if network.features is None:
        return "far", network.reason
    ms = made.costs.predict(network.features, fine=False)
    parts: dict[str, float] = {}
    for feature, amount in network.features.items():
        if feature.kind not in _kinds():
            parts[feature.kind] = parts.get(feature.kind, 0) + made.costs.part(feature, amount, fine=False)
    if sum(parts.values()) > UNSEEN_SHARE * ms:
        return "far", f"{' and '.join(sorted(parts))}: no network of the table has such operators"
    latencies = [one.ms for one in made.left_out]
    if not min(latencies) / BEYOND <= ms <= max(latencies) * BEYOND:
        return "far", f"some {ms:.3g} ms, and the table has networks of {min(latencies):g} to {max(latencies):g} ms"
    if network.model is not None and network.model.series in _families():
        return "family", f"the table has other networks of {network.model.series}"
    return "near", "its operators are those of the table's networks, its family is not there"


@cache
def _kinds() -> frozenset[str]:
    """Of operators, in the table's networks."""
    return frozenset(feature.kind for row in table(1) for feature in row.features)


@cache
def _families() -> frozenset[str]:
    return frozenset(row.model.series for row in table(1))
