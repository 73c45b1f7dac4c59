"""The way to one Android device: scripts and file transfers that can be aborted, and coming back after a drop."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edge.device.adb import server, shell
from edge.device.adb.address import ServerAddress
from edge.device.adb.connection import Connection, Deadline, open_service
from edge.device.adb.layout import LAYOUT
from edge.device.adb.sync import Sync
from edge.device.shell.way import CutOffError, Ended, Marker
from edge.errors import AbortedError, AdbNotFoundError, CommandTimeoutError, DeviceUnavailableError, LinkLostError

_SCRIPT_SECONDS = 30.0


class Link:
    """See Way: one device of one adb server."""

    layout = LAYOUT
    beats: int | None = None  # a cable that is pulled ends the stream

    def __init__(self, address: ServerAddress, serial: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.address = address
        self.serial = serial
        self._sleep = sleep
        self._v2: bool | None = None
        self._active: Connection | Sync | None = None
        self._aborted = threading.Event()

    @property
    def v2(self) -> bool:
        """Whether the device has shell,v2."""
        if self._v2 is None:
            self._v2 = "shell_v2" in server.features(self.address, self.serial)
        return self._v2

    @property
    def merges(self) -> bool:
        return not self.v2

    def execute(self, script: str, *, seconds: float = _SCRIPT_SECONDS) -> Ended:
        """Run a short script of our own (without `exit` in it) whatever else is asked for meanwhile.

        Raises LinkLostError, CommandTimeoutError. Its exit code is the caller's to judge.
        """
        marker = Marker.fresh()
        try:
            return self._talk(f"{script}\n{marker.echo('$?')}", marker, None, seconds, abortable=False)
        except CutOffError as cut:
            raise CommandTimeoutError(
                f"the device {self.serial} did not answer a command within {seconds:g} s",
                code=124,
                hint="restart the device if this goes on",
                output=(cut.stdout + cut.stderr).decode(errors="replace"),
            ) from None

    def talk(self, script: str, marker: Marker, errors: Marker | None, seconds: float) -> Ended:
        """Run a script that ends in `marker`. Raises LinkLostError, AbortedError, CommandError, CutOffError."""
        return self._talk(script, marker, errors, seconds, abortable=True)

    def _talk(self, script: str, marker: Marker, errors: Marker | None, seconds: float, *, abortable: bool) -> Ended:
        service = shell.service(script, v2=self.v2)
        try:
            connection = open_service(self.address, self.serial, service, Deadline(seconds))
        except TimeoutError:
            raise LinkLostError(f"the device {self.serial} did not open a shell within {seconds:g} s") from None
        with connection:
            if not abortable:
                return self._read(connection, marker, errors)
            with self._abortable(connection):
                return self._read(connection, marker, errors)

    def _read(self, connection: Connection, marker: Marker, errors: Marker | None) -> Ended:
        return shell.read_v2(connection, marker) if self.v2 else shell.read_v1(connection, marker, errors)

    @contextmanager
    def files(self) -> Iterator[Sync]:
        """A connection for file transfers."""
        with Sync.open(self.address, self.serial) as sync, self._abortable(sync):
            yield sync

    @contextmanager
    def _abortable(self, what: Connection | Sync) -> Iterator[None]:
        self._active = what
        try:
            if self._aborted.is_set():
                raise AbortedError(f"the work on {self.serial} was ended on request")
            yield
        except LinkLostError:
            if self._aborted.is_set():
                raise AbortedError(f"the work on {self.serial} was ended on request") from None
            raise
        finally:
            self._active = None

    def abort(self) -> None:
        """End what is under way, and refuse more of it; short scripts (putting things right) still work."""
        self._aborted.set()
        active = self._active
        if active is not None:
            active.interrupt()

    def come_back(self, limit: float) -> None:
        """Wait until the device runs scripts again and has booted. Raises LinkLostError after `limit` seconds."""
        deadline = Deadline(limit)
        pause = 0.1
        self._v2 = None
        while True:
            try:
                self._reconnect()
                booted = self.execute("getprop sys.boot_completed", seconds=10.0).stdout.strip()
                if booted == b"1":
                    return
                reason = "it is still starting"
            except (LinkLostError, AdbNotFoundError, CommandTimeoutError, DeviceUnavailableError) as error:
                reason = error.message
            if self._aborted.is_set():
                raise AbortedError(f"the work on {self.serial} was ended on request")
            try:
                self._sleep(min(pause, deadline.remaining()))
            except TimeoutError:
                raise LinkLostError(
                    f"the device {self.serial} did not come back within {limit:g} s: {reason}",
                    hint="check the cable or the network, and `adb devices`",
                ) from None
            pause = min(pause * 2, 2.0)

    def _reconnect(self) -> None:
        """Start the server if it died, and have it connect again to a device on the network that it lost."""
        server.ensure_running(self.address)
        if not re.fullmatch(r".+:\d+", self.serial):
            return
        state = next((one.state for one in server.devices(self.address) if one.serial == self.serial), None)
        if state == "offline":
            server.disconnect(self.address, self.serial)
        if state in (None, "offline"):
            server.connect(self.address, self.serial)
