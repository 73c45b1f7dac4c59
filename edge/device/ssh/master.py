"""One `ssh` process that holds the connection to a machine; every command and file goes through it (ControlMaster).

It is ours alone: in a directory of its own, leashed to this process, ended with it in whatever way that ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import weakref
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path

from edge.cache.leash import Leashed
from edge.cache.locks import exclusive_now, shared
from edge.device.ssh.destination import Destination
from edge.device.ssh.refusals import refusal
from edge.errors import DeviceUnavailableError

CONNECT_SECONDS = 15
ALIVE_SECONDS, ALIVE_MISSED = 10, 2  # a link that stands still for 30 s is gone
_PREFIX, _SOCKET, _LOCK = "edgezoo-ssh-", "s", "lock"
_LONGEST_FOLDER = 55  # bytes: 108 has a path of a socket, of which ssh takes 17 and our names 32


class Master:
    """The connection, once it stands. `end` closes it; so does the garbage collector, and this process's end."""

    def __init__(self, destination: Destination, config: Path | None) -> None:
        """Connect. Raises LinkLostError, DeviceUnavailableError, NoDeviceError with what ssh says."""
        program = ssh_program()
        _sweep()
        self._place = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_folder()))
        self._held = ExitStack()
        self._held.enter_context(shared(self._place / _LOCK))
        self._errors = self._held.enter_context((self._place / "errors").open("w+b"))
        options = [word for option in (*_options(), *_newer(program)) for word in ("-o", option)]
        which = ("-F", str(config.absolute())) if config else ()
        command = [program, *which, *options, "-N", "-S", str(self._socket), *destination.words]
        self._process = Leashed(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env={**os.environ, "SSH_ASKPASS_REQUIRE": "never"},  # of a jump host, too
        )
        self.end = weakref.finalize(self, _end, self._process, self._place, self._held)
        try:
            if not self._stands():
                self._errors.seek(0)
                raise refusal(destination, self._errors.read(1 << 16).decode(errors="replace"), config)
        except BaseException:
            self.end()
            raise

    @property
    def _socket(self) -> Path:
        return self._place / _SOCKET

    def _stands(self) -> bool:
        """Wait until the connection stands; whether it came to that."""
        deadline = time.monotonic() + 3 * CONNECT_SECONDS  # ssh itself gives up each of its steps sooner
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._socket.exists():
                return True
            time.sleep(0.01)
        return False

    @property
    def alive(self) -> bool:
        """Whether the connection stands, as far as this side knows."""
        return self._process.poll() is None

    def command(self, remote: str) -> Sequence[str]:
        """The local command that runs `remote` there, in the user's login shell.

        It never connects by itself: where the connection is gone, it fails with code 255.
        """
        own = ("BatchMode=yes", "ControlMaster=no", "ProxyCommand=false", "LogLevel=ERROR")
        options = [word for option in own for word in ("-o", option)]
        return [ssh_program(), "-F", "none", *options, "-T", "-S", str(self._socket), "--", "edgezoo", remote]


def _options() -> tuple[str, ...]:
    """Said on the command line, these hold whatever the user's configuration says. Keys, addresses, jumps and agents are its
    own, and where the keys of hosts are known from (UserKnownHostsFile, KnownHostsCommand)."""
    return (
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "NoHostAuthenticationForLocalhost=no",
        "VerifyHostKeyDNS=no",
        "UpdateHostKeys=no",
        "ConnectionAttempts=1",
        f"ConnectTimeout={CONNECT_SECONDS}",
        f"ServerAliveInterval={ALIVE_SECONDS}",
        f"ServerAliveCountMax={ALIVE_MISSED}",
        "ControlMaster=yes",  # and no -M beside it, which would have every session confirmed
        "ControlPersist=no",
        "ClearAllForwardings=yes",
        "ExitOnForwardFailure=no",
        "Tunnel=no",
        "ForwardAgent=no",
        "ForwardX11=no",
        "PermitLocalCommand=no",
        "RemoteCommand=none",
        "RequestTTY=no",
        "EscapeChar=none",
        "LogLevel=INFO",  # with less it keeps to itself why it found no method, or that it was shut out
        "VisualHostKey=no",
    )


@cache
def _newer(program: str) -> tuple[str, ...]:
    """The same, of what not every OpenSSH knows (8.4 does not); one that it does not know ends it, and no configuration that it
    reads can hold that. IgnoreUnknown would take the place of the user's own."""
    wanted = ("ForkAfterAuthentication=no", "StdinNull=no", "LogVerbose=none", "ChannelTimeout=none")
    return tuple(option for option in wanted if _knows(program, option))


def _knows(program: str, option: str) -> bool:
    asked = [program, "-F", "none", "-G", "-o", option, "edgezoo"]
    try:
        done = subprocess.run(
            asked, stdin=subprocess.DEVNULL, capture_output=True, timeout=CONNECT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def ssh_program() -> str:
    """OpenSSH's client. Raises DeviceUnavailableError where there is none."""
    found = shutil.which("ssh")
    if found is None:
        raise DeviceUnavailableError("there is no ssh program on this machine", hint="apt-get install openssh-client")
    return found


def _end(process: Leashed, place: Path, held: ExitStack) -> None:
    process.end()
    held.close()
    shutil.rmtree(place, ignore_errors=True)


def _folder() -> Path:
    """Where sockets lie: a path of one has little more than a hundred bytes."""
    place = Path(tempfile.gettempdir())
    return place if len(bytes(place)) <= _LONGEST_FOLDER else Path("/tmp")


def _sweep() -> None:
    """Remove the directories of processes that were killed: not those of another container, whose numbers are none here."""
    for place in _folder().glob(f"{_PREFIX}[0-9]*-*"):
        number = place.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError, ValueError, OverflowError):
            if place.stat().st_uid != os.getuid() or _runs(int(number)):
                continue
            with exclusive_now(place / _LOCK) as nobodys:
                if nobodys:
                    shutil.rmtree(place, ignore_errors=True)


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
