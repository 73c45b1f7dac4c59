"""Of several engines, which measurement of each stands beside the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """The measurements with so many threads of each network (by any of its names), an engine each, on `machine`.

    They were made side by side: under one name in one session, the one that measured the network in the most engines, of
    these the one with the most valid numbers, and of these the newest. Of random weights as fp32 at the catalogue's input
    size, and by a protocol that measures launches in turn. Raises `ResultsError`.
    """
    found: dict[Place, Measurement] = {}
    with Store(db, create=False) as store:
        here = [
            (name, one)
            for name, one in measured_as_published(store, networks)
            if one.device == machine and one.threads == threads and one.protocol.base == "robust"
        ]
        for network in dict.fromkeys(name for name, _ in here):
            together: dict[tuple[int, str], dict[str, Summary]] = {}
            for name, one in here:  # in the order of time: the last of an engine stays
                if name == network and one.engine:
                    together.setdefault((one.session, one.subject.name), {})[one.engine] = one
            most = max(together.values(), key=_rank)
            found |= {(network, engine): store.get(one.id) for engine, one in most.items()}
    return found


def _rank(engines: Mapping[str, Summary]) -> tuple[int, int, tuple[float, int]]:
    ones = engines.values()
    return len(ones), sum(one.valid for one in ones), max(one.moment for one in ones)


def measured_as_published(store: Store, networks: Networks) -> list[tuple[str, Summary]]:
    """The measurements of these networks as they were published, each with the network's first name, in the order of time."""
    first = {name: names[0] for names in networks for name in names}
    every = sorted(store.summaries()[0], key=lambda one: one.moment)
    return [
        (first[one.subject.name], one)
        for one in every
        if one.launches and one.engine and one.subject.name in first and _as_published(one)
    ]


def _as_published(one: Summary) -> bool:
    if one.subject.weights != "random" or one.subject.precision != "fp32":
        return False
    return takes_input(lookup(one.subject.name), one.subject.shapes)
