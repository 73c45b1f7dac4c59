"""The engines of one run: environments made when first asked for, workers shared by all threads, all ended at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from edge.errors import ToolchainError
from edge.toolchain.engines import WORKERS, Engine, engine
from edge.toolchain.environment import ensure
from edge.toolchain.pool import WorkerPool
from edge.toolchain.worker import Worker

_SCRIPTS = {
    "paddlelite": "lite_worker.py", "paddle": "paddle_worker.py", "paddle3": "pir_worker.py", "onnx": "onnx_worker.py",
}  # fmt: skip


class Toolbox:
    """Lends workers of any engine. Nothing is installed or started before it is needed."""

    def __init__(
        self,
        *,
        say: Callable[[str], None] = lambda _: None,
        working: Callable[[str], Callable[[str, int, int], None]] = lambda _name: lambda _what, _done, _of: None,
    ) -> None:
        self._say, self._working = say, working
        self._lock = threading.Lock()
        self._pools: dict[tuple[Engine, str], WorkerPool] = {}
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
        for pool in self._pools.values():
            pool.close()

    @contextmanager
    def lend(self, kind: str, version: str | None = None, *, script: str | None = None) -> Iterator[Worker]:
        """A worker of the engine for the length of a `with` block; its process starts at the first call.

        `script`: another one of the engine's workers than its usual.
        """
        engine_ = engine(kind, version)
        wanted = (engine_, script or _SCRIPTS.get(kind) or engine_.program.name)
        with self._lock:
            if self._closed:  # a thread that outlives an interrupt must start nothing
                raise ToolchainError(f"{engine_.name} is not lent any more: the run has ended")
            if wanted not in self._pools:
                environment = ensure(engine_, say=self._say, working=self._working(engine_.name))
                path = WORKERS / wanted[1]
                self._pools[wanted] = WorkerPool(lambda: Worker(environment.python, path))
            pool = self._pools[wanted]
        with pool.lend() as worker:
            yield worker
