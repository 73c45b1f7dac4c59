"""Who may measure, and what is put back: the cases that need another machine, or a moment that is hard to meet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.device import owner as owners
from edge.device.adb import server
from edge.device.adb.android import AndroidDevice
from edge.device.owner import Owner, device_file
from edge.errors import DeviceBusyError, DeviceSpaceError, SettingsLeftError
from tests.device_layer.conftest import AdbServer, MakePhone
from tests.device_layer.places import BASE, JOURNAL, LOCK, RUN
from tests.device_layer.simulated.device import SimulatedDevice
from tests.device_layer.simulated.system import Model


def held_by(phone: SimulatedDevice, owner: Owner | str, *, silent_seconds: float = 0) -> None:
    """Leave another edgezoo's lock on the device."""
    lock = phone.system.real(LOCK)
    lock.mkdir(parents=True)
    (lock / "token").write_text("theirs\n")
    (lock / "owner").write_text((owner if isinstance(owner, str) else owner.line()) + "\n")
    (lock / "alive").touch()
    then = (lock / "alive").stat().st_mtime - silent_seconds
    for path in (lock / "alive", lock):
        os.utime(path, (then, then))


ELSEWHERE = replace(Owner.me(), host="another-machine", pid=1, boot="", started="", user="zoë\\lab")


def test_lock_of_another_machine(device: AndroidDevice, phone: SimulatedDevice) -> None:
    held_by(phone, ELSEWHERE, silent_seconds=600)
    with pytest.raises(DeviceBusyError, match="another-machine") as caught, device.lock():
        raise AssertionError
    assert "zoë\\lab@another-machine (process 1" in caught.value.message
    assert "-s" in caught.value.hint


def test_lock_of_another_machine_that_went_silent(device: AndroidDevice, phone: SimulatedDevice) -> None:
    held_by(phone, ELSEWHERE, silent_seconds=4000)
    with device.lock():
        assert device.run(["true"], timeout=20).code == 0
    assert not phone.system.real(LOCK).exists()


def test_a_device_that_this_process_has_under_another_name(
    device: AndroidDevice, phone: SimulatedDevice, adb_server: AdbServer
) -> None:
    other = phone.serial.replace("127.0.0.1", "localhost")
    server.connect(adb_server.address, other)
    try:
        for name in (phone.serial, other):
            again = AndroidDevice(adb_server.address, name)
            with device.lock(), pytest.raises(DeviceBusyError) as caught, again.lock():
                raise AssertionError
            assert caught.value.message.startswith(f"the device {name} is in use by this very edgezoo")
            assert caught.value.hint == "name each device once"
            with again.lock():
                pass
    finally:
        server.disconnect(adb_server.address, other)


def test_a_launch_is_a_sign_of_life(device: AndroidDevice, phone: SimulatedDevice) -> None:
    with device.lock():
        os.utime(phone.system.real(LOCK), (1, 1))
        device.run(["true"], timeout=20)
        assert (phone.system.real(LOCK) / "alive").stat().st_mtime > 1_000_000


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"boot": "an earlier one"}, id="before this machine's restart"),
        pytest.param({"started": "1"}, id="its number belongs to another process now"),
        pytest.param({"pid": 2**22 + 1}, id="no such process"),
        pytest.param({}, id="this process, which did not give it back"),
    ],
)
def test_lock_of_a_process_that_ended(device: AndroidDevice, phone: SimulatedDevice, changes: dict[str, Any]) -> None:
    parent = os.getppid()
    living = replace(Owner.me(), pid=parent, started=owners._started(parent) or "")
    held_by(phone, replace(living, **changes) if changes else Owner.me())
    with device.lock():
        pass


def test_lock_of_a_living_process(device: AndroidDevice, phone: SimulatedDevice) -> None:
    """As when the device is also connected over another cable: the lock on this machine has another name there."""
    parent = os.getppid()
    held_by(phone, replace(Owner.me(), pid=parent, started=owners._started(parent) or ""))
    with pytest.raises(DeviceBusyError, match=f"process {parent}"), device.lock():
        raise AssertionError


@pytest.mark.parametrize("record", ["", "{}", "no record", '{"token": 1}'])
def test_lock_without_a_record(device: AndroidDevice, phone: SimulatedDevice, record: str) -> None:
    """Between mkdir and the record there is a moment; after a minute it is no moment any more."""
    held_by(phone, record)
    with pytest.raises(DeviceBusyError, match="just starting"), device.lock():
        raise AssertionError
    os.utime(phone.system.real(LOCK) / "alive", (1, 1))
    with device.lock():
        pass


def test_lock_within_this_machine(device: AndroidDevice) -> None:
    """The lock of this machine is seen even before the device is asked."""
    code = f"from edge.device.owner import host_lock\nwith host_lock({device.serial!r}): print('locked', flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "locked\n"
    with pytest.raises(DeviceBusyError, match=f"process {other.pid} on this machine"), device.lock():
        raise AssertionError
    other.communicate("\n", timeout=30)
    with device.lock():
        pass


def test_lock_on_a_full_device(device: AndroidDevice, phone: SimulatedDevice) -> None:
    (phone.system.root / "bin/mkdir").unlink()
    (phone.system.root / "bin/mkdir").write_text("#!/bin/sh\necho 'mkdir: No space left on device' >&2; exit 1\n")
    (phone.system.root / "bin/mkdir").chmod(0o755)
    with pytest.raises(DeviceSpaceError, match="is full"), device.lock():
        raise AssertionError


def test_record_survives_the_shell() -> None:
    assert Owner.parse(ELSEWHERE.line()) == ELSEWHERE
    assert "\\" not in ELSEWHERE.line()
    assert ELSEWHERE.line().isascii()


def test_what_a_killed_driver_left_is_removed(device: AndroidDevice, phone: SimulatedDevice) -> None:
    run = phone.system.real(RUN) / "0123456789ab"
    run.mkdir(parents=True)
    alive = phone.system.start("sleep 1020", stdin=-3, stdout=-3, stderr=-3)
    (run / "pid").write_text(f"{alive.pid} {(phone.system.state / 'boot_id').read_text()}")
    old = phone.system.real(RUN) / "of-an-earlier-boot"
    old.mkdir()
    innocent = phone.system.start("sleep 1021", stdin=-3, stdout=-3, stderr=-3)
    (old / "pid").write_text(f"{innocent.pid} 00000000-0000-0000-0000-000000000000\n")
    part = phone.system.real(BASE) / "blobs" / "part.01234567"
    part.mkdir(parents=True)
    (part / ("0" * 64)).write_text("half")
    with device.lock():
        assert alive.wait(300) == -9
        assert innocent.poll() is None
        assert list(phone.system.real(RUN).iterdir()) == []
        assert not part.exists()


# Settings


@pytest.mark.parametrize("before", ["0", "3", "7", None])
def test_setting_is_put_back_as_it_was(device: AndroidDevice, phone: SimulatedDevice, before: str | None) -> None:
    setting = phone.system.state / "settings/global/stay_on_while_plugged_in"
    if before is None:
        setting.unlink()
    else:
        setting.write_text(before + "\n")
    with device.lock(), device.prepared() as prepared:
        assert (prepared.stay_awake, prepared.fixed_performance) == (True, True)
        assert (phone.system.setting(), phone.system.fixed_performance()) == ("7", "true")
    assert (phone.system.setting(), phone.system.fixed_performance()) == (before, "false")
    assert not phone.system.real(JOURNAL).exists()
    assert not device_file(device.serial, ".settings.json").exists()


def test_choice_of_the_user_stays(device: AndroidDevice, phone: SimulatedDevice) -> None:
    with device.lock(), device.prepared():
        (phone.system.state / "settings/global/stay_on_while_plugged_in").write_text("2\n")
    assert phone.system.setting() == "2"


@pytest.mark.parametrize(
    ("model", "fixed"),
    [(Model(sdk=29), False), (Model(fixed_performance=False), False), (Model(), True)],
    ids=["before Android 11", "refused", "offered"],
)
def test_fixed_performance_mode(make_phone: MakePhone, adb_server: AdbServer, model: Model, fixed: bool) -> None:
    phone = make_phone(model)
    device = AndroidDevice(adb_server.address, phone.serial)
    with device.lock(), device.prepared() as prepared:
        assert prepared.fixed_performance is fixed


@pytest.mark.parametrize("left", ["on the device", "here"])
def test_settings_of_a_killed_driver(device: AndroidDevice, phone: SimulatedDevice, left: str) -> None:
    """Written down in two places: either the device or this machine may be another one, or emptied, at the next run."""
    journal = json.dumps({"stay_on": "3", "fixed_performance": False})
    place = phone.system.real(JOURNAL) if left == "on the device" else device_file(device.serial, ".settings.json")
    place.parent.mkdir(parents=True)
    place.write_text(journal)
    (phone.system.state / "settings/global/stay_on_while_plugged_in").write_text("7\n")
    (phone.system.state / "fixed_performance").write_text("true\n")
    with device.lock():
        assert (phone.system.setting(), phone.system.fixed_performance()) == ("3", "false")
        assert not place.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stay_on": "3"}'])
def test_journal_that_was_cut_off(device: AndroidDevice, phone: SimulatedDevice, text: str) -> None:
    """It is written before anything is changed: half a journal means nothing was."""
    phone.system.real(JOURNAL).parent.mkdir(parents=True)
    phone.system.real(JOURNAL).write_text(text)
    with device.lock():
        assert phone.system.setting() == "0"
    with device.lock(), device.prepared():
        pass
    assert phone.system.setting() == "0"


@pytest.mark.parametrize(
    ("program", "refuses", "what", "by_hand"),
    [
        ("settings", '"$1" != get', "the setting stay_on_while_plugged_in",
         "settings put global stay_on_while_plugged_in 0"),
        ("cmd", '"$3" = false', "fixed performance mode", "cmd power set-fixed-performance-mode-enabled false"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_put_back_is_said_and_stays_written_down(
    device: AndroidDevice, phone: SimulatedDevice, program: str, refuses: str, what: str, by_hand: str
) -> None:
    place = phone.system.root / "bin" / program
    whole = place.read_text()
    first, _, rest = whole.partition("\n")
    refusing = f'{first}\nif [ {refuses} ]; then echo "SecurityException" >&2; exit 255; fi\n{rest}'
    with device.lock():
        with pytest.raises(SettingsLeftError) as caught, device.prepared():
            place.write_text(refusing)
        assert caught.value.message == f"{what} of {device.serial} could not be put back as it was"
        assert f"adb -s {device.serial} shell {by_hand}" in caught.value.hint
        assert phone.system.real(JOURNAL).exists()
    place.write_text(whole)
    with device.lock():
        assert (phone.system.setting(), phone.system.fixed_performance()) == ("0", "false")
        assert not phone.system.real(JOURNAL).exists()


def test_data_directory_that_cannot_be_written(
    device: AndroidDevice, phone: SimulatedDevice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No setting is changed that could not be put back."""
    from edge.errors import OutputError

    (tmp_path / "file").write_text("")
    with device.lock():
        monkeypatch.setenv("EDGEZOO_DATA_DIR", str(tmp_path / "file"))
        with pytest.raises(OutputError, match=r"settings\.json could not be written") as caught, device.prepared():
            raise AssertionError
    assert caught.value.hint == "set EDGEZOO_DATA_DIR"
    assert phone.system.setting() == "0"
