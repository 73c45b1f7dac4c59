"""An Android device reached over adb."""

from __future__ import annotations

import time
from collections.abc import Callable

from edge.device.adb import probe, server
from edge.device.adb.address import ServerAddress
from edge.device.adb.link import Link
from edge.device.adb.settings import AndroidSettings, Before
from edge.device.base import Properties, State, Thermal
from edge.device.shell.device import ShellDevice


class AndroidDevice(ShellDevice[Before]):
    """See Device. Nothing is asked of the device before it is needed. `blobs` tells what pushing cost so far."""

    def __init__(self, address: ServerAddress, serial: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__(Link(address, serial, sleep=sleep))
        self._address = address

    def _identify(self) -> tuple[Properties, str]:
        return probe.properties(
            self._ask(probe.IDENTITY), serial=self.serial, adb_version=server.version(self._address)
        )

    def thermal(self) -> Thermal:
        text = self._ask(probe.thermal_script(self.properties().sdk))
        found = probe.thermal(text)
        if not any(zone.kind == "cpu" for zone in found.zones):  # its thermal service keeps them to itself
            found = probe.thermal(f"{text}\n{self._ask(probe.zones_script())}")
        return found

    def state(self) -> State:
        return probe.state(self._ask(probe.state_script()))

    def _settings(self) -> AndroidSettings:
        return AndroidSettings(self._way, self.properties().sdk)
