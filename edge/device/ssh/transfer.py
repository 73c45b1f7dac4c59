"""Files over the connection: `cat` at the other end, so that a board needs no sftp server.

The commands are constants that every login shell reads alike; what varies comes as the first lines of their input.
"""

from __future__ import annotations

import os
import secrets
import select
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from edge.device.shell.answers import make_room
from edge.device.shell.way import Ended, RemoteEntry
from edge.device.ssh.talk import Channel
from edge.errors import DeviceSpaceError, LinkLostError, TransferError
from edge.untrusted.files import open_file
from edge.untrusted.guard import brief
from edge.untrusted.numbers import count

_STORE = (
    'exec env LC_ALL=C sh -c \'IFS= read -r m; IFS= read -r t; IFS= read -r p; mkdir -p "${p%/*}" && cat >"$p" '
    '&& chmod "$m" "$p" && { touch -d "@$t" "$p" 2>/dev/null || true; }\''
)
_FETCH = 'exec env LC_ALL=C sh -c \'IFS= read -r w; IFS= read -r p; echo "$w"; exec cat "$p"\''
_BLOCK = 1 << 16
_STALL_SECONDS = 120.0  # a dead link is noticed sooner, by the connection itself; this is a board that stands still
_MESSAGE = 4096  # bytes kept of an error's text


class SshFiles:
    """See Files: each file is a command of its own on the same connection."""

    def __init__(
        self,
        open_channel: Callable[[str], AbstractContextManager[Channel]],
        execute: Callable[[str], Ended],
        serial: str,
    ) -> None:
        """`open_channel` starts a command there, which an abort can end; `execute` runs a script."""
        self._open, self._execute, self._serial = open_channel, execute, serial

    def list(self, directory: PurePosixPath) -> tuple[RemoteEntry, ...]:
        """Names that no file of edgezoo's has are left out."""
        ended = self._execute(f'cd {directory} 2>/dev/null && stat -c "%f %s %Y %n" * 2>/dev/null; true')
        found = []
        for line in ended.stdout.decode(errors="replace").splitlines():
            mode, size, mtime, name = [*line.split(" ", 3), "", "", ""][:4]
            with suppress(ValueError):
                found.append(RemoteEntry(name, int(mode, 16), count(size) or 0, count(mtime) or 0))
        return tuple(found)

    def send(self, local: Path, remote: PurePosixPath, *, executable: bool) -> int:
        """Write a local file; returns the bytes sent once it is stored.

        Raises DeviceSpaceError, TransferError with the board's reason, or if the file cannot be read here, LinkLostError.
        """
        mode = "755" if executable else "644"
        try:
            with open_file(local) as source, self._open(_STORE) as channel:
                head = f"{mode}\n{int(local.stat().st_mtime)}\n{remote}\n"
                return self._pour(channel, source, head.encode(), remote)
        except OSError as error:
            raise TransferError(f"{local} cannot be read: {error.strerror}") from error

    def _pour(self, channel: Channel, source: BinaryIO, head: bytes, remote: PurePosixPath) -> int:
        process = channel.process
        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), False)
        sent, data = 0, memoryview(head)
        while (written := self._some(channel, data)) >= 0:
            data = data[written:]
            if not data:
                block = source.read(_BLOCK)
                if not block:
                    break
                sent, data = sent + len(block), memoryview(block)
        with suppress(OSError):
            process.stdin.close()
        self._conclude(channel, remote)
        return sent

    def _some(self, channel: Channel, data: memoryview) -> int:
        """Write some of it; -1 where the other end takes no more."""
        stdin = channel.process.stdin
        assert stdin is not None
        _, ready, _ = select.select([], [stdin], [], _STALL_SECONDS)
        if not ready:
            raise self._stalled()
        try:
            return os.write(stdin.fileno(), data)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            return -1

    def finish(self) -> None:
        """`send` has waited already."""

    def receive(self, remote: PurePosixPath, target: BinaryIO) -> int:
        """Read a file to its end; returns its size. Raises TransferError with the board's reason, LinkLostError."""
        got, mark, tail = 0, f"edgezoo-begin-{secrets.token_hex(8)}\n".encode(), b""
        with self._open(_FETCH) as channel:
            process = channel.process
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(OSError):
                process.stdin.write(mark + f"{remote}\n".encode())
                process.stdin.close()
            while True:
                ready, _, _ = select.select([process.stdout], [], [], _STALL_SECONDS)
                if not ready:
                    raise self._stalled()
                block = os.read(process.stdout.fileno(), _BLOCK)
                if not block:
                    break
                if mark:  # a login shell may say something first
                    before, found, block = (tail + block).partition(mark)
                    if not found:
                        tail = before[-len(mark) :]
                        continue
                    mark = b""
                target.write(block)
                got += len(block)
            self._conclude(channel, remote)
        if mark:
            raise self._refused("", remote)
        return got

    def _conclude(self, channel: Channel, remote: PurePosixPath) -> None:
        """Wait for the command's end and judge it."""
        process = channel.process
        assert process.stderr is not None
        said, deadline = b"", time.monotonic() + _STALL_SECONDS
        while select.select([process.stderr], [], [], max(0.0, deadline - time.monotonic()))[0]:
            if not (some := os.read(process.stderr.fileno(), _MESSAGE)):
                break
            said = (said + some)[:_MESSAGE]
        else:
            raise self._stalled()
        code = process.wait()
        if code in (255, -9):
            raise LinkLostError(f"the link to {self._serial} dropped during a transfer")
        if code:
            raise self._refused(said.decode(errors="replace").strip(), remote)

    def _refused(self, said: str, remote: PurePosixPath) -> DeviceSpaceError | TransferError:
        if "No space left" in said or "quota exceeded" in said:
            return DeviceSpaceError(f"no space left on {self._serial} for {remote}", hint=make_room(self._serial))
        reason = brief(said.rpartition("\n")[2])  # before it stands what a login shell says
        return TransferError(f"{self._serial} refused the transfer of {remote}: {reason or 'no reason given'}")

    def _stalled(self) -> LinkLostError:
        return LinkLostError(
            f"the link to {self._serial} stood still for {_STALL_SECONDS:g} s during a transfer",
            hint="check the network",
        )
