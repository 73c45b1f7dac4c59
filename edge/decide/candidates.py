"""The networks that can be chosen from, each with its latency, accuracy and size, and where these come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from edge.decide.estimate import Counted, MeasuredLatency, estimate
from edge.decide.features import of_model
from edge.decide.judged import JudgedOnImages
from edge.decide.measured import ENGINE, network_key, newest
from edge.decide.number import Sourced
from edge.results.measurement import Measurement
from edge.zoo.catalogue import catalogue
from edge.zoo.doubts import doubts_of
from edge.zoo.model import Model

Source = Literal["measured", "published", "estimated"]
SOURCES: tuple[Source, ...] = ("measured", "published", "estimated")
"""Of latencies, the most trusted first."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One network in one precision, run by one engine. Latency in ms, top-1 as a share, size in MB (1e6 bytes).

    `model` is that network of the catalogue, None for one of the user's own. `weights` are those that the accuracy is of; a
    latency is the network's, whatever its weights.
    """

    name: str
    model: Model | None
    precision: str
    engine: str
    weights: str
    latency: Sourced | None
    top1: Sourced | None
    mb: Sourced | None


LatencyOf = Callable[[Model], Sourced | None]
"""What a source knows of a network's latency."""


def candidates(
    measured: Sequence[Measurement],
    others: Sequence[LatencyOf],
    *,
    judged: JudgedOnImages | None = None,
    ssld: bool = False,
) -> list[Contender]:
    """Every network of the catalogue with its measured latencies (one for each precision and engine), or where its float32
    was not measured with that of the first of the `others` that has one; and all that was measured beside the catalogue.

    `measured` are of one thread count and device; what is not valid counts for nothing. Accuracies are those `judged` on one
    set of images, or (None) the published ones: never both. With `ssld` only networks whose
    published weights are distilled.
    """
    by_network: dict[object, list[Measurement]] = {}
    found: list[Contender] = []
    for model, one in newest(measured):
        if model is not None:
            by_network.setdefault(network_key(model), []).append(one)
        elif not ssld:
            found.append(_contender(one, None, judged))
    for model in catalogue():
        if ssld and not model.ssld:
            continue
        mine = by_network.get(network_key(model), [])
        found += [_contender(one, model, judged) for one in mine]
        if not any(one.subject.precision == "fp32" and one.engine[0] in (None, ENGINE) for one in mine):
            latency = next((ms for ms in (latency_of(model) for latency_of in others) if ms is not None), None)
            top1 = published_top1(model) if judged is None else judged.of_model(model, "fp32")
            size = _size(model)
            found.append(Contender(model.name, model, "fp32", ENGINE, "published", latency, top1, size))
    return found


def published_latency(model: Model, threads: int) -> Sourced | None:
    """On a Snapdragon 855: the network's own row; a distilled network without one has that of the same network."""
    for row in (model, *(one for one in catalogue() if one is not model and network_key(one) == network_key(model))):
        if (ms := row.published.sd855_ms.get(threads)) is not None:
            told = [f"of {row.name}, the same network"] if row is not model else []
            told += [f"doubtful: {one.reason}" for one in doubts_of(row.name, f"sd855_{threads}")]
            return Sourced(ms, "published", note="; ".join(told))
    return None


def estimated_latency(model: Model, threads: int, references: Sequence[MeasuredLatency] | None) -> Sourced | None:
    """On a Snapdragon 855, or on the device of the `references`; of networks whose work is counted."""
    if (known := of_model(model)) is None:
        return None
    made = estimate(Counted(model.name, model, known.features), threads, references)
    if made.ms is None:
        return None
    told = made.reason
    if references is not None:
        told += f"; calibrated by {made.references} measured network{'s' * (made.references != 1)}"
    if made.interval is None:
        return Sourced(made.ms, "estimated", note=f"{told}; too few to tell how far it is off")
    return Sourced(made.ms, "estimated", *made.interval, note=told)


def published_top1(model: Model) -> Sourced | None:
    """Of the published weights in float32."""
    top1 = model.published.top1
    told = "; ".join(f"doubtful: {one.reason}" for one in doubts_of(model.name, "top1"))
    return Sourced(top1, "published", note=told) if top1 is not None else None


def _contender(one: Measurement, model: Model | None, judged: JudgedOnImages | None) -> Contender:
    return Contender(
        name=model.name if model else one.subject.name,
        model=model,
        precision=one.subject.precision or "unknown",
        engine=one.engine[0] or "unknown",
        weights="published" if model else one.subject.weights or "unknown",
        latency=_latency(one),
        top1=_top1(one, model, judged),
        mb=Sourced(one.subject.bytes / 1e6, "measured", note=f"the file of measurement {one.id}"),
    )


def _top1(one: Measurement, model: Model | None, judged: JudgedOnImages | None) -> Sourced | None:
    if judged is not None:
        return judged.of_model(model, one.subject.precision) if model else judged.of_file(one.subject)
    return published_top1(model) if model and one.subject.precision == "fp32" else None


def _latency(one: Measurement) -> Sourced:
    interval = one.statistics.interval if one.statistics and one.protocol.headline == "median" else None
    where = f"measurement {one.id} on {one.device.get('serial')}"
    assert one.headline_ms is not None  # newest
    if interval is None:
        return Sourced(one.headline_ms, "measured", note=where)
    return Sourced(one.headline_ms, "measured", interval.low, interval.high, interval.level, where)


def _size(model: Model) -> Sourced | None:
    if (known := of_model(model)) is not None:
        return Sourced(known.bytes / 1e6, "converted", note="the file that edgezoo makes for arm in float32")
    size = model.published.size_mb
    return (
        Sourced(size, "published", note="as printed: MiB for most networks, MB for some") if size is not None else None
    )
