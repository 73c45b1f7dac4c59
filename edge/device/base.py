"""The device contract on the driver's side: what every device can do, whatever it is reached by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Core:
    """One CPU core. Frequencies in kHz as sysfs gives them; None where they cannot be read."""

    index: int
    online: bool
    max_khz: int | None
    min_khz: int | None
    governor: str | None


@dataclass(frozen=True, slots=True)
class Properties:
    """What a device says of itself; unknown values are None, never a guess."""

    serial: str
    kind: str  # "android" or "host"
    manufacturer: str | None
    model: str | None
    soc: str | None  # e.g. "msmnile" (ro.board.platform) or the host's CPU name
    abis: tuple[str, ...]  # preferred first, e.g. ("arm64-v8a", "armeabi-v7a")
    android_release: str | None
    sdk: int | None
    cores: tuple[Core, ...]


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended on the device: its exit code is certain, its output whole."""

    code: int
    stdout: str
    stderr: str
    seconds: float


class Device(Protocol):
    """A place where the benchmark program can run. Every method raises `DeviceError` or one of its children."""

    @property
    def serial(self) -> str: ...

    def properties(self) -> Properties: ...

    def push(self, files: Sequence[Path]) -> dict[Path, PurePosixPath]:
        """Put files under their content address; returns where each one is. Nothing that is there already is sent."""
        ...

    def run(self, command: Sequence[str], *, timeout: float, cwd: str | None = None) -> Completed:
        """Run a command to its end; `timeout` in seconds for the whole of it."""
        ...

    def pull(self, remote: PurePosixPath, local: Path) -> None:
        """Fetch one file, whole or not at all."""
        ...
