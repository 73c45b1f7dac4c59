"""The network between a driver and a board: a TCP proxy that can be slow, stand still, or be cut without a word."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Self

_BLOCK = 1 << 14


class Network:
    """Passes connections to a port of this machine on, at most `bytes_per_second` each way; `port` is its own."""

    def __init__(self, target: int, *, bytes_per_second: float | None = None) -> None:
        self._target, self._rate = target, bytes_per_second
        self._flows = threading.Event()
        self._flows.set()
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.passed = 0  # bytes to the board

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._flows.set()
        self._listening.close()
        self.cut()

    def stall(self) -> None:
        """Nothing arrives any more, and nobody is told: a cable that was pulled."""
        self._flows.clear()

    def go_on(self) -> None:
        """New connections get through again; those that stood still are gone."""
        self.cut()
        self._flows.set()

    def cut(self) -> None:
        """End every connection, at both ends."""
        while self._open:
            with suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._listening.accept()
                theirs = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            for pair in ((ours, theirs), (theirs, ours)):
                self._open.append(pair[0])
                threading.Thread(target=self._carry, args=(*pair, pair[0] is ours), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_BLOCK):
                self._flows.wait(300)
                if self._rate:
                    time.sleep(len(data) / self._rate)
                target.sendall(data)
                self.passed += len(data) if up else 0
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
