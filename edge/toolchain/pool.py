"""Several workers of one kind, lent to one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from edge.toolchain.worker import Worker

# Bytes, above KEPT of workers/protocol.py: engines keep what the largest networks made them take, and a new process costs a
# second or two.
_SATED = 4 << 30


class WorkerPool:
    """Makes workers as they are asked for, never more than ask at once, and ends them all at the end."""

    def __init__(self, make: Callable[[], Worker]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._all: list[Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def lend(self) -> Iterator[Worker]:
        """A worker for the length of a `with` block."""
        with self._lock:
            if self._idle:
                worker = self._idle.pop()
            else:
                worker = self._make()
                self._all.append(worker)
        try:
            yield worker
        finally:
            if worker.resident_bytes > _SATED:
                worker.rest()
            with self._lock:
                self._idle.append(worker)

    def close(self) -> None:
        """End every worker."""
        for worker in self._all:
            worker.close()
