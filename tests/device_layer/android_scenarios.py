"""What holds for every Android device beyond what holds for every device with a shell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from edge.device.adb.layout import LAYOUT
from edge.device.base import AppliedSettings
from edge.device.shell.device import ShellDevice
from tests.device_layer.scenarios import DeviceScenarios


class AndroidSubject(ABC):
    """The part of a Subject that is the same for every phone."""

    layout = LAYOUT
    changed_setting = "7\n"

    @abstractmethod
    def shell(self, script: str) -> str: ...

    def setting(self) -> str:
        return self.shell("settings get global stay_on_while_plugged_in")

    def applied(self, prepared: AppliedSettings) -> bool:
        return prepared.stay_awake


class AndroidScenarios(DeviceScenarios):
    """Needs a fixture `subject`."""

    def test_properties(self, device: ShellDevice[Any]) -> None:
        properties = device.properties()
        assert properties.kind == "android"
        assert properties.sdk is not None
        assert properties.abis
        assert len(properties.cores) > 1
        assert all(core.max_khz for core in properties.cores if core.online)

    def test_state(self, device: ShellDevice[Any]) -> None:
        state = device.state()
        assert state.battery is not None
        assert state.battery.percent is not None
        assert state.zones == device.thermal().zones or state.zones  # temperatures may move between two readings
        assert any(zone.kind == "cpu" for zone in state.zones)
