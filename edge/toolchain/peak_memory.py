"""How much memory this process and those it started have at their peak, together."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from pathlib import Path
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


def resident_bytes() -> int:
    """Resident memory of this process and all its descendants at the moment."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    pages: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        children[int(fields[1])].append(int(folder.name))
        pages[int(folder.name)] = int(fields[21])
    total, waiting = 0, [os.getpid()]
    while waiting:
        pid = waiting.pop()
        total += pages.get(pid, 0)
        waiting += children[pid]
    return total * os.sysconf("SC_PAGESIZE")
