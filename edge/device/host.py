"""This machine as a device, for the engine that runs here: files stay where they are, a command has its own group."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path, PurePosixPath

from edge.cache.boot import machine_number
from edge.cache.files import atomic_write
from edge.cache.leash import Leashed
from edge.device import sysfs
from edge.device.base import OUTPUT_LIMIT, AppliedSettings, Cleaned, Completed, Properties, State, Thermal, flood
from edge.device.owner import host_lock
from edge.errors import AbortedError, CommandError, CommandTimeoutError, TransferError
from edge.untrusted.files import read_loosely

_ABIS = {"x86_64": "x86_64", "aarch64": "arm64-v8a", "armv7l": "armeabi-v7a"}  # by Android's names
_LOOK_SECONDS = 0.25  # between two looks at how much a command has printed


class HostDevice:
    """See Device."""

    bytes_pushed = 0

    def __init__(self) -> None:
        self._aborted = threading.Event()
        self._apart = False
        self._process: Leashed | None = None

    @property
    def serial(self) -> str:
        return "host"

    def properties(self) -> Properties:
        machine, number = platform.machine(), machine_number()
        return Properties(
            serial=self.serial,
            kind="host",
            manufacturer=_cpuinfo("vendor_id"),
            model=platform.node() or None,
            soc=_cpuinfo("model name"),
            abis=(_ABIS.get(machine, machine),),
            android_release=None,
            sdk=None,
            cores=sysfs.cores(sysfs.read()),
            build=f"{platform.system()} {platform.release()}",
            serialno=None if self._apart else number or platform.node() or None,
            serialno_from=None if self._apart else "machine-id" if number else "name",
        )

    def set_apart(self) -> None:
        self._apart = True

    def thermal(self) -> Thermal:
        return Thermal(status=None, zones=sysfs.zones(sysfs.read()))

    def state(self) -> State:
        values = sysfs.read()
        return State(
            thermal_status=None, zones=sysfs.zones(values), cores=sysfs.cores(values), battery=None, screen_on=None
        )

    def push(self, files: Sequence[Path]) -> dict[Path, PurePosixPath]:
        for path in files:
            if not path.is_file():
                raise TransferError(f"{path} is no file")
        return {path: PurePosixPath(path.absolute()) for path in files}

    def recheck(self) -> None:
        """The files are used where they are."""

    @contextmanager
    def temporary(self, files: Sequence[Path]) -> Iterator[dict[Path, PurePosixPath]]:
        yield self.push(files)

    def run(self, command: Sequence[str], *, timeout: float, cwd: str | None = None) -> Completed:
        place = nullcontext(cwd) if cwd else tempfile.TemporaryDirectory(prefix="edgezoo-run-")
        start = time.monotonic()
        with place as where, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = self._run(command, where, out.fileno(), err.fileno(), timeout)
            seconds = time.monotonic() - start
            out.seek(0)
            err.seek(0)
            printed = [file.read(OUTPUT_LIMIT + 1) for file in (out, err)]
        if sum(map(len, printed)) > OUTPUT_LIMIT:
            raise flood()
        stdout, stderr = (text.decode(errors="replace") for text in printed)
        if code is None:
            raise CommandTimeoutError(
                f"{Path(command[0]).name} did not end within {timeout:g} s and was killed",
                code=124,
                output=stdout + stderr,
            )
        if self._aborted.is_set():
            raise AbortedError("the work on this machine was ended on request")
        return Completed(code if code >= 0 else 128 - code, stdout, stderr, seconds)

    def _run(self, command: Sequence[str], cwd: str | None, out: int, err: int, timeout: float) -> int | None:
        """The exit code, negative for a signal; None when it took too long."""
        if self._aborted.is_set():
            raise AbortedError("the work on this machine was ended on request")
        try:
            process = Leashed(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        except OSError as error:
            code = 127 if isinstance(error, FileNotFoundError) else 126
            raise CommandError(f"{command[0]} cannot be started: {error.strerror}", code=code) from error
        self._process = process
        try:
            if self._aborted.is_set():
                self.abort()
            return _ended(process, timeout, out, err)
        finally:
            self._process = None
            process.end()

    def pull(self, remote: PurePosixPath, local: Path) -> None:
        if not Path(remote).is_file():
            raise TransferError(f"{remote} is no file")
        with atomic_write(local) as part:
            shutil.copyfile(remote, part)

    def abort(self) -> None:
        self._aborted.set()
        process = self._process
        if process is not None:
            _kill_group(process.pid)

    @contextmanager
    def lock(self) -> Iterator[None]:
        with host_lock(self.serial):
            yield

    @contextmanager
    def prepared(self) -> Iterator[AppliedSettings]:
        yield AppliedSettings(fixed_performance=False, stay_awake=False)

    def recover(self, *, limit: float) -> bool:
        """This machine does not go away."""
        del limit
        return False

    def clean(self) -> Cleaned:
        """Nothing was put anywhere."""
        return Cleaned(files=0, bytes=0)


def _ended(process: Leashed, timeout: float, *outputs: int) -> int | None:
    """Wait for its end; None when it took too long, or printed so much that it is not waited for any longer."""
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(min(left, _LOOK_SECONDS))
        if sum(os.fstat(one).st_size for one in outputs) > OUTPUT_LIMIT:
            break
    return None


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _cpuinfo(field: str) -> str | None:
    with suppress(OSError):
        for line in read_loosely(Path("/proc/cpuinfo")).splitlines():
            name, _, value = line.partition(":")
            if name.strip() == field:
                return value.strip() or None
    return None
