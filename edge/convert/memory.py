"""Memory for several models at once: the largest need most of a machine for themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from edge.zoo.model import ClasNetwork, Model

_ENGINES = 1 << 30  # bytes that Paddle, opt and a small network take
# Float32 copies of its parameters that a network takes beyond that (measured: 4.1 in all on VGG19, 575 MB).
_COPIES = 5
_SHARE = 0.75  # of the memory that is available at the start


class MemoryBudget:
    """Lets work in as long as its memory fits; what is too large for the whole room is let in alone."""

    def __init__(self, size: int | None = None) -> None:
        self._free = threading.Condition()
        self._queue = threading.Lock()  # so that nobody small slips past a large one that waits
        self._size = int(_SHARE * _available()) if size is None else size
        self._taken = 0

    @contextmanager
    def reserve(self, bytes_: int) -> Iterator[None]:
        """Wait for so much memory, and have it for the length of a `with` block."""
        with self._queue, self._free:
            self._free.wait_for(lambda: not self._taken or self._taken + bytes_ <= self._size)
            self._taken += bytes_
        try:
            yield
        finally:
            with self._free:
                self._taken -= bytes_
                self._free.notify_all()


def memory_needed(model: ClasNetwork | None) -> int:
    """Bytes that converting and verifying a model takes at its peak, about. Of networks not in the catalogue: a guess."""
    if not isinstance(model, Model):
        return 2 * _ENGINES
    return _ENGINES + int(_COPIES * 4 * 1e6 * (model.published.params_m or 50.0))


def _available() -> int:
    import psutil

    return psutil.virtual_memory().available
