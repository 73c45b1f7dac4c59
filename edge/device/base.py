"""The device contract on the driver's side: what every device can do, whatever it is reached by.

A session looks the same for an Android phone and for this machine:

    for device in open_device(spec):                # edge.device.discover
        with device.lock(), device.prepared() as prepared:
            places = device.push([runner, model])
            done = device.run([str(places[runner]), "--model", str(places[model])], timeout=60)

A device object is used by one thread at a time; only `abort` may be called from another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from edge.errors import CommandError

UNDER_VOLTAGE, SOFT_LIMIT = "under-voltage", "soft temperature limit"  # of `Thermal.limits`
OUTPUT_LIMIT = 64 << 20  # bytes; a command that prints more than this has gone wrong, and is ended


@dataclass(frozen=True, slots=True)
class Core:
    """One CPU core. Frequencies in kHz as sysfs gives them; None where they cannot be read."""

    index: int
    online: bool
    max_khz: int | None  # cpuinfo_max_freq: what the hardware can do
    min_khz: int | None
    governor: str | None
    scaling_max_khz: int | None = None  # what it is allowed at present; below max_khz means throttled
    cur_khz: int | None = None


@dataclass(frozen=True, slots=True)
class Properties:
    """What a device says of itself; unknown values are None, never a guess."""

    serial: str
    kind: str  # "android", "host", or "linux" for a machine reached over ssh
    manufacturer: str | None
    model: str | None
    soc: str | None  # e.g. "msmnile" (ro.board.platform) or the host's CPU name
    abis: tuple[str, ...]  # preferred first, e.g. ("arm64-v8a", "armeabi-v7a")
    android_release: str | None
    sdk: int | None
    cores: tuple[Core, ...]
    soc_model: str | None = None  # ro.soc.model (Android 12 and later), e.g. "SM8150"
    build: str | None = None  # ro.build.fingerprint, or the host's kernel
    adb_version: str | None = None  # of the server, e.g. "41"
    serialno: str | None = None  # which device it is, where `serial` is its address: see `serialno_from`
    # "maker": his serial number; "machine-id": a hash of its system's id; "name": a host's, which has no such id
    serialno_from: str | None = None
    boot_id: str | None = None  # of a device with a shell: which start of it this is


@dataclass(frozen=True, slots=True)
class Zone:
    """One temperature. `kind` is "cpu", "gpu", "skin", "battery" or "other"."""

    name: str
    kind: str
    millicelsius: int


@dataclass(frozen=True, slots=True)
class Battery:
    """None where it cannot be read."""

    percent: int | None
    millicelsius: int | None
    charging: bool | None


@dataclass(frozen=True, slots=True)
class Thermal:
    """How warm a device is; a status of None and absent zones mean unreadable, never "fine"."""

    status: int | None  # Android 10 and later: 0 NONE ... 6 SHUTDOWN
    zones: tuple[Zone, ...]
    limits: tuple[str, ...] | None = None  # what holds a board's clocks down now, by its firmware, e.g. "under-voltage"


@dataclass(frozen=True, slots=True)
class State:
    """What changes while a device is used, read at one moment; None (or absent) means unreadable, never "fine"."""

    thermal_status: int | None  # Android 10 and later: 0 NONE ... 6 SHUTDOWN
    zones: tuple[Zone, ...]
    cores: tuple[Core, ...]
    battery: Battery | None
    screen_on: bool | None
    battery_saver: bool | None = None
    limits: tuple[str, ...] | None = None  # as in Thermal


@dataclass(frozen=True, slots=True)
class AppliedSettings:
    """Which settings hold for the measurement: True set, False not offered or refused by the device."""

    fixed_performance: bool
    stay_awake: bool
    governor: str | None = None  # of a board, where edgezoo may set it: every core has it


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended on the device: its exit code is certain (128+n for signal n), its output whole."""

    code: int
    stdout: str
    stderr: str
    seconds: float


def flood() -> CommandError:
    """The error over a command that printed more than `OUTPUT_LIMIT`."""
    return CommandError(f"the command printed more than {OUTPUT_LIMIT >> 20} MiB", code=137, hint="it was ended")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What `clean` removed."""

    files: int
    bytes: int


class Device(Protocol):
    """A place where the benchmark program can run. Every method raises `DeviceError` or one of its children.

    A `LinkLostError` may be tried again after `recover`; whatever was pushed is then asked for anew by `push`.
    """

    @property
    def serial(self) -> str: ...

    @property
    def bytes_pushed(self) -> int:
        """File bytes sent so far by this object."""
        ...

    def properties(self) -> Properties:
        """Read once, then remembered."""
        ...

    def set_apart(self) -> None:
        """Another device has the same number: from now on `properties` tell none, so that only its address is its own."""
        ...

    def thermal(self) -> Thermal:
        """Read now: the part of the state that has to be looked at often, and is cheap to read."""
        ...

    def state(self) -> State:
        """Read now, all of it."""
        ...

    def push(self, files: Sequence[Path]) -> dict[Path, PurePosixPath]:
        """Put files under their content address; returns where each one is. What is there already is not sent, but compared
        by its content, once a session.
        A file that is executable here is executable there. Raises DeviceSpaceError, TransferError, LinkLostError.
        """
        ...

    def recheck(self) -> None:
        """Compare what is on the device again, at the next `push` of each file."""
        ...

    def temporary(self, files: Sequence[Path]) -> AbstractContextManager[dict[Path, PurePosixPath]]:
        """The same for files that are used once: they are there while the context lasts, whatever way it is left.

        Needs the lock: what a dropped link or a killed edgezoo left is removed by `recover` or the next lock. Raises as
        `push`, and LinkLostError if they could not be removed.
        """
        ...

    def run(self, command: Sequence[str], *, timeout: float, cwd: str | None = None) -> Completed:
        """Run a command to its end; `timeout` in seconds for the whole of it.

        Without `cwd` it runs in a new directory of its own, removed afterwards. Whatever way this method is left, the
        command and its children no longer run. Raises CommandTimeoutError, AbortedError, LinkLostError, CommandError.
        """
        ...

    def pull(self, remote: PurePosixPath, local: Path) -> None:
        """Fetch one file, whole or not at all."""
        ...

    def abort(self) -> None:
        """From another thread: end the command that `run` waits for (AbortedError there), and refuse later ones."""
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Keep every other edgezoo off the device; raises DeviceBusyError at once if one is there.

        On entry, what a killed edgezoo left behind is put right: its processes, directories and settings.
        """
        ...

    def prepared(self) -> AbstractContextManager[AppliedSettings]:
        """Settings for measuring (fixed performance mode, stay awake, governor), each put back on exit. Needs the lock.

        Raises SettingsLeftError on exit where one is not as it was.
        """
        ...

    def recover(self, *, limit: float) -> bool:
        """After a LinkLostError: wait at most `limit` seconds for the device, and take lock and settings up again.

        Returns whether it was restarted meanwhile. Raises LinkLostError if it does not come back.
        """
        ...

    def clean(self) -> Cleaned:
        """Remove all that edgezoo ever put on the device."""
        ...
