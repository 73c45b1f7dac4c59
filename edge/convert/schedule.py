"""Which order is next: the longest of those for which there is memory, so that none is left alone on one core at the end."""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable, Sequence

from edge.convert.order import Order, P
from edge.zoo.model import ClasNetwork, Model

# Bytes that Paddle, opt and a small network take. What workers keep for the next one shrinks with what is available
# (SHARE of workers/protocol.py): all networks, two at a time, took 17 GiB of 23 at the most.
_ENGINES = 2 << 30
# Float32 copies of its parameters that a network takes beyond that (measured on ResNeXt101_32x32d_wsl, 1,877 MB: 3.5).
_COPIES = 4
_SHARE = 0.75  # of the memory that is available at the start


class Schedule:
    """Orders by their positions, each given out once. What is too large for the whole room is given out alone.

    Longest first takes at most a third longer than the best schedule (Graham 1969, "Bounds on multiprocessing timing
    anomalies"). Repeats of a network come last, when what they share is kept. `room`: bytes, by default most of what is there.
    """

    def __init__(self, orders: Sequence[Order[P]], room: int | None = None) -> None:
        self._room = int(_SHARE * _available()) if room is None else room
        self._taken = 0
        self._changed = threading.Condition()
        self._needed = [memory_needed(order.model) for order in orders]
        firsts: dict[Hashable, int] = {}
        for at, order in enumerate(orders):
            firsts.setdefault(order.network, at)
        self._waiting = sorted(
            range(len(orders)), key=lambda at: (firsts[orders[at].network] != at, -_work(orders[at].model))
        )

    def take(self) -> int:
        """The next order's position, when there is memory for one; call it no more often than there are orders."""
        with self._changed:
            while (at := next(filter(self._fits, self._waiting), None)) is None:
                self._changed.wait()
            self._waiting.remove(at)
            self._taken += self._needed[at]
            return at

    def ended(self, at: int) -> None:
        """Its memory is free again."""
        with self._changed:
            self._taken -= self._needed[at]
            self._changed.notify_all()

    def _fits(self, at: int) -> bool:
        return not self._taken or self._taken + self._needed[at] <= self._room


def memory_needed(model: ClasNetwork | None) -> int:
    """Bytes that converting and verifying a model takes at its peak, about. Of networks not in the catalogue: a guess."""
    params_m = model.published.params_m if isinstance(model, Model) else None
    return _ENGINES + int(_COPIES * 4 * 1e6 * (params_m or 50.0))


def _work(model: ClasNetwork | None) -> float:
    """The published multiply-accumulates, in millions; what is unknown may be long."""
    return (isinstance(model, Model) and model.published.flops_m) or math.inf


def _available() -> int:
    import psutil

    return psutil.virtual_memory().available
