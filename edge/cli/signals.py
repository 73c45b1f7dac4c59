"""How a command ends by a signal: by an exception, so that device settings are restored and what was started is stopped."""

from __future__ import annotations

import os
import signal
import sys
import time
from _thread import start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_ENDING = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP
_SOON = 0.01  # seconds
PATIENCE = 60.0  # seconds; putting settings back is bounded itself (edge/device/shell/device.py)


@contextmanager
def unwinding() -> Iterator[None]:
    """Meanwhile SIGINT raises `KeyboardInterrupt`, SIGTERM and SIGHUP `SystemExit`; what is ignored stays so.

    While a device is held, further ones wait until its settings are back, at most `PATIENCE` seconds after the first.
    Afterwards they mean what they did: they end a process that has nothing left to restore.
    """
    endings = _Endings()
    before = {
        number: signal.signal(number, endings.heard)
        for number in (signal.SIGINT, *(one for one in signal.Signals if one.name in _ENDING))
        if signal.getsignal(number) is signal.SIG_DFL  # under nohup SIGHUP is ignored
    }
    told = sys.unraisablehook

    def hook(lost: UnraisableHookArgs) -> None:
        """Within `__del__` and callbacks of Python's imports an exception ends nothing: its signal comes again."""
        number = _number(lost.exc_value)
        if number is None:
            told(lost)
        else:
            endings.first = None
            start_new_thread(_send, (number,))

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = told
        for number, handler in before.items():
            signal.signal(number, handler)


class _Endings:
    """The signals that ended one command; `first`: when the first one did (monotonic)."""

    def __init__(self) -> None:
        self.first: float | None = None
        self._told = False

    def heard(self, number: int, _: FrameType | None) -> None:
        now, first = time.monotonic(), self.first
        self.first = now if first is None else first
        left = PATIENCE - (now - self.first)
        if first is not None and left > 0 and (devices := held_devices()):
            if not self._told:
                self._told = True
                text = (
                    f"putting back the settings of {', '.join(devices)}; in {left:.0f} s Ctrl-C ends edgezoo at once\n"
                )
                os.write(2, text.encode(errors="replace"))  # a stream may be in the middle of another line
            return
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)


def held_devices() -> tuple[str, ...]:
    """Those whose settings this process may have changed."""
    owners = sys.modules.get("edge.device.owner")  # nothing is imported in a signal's handler
    return owners.holding() if owners is not None else ()


def ended_by(code: int) -> str | None:
    """The signal's name where an exit code is one's; None for a command's own."""
    return next((one.name for one in signal.Signals if one.name in _ENDING and code == 128 + one), None)


def _number(error: BaseException | None) -> int | None:
    """Of the signal that such an exception is from."""
    if isinstance(error, KeyboardInterrupt):
        return signal.SIGINT
    code = error.code if isinstance(error, SystemExit) else None
    return code - 128 if isinstance(code, int) and code > 128 else None


def _send(number: int) -> None:
    time.sleep(_SOON)  # until what it came into has ended
    os.kill(os.getpid(), number)
