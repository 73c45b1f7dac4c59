"""What the scenarios ask of the device they are tried on, whether simulated or real."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from edge.device.base import AppliedSettings
from edge.device.shell.device import ShellDevice
from edge.device.shell.layout import Layout


class Subject(Protocol):
    """A device, seen otherwise than through the code under test."""

    shebang: str  # first line of a script that the device can execute
    changed_setting: str  # what `setting` says while the device is prepared

    @property
    def layout(self) -> Layout: ...

    def setting(self) -> str:
        """A setting that `prepared` changes, as the device has it now."""
        ...

    def applied(self, prepared: AppliedSettings) -> bool:
        """Whether `prepared` says that it was changed."""
        ...

    def connect(self) -> ShellDevice[Any]:
        """A new driver's view of the device."""
        ...

    def shell(self, script: str) -> str: ...

    def drop_link(self) -> None: ...

    def running(self, word: str) -> bool:
        """Whether a process with `word` in its command line runs on the device."""
        ...


def eventually(condition: Callable[[], bool], *, seconds: float = 10.0) -> bool:
    """Wait until `condition` holds; whether it came to hold."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def start_driver(serial: str, program: Path) -> subprocess.Popen[str]:
    """Another process (this module as a program) that locks and prepares the device and runs `program` on it."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.device_layer.subject", serial, str(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )


def _drive(serial: str, program: Path) -> None:
    from edge.device.discover import open_device

    (device,) = open_device(serial)
    with device.lock(), device.prepared():
        places = device.push([program])
        print(device.run([str(places[program])], timeout=120).code)


if __name__ == "__main__":
    _drive(sys.argv[1], Path(sys.argv[2]))
