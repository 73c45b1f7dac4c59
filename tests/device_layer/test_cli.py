"""`edgezoo devices` and `edgezoo device clean`, as they are typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.device.adb.android import AndroidDevice
from tests.device_layer.conftest import AdbServer, MakePhone
from tests.device_layer.places import BASE
from tests.device_layer.simulated.system import Model

Capture = pytest.CaptureFixture[str]


def test_devices(make_phone: MakePhone, capsys: Capture) -> None:
    phone = make_phone()
    phone.system.heat(1, 45.0)
    phone.system.core_offline(7)
    (phone.system.root / "sys/devices/system/cpu/cpu6/cpufreq/scaling_max_freq").write_text("1612800\n")
    assert run(["devices"]) == 0
    head, _, row = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "serial"
    assert re.split("  +", row) == [
        phone.serial, "Example Phone One", "msmnile", "4x1786+2x2419+1x2419<1613+1xoffline", "arm64-v8a", "11 (API 30)",
        "LIGHT", "83 %, 31 °C, charging",
    ]  # fmt: skip


def test_devices_that_cannot_be_used_are_listed_too(make_phone: MakePhone, capsys: Capture) -> None:
    good, silent = make_phone(), make_phone(trusts=False)
    assert run(["devices"]) == 0
    captured = capsys.readouterr()
    assert f"{silent.serial}  (unauthorized)" in captured.out
    assert good.serial in captured.out
    assert "Allow USB debugging" in captured.err


def test_devices_as_json(make_phone: MakePhone, capsys: Capture) -> None:
    phone = make_phone(Model(sdk=22))
    assert run(["devices", "--json"]) == 0
    (device,) = json.loads(capsys.readouterr().out)
    assert device["serial"] == phone.serial
    assert device["properties"]["sdk"] == 22
    assert device["now"]["battery"] == {"percent": 83, "millicelsius": 31_200, "charging": True}


@pytest.mark.usefixtures("adb_server")
def test_no_device(capsys: Capture) -> None:
    assert run(["devices"]) == 0
    assert "No Android device is connected" in capsys.readouterr().err
    assert run(["devices", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run(["device", "clean"]) == 1
    assert "no Android device is connected" in capsys.readouterr().err


def test_clean(make_phone: MakePhone, adb_server: AdbServer, tmp_path: Path, capsys: Capture) -> None:
    one, two = make_phone(), make_phone()
    model = tmp_path / "model.nb"
    model.write_bytes(bytes(2_000_000))
    for phone in (one, two):
        AndroidDevice(adb_server.address, phone.serial).push([model])
    assert run(["device", "clean"]) == 1
    assert "choose one with -s SERIAL" in capsys.readouterr().err
    assert run(["device", "clean", "-s", one.serial]) == 0
    assert capsys.readouterr().out == f"{one.serial}: 1 file, 2.0 MB removed\n"
    assert not one.system.real(BASE).exists()
    with AndroidDevice(adb_server.address, two.serial).lock():
        assert run(["device", "clean", "-s", two.serial]) == 1
    assert "is in use by" in capsys.readouterr().err
    assert run(["device", "clean", "-s", "all"]) == 0
    assert not two.system.real(BASE).exists()
