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


@contextmanager
def unwinding() -> Iterator[None]:
    """Meanwhile SIGINT raises `KeyboardInterrupt`, SIGTERM and SIGHUP `SystemExit`; what is ignored stays so.

    Afterwards they mean what they did: they end a process that has nothing left to restore.
    """
    before = {
        number: signal.signal(number, signal.default_int_handler if number == signal.SIGINT else _unwind)
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
            start_new_thread(_send, (number,))

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = told
        for number, handler in before.items():
            signal.signal(number, handler)


def ended_by(code: int) -> str | None:
    """The signal's name where an exit code is one's; None for a command's own."""
    return next((one.name for one in signal.Signals if one.name in _ENDING and code == 128 + one), None)


def _unwind(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _number(error: BaseException | None) -> int | None:
    """Of the signal that such an exception is from."""
    if isinstance(error, KeyboardInterrupt):
        return signal.SIGINT
    code = error.code if isinstance(error, SystemExit) else None
    return code - 128 if isinstance(code, int) and code > 128 else None


def _send(number: int) -> None:
    time.sleep(_SOON)  # until what it came into has ended
    os.kill(os.getpid(), number)
