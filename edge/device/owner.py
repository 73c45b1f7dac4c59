"""Who is measuring on a device: the lock's half on this machine, and the record that its half on the device carries."""

from __future__ import annotations

import getpass
import json
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from edge.cache.boot import boot_id, machine_number, process_space
from edge.cache.locks import exclusive_now
from edge.cache.paths import data_dir
from edge.errors import DeviceBusyError, FormatError, OutputError
from edge.typed import decode
from edge.untrusted.files import read_loosely
from edge.untrusted.guard import brief

FOREIGN_STALE_SECONDS = 3600.0  # a lock from another machine that gave no sign of life for so long is stale
_held: dict[str, str] = {}  # of the locks that this very process holds: token and device


@dataclass(frozen=True, slots=True)
class Owner:
    """One edgezoo process that holds a device."""

    token: str
    host: str
    boot: str  # the host's boot: process numbers mean nothing after a restart
    pid: int
    started: str  # the process's start time, for process numbers are given out again
    user: str
    since: str
    machine: str = ""  # others have the same name where images or containers are copied
    space: str = ""  # in which its number is one: of one container, for instance

    @classmethod
    def me(cls) -> Owner:
        return cls(
            token=secrets.token_hex(8),
            host=socket.gethostname(),
            boot=boot_id(),
            pid=os.getpid(),
            started=_started(os.getpid()) or "",
            user=_user(),
            since=time.strftime("%Y-%m-%d %H:%M:%S %z"),
            machine=machine_number(),
            space=process_space(),
        )

    @classmethod
    def parse(cls, text: str) -> Owner | None:
        """None for a record that is no whole one."""
        try:
            return decode(unquote(text), cls, "")
        except FormatError:
            return None

    def line(self) -> str:
        """One line of printable ASCII without a backslash, which a shell's `echo` could change."""
        return quote(json.dumps(asdict(self)), safe='{}":,+- ')

    def alive(self, silent_seconds: float | None) -> bool:
        """Whether the holder may still be at work; `silent_seconds`: since its last sign of life, None if unknown."""
        if self.mine:
            return True
        if self.here:
            # Another process here. One of our own number and start is this process, which does not hold it.
            return self.pid != os.getpid() and _started(self.pid) == self.started
        if (
            self.machine
            and (self.host, self.machine) == (socket.gethostname(), machine_number())
            and self.boot != boot_id()
        ):
            return False  # this machine, before it was started again
        return silent_seconds is None or silent_seconds < FOREIGN_STALE_SECONDS

    @property
    def here(self) -> bool:
        """Whether its process number is one here, by which it can be looked for."""
        return (self.host, self.boot, self.space) == (socket.gethostname(), boot_id(), process_space())

    @property
    def mine(self) -> bool:
        """Whether this very process holds it."""
        return self.token in _held

    def describe(self) -> str:
        return brief(f"{self.user}@{self.host} (process {self.pid}, since {self.since})")


@contextmanager
def held(owner: Owner, serial: str) -> Iterator[None]:
    """While this process holds the device under `owner`'s token."""
    _held[owner.token] = serial
    try:
        yield
    finally:
        _held.pop(owner.token, None)


def holding() -> tuple[str, ...]:
    """The devices that this process holds, whose settings it may have changed."""
    return tuple(_held.values())


def device_file(serial: str, suffix: str) -> Path:
    """A file about one device in the user's data directory, e.g. `.lock`."""
    return data_dir() / "devices" / (re.sub(r"[^\w.-]", "_", serial) + suffix)


@contextmanager
def host_lock(serial: str) -> Iterator[None]:
    """Hold the device against every process of this user on this machine. The kernel drops it when its holder dies.

    Raises DeviceBusyError at once, OutputError.
    """
    path = device_file(serial, ".lock")
    with ExitStack() as stack:
        try:
            if not stack.enter_context(exclusive_now(path)):
                holder = read_loosely(path).strip()
                raise (
                    used_already(serial)
                    if holder == _here()
                    else busy(serial, holder or "another edgezoo on this machine")
                )
            path.write_text(_here())
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}", hint="set EDGEZOO_DATA_DIR") from error
        yield


def busy(serial: str, who: str, *, elsewhere: bool = False) -> DeviceBusyError:
    """`elsewhere`: whether it is still at work there can only be told by its silence."""
    hint = "wait until it is done, or choose another device with -s"
    silent = (
        f"; who gives no sign of life for {FOREIGN_STALE_SECONDS / 60:g} minutes counts as gone" if elsewhere else ""
    )
    return DeviceBusyError(f"the device {serial} is in use by {who}", hint=hint + silent)


def used_already(serial: str) -> DeviceBusyError:
    """Of a device that this process itself is using."""
    return DeviceBusyError(
        f"the device {serial} is in use by this very edgezoo, perhaps under another name",
        hint="name each device once",
    )


def _here() -> str:
    return f"process {os.getpid()} on this machine"


def _started(pid: int) -> str | None:
    """Field 22 of /proc/PID/stat (proc(5)); None when there is no such process, "" where there is no /proc."""
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if len(fields) > 19:
        return fields[19]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except (PermissionError, OverflowError):
        return ""
    return ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _text(path: str) -> str:
    try:
        return read_loosely(Path(path)).strip()
    except OSError:
        return ""
