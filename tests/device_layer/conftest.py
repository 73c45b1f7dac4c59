"""A real adb server of the tests' own, and simulated devices for it to connect to."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge.device.adb import server
from edge.device.adb.address import ServerAddress
from edge.device.adb.android import AndroidDevice
from edge.errors import LinkLostError
from tests.device_layer.board.board import Board
from tests.device_layer.board.userland import missing
from tests.device_layer.simulated.device import SimulatedDevice
from tests.device_layer.simulated.system import Model


def carried_adb() -> str:
    """The adb program that adbutils' wheel carries, so that the tests need no other."""
    import adbutils  # type: ignore[import-untyped]

    return str(Path(adbutils.__file__).parent / "binaries" / "adb")


class AdbServer:
    """One adb server process on a port of its own."""

    def __init__(self, home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.address = ServerAddress(port=self.port)
        self._environ = {**os.environ, "HOME": str(home), "ADB_MDNS": "0"}
        self._environ.pop("ADB_SERVER_SOCKET", None)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [carried_adb(), "-P", str(self.port), "nodaemon", "server"],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(200):
            try:
                server.version(self.address)
                return
            except LinkLostError:
                time.sleep(0.05)
        raise AssertionError("the adb server does not answer")

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(300)

    def stop(self) -> None:
        """End it, or whichever server took its place."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        subprocess.run([carried_adb(), "-P", str(self.port), "kill-server"], env=self._environ, capture_output=True)

    def adb(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [carried_adb(), "-P", str(self.port), *arguments], env=self._environ, capture_output=True, text=True
        )


@pytest.fixture(scope="session")
def shared_adb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdbServer]:
    adb = AdbServer(tmp_path_factory.mktemp("adb-home"))
    adb.start()
    yield adb
    adb.stop()


def _private_environment(port: int, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server on `port`; no adb address, chosen device or home of the machine's user."""
    for name in (
        "ADB_SERVER_SOCKET",
        "ANDROID_ADB_SERVER_ADDRESS",
        "ANDROID_ADB_SERVER_HOST",
        "ANDROID_SERIAL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
    monkeypatch.setenv("ADB_MDNS", "0")
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture
def adb_server(shared_adb_server: AdbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AdbServer:
    """The server shared by most tests, which the environment names."""
    _private_environment(shared_adb_server.port, tmp_path, monkeypatch)
    return shared_adb_server


@pytest.fixture
def own_adb_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AdbServer]:
    """A server that a test may kill; the driver starts another one with the same program."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "adb").symlink_to(carried_adb())
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    adb = AdbServer(tmp_path)
    _private_environment(adb.port, tmp_path, monkeypatch)
    adb.start()
    yield adb
    adb.stop()


MakePhone = Callable[..., SimulatedDevice]


@pytest.fixture
def make_phone(tmp_path: Path, adb_server: AdbServer) -> Iterator[MakePhone]:
    """Makes simulated devices and connects them to the shared server."""
    with ExitStack() as stack:

        def make(model: Model | None = None, *, trusts: bool = True) -> SimulatedDevice:
            root = tmp_path / f"phone-{len(list(tmp_path.glob('phone-*')))}"
            phone = stack.enter_context(SimulatedDevice(root, model, trusts=trusts))
            server.connect(adb_server.address, phone.serial)
            stack.callback(server.disconnect, adb_server.address, phone.serial)
            return phone

        yield make


@pytest.fixture
def phone(make_phone: MakePhone) -> SimulatedDevice:
    return make_phone()


@pytest.fixture
def device(phone: SimulatedDevice, adb_server: AdbServer) -> AndroidDevice:
    """The driver's view of `phone`."""
    return AndroidDevice(adb_server.address, phone.serial)


MakeBoard = Callable[..., Board]


@pytest.fixture(scope="session")
def make_board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeBoard]:
    """Makes stand-in boards, which run until the tests end."""
    lacking = missing()
    if lacking:
        pytest.skip(lacking)
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(Board(tmp_path_factory.mktemp("board") / "board", **how))


def program(path: Path, script: str) -> Path:
    """An executable shell script, the simulated device's idea of a benchmark program."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path
