"""Processes that end with this one, in whatever way it ends: also by kill -9, after which nothing of ours runs any more."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

# It hears the number of a process group, then waits for the end of its standard input, which is ours to hold.
_HOLD = "read -r group && { read -r x; kill -s KILL -- -$group; }"


class Leashed(subprocess.Popen[bytes]):
    """A process in a session of its own (Ctrl-C reaches us only). When this process ends, a shell beside kills its group.

    A parent-death signal would not do: it comes at the end of the thread that started the process, and to no grandchild.
    Raises OSError if it cannot be started. Whoever started it calls `end`.
    """

    def __init__(self, command: Sequence[str | Path], **options: Any) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
        self._holder = subprocess.Popen(["/bin/sh", "-c", _HOLD], stdin=subprocess.PIPE, bufsize=0, **quiet)  # type: ignore[call-overload]
        try:
            super().__init__(command, start_new_session=True, **options)
        except BaseException:
            self._let_go()
            raise
        self._holder.stdin.write(f"{self.pid}\n".encode())

    def end(self) -> None:
        """Kill it, if it still runs, and all that it left in its group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()
        self._let_go()

    def _let_go(self) -> None:
        self._holder.kill()
        self._holder.wait()
        self._holder.stdin.close()
