"""adb's device-side protocol: 24-byte headers, and streams with one unacknowledged write each.

Source: adb's protocol.txt.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
from collections.abc import Callable


def _word(name: bytes) -> int:
    return int.from_bytes(name, "little")


CNXN, OPEN, OKAY, CLSE = _word(b"CNXN"), _word(b"OPEN"), _word(b"OKAY"), _word(b"CLSE")
WRTE, AUTH = _word(b"WRTE"), _word(b"AUTH")
_HEAD = struct.Struct("<6I")
_TOKEN, _PUBLIC_KEY = 1, 3  # AUTH: a token to sign; the host's key, to be shown to the user


class LinkDownError(Exception):
    """The stream or the whole link is gone."""


class Stream:
    """One service's stream. `read` and `write` raise LinkDownError when the other side has closed it."""

    def __init__(self, link: Transport, local: int, remote: int) -> None:
        self._link = link
        self.local = local
        self.remote = remote
        self.incoming: queue.Queue[bytes | None] = queue.Queue()
        self.ready = threading.Event()
        self.closed = threading.Event()

    def read(self) -> bytes:
        data = self.incoming.get()
        if data is None:
            self.incoming.put(None)
            raise LinkDownError
        self._link.send(OKAY, self.local, self.remote)
        return data

    def write(self, data: bytes) -> None:
        for start in range(0, len(data), self._link.max_data):
            self.ready.wait()
            if self.closed.is_set():
                raise LinkDownError
            self.ready.clear()
            self._link.send(WRTE, self.local, self.remote, data[start : start + self._link.max_data])

    def close(self) -> None:
        if not self.closed.is_set():
            self.ready.wait()  # what was written has arrived
            with contextlib.suppress(LinkDownError):
                self._link.send(CLSE, self.local, self.remote)
        self.end()

    def end(self) -> None:
        self.closed.set()
        self.ready.set()
        self.incoming.put(None)


class Transport:
    """One connection from an adb server, served until it ends."""

    def __init__(
        self, connection: socket.socket, *, banner: str, old: bool, opened: Callable[[Stream, str], bool]
    ) -> None:
        self._connection = connection
        self._banner = banner
        self._opened = opened
        self._version = 0x01000000 if old else 0x01000001
        self.max_data = 4096 if old else 256 << 10
        self._sending = threading.Lock()
        self._streams: dict[int, Stream] = {}
        self._next = 1

    def send(self, command: int, first: int, second: int, data: bytes = b"") -> None:
        head = _HEAD.pack(command, first, second, len(data), sum(data) & 0xFFFFFFFF, command ^ 0xFFFFFFFF)
        try:
            with self._sending:
                self._connection.sendall(head + data)
        except OSError:
            raise LinkDownError from None

    def _receive(self) -> tuple[int, int, int, bytes]:
        command, first, second, size, _, _ = _HEAD.unpack(self._read(_HEAD.size))
        return command, first, second, self._read(size)

    def _read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            try:
                some = self._connection.recv(size - len(parts))
            except OSError:
                some = b""
            if not some:
                raise LinkDownError
            parts += some
        return bytes(parts)

    def serve(self, *, trusts: bool) -> None:
        """Answer until the link ends. A device that does not trust the host only ever asks it to sign."""
        try:
            while True:
                command, first, second, data = self._receive()
                if not trusts:
                    if (command, first) != (AUTH, _PUBLIC_KEY):
                        self.send(AUTH, _TOKEN, 0, b"\0" * 20)
                elif command == CNXN:
                    self.max_data = min(self.max_data, second)
                    self.send(CNXN, self._version, self.max_data, self._banner.encode())
                else:
                    self._dispatch(command, first, second, data)
        except LinkDownError:
            return
        finally:
            self.drop()

    def _dispatch(self, command: int, first: int, second: int, data: bytes) -> None:
        if command == OPEN:
            stream = Stream(self, self._next, first)
            self._next += 1
            self._streams[stream.local] = stream
            if not self._opened(stream, data.rstrip(b"\0").decode()):
                self.send(CLSE, 0, first)
            return
        found = self._streams.get(second)
        if found is None:
            return
        if command == WRTE:
            found.incoming.put(data)
        elif command == OKAY:
            found.ready.set()
        elif command == CLSE:
            found.end()
            del self._streams[second]

    def accept(self, stream: Stream) -> None:
        """Tell the host that the stream is open."""
        stream.ready.set()
        self.send(OKAY, stream.local, stream.remote)

    def drop(self) -> None:
        """Pull the cable."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        for stream in list(self._streams.values()):
            stream.end()
