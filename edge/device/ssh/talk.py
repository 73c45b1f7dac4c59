"""One command over the connection: its script goes in, its output comes out, and the rest of its input is the leash.

A login shell may say something first (an `echo` in ~/.bashrc): output counts from the mark with which the script begins.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress

from edge.device.base import OUTPUT_LIMIT, flood
from edge.device.shell.way import CutOffError, Ended, Marker

BEAT_SECONDS = 10.0  # how often a launch hears that its driver is there
WATCH_SECONDS = 45  # after how long without it the board ends the launch
_CHUNK = 1 << 16
_AFTER_END = 5.0  # seconds that a stream may stay open after its marker
_MARKER_ROOM = 128  # bytes; a marker line is shorter


class NoEndError(Exception):
    """The output ended without the script's marker. `code`: the local ssh's, 255 where it is its own and not the shell's."""

    def __init__(self, code: int | None, said: str, *, began: bool) -> None:
        super().__init__()
        self.code, self.said, self.began = code, said, began


class Channel:
    """A local `ssh` process that carries one command. Used by one thread; `interrupt` by any."""

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for us
        )

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: object) -> None:
        self.interrupt()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def interrupt(self) -> None:
        """From another thread: end it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def converse(self, script: str, marker: Marker, seconds: float) -> Ended:
        """Send the script and read to its marker.

        A line is sent now and then (`BEAT_SECONDS`). Raises CommandError for a flood, CutOffError after `seconds`, NoEndError.
        """
        stdin, stdout, stderr = self.process.stdin, self.process.stdout, self.process.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None
        begin = f"{marker.word}:begin"
        pending = memoryview(f"{{\necho {begin}; echo {begin} >&2\n{script}\n}}\n".encode())
        output = {stdout.fileno(): bytearray(), stderr.fileno(): bytearray()}
        out, err = output.values()
        now = time.monotonic()
        deadline, beat = now + seconds, now + BEAT_SECONDS
        ended = False
        os.set_blocking(stdin.fileno(), False)
        with selectors.DefaultSelector() as selector:
            for stream in (stdout, stderr):
                selector.register(stream, selectors.EVENT_READ)
            selector.register(stdin, selectors.EVENT_WRITE)
            while any(fd in selector.get_map() for fd in output):
                now = time.monotonic()
                if now >= deadline:
                    if ended:
                        break
                    raise CutOffError(_from(begin, out), _from(begin, err))
                for key, _ in selector.select(min(deadline, beat) - now):
                    if key.fd == stdin.fileno():
                        pending = pending[self._write(pending) :]
                        if not pending:
                            selector.unregister(stdin)
                    elif data := os.read(key.fd, _CHUNK):
                        output[key.fd] += data
                    else:
                        selector.unregister(key.fileobj)
                if not pending and time.monotonic() >= beat:
                    self._write(memoryview(b"\n"))
                    beat = time.monotonic() + BEAT_SECONDS
                if len(out) + len(err) > OUTPUT_LIMIT:
                    raise flood()
                if not ended and marker.split(bytes(out[-_MARKER_ROOM:])):
                    ended, deadline = True, time.monotonic() + _AFTER_END
        if (split := marker.split(_from(begin, out))) is None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_AFTER_END)
            said = (bytes(err) + bytes(out)).decode(errors="replace")
            raise NoEndError(self.process.poll(), said, began=begin.encode() in out)
        return Ended(split[1], split[0], _from(begin, err))

    def _write(self, data: memoryview) -> int:
        """How much of it was taken; all of it where nobody reads any more, which its output's end will tell."""
        assert self.process.stdin is not None
        try:
            return os.write(self.process.stdin.fileno(), data[:_CHUNK])
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            return len(data)


def _from(begin: str, output: bytearray) -> bytes:
    """What the script said, without what the login shell said before it."""
    before, found, said = bytes(output).partition(f"{begin}\n".encode())
    return said if found else before
