"""How much memory this process and those it started have at their peak, together."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_EVERY = 0.5  # seconds between two looks


class PeakMemory:
    """Looks on in a thread of its own. `bytes_`: the most that was seen; pages shared by two processes count twice."""

    def __init__(self) -> None:
        self.bytes_ = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.bytes_ = max(self.bytes_, resident_bytes())
            if self._ended.wait(_EVERY):
                return


def resident_bytes(pid: int | None = None, *, children: bool = True) -> int:
    """Resident memory of a process (None: this one) and, with `children`, all its descendants; what has ended counts 0."""
    import psutil

    total = 0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for one in [process, *(process.children(recursive=True) if children else ())]:
            with suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
    return total
