"""Of several engines, which measurement of each stands beside the others: on one machine, and on devices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from edge.results.identity import DeviceIdentity
from edge.results.measurement import Measurement
from edge.results.store import Store
from edge.results.summary import Summary
from edge.zoo.catalogue import lookup
from edge.zoo.published import takes_input

Place = tuple[str, str]  # a network's first name, and its engine
Networks = Iterable[tuple[str, ...]]  # the names of each


def latest(db: Path, networks: Networks, machine: DeviceIdentity, threads: int = 1) -> dict[Place, Measurement]:
    """The newest measurement with so many threads of each network (by any of its names) in each engine, on `machine`.

    Of random weights as fp32 at the catalogue's input size, and by a protocol that measures launches in turn. Raises
    `ResultsError`.
    """
    return _newest(
        db,
        networks,
        lambda one: one.device == machine and one.threads == threads and one.protocol.base == "robust",
    )


def latest_on_devices(db: Path, networks: Networks) -> dict[Place, Measurement]:
    """The newest measurement of each such network in each engine that a device ran. Raises `ResultsError`."""
    return _newest(db, networks, lambda one: one.device.kind != "host" and not one.synthetic)


def _newest(db: Path, networks: Networks, fits: Callable[[Summary], bool]) -> dict[Place, Measurement]:
    first = {name: names[0] for names in networks for name in names}
    newest: dict[Place, int] = {}
    with Store(db, create=False) as store:
        for one in sorted(store.summaries()[0], key=lambda one: one.moment):
            if one.launches and one.engine and one.subject.name in first and _as_published(one) and fits(one):
                newest[first[one.subject.name], one.engine] = one.id
        return {place: store.get(id) for place, id in newest.items()}


def _as_published(one: Summary) -> bool:
    if one.subject.weights != "random" or one.subject.precision != "fp32":
        return False
    return takes_input(lookup(one.subject.name), one.subject.shapes)
