"""What a device is reached by: scripts that end for certain, and files."""

from __future__ import annotations

import re
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from edge.device.shell.layout import Layout


@dataclass(frozen=True, slots=True)
class Marker:
    """The end-of-output mark of one script: a line with a random word that no output can hold by accident."""

    word: str

    @classmethod
    def fresh(cls) -> Marker:
        return cls(f"edgezoo-end-{secrets.token_hex(8)}")

    def echo(self, code: str) -> str:
        """The shell command that writes it; `code` is a shell expression such as `$?`."""
        return f'echo "{self.word}:{code}"'

    def split(self, text: bytes) -> tuple[bytes, int] | None:
        """Output before the mark and the exit code in it, or None when the mark is not there whole."""
        found = re.search(rb"%b:([0-9]{1,9})\r*\n" % self.word.encode(), text)
        return (text[: found.start()], int(found[1])) if found else None


@dataclass(frozen=True, slots=True)
class Ended:
    """A script's whole output."""

    code: int
    stdout: bytes
    stderr: bytes


class CutOffError(Exception):
    """The stream was left before its end; what had come so far."""

    def __init__(self, stdout: bytes, stderr: bytes) -> None:
        super().__init__()
        self.stdout = stdout
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """One entry of a directory on the device; `size` modulo 2^32, as the oldest devices tell it; `mtime` in seconds."""

    name: str
    mode: int
    size: int
    mtime: int


class Files(Protocol):
    """A connection for file transfers. Raises TransferError with the device's reason, DeviceSpaceError, LinkLostError."""

    def list(self, directory: PurePosixPath) -> tuple[RemoteEntry, ...]:
        """What is in a directory; nothing if there is none."""
        ...

    def send(self, local: Path, remote: PurePosixPath, *, executable: bool) -> int:
        """Write a local file, perhaps without waiting for the answer (see `finish`); returns the bytes sent."""
        ...

    def finish(self) -> None:
        """Wait until every file sent is stored. Raises as `send`, for this file or an earlier one."""
        ...

    def receive(self, remote: PurePosixPath, target: BinaryIO) -> int:
        """Read a file to its end; returns its size."""
        ...


class Way(Protocol):
    """The way to one device. Used by one thread; `abort` by any."""

    @property
    def serial(self) -> str: ...

    @property
    def layout(self) -> Layout:
        """May have to be asked of the device: raises LinkLostError, DeviceError."""
        ...

    @property
    def merges(self) -> bool:
        """Whether the shell's standard error comes in its standard output."""
        ...

    @property
    def beats(self) -> int | None:
        """After how many seconds without a line from the driver a launch takes the link for gone; None: its end is seen."""
        ...

    def execute(self, script: str, *, seconds: float = 30.0) -> Ended:
        """Run a short script of our own (without `exit` in it) whatever else is asked for meanwhile.

        Raises LinkLostError, CommandTimeoutError. Its exit code is the caller's to judge.
        """
        ...

    def talk(self, script: str, marker: Marker, errors: Marker | None, seconds: float) -> Ended:
        """Run a script that ends in `marker`. Raises LinkLostError, AbortedError, CommandError, CutOffError."""
        ...

    def files(self) -> AbstractContextManager[Files]:
        """A connection for file transfers. Raises AbortedError as well."""
        ...

    def abort(self) -> None:
        """End what is under way, and refuse more of it; short scripts (putting things right) still work."""
        ...

    def come_back(self, limit: float) -> None:
        """Wait until the device runs scripts again. Raises LinkLostError after `limit` seconds, AbortedError."""
        ...
