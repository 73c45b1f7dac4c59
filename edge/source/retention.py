"""What exports leave in the cache: those of large networks go when the last order that needs them is done."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager

from edge.source.model import InferenceModel

# Bytes of parameters from which an export is given up. All of the catalogue would take 46 GB; a small network would be exported
# again and again, for the next precision or target.
LARGE = 100_000_000


class ExportRetention:
    """Counts the orders of each network, and gives its exports up after the last. Used by several threads."""

    def __init__(self, networks: Iterable[Hashable], *, keep_small: bool) -> None:
        self._lock = threading.Lock()
        self._orders = Counter(networks)
        self._sources: defaultdict[Hashable, dict[str, InferenceModel]] = defaultdict(dict)
        self._keep_small = keep_small

    @contextmanager
    def using(self, network: Hashable, source: InferenceModel) -> Iterator[None]:
        """While an order works with the export."""
        if source.kind not in ("random", "checkpoint"):
            yield
            return
        from edge.source.exported import in_use

        with self._lock:
            self._sources[network][source.directory.name] = source
        with in_use(source):
            yield

    def done_with(self, network: Hashable) -> None:
        """An order of this network has ended, in whatever way."""
        with self._lock:
            self._orders[network] -= 1
            given_up = [] if self._orders[network] else list(self._sources.pop(network, {}).values())
        for source in given_up:
            from edge.source.exported import give_up

            size = source.params.stat().st_size if source.params.exists() else 0
            if size > LARGE or not self._keep_small:
                give_up(source, facts=not self._keep_small)
