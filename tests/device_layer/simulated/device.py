"""The simulated device: listens for adb servers, and does what tests tell it to."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from pathlib import Path
from typing import Self

from tests.device_layer.simulated.services import Faults, Services
from tests.device_layer.simulated.system import Model, System
from tests.device_layer.simulated.transport import Stream, Transport

_FEATURES = "shell_v2,cmd"


class SimulatedDevice:
    """`adb connect` to `serial`. Use as a context manager."""

    def __init__(self, root: Path, model: Model | None = None, *, trusts: bool = True) -> None:
        self.model = model or Model()
        self.system = System(root, self.model)
        self.faults = Faults()
        self.trusts = trusts
        self.pushed: list[tuple[str, int]] = []
        self.port = _even_port()
        self._listener: socket.socket | None = None
        self._links: set[Transport] = set()
        self._changing = threading.Lock()

    @property
    def serial(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.plug_in()
        return self

    def __exit__(self, *_: object) -> None:
        self.pull_cable(stay_away=True)
        self.kill_all()

    def plug_in(self) -> None:
        """Answer again."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = "ro.product.name=phone;ro.product.model=Phone One;ro.product.device=phone;"
        banner = f"device::{name}" if self.model.old else f"device::{name}features={_FEATURES}"

        def opened(stream: Stream, service: str) -> bool:
            work = services.start(stream, service)
            if work is None:
                return False
            link.accept(stream)
            threading.Thread(target=work, daemon=True).start()
            return True

        link = Transport(connection, banner=banner, old=self.model.old, opened=opened)
        services = Services(self.system, self.faults, not self.model.old, self.pull_cable, self.pushed)
        with self._changing:
            self._links.add(link)
        link.serve(trusts=self.trusts)
        with self._changing:
            self._links.discard(link)

    def pull_cable(self, *, stay_away: bool = False) -> None:
        """Drop every link; with `stay_away` nothing answers until `plug_in`."""
        if stay_away and self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        with self._changing:
            links = list(self._links)
        for link in links:
            link.drop()

    def restart(self, *, wiped: bool = True) -> None:
        """Reboot: every process ends, the link drops, the boot is another one; `wiped` empties /data/local/tmp."""
        self.pull_cable(stay_away=True)
        self.kill_all()
        if wiped:
            self.system.wipe()
        self.system.boot()
        self.plug_in()

    def kill_all(self) -> None:
        """End what runs on the device."""
        for process in self.system.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _even_port() -> int:
    """A free port; even, for adb servers take odd ones from 5555 to 5585 for emulators."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = int(probe.getsockname()[1]) & ~1
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
