"""What was measured on a device: the cells that a decision is made with, and which networks they are of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from edge.cache.paths import results_database
from edge.decide.estimate import Counted, MeasuredLatency
from edge.decide.features import of_model
from edge.errors import UnknownResultError, UsageError
from edge.metadata.file import origin_of
from edge.metadata.published import of_origin
from edge.results.measurement import Measurement, Subject
from edge.results.store import Store
from edge.zoo.catalogue import lookup
from edge.zoo.model import Model

SD855 = "sd855"
ENGINE = "paddle-lite"  # that the published latencies are of


def cells(device: str, threads: Sequence[int], db: Path | None) -> tuple[list[Measurement], list[str]]:
    """What was measured on the device, or (`sd855`) on any phone with that chip, at these thread counts; and a sentence for
    each row that is damaged. Raises `ResultsError`, `UnknownResultError` where nothing was measured on that device,
    `UsageError` where the name is that of several.
    """
    with Store(db or results_database(), create=False) as store:
        found, damaged = store.measurements(store.ids(device=None if device == SD855 else device))
    found = [one for one in found if one.threads in threads and (device != SD855 or one.identity.is_sd855)]
    several = {one.identity.known_as for one in found} if device != SD855 else set()
    if len(several) > 1:
        raise UsageError(
            f"{device} names {len(several)} devices that were measured",
            hint=f"name one by its id: {', '.join(sorted(several))}",
        )
    if not found and device != SD855:
        counts = " or ".join(map(str, threads))
        raise UnknownResultError(
            f"nothing was measured on {device} with {counts} thread{'s' * (threads != (1,))}",
            hint=f"edgezoo bench --light --weights random -s {device}",
        )
    return found, damaged


def network_of(subject: Subject) -> Model | None:
    """The network of the catalogue that a file is of, whatever its weights; its name proves nothing."""
    origin = origin_of(subject.metadata, subject.name)
    proven = of_origin(origin, subject.shapes, subject.params, subject.flops)
    return lookup(origin.model.name) if origin.model is not None and proven.published is not None else None


def newest(cells: Sequence[Measurement]) -> Iterable[tuple[Model | None, Measurement]]:
    """Of each network, precision and engine the newest valid one, the robust protocol's before others; none sustained."""
    best: dict[object, tuple[Model | None, Measurement]] = {}
    for one in sorted(cells, key=lambda cell: (cell.protocol.base == "robust", cell.moment)):
        if one.valid and not one.synthetic and one.protocol.base != "sustained" and one.headline_ms is not None:
            model = network_of(one.subject)
            best[(network_key(model) if model else one.subject.sha256, one.subject.precision, one.engine[0])] = (
                model,
                one,
            )
    return best.values()


def network_key(model: Model) -> object:
    """What networks share that differ in their weights only."""
    return model.architecture, model.input_shape


def references(measured: Sequence[Measurement], more: Sequence[Counted] = ()) -> list[MeasuredLatency]:
    """The measured latencies of networks whose work is counted: of the catalogue, and those of `more` whose file it was."""
    by_file = {one.sha256: one for one in more if one.features is not None}
    found = []
    for model, one in newest(measured):
        if one.subject.precision != "fp32" or one.engine[0] not in (None, ENGINE) or one.headline_ms is None:
            continue
        known = of_model(model) if model is not None else None
        counted = by_file.get(one.subject.sha256)
        if model is not None and known is not None:
            found.append(MeasuredLatency(network_key(model), known.features, one.headline_ms))
        elif counted is not None and counted.features is not None:
            found.append(MeasuredLatency(counted.sha256, counted.features, one.headline_ms))
    return found
