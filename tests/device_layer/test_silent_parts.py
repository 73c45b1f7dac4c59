"""A device of which a part hangs, two of which one goes away; a restart in mid-command, an unplugging in mid-push."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.device.adb import link
from edge.device.adb.android import AndroidDevice
from edge.device.retry import with_retries
from edge.errors import CommandTimeoutError, DeviceError, LinkLostError, SettingsLeftError
from tests.device_layer.conftest import AdbServer, MakePhone, program
from tests.device_layer.places import BASE, BLOBS
from tests.device_layer.simulated.device import SimulatedDevice
from tests.device_layer.subject import eventually


def hang(phone: SimulatedDevice, tool: str, only: str = "") -> Path:
    """Make a tool of the phone wait for ever, with `only` as its first word or always; returns where it was put away."""
    place = phone.system.root / "bin" / tool
    away = place.rename(place.with_name(f"{tool}.sound"))
    condition = f'[ "$1" != "{only}" ] && [ -n "{only}" ] && exec {away} "$@"\n'
    place.write_text(f"#!/bin/sh\n{condition}exec sleep 1000\n")
    place.chmod(0o755)
    return away


@pytest.mark.parametrize(
    ("tool", "only"),
    [("getprop", ""), ("dumpsys", "thermalservice"), ("dumpsys", "battery"), ("settings", "")],
)
def test_a_part_that_hangs_is_a_sentence_and_keeps_nothing(
    device: AndroidDevice, phone: SimulatedDevice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, only: str
) -> None:
    monkeypatch.setattr(AndroidDevice, "recover", lambda *_, **__: False)
    monkeypatch.setattr(link.Link.execute, "__kwdefaults__", {"seconds": 1.0})
    model = tmp_path / "model.nb"
    model.write_bytes(os.urandom(1000))
    away = hang(phone, tool, only)
    began = time.monotonic()

    def session() -> None:
        with device.lock(), device.prepared():
            device.push([model])
            device.state()

    with pytest.raises(CommandTimeoutError, match="did not answer a command within 1 s"):
        session()
    assert time.monotonic() - began < 20
    eventually(lambda: not phone.system.running("sleep 1000"))
    away.replace(away.with_name(tool))
    with device.lock(), device.prepared():  # and once it answers again, all is well
        assert phone.system.real(device.push([model])[model]).read_bytes() == model.read_bytes()
        assert device.state().thermal_status == 0
    assert phone.system.setting() == "0"


def test_devices_are_listed_though_one_of_them_hangs(
    make_phone: MakePhone, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link.Link.execute, "__kwdefaults__", {"seconds": 1.0})
    well, ill = make_phone(), make_phone()
    hang(ill, "getprop")
    run(["devices"])
    said = capsys.readouterr()
    assert f"{well.serial}  Example Phone One" in said.out
    assert "did not answer" in said.out + said.err


def test_of_two_devices_one_goes_away(make_phone: MakePhone, adb_server: AdbServer, tmp_path: Path) -> None:
    """In the middle of a command, for good: its own session ends in a sentence, the other one is as if it were alone."""
    gate = tmp_path / "gate"
    runner = program(tmp_path / "runner", f"echo began; until [ -e {gate} ]; do sleep 0.01; done; echo measured")
    phones = [make_phone(), make_phone()]
    outcomes: dict[str, object] = {}

    def session(phone: SimulatedDevice) -> None:
        device = AndroidDevice(adb_server.address, phone.serial)
        try:
            with device.lock(), device.prepared():
                place = device.push([runner])[runner]
                outcomes[phone.serial] = device.run([str(place)], timeout=20).stdout
        except DeviceError as error:
            outcomes[phone.serial] = error

    threads = [threading.Thread(target=session, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    eventually(lambda: all(phone.system.running("runner") for phone in phones))
    phones[0].pull_cable(stay_away=True)
    eventually(lambda: phones[0].serial in outcomes)
    gate.touch()
    for thread in threads:
        thread.join(60)
    assert isinstance(outcomes[phones[0].serial], SettingsLeftError)
    assert outcomes[phones[1].serial] == "began\nmeasured\n"
    assert phones[1].system.setting() == "0"
    assert not phones[1].system.real(BASE / "lock").exists()


@pytest.mark.parametrize("wiped", [True, False], ids=["emptied", "as it was"])
def test_restart_in_the_middle_of_a_command(
    device: AndroidDevice, phone: SimulatedDevice, tmp_path: Path, wiped: bool
) -> None:
    """What the command would have said is lost; it is made once more, on a device that was prepared anew."""
    first = tmp_path / "first"
    runner = program(tmp_path / "runner", f"[ -e {first} ] || {{ touch {first}; sleep 30; }}; echo measured")
    with device.lock(), device.prepared():

        def launch() -> str:
            place = device.push([runner])[runner]
            return device.run([str(place)], timeout=60).stdout

        def restart() -> None:
            eventually(lambda: phone.system.running("sleep 30"))
            phone.restart(wiped=wiped)

        thread = threading.Thread(target=restart)
        thread.start()
        said: list[str] = []
        assert with_retries(device, launch, say=said.append) == "measured\n"
        thread.join(20)
        assert said[-1] == "the device is back after a restart; once more"
    assert phone.system.setting() == "0"
    assert not phone.system.running("sleep 30")


def test_unplugged_in_the_middle_of_a_push_and_plugged_in_later(
    device: AndroidDevice, phone: SimulatedDevice, tmp_path: Path
) -> None:
    """The cable stays out for a while; of what had arrived nothing has a whole file's name."""
    model = tmp_path / "model.nb"
    model.write_bytes(os.urandom(3_000_000))
    phone.faults.drop_after_pushed = 1_000_000
    with device.lock():
        back = threading.Timer(2.0, phone.plug_in)
        with pytest.raises(LinkLostError):
            device.push([model])
        phone.pull_cable(stay_away=True)
        assert all(one.name.startswith("part.") for one in phone.system.real(BLOBS).iterdir())
        back.start()
        device.recover(limit=20)
        place = device.push([model])[model]
    assert phone.system.real(place).read_bytes() == model.read_bytes()


@pytest.mark.parametrize("moment", [-(10**9), 2**33], ids=["before 1970", "after 2106"])
def test_a_file_of_another_century_is_pushed(
    device: AndroidDevice, phone: SimulatedDevice, tmp_path: Path, moment: int
) -> None:
    """Its clock was wrong, or its archive said so."""
    model = tmp_path / "model.nb"
    model.write_bytes(b"content")
    os.utime(model, (moment, moment))
    with device.lock():
        assert phone.system.real(device.push([model])[model]).read_bytes() == b"content"
