"""Of the engines of one machine, which measurement of each stands beside the others."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edge.results.identity import DeviceIdentity
from edge.results.measurement import Measurement
from edge.results.store import Store
from edge.results.summary import Summary
from edge.zoo.catalogue import lookup

Place = tuple[str, str]  # a network's first name, and its engine


def latest(
    db: Path, networks: Iterable[tuple[str, ...]], machine: DeviceIdentity, threads: int = 1
) -> dict[Place, Measurement]:
    """The newest measurement with so many threads of each network (by any of its names) in each engine, on `machine`.

    Of random weights as fp32 at the catalogue's input size, and by a protocol that measures launches in turn. Raises
    `ResultsError`.
    """
    first = {name: names[0] for names in networks for name in names}
    with Store(db, create=False) as store:
        newest: dict[Place, int] = {}
        for one in sorted(store.summaries()[0], key=lambda one: one.moment):
            here = one.device == machine and one.threads == threads and one.protocol.base == "robust"
            if here and one.launches and one.engine and one.subject.name in first and _as_published(one):
                newest[first[one.subject.name], one.engine] = one.id
        return {place: store.get(id) for place, id in newest.items()}


def _as_published(one: Summary) -> bool:
    shapes, precision = (lookup(one.subject.name).input_shape,), one.subject.precision
    return one.subject.weights == "random" and precision == "fp32" and one.subject.shapes == shapes
