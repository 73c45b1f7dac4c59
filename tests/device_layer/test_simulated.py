"""The scenarios on simulated devices: a current one, and one with Android 5."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edge.device.adb.address import ServerAddress
from edge.device.adb.android import AndroidDevice
from tests.device_layer.android_scenarios import AndroidScenarios, AndroidSubject
from tests.device_layer.conftest import AdbServer, MakePhone
from tests.device_layer.simulated.device import SimulatedDevice
from tests.device_layer.simulated.system import Model


class SimulatedSubject(AndroidSubject):
    """See Subject."""

    shebang = "#!/bin/sh"

    def __init__(self, phone: SimulatedDevice, address: ServerAddress) -> None:
        self.phone = phone
        self.address = address

    def connect(self) -> AndroidDevice:
        return AndroidDevice(self.address, self.phone.serial)

    def shell(self, script: str) -> str:
        process = self.phone.system.start(
            script, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return process.communicate(timeout=300)[0].decode()

    def drop_link(self) -> None:
        self.phone.pull_cable()

    def running(self, word: str) -> bool:
        return self.phone.system.running(word)


class TestCurrentAndroid(AndroidScenarios):
    big_mib = 32

    @pytest.fixture
    def subject(self, make_phone: MakePhone, adb_server: AdbServer) -> SimulatedSubject:
        return SimulatedSubject(make_phone(), adb_server.address)


class TestOldAndroid(AndroidScenarios):
    """No shell v2 (merged output, CRLF, no exit codes), no features, 4 KiB messages, no sha256sum."""

    big_mib = 8

    @pytest.fixture
    def subject(self, make_phone: MakePhone, adb_server: AdbServer) -> SimulatedSubject:
        return SimulatedSubject(make_phone(Model(sdk=22, without=("sha256sum",))), adb_server.address)


def test_simulator_is_what_adb_expects(make_phone: MakePhone, adb_server: AdbServer, tmp_path: Path) -> None:
    """The stock program works on the simulated device, so it is no echo of the driver's own idea of the protocol."""
    phone = make_phone()
    local, copy = tmp_path / "local", tmp_path / "copy"
    local.write_bytes(bytes(range(256)) * 3000)
    done = adb_server.adb("-s", phone.serial, "shell", "echo out; echo err >&2; exit 5")
    assert (done.returncode, done.stdout, done.stderr) == (5, "out\n", "err\n")
    assert adb_server.adb("-s", phone.serial, "push", str(local), "/data/local/tmp/there").returncode == 0
    assert adb_server.adb("-s", phone.serial, "pull", "/data/local/tmp/there", str(copy)).returncode == 0
    assert copy.read_bytes() == local.read_bytes()
