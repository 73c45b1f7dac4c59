"""The scenarios of tests/device_layer on a real device (or a stand-in with a real adbd)."""

from __future__ import annotations

import subprocess

import pytest

from edge.device.adb import server
from edge.device.adb.address import ServerAddress, resolve_address
from edge.device.adb.android import AndroidDevice
from edge.device.discover import open_device
from tests.device_layer.android_scenarios import AndroidScenarios, AndroidSubject


class RealSubject(AndroidSubject):
    """See Subject. It is looked at through the adb program."""

    shebang = "#!/system/bin/sh"

    def __init__(self, address: ServerAddress, serial: str) -> None:
        self._address = address
        self._serial = serial
        self._adb = [str(server.adb_program()), "-L", address.spec, "-s", serial]

    def connect(self) -> AndroidDevice:
        return AndroidDevice(self._address, self._serial)

    def shell(self, script: str) -> str:
        done = subprocess.run([*self._adb, "shell", script], capture_output=True, text=True, timeout=60)
        return done.stdout

    def drop_link(self) -> None:
        """The server lets go of the device and looks for it again: the same as pulling the cable for a moment."""
        subprocess.run([*self._adb, "reconnect"], capture_output=True, timeout=60)

    def running(self, word: str) -> bool:
        return word in self.shell("ps -A -o ARGS 2>/dev/null || ps")


@pytest.mark.device
class TestRealDevice(AndroidScenarios):
    @pytest.fixture
    def subject(self, serial: str) -> RealSubject:
        (device,) = open_device(serial)
        return RealSubject(resolve_address(), device.serial)
