"""One connection to the adb server, with one deadline for all that happens on it.

The server's protocol (adb's OVERVIEW.TXT): a request is four hex digits of length and the service's name; the answer is
OKAY, or FAIL with a reason of the same form. After `host:transport:SERIAL` and a service of the device, the connection
is that service's stream.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from typing import Self

from edge.device.adb.address import ServerAddress
from edge.errors import DeviceUnavailableError, LinkLostError

MOST_BYTES = 1 << 20  # of one piece; adb's own end at 64 KiB (sync) and at 256 KiB or 1 MiB (shell)
_CHUNK = 1 << 16


class Deadline:
    """A moment by which something has to be done."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, more than 0. Raises TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class RefusedError(LinkLostError):
    """The server or the device said FAIL; `reason` is its word. Most (offline, not found) pass by themselves."""

    def __init__(self, reason: str, service: str) -> None:
        super().__init__(f"adb refused {service!r}: {reason}", hint="check the cable or the network, and `adb devices`")
        self.reason = reason


class Connection:
    """A connection that raises LinkLostError when it ends early, TimeoutError when its deadline passes."""

    def __init__(self, address: ServerAddress, deadline: Deadline) -> None:
        self.deadline = deadline
        try:
            if address.port is None:
                self._socket = socket.socket(socket.AF_UNIX)
                self._socket.settimeout(deadline.remaining())
                self._socket.connect(address.path)
            else:
                self._socket = socket.create_connection((address.host, address.port), deadline.remaining())
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:  # a timeout is one, too: a server that takes no connection is no server
            raise LinkLostError(
                f"no adb server answers at {address.spec}: {error.strerror or error}", hint="try: adb start-server"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection; what runs at its other end learns of it."""
        self._socket.close()

    def interrupt(self) -> None:
        """From another thread: make the read that waits on this connection end."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def request(self, service: str) -> None:
        """Ask for a service. Raises RefusedError, DeviceUnavailableError (not authorised)."""
        name = service.encode()
        self.send(b"%04x%b" % (len(name), name))
        status = self.read(4)
        if status == b"OKAY":
            return
        if status != b"FAIL":
            raise LinkLostError(f"what answers as an adb server is none (it said {status!r})")
        reason = self.block().strip()
        if "unauthorized" in reason or "authorizing" in reason:
            raise DeviceUnavailableError(
                "the device does not trust this computer yet",
                hint='unlock it and confirm "Allow USB debugging", then try again',
            )
        raise RefusedError(reason, service.partition(":")[0] if "shell" in service else service)

    def block(self) -> str:
        """A text with its length before it."""
        size = self.read(4)
        if not re.fullmatch(rb"[0-9a-fA-F]{4}", size):
            raise LinkLostError(f"what answers as an adb server is none (it said {size!r})")
        return self.read(int(size, 16)).decode(errors="replace")

    def send(self, data: bytes | memoryview) -> None:
        """Send all of it."""
        try:
            self._socket.settimeout(self.deadline.remaining())
            self._socket.sendall(data)
        except TimeoutError:
            raise
        except OSError as error:
            raise LinkLostError(f"the link to the device dropped while sending: {error.strerror}") from error

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes, a length that the other end told: more than `MOST_BYTES` is no length."""
        if count > MOST_BYTES:
            raise LinkLostError(f"what answers as an adb server is none: it announced {count} bytes")
        parts = bytearray()
        while len(parts) < count:
            some = self.read_some(min(_CHUNK, count - len(parts)))
            if not some:
                raise LinkLostError("the link to the device dropped in the middle of an answer")
            parts += some
        return bytes(parts)

    def read_some(self, limit: int = _CHUNK) -> bytes:
        """What has come, at least one byte and at most `limit`; nothing at the stream's end."""
        try:
            self._socket.settimeout(self.deadline.remaining())
            return self._socket.recv(limit)
        except TimeoutError:
            raise
        except OSError as error:
            raise LinkLostError(f"the link to the device dropped: {error.strerror}") from error

    def readable(self) -> bool:
        """Whether a read would return at once."""
        with selectors.PollSelector() as waiting:  # select() knows no descriptor above 1023
            waiting.register(self._socket, selectors.EVENT_READ)
            return bool(waiting.select(0))


def open_service(address: ServerAddress, serial: str, service: str, deadline: Deadline) -> Connection:
    """A stream to a service of the device. Raises LinkLostError, TimeoutError, DeviceUnavailableError."""
    connection = Connection(address, deadline)
    try:
        connection.request(f"host:transport:{serial}")
        connection.request(service)
    except BaseException:
        connection.close()
        raise
    return connection
