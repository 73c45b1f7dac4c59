"""Of several engines, which measurement of each stands beside the others: on this machine, and on devices."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edge.results.measurement import Measurement
from edge.results.store import Store

Place = tuple[str, str]  # a network's first name, and its engine


def latest(db: Path, networks: Iterable[tuple[str, ...]], threads: int = 1) -> dict[Place, Measurement]:
    """The newest measurement with so many threads of each network (by any of its names) in each engine, on this machine.

    Of random weights, and by a protocol that measures launches in turn. Raises `ResultsError`.
    """
    first = {name: names[0] for names in networks for name in names}
    with Store(db, create=False) as store:
        newest: dict[Place, int] = {}
        for one in store.summaries()[0]:
            fits = one.threads == threads and one.device.kind == "host" and one.subject.weights == "random"
            if fits and one.launches and one.engine and one.subject.name in first and one.protocol.base == "robust":
                place = first[one.subject.name], one.engine
                newest[place] = max(one.id, newest.get(place, 0))
        return {place: store.get(id) for place, id in newest.items()}


def latest_on_devices(db: Path, networks: Iterable[tuple[str, ...]]) -> dict[Place, Measurement]:
    """The newest measurement of each network, with random weights, in each engine that a device ran. Raises `ResultsError`."""
    first = {name: names[0] for names in networks for name in names}
    with Store(db, create=False) as store:
        newest: dict[Place, int] = {}
        for one in store.summaries()[0]:
            fits = one.device.kind != "host" and one.subject.weights == "random" and not one.synthetic
            if fits and one.launches and one.engine and one.subject.name in first:
                place = first[one.subject.name], one.engine
                newest[place] = max(one.id, newest.get(place, 0))
        return {place: store.get(id) for place, id in newest.items()}
