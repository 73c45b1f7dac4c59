"""What adbd offers on a stream: commands (on a terminal for old devices, shell v2 for new ones) and file transfers."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import socket
import stat
import struct
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.device_layer.simulated.system import System
from tests.device_layer.simulated.transport import LinkDownError, Stream

_STDOUT, _STDERR, _EXIT = 1, 2, 3


@dataclass
class Faults:
    """What goes wrong. Byte counts are of one transfer; each fault happens once, then its field is None again."""

    drop_after_pushed: int | None = None
    drop_after_pulled: int | None = None
    drop_after_output: int | None = None
    corrupt_push: bool = False
    keep_of_push: int | None = None  # store only so many bytes, and say OKAY
    no_space_after: int | None = None
    output_chunk: int | None = None  # stays: output comes in packets of that odd size
    exit_packet: bool = True  # stays: False is a device that ends its shell streams without one

    def take(self, name: str) -> int | None:
        value: int | None = getattr(self, name)
        setattr(self, name, None)
        return value


@dataclass
class Services:
    """The services of one link; `pull_cable` drops it."""

    system: System
    faults: Faults
    v2: bool
    pull_cable: Callable[[], None]
    pushed: list[tuple[str, int]] = field(default_factory=list)  # path, bytes that came

    def start(self, stream: Stream, name: str) -> Callable[[], None] | None:
        """What to run in a thread of its own for a service's name; None when there is no such service."""
        kind, _, rest = name.partition(":")
        words = kind.split(",")
        if words[0] == "shell" and "v2" in words and self.v2:
            return lambda: self._shell_v2(stream, rest)
        if kind == "shell":
            return lambda: self._shell_v1(stream, rest)
        if name == "sync:":
            return lambda: _SyncService(self, stream).serve()
        return None

    def _shell_v2(self, stream: Stream, script: str) -> None:
        """As adbd without a terminal: one socket pair is both standard input and output of a new session."""
        ours, theirs = socket.socketpair()
        process = self.system.start(script, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.PIPE)
        theirs.close()
        assert process.stderr is not None
        sent = _Output(self, stream)
        errors = threading.Thread(target=self._copy, args=(process.stderr.fileno(), sent.errors), daemon=True)
        errors.start()
        threading.Thread(target=self._hang_up_with, args=(stream, process, ours), daemon=True).start()
        with ours, process.stderr:
            self._copy(ours.fileno(), sent.output)
            errors.join()
            code = process.wait()
        with contextlib.suppress(LinkDownError):
            if self.faults.exit_packet:
                stream.write(struct.pack("<BIB", _EXIT, 1, code if code >= 0 else 128 - code))
            stream.close()

    def _copy(self, source: int, send: Callable[[bytes], None]) -> None:
        held = b""
        while data := _read(source):
            ready, held = self.system.rename(held + data)
            with contextlib.suppress(LinkDownError):
                send(ready)
        with contextlib.suppress(LinkDownError):
            send(held)

    def _hang_up_with(self, stream: Stream, process: subprocess.Popen[bytes], ours: socket.socket) -> None:
        """When the host lets go of the stream: standard input ends, and the shell gets SIGHUP."""
        with contextlib.suppress(LinkDownError):
            while True:
                stream.read()
        if process.poll() is None:
            with contextlib.suppress(OSError):
                ours.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGHUP)

    def _shell_v1(self, stream: Stream, script: str) -> None:
        """As adbd up to Android 6: everything goes through a terminal, which turns LF into CRLF."""
        master, slave = pty.openpty()
        process = self.system.start(script, stdin=slave, stdout=slave, stderr=slave, terminal=True)
        os.close(slave)
        sent = _Output(self, stream)
        threading.Thread(target=self._hang_up_terminal, args=(stream, process), daemon=True).start()
        self._copy(master, sent.plain)
        os.close(master)
        process.wait()
        with contextlib.suppress(LinkDownError):
            stream.close()

    def _hang_up_terminal(self, stream: Stream, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(LinkDownError):
            while True:
                stream.read()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGHUP)


def _read(source: int) -> bytes:
    try:
        return os.read(source, 1 << 16)
    except OSError:  # a terminal without anyone at its other end
        return b""


class _Output:
    """A command's output on its way to the host, with the faults it may have."""

    def __init__(self, services: Services, stream: Stream) -> None:
        self._services = services
        self._stream = stream
        self._left = services.faults.drop_after_output
        self._writing = threading.Lock()

    def output(self, data: bytes) -> None:
        self._packets(_STDOUT, data)

    def errors(self, data: bytes) -> None:
        self._packets(_STDERR, data)

    def _packets(self, kind: int, data: bytes) -> None:
        with self._writing:
            for part in self._pieces(self._cut(data)):
                for piece in self._pieces(struct.pack("<BI", kind, len(part)) + part):
                    self._stream.write(piece)
                self._drop_if_due()

    def plain(self, data: bytes) -> None:
        for part in self._pieces(self._cut(data)):
            self._stream.write(part)
        self._drop_if_due()

    def _pieces(self, data: bytes) -> list[bytes]:
        size = self._services.faults.output_chunk or max(len(data), 1)
        return [data[start : start + size] for start in range(0, len(data), size)]

    def _cut(self, data: bytes) -> bytes:
        if self._left is None:
            return data
        data = data[: self._left]
        self._left -= len(data)
        return data

    def _drop_if_due(self) -> None:
        if self._left == 0:
            self._services.faults.drop_after_output = None
            self._stream.ready.wait()
            self._services.pull_cable()
            raise LinkDownError


class _SyncService:
    def __init__(self, services: Services, stream: Stream) -> None:
        self._services = services
        self._stream = stream
        self._buffer = bytearray()

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._buffer += self._stream.read()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def serve(self) -> None:
        with contextlib.suppress(LinkDownError):
            while True:
                kind, size = self._take(4), int.from_bytes(self._take(4), "little")
                path = self._take(size).decode()
                if kind == b"QUIT":
                    break
                {b"SEND": self._send, b"RECV": self._recv, b"LIST": self._list, b"STAT": self._stat}[kind](path)
            self._stream.close()

    def _fail(self, reason: str) -> None:
        self._stream.write(b"FAIL" + struct.pack("<I", len(reason)) + reason.encode())

    def _send(self, request: str) -> None:
        path, _, mode = request.rpartition(",")
        local = self._services.system.real(path)
        faults = self._services.faults
        drop, full = faults.take("drop_after_pushed"), faults.take("no_space_after")
        keep = faults.take("keep_of_push")
        local.parent.mkdir(parents=True, exist_ok=True)
        got = 0
        with local.open("wb") as file:
            while (kind := self._take(4)) == b"DATA":
                data = self._take(int.from_bytes(self._take(4), "little"))
                got += len(data)
                if full is not None and got > full:
                    self._fail("write failed: No space left on device")
                    self._drain()
                file.write(data)
                if drop is not None and got >= drop:
                    file.flush()
                    self._services.pushed.append((path, got))
                    self._services.pull_cable()
                    raise LinkDownError
        assert kind == b"DONE"
        self._take(4)
        self._services.pushed.append((path, got))
        if keep is not None:
            os.truncate(local, keep)
        if faults.corrupt_push:
            faults.corrupt_push = False
            content = bytearray(local.read_bytes())
            content[len(content) // 2] ^= 0xFF
            local.write_bytes(content)
        local.chmod(int(mode) & 0o777)
        self._stream.write(b"OKAY" + struct.pack("<I", 0))

    def _drain(self) -> None:
        """As adbd after a FAIL: throw away what still comes until the host lets go."""
        while True:
            self._stream.read()

    def _recv(self, path: str) -> None:
        local = self._services.system.real(path)
        drop = self._services.faults.take("drop_after_pulled")
        if not local.is_file():
            self._fail("open failed: No such file or directory")
            return
        given = 0
        with local.open("rb") as file:
            while data := file.read(64 << 10):
                if drop is not None and given + len(data) > drop:
                    data = data[: drop - given]
                    self._stream.write(b"DATA" + struct.pack("<I", 64 << 10) + data)
                    self._stream.ready.wait()
                    self._services.pull_cable()
                    raise LinkDownError
                self._stream.write(b"DATA" + struct.pack("<I", len(data)) + data)
                given += len(data)
        self._stream.write(b"DONE" + struct.pack("<I", 0))

    def _list(self, path: str) -> None:
        local = self._services.system.real(path)
        for entry in sorted(local.iterdir()) if local.is_dir() else []:
            name = entry.name.encode()
            self._stream.write(b"DENT" + struct.pack("<4I", *_stat(entry), len(name)) + name)
        self._stream.write(b"DONE" + bytes(16))

    def _stat(self, path: str) -> None:
        local = self._services.system.real(path)
        self._stream.write(b"STAT" + struct.pack("<3I", *(_stat(local) if local.exists() else (0, 0, 0))))


def _stat(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return stat.S_IFMT(found.st_mode) | stat.S_IMODE(found.st_mode), found.st_size, int(found.st_mtime)
