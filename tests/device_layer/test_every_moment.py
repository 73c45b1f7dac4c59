"""An interrupt, a kill or a dropped link at every single step of a session: the next run finds everything in order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from edge.device.adb.android import AndroidDevice
from edge.device.adb.connection import Connection
from edge.device.owner import device_file
from edge.device.retry import with_retries
from edge.errors import LinkLostError, SettingsLeftError
from tests.device_layer.conftest import AdbServer, program
from tests.device_layer.places import BASE, BLOBS, JOURNAL, LOCK, RUN
from tests.device_layer.simulated.device import SimulatedDevice


class Killed(BaseException):
    """Stands for the process's end: nothing of the session runs after it, no cleaning up either."""


class Steps:
    """Counts the requests to the adb server, and does `what` at the `at`-th one (and at all later ones: `for_good`)."""

    def __init__(self, at: int, what: Callable[[], None], *, for_good: bool) -> None:
        self.left = at
        self.what = what
        self.for_good = for_good

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0 or (self.for_good and self.left < 0):
            self.what()


def interrupt() -> None:
    raise KeyboardInterrupt


def kill() -> None:
    raise Killed


def drop() -> None:
    raise LinkLostError("the link dropped")


def session(device: AndroidDevice, runner: Path) -> str:
    with device.lock(), device.prepared():
        place = device.push([runner])[runner]
        return device.run([str(place)], timeout=20).stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "for_good", "ends_with"),
    [
        pytest.param(interrupt, False, KeyboardInterrupt, id="ctrl-c"),
        pytest.param(kill, True, Killed, id="kill -9"),
        pytest.param(drop, False, LinkLostError, id="link drops"),
    ],
)
def test_a_session_cut_off(
    phone: SimulatedDevice,
    adb_server: AdbServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: Callable[[], None],
    for_good: bool,
    ends_with: type[BaseException],
) -> None:
    runner = program(tmp_path / "runner", "echo measured")
    request = Connection.request
    for step in count(1):
        steps = Steps(step, what, for_good=for_good)

        def counted(self: Connection, service: str, steps: Steps = steps) -> None:
            steps()
            request(self, service)

        with monkeypatch.context() as patch:
            patch.setattr(Connection, "request", counted)
            with suppress(ends_with, SettingsLeftError):
                assert session(AndroidDevice(adb_server.address, phone.serial), runner) == "measured\n"
        if phone.system.setting() != "0" or phone.system.fixed_performance() != "false":
            assert phone.system.real(JOURNAL).exists() or device_file(phone.serial, ".settings.json").exists()
        with AndroidDevice(adb_server.address, phone.serial).lock():
            assert (phone.system.setting(), phone.system.fixed_performance()) == ("0", "false")
            assert not phone.system.real(JOURNAL).exists()
            assert not device_file(phone.serial, ".settings.json").exists()
            assert not phone.system.real(RUN).exists() or list(phone.system.real(RUN).iterdir()) == []
            for blob in phone.system.real(BLOBS).glob("*"):
                assert blob.read_bytes() == runner.read_bytes()
        assert not phone.system.real(LOCK).exists()
        if steps.left > 0:
            break
        phone.system.wipe()
    assert step > 20


@pytest.mark.slow
def test_link_drops_at_every_step_of_a_retried_launch(
    phone: SimulatedDevice, adb_server: AdbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = program(tmp_path / "runner", "echo measured")
    request = Connection.request
    for step in count(1):
        steps = Steps(step, drop, for_good=False)

        def counted(self: Connection, service: str, steps: Steps = steps) -> None:
            steps()
            request(self, service)

        device = AndroidDevice(adb_server.address, phone.serial)

        def launch(device: AndroidDevice = device) -> str:
            place = device.push([runner])[runner]
            return device.run([str(place)], timeout=20).stdout

        with device.lock(), device.prepared(), monkeypatch.context() as patch:
            patch.setattr(Connection, "request", counted)
            assert with_retries(device, launch) == "measured\n"
        assert phone.system.setting() == "0"
        if steps.left > 0:
            break
        phone.system.wipe()
    assert step > 5
    assert sorted(entry.name for entry in phone.system.real(BASE).iterdir()) == ["blobs", "run"]
