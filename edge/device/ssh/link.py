"""The way to one board: one connection, made when it is needed and again after it was lost."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from edge.device.shell.layout import Layout
from edge.device.shell.way import CutOffError, Ended, Marker
from edge.device.ssh.destination import Destination
from edge.device.ssh.master import Master
from edge.device.ssh.talk import WATCH_SECONDS, Channel, NoEndError
from edge.device.ssh.transfer import SshFiles
from edge.errors import AbortedError, CommandError, CommandTimeoutError, DeviceUnavailableError, LinkLostError
from edge.untrusted.guard import brief

_SCRIPT_SECONDS = 30.0
_LONGEST_SCRIPT = 64 << 10  # bytes; what is longer would not fit into one argument of a program either
_RUN = "exec env LC_ALL=C sh -s"
_ELSEWHERE = 'give the machine a name and a directory in hosts.toml: NAME = { address = "ssh:...", directory = "/..." }'
_ANOTHER = "name another directory in hosts.toml, one that the account may write to"
_HOME = re.compile(r"(/[A-Za-z0-9._+@-]+)+")


class SshLink:
    """See Way."""

    merges = False
    beats: int | None = WATCH_SECONDS  # a network that is cut says nothing to the board

    def __init__(
        self,
        destination: Destination,
        *,
        config: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`config`: instead of the user's own ssh configuration."""
        self._destination, self._config, self._sleep = destination, config, sleep
        self._master: Master | None = None
        self._layout: Layout | None = None
        self._active: Channel | None = None
        self._aborted = threading.Event()

    @property
    def serial(self) -> str:
        return self._destination.spec

    @property
    def layout(self) -> Layout:
        """Below the home directory, where no other was named."""
        if self._layout is None:
            base = self._destination.directory or self._home() / ".cache" / "edgezoo-device"
            self._layout = Layout(base, _ANOTHER if self._destination.directory else _ELSEWHERE)
        return self._layout

    def _home(self) -> PurePosixPath:
        home = self.execute('echo "$HOME"').stdout.decode(errors="replace").strip()
        if not _HOME.fullmatch(home):
            raise DeviceUnavailableError(
                f"the home directory on {self.serial} is {brief(home) or 'not set'}, where edgezoo cannot keep files",
                hint=_ELSEWHERE,
            )
        return PurePosixPath(home)

    def execute(self, script: str, *, seconds: float = _SCRIPT_SECONDS) -> Ended:
        marker = Marker.fresh()
        wrapped = f"{{\n{script}\n}} </dev/null\n{marker.echo('$?')}; exit 0"
        try:
            return self._converse(wrapped, marker, seconds, abortable=False)
        except CutOffError as cut:
            raise CommandTimeoutError(
                f"{self.serial} did not answer a command within {seconds:g} s",
                code=124,
                hint="restart the board if this goes on",
                output=(cut.stdout + cut.stderr).decode(errors="replace"),
            ) from None

    def talk(self, script: str, marker: Marker, errors: Marker | None, seconds: float) -> Ended:
        del errors  # standard error comes apart
        return self._converse(script, marker, seconds, abortable=True)

    def _converse(self, script: str, marker: Marker, seconds: float, *, abortable: bool) -> Ended:
        if len(script.encode()) > _LONGEST_SCRIPT:
            raise CommandError(
                f"the command line is longer than the {_LONGEST_SCRIPT} bytes that are sent at once", code=126
            )
        try:
            with self._channel(_RUN, abortable=abortable) as channel:
                return channel.converse(script, marker, seconds)
        except NoEndError as end:
            if not end.began:
                self._refuse_without_shell(end)
        if abortable:
            self._refuse_if_aborted()
        if abortable and self._answers():
            raise CommandError(
                "the command was killed on the device together with its shell",
                code=137,
                hint="the board may be short of memory",
            )
        by_hand = self._destination.by_hand(self._config)
        raise LinkLostError(
            f"the link to {self.serial} dropped while a command ran", hint=f"check the network, and `{by_hand}`"
        )

    def _refuse_without_shell(self, end: NoEndError) -> None:
        """The connection stands, and nothing runs over it."""
        said = brief(next((line.strip() for line in end.said.splitlines() if line.strip()), ""))
        if end.code not in (None, 255, -9):
            raise DeviceUnavailableError(
                f"{self.serial} lets the account in, but runs no shell for it" + (f": {said}" if said else ""),
                hint=f"`{self._destination.by_hand(self._config)} echo works` must say so",
            )
        if "refused by peer" in end.said:
            raise LinkLostError(
                f"{self.serial} takes no command on the connection: {said}", hint="see MaxSessions there"
            )

    def _answers(self) -> bool:
        """Whether the same connection still runs commands."""
        master = self._master
        try:
            self.execute("true", seconds=10.0)
        except (LinkLostError, CommandTimeoutError, DeviceUnavailableError):
            return False
        return self._master is master

    @contextmanager
    def files(self) -> Iterator[SshFiles]:
        yield SshFiles(lambda command: self._channel(command, abortable=True), self.execute, self.serial)

    @contextmanager
    def _channel(self, remote: str, *, abortable: bool) -> Iterator[Channel]:
        """A command there; one that is abortable ends with `abort`, whatever it is doing."""
        with Channel(self._connected().command(remote)) as channel:
            if not abortable:
                yield channel
                return
            self._active = channel
            try:
                self._refuse_if_aborted()
                yield channel
            except LinkLostError:
                self._refuse_if_aborted()
                raise
            finally:
                self._active = None

    def _refuse_if_aborted(self) -> None:
        if self._aborted.is_set():
            raise AbortedError(f"the work on {self.serial} was ended on request")

    def _connected(self) -> Master:
        if self._master is None or not self._master.alive:
            if self._master is not None:
                self._master.end()
            self._master = Master(self._destination, self._config)
        return self._master

    def abort(self) -> None:
        self._aborted.set()
        active = self._active
        if active is not None:
            active.interrupt()

    def come_back(self, limit: float) -> None:
        deadline, pause = time.monotonic() + limit, 0.1
        if self._master is not None:
            self._master.end()
        while True:
            try:
                self.execute("true", seconds=10.0)
                return
            except (LinkLostError, CommandTimeoutError) as error:
                reason = error.message
            self._refuse_if_aborted()
            left = deadline - time.monotonic()
            if left <= 0:
                raise LinkLostError(
                    f"{self.serial} did not come back within {limit:g} s: {reason}",
                    hint=f"check the network, and `{self._destination.by_hand(self._config)}`",
                )
            self._sleep(min(pause, left))
            pause = min(pause * 2, 2.0)
