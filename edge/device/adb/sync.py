"""Files to and from an Android device: adb's sync service on a connection of its own.

Blocks of 64 KiB, the protocol's largest; a refusal is noticed between blocks, and its reason kept. What counts as too
slow is a block that does not move, not a file that is large.

Source: adb's SYNC.TXT.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self

from edge.device.adb.address import ServerAddress
from edge.device.adb.connection import Connection, Deadline, open_service
from edge.device.shell.answers import make_room
from edge.device.shell.way import RemoteEntry
from edge.errors import DeviceSpaceError, LinkLostError, TransferError
from edge.untrusted.files import open_file

BLOCK = 64 << 10
_STALL_SECONDS = 30.0
_WORD = struct.Struct("<I")
_LATEST = 2**32 - 1  # seconds since 1970: to 2106
_DENT = struct.Struct("<IIII")  # mode, size, mtime, length of the name


class Sync:
    """A sync connection. A failed transfer closes it; LinkLostError when nothing moves for 30 s."""

    def __init__(self, connection: Connection, serial: str) -> None:
        self._connection, self._serial = connection, serial
        self._unanswered: deque[PurePosixPath] = deque()

    @classmethod
    def open(cls, address: ServerAddress, serial: str) -> Self:
        with _stalls():
            return cls(open_service(address, serial, "sync:", Deadline(_STALL_SECONDS)), serial)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def interrupt(self) -> None:
        """From another thread: end the transfer."""
        self._connection.interrupt()

    def list(self, directory: PurePosixPath) -> tuple[RemoteEntry, ...]:
        """What is in a directory; nothing if there is none."""
        with _stalls():
            self._request(b"LIST", str(directory).encode())
            return tuple(self._entries())

    def _entries(self) -> Iterator[RemoteEntry]:
        while True:
            kind = self._connection.read(4)
            mode, size, mtime, length = _DENT.unpack(self._connection.read(_DENT.size))
            if kind == b"DONE":
                return
            if kind != b"DENT":
                raise TransferError(f"the device answered a file list with {kind!r}")
            name = self._connection.read(length).decode(errors="replace")
            if name not in (".", ".."):
                yield RemoteEntry(name, mode, size, mtime)

    def send(self, local: Path, remote: PurePosixPath, *, executable: bool) -> int:
        """Write a local file without waiting for the answer (see `finish`); returns the bytes sent.

        Raises DeviceSpaceError, TransferError with the device's reason, for this file or an earlier one; TransferError as
        well if it cannot be read here.
        """
        try:
            with open_file(local) as source:
                return self._send(source, remote, 0o755 if executable else 0o644, int(local.stat().st_mtime))
        except OSError as error:
            raise TransferError(f"{local} cannot be read: {error.strerror}") from error

    def _send(self, source: BinaryIO, remote: PurePosixPath, mode: int, mtime: int) -> int:
        sent = 0
        with _stalls():
            self._unanswered.append(remote)
            self._request(b"SEND", f"{remote},{mode | 0o100000}".encode())
            block = bytearray(8 + BLOCK)
            view = memoryview(block)
            while count := source.readinto(view[8:]):  # type: ignore[attr-defined]
                block[:8] = b"DATA" + _WORD.pack(count)
                self._pass_on(view[: 8 + count])
                sent += count
            self._pass_on(b"DONE" + _WORD.pack(min(max(mtime, 0), _LATEST)))
        return sent

    def finish(self) -> None:
        """Wait until every file sent is stored. Raises as `send`."""
        with _stalls():
            while self._unanswered:
                self._hear()

    def _pass_on(self, data: bytes | memoryview) -> None:
        """Send a block, after what the device has to say: an objection comes between two blocks."""
        while self._connection.readable():
            self._hear()
        self._fresh_deadline()
        try:
            self._connection.send(data)
        except LinkLostError:
            if self._connection.readable():  # closed by the device, perhaps with a word
                self._hear()
            raise

    def _hear(self) -> None:
        self._fresh_deadline()
        kind, size = self._connection.read(4), _WORD.unpack(self._connection.read(4))[0]
        if not self._unanswered:
            raise TransferError(f"the device answered {kind!r} where nothing was asked")
        remote = self._unanswered.popleft()
        if kind != b"OKAY":
            raise self._failure(kind, self._connection.read(size), remote)

    def receive(self, remote: PurePosixPath, target: BinaryIO) -> int:
        """Read a file to its end; returns its size. Raises TransferError with the device's reason."""
        got = 0
        with _stalls():
            self._request(b"RECV", str(remote).encode())
            while True:
                self._fresh_deadline()
                kind, size = self._connection.read(4), _WORD.unpack(self._connection.read(4))[0]
                if kind == b"DONE":
                    return got
                data = self._connection.read(size)
                if kind != b"DATA":
                    raise self._failure(kind, data, remote)
                target.write(data)
                got += size

    def _request(self, kind: bytes, path: bytes) -> None:
        self._fresh_deadline()
        self._connection.send(kind + _WORD.pack(len(path)) + path)

    def _failure(self, kind: bytes, reason: bytes, remote: PurePosixPath) -> TransferError | DeviceSpaceError:
        message = reason.decode(errors="replace").strip() if kind == b"FAIL" else f"unexpected answer {kind!r}"
        if "No space left" in message or "Disk quota" in message:
            return DeviceSpaceError(f"no space left on {self._serial} for {remote}", hint=make_room(self._serial))
        return TransferError(f"{self._serial} refused the transfer of {remote}: {message}")

    def _fresh_deadline(self) -> None:
        self._connection.deadline = Deadline(_STALL_SECONDS)


@contextmanager
def _stalls() -> Iterator[None]:
    """Turns a deadline that passed into a lost link."""
    try:
        yield
    except TimeoutError:
        raise LinkLostError(
            f"the link to the device stood still for {_STALL_SECONDS:g} s during a transfer",
            hint="check the cable or the network",
        ) from None
