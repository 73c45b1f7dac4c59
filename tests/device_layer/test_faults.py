"""Faults that only a simulated device can be told to have, each survived or named."""

from __future__ import annotations

import os
import threading
from dataclasses import asdict
from pathlib import Path, PurePosixPath

import pytest

from edge.bench.gate import Gate, judge
from edge.device.adb import server
from edge.device.adb.android import AndroidDevice
from edge.device.retry import LINK_RETRIES, with_retries
from edge.errors import CommandError, DeviceSpaceError, DeviceUnavailableError, LinkLostError, TransferError
from edge.results.identity import DeviceIdentity
from tests.device_layer.conftest import AdbServer, MakePhone, program
from tests.device_layer.places import BASE, BLOBS
from tests.device_layer.simulated.device import SimulatedDevice
from tests.device_layer.simulated.system import Model
from tests.device_layer.subject import eventually


def blobs(phone: SimulatedDevice) -> list[str]:
    place = phone.system.real(BLOBS)
    return sorted(entry.name for entry in place.iterdir()) if place.exists() else []


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.nb"
    path.write_bytes(os.urandom(1_000_000))
    return path


# Pushing


@pytest.mark.parametrize("after", [1, 65_536, 999_999, 1_000_000])
def test_link_drops_in_a_push(device: AndroidDevice, phone: SimulatedDevice, model: Path, after: int) -> None:
    phone.faults.drop_after_pushed = after
    with device.lock():
        with pytest.raises(LinkLostError):
            device.push([model])
        assert all(name.startswith("part.") for name in blobs(phone))  # no half file has a whole one's name
        device.recover(limit=10)
        assert blobs(phone) == []
        place = device.push([model])[model]
        assert phone.system.real(place).read_bytes() == model.read_bytes()


@pytest.mark.parametrize("without", [(), ("sha256sum",), ("sha256sum", "md5sum")], ids=["sha256", "md5", "read back"])
@pytest.mark.parametrize("fault", ["corrupt", "cut"])
def test_push_that_arrives_otherwise(
    make_phone: MakePhone, adb_server: AdbServer, model: Path, tmp_path: Path, fault: str, without: tuple[str, ...]
) -> None:
    phone = make_phone(Model(without=without))
    device = AndroidDevice(adb_server.address, phone.serial)
    other = tmp_path / "other"
    other.write_bytes(b"other")
    if fault == "corrupt":
        phone.faults.corrupt_push = True
    else:
        phone.faults.keep_of_push = 500_000
    with pytest.raises(TransferError, match="did not arrive"):
        device.push([model, other])
    assert len(blobs(phone)) == 1  # the other one did
    before = device.bytes_pushed
    place = with_retries(device, lambda: device.push([model, other]))[model]
    assert device.bytes_pushed - before == 1_000_000
    assert phone.system.real(place).read_bytes() == model.read_bytes()


def test_no_room_is_seen_before_pushing(make_phone: MakePhone, adb_server: AdbServer, model: Path) -> None:
    phone = make_phone(Model(free_kib=17_000))
    device = AndroidDevice(adb_server.address, phone.serial)
    with pytest.raises(DeviceSpaceError, match="1 MB do not fit"):
        device.push([model])
    assert phone.pushed == []


def test_no_room_is_seen_while_pushing(device: AndroidDevice, phone: SimulatedDevice, model: Path) -> None:
    phone.faults.no_space_after = 200_000
    with pytest.raises(DeviceSpaceError, match=f"no space left on {phone.serial}") as caught:
        device.push([model])
    assert caught.value.hint == f"free some space, or: edgezoo device clean -s {phone.serial}"
    assert blobs(phone) == []
    assert device.push([model])


def test_link_drops_in_a_pull(device: AndroidDevice, phone: SimulatedDevice, model: Path, tmp_path: Path) -> None:
    place = device.push([model])[model]
    there = tmp_path / "there"
    there.mkdir()
    (there / "copy").write_text("the one before")
    phone.faults.drop_after_pulled = 300_000
    with pytest.raises(LinkLostError):
        device.pull(place, there / "copy")
    assert (there / "copy").read_text() == "the one before"
    assert len(list(there.iterdir())) == 1
    device.recover(limit=10)
    device.pull(place, there / "copy")
    assert (there / "copy").read_bytes() == model.read_bytes()


# Output


@pytest.mark.parametrize("android", [30, 22], ids=["v2", "v1"])
@pytest.mark.parametrize("after", [1, 5, 30, 4000])
def test_output_cut_off_is_never_an_end(
    make_phone: MakePhone, adb_server: AdbServer, model: Path, after: int, android: int
) -> None:
    phone = make_phone(Model(sdk=android))
    device = AndroidDevice(adb_server.address, phone.serial)
    model.write_text("a line of output\n" * 250)
    place = device.push([model])[model]
    phone.faults.drop_after_output = after
    with pytest.raises(LinkLostError):
        device.run(["cat", str(place)], timeout=20)


@pytest.mark.parametrize("android", [30, 22], ids=["v2", "v1"])
@pytest.mark.parametrize("size", [1, 3, 7, 4097])
def test_output_split_at_odd_places(
    make_phone: MakePhone, adb_server: AdbServer, tmp_path: Path, size: int, android: int
) -> None:
    phone = make_phone(Model(sdk=android))
    device = AndroidDevice(adb_server.address, phone.serial)
    path = program(
        tmp_path / "runner", 'echo \'{"type": "hello"}\'; echo \'ünï\' >&2; echo \'{"type": "end"}\'; exit 6'
    )
    place = device.push([path])[path]
    phone.faults.output_chunk = size
    done = device.run([str(place)], timeout=30)
    assert (done.code, done.stdout, done.stderr) == (6, '{"type": "hello"}\n{"type": "end"}\n', "ünï\n")


def test_stream_that_ends_without_the_exit_packet(device: AndroidDevice, phone: SimulatedDevice) -> None:
    device.properties()
    phone.faults.exit_packet = False
    with pytest.raises(LinkLostError):
        device.run(["echo", "all of it?"], timeout=20)


def test_shell_killed_together_with_its_command(device: AndroidDevice) -> None:
    with pytest.raises(CommandError, match="killed on the device together with its shell") as caught:
        device.run(["sh", "-c", "echo first; kill -s KILL 0"], timeout=20)
    assert (caught.value.code, caught.value.output) == (137, "first\n")


def test_endless_output_is_ended(
    device: AndroidDevice, phone: SimulatedDevice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.device.adb.shell.OUTPUT_LIMIT", 100_000)
    path = program(tmp_path / "runner", "while :; do echo garbage garbage garbage; done")
    place = device.push([path])[path]
    with pytest.raises(CommandError, match="printed more than"):
        device.run([str(place)], timeout=60)
    assert eventually(lambda: not phone.system.running(place.name))


# The device or the server goes away


def test_device_goes_away_and_comes_back(device: AndroidDevice, phone: SimulatedDevice) -> None:
    with device.lock(), device.prepared():
        phone.pull_cable(stay_away=True)
        with pytest.raises(LinkLostError):
            device.run(["true"], timeout=20)
        with pytest.raises(LinkLostError, match="did not come back within"):
            device.recover(limit=0.3)
        phone.plug_in()
        assert device.recover(limit=20) is False
        assert device.run(["true"], timeout=20).code == 0
        assert phone.system.setting() == "7"
    assert phone.system.setting() == "0"


def test_retries_are_bounded(device: AndroidDevice, phone: SimulatedDevice) -> None:
    message: list[str] = []

    def launch() -> None:
        phone.faults.drop_after_output = 1
        device.run(["echo", "something"], timeout=20)

    with device.lock(), pytest.raises(LinkLostError):
        with_retries(device, launch, say=message.append)
    assert (
        message
        == [
            "the link to the device dropped in the middle of an answer; waiting for the device",
            "the device is back; once more",
        ]
        * LINK_RETRIES
    )


def test_restart_between_two_commands(device: AndroidDevice, phone: SimulatedDevice, model: Path) -> None:
    """The files, the lock and fixed performance mode are gone; a run would measure something else."""
    message: list[str] = []
    with device.lock(), device.prepared():
        device.push([model])
        phone.restart()
        (phone.system.state / "fixed_performance").write_text("false\n")

        def launch() -> str:
            place = device.push([model])[model]
            return device.run(["ls", str(place)], timeout=20).stdout

        assert with_retries(device, launch, say=message.append).startswith("/")
        assert message[1:] == ["the device is back after a restart; once more"]
        assert phone.system.fixed_performance() == "true"
        assert phone.system.real(BASE / "lock").exists()
    assert phone.system.fixed_performance() == "false"
    assert phone.system.setting() == "0"
    assert device.bytes_pushed == 2_000_000


def test_restart_that_keeps_the_files(device: AndroidDevice, phone: SimulatedDevice, model: Path) -> None:
    with device.lock():
        device.push([model])
        phone.restart(wiped=False)
        assert device.recover(limit=20) is True
        device.push([model])
    assert device.bytes_pushed == 1_000_000


def test_another_device_at_the_same_address_is_not_gone_on_with(device: AndroidDevice, phone: SimulatedDevice) -> None:
    props = phone.system.state / "props"
    with device.lock():
        props.write_text(props.read_text() + "ro.serialno=8a1b2c3d\n")
        phone.restart(wiped=False)
        with pytest.raises(DeviceUnavailableError, match="another device answers"):
            device.recover(limit=20)


@pytest.mark.parametrize(
    ("number", "said"),
    [("ro.serialno=8a1b2c3d\n", ""), ("", "another device, or ")],
    ids=["known by its number", "not known"],
)
def test_another_system_is_called_that(device: AndroidDevice, phone: SimulatedDevice, number: str, said: str) -> None:
    """After an update, as a board is after a restart with another kernel: a device with the same number is no other one."""
    props = phone.system.state / "props"
    props.write_text(props.read_text() + number)
    with device.lock():
        before = device.properties().build
        props.write_text(props.read_text() + "ro.build.fingerprint=Xiaomi/cepheus/cepheus:12/V13:user/release-keys\n")
        phone.restart(wiped=False)
        with pytest.raises(DeviceUnavailableError, match=f"^{said}another system answers at ") as caught:
            device.recover(limit=20)
    assert caught.value.message.endswith(f" now: Xiaomi/cepheus/cepheus:12/V13:user/release-keys, and it was {before}")


def test_a_device_that_was_set_apart_is_known_by_its_address_and_gone_on_with(
    make_phone: MakePhone, adb_server: AdbServer
) -> None:
    """Its maker gave the number to others as well; the device itself stays the one that it was."""
    phone = make_phone(Model(serialno="0123456789ABCDEF"))
    device = AndroidDevice(adb_server.address, phone.serial)
    before = device.properties()
    assert (before.serialno, before.boot_id) == (
        "0123456789ABCDEF",
        (phone.system.state / "boot_id").read_text().strip(),
    )
    device.set_apart()
    with device.lock():
        phone.restart(wiped=False)
        assert device.recover(limit=20) is True
    now = device.properties()
    assert DeviceIdentity.of(asdict(now)).known_as == phone.serial
    assert (now.serialno, now.serialno_from, now.build) == (None, None, before.build)


def test_device_that_is_still_booting_is_waited_for(phone: SimulatedDevice, adb_server: AdbServer) -> None:
    props = phone.system.state / "props"
    text = props.read_text()
    props.write_text(text.replace("sys.boot_completed=1", "sys.boot_completed="))
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            props.write_text(text)

    AndroidDevice(adb_server.address, phone.serial, sleep=pause).recover(limit=60)
    assert pauses == [0.1, 0.2, 0.4]


@pytest.mark.parametrize("moment", ["between", "while running"])
def test_adb_server_is_killed(own_adb_server: AdbServer, tmp_path: Path, moment: str) -> None:
    with SimulatedDevice(tmp_path / "phone") as phone:
        server.connect(own_adb_server.address, phone.serial)
        device = AndroidDevice(own_adb_server.address, phone.serial)
        commands = [["echo", "there"], ["echo" if moment == "between" else "sleep", "1010"]]
        with device.lock(), device.prepared():
            if moment == "between":
                own_adb_server.kill()
            else:

                def kill() -> None:
                    eventually(lambda: phone.system.running("1010"))
                    own_adb_server.kill()

                threading.Thread(target=kill).start()
            done = with_retries(device, lambda: device.run(commands.pop(), timeout=60))
            assert done.stdout == "there\n"
            assert eventually(lambda: not phone.system.running("1010"))
        assert phone.system.setting() == "0"


def test_cable_pulled_before_the_settings_are_put_back(device: AndroidDevice, phone: SimulatedDevice) -> None:
    with device.lock():
        with device.prepared():
            phone.pull_cable()
        assert phone.system.setting() == "0"


# What changes on the device


def test_thermal_status_rises(device: AndroidDevice, phone: SimulatedDevice) -> None:
    assert judge(device.thermal(), {"cpu": 41_500}, Gate())[0] == "fine"
    phone.system.heat(2, 44.0)
    verdict, reasons = judge(device.thermal(), {"cpu": 41_500}, Gate())
    assert (verdict, [str(one) for one in reasons]) == ("hot", ["thermal status MODERATE (2)"])
    phone.system.heat(0, 52.0)
    verdict, reasons = judge(device.thermal(), {"cpu": 41_500}, Gate())
    assert verdict == "hot"
    assert "10.5 °C above" in str(reasons[0])


def test_core_goes_offline(device: AndroidDevice, phone: SimulatedDevice) -> None:
    assert device.state().cores[7].online
    phone.system.core_offline(7)
    core = device.state().cores[7]
    assert (core.online, core.max_khz) == (False, None)


def test_thermal_service_without_cpu_zones(device: AndroidDevice, phone: SimulatedDevice) -> None:
    service = phone.system.state / "dumpsys/thermalservice"
    service.write_text(service.read_text().replace("mType=0", "mType=9"))
    zone = phone.system.root / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("cpu-1-3-usr\n")
    (zone / "temp").write_text("44100\n")
    thermal = device.thermal()
    assert thermal.status == 0
    assert [(one.name, one.kind) for one in thermal.zones] == [
        ("CPU0", "other"), ("skin", "skin"), ("cpu-1-3-usr", "cpu")
    ]  # fmt: skip
    assert device.state().zones == thermal.zones


def test_old_android_has_no_thermal_status(make_phone: MakePhone, adb_server: AdbServer) -> None:
    phone = make_phone(Model(sdk=22))
    zone = phone.system.root / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("cpu-1-3-usr\n")
    (zone / "temp").write_text("44100\n")
    thermal = AndroidDevice(adb_server.address, phone.serial).thermal()
    assert thermal.status is None
    assert [(one.name, one.millicelsius) for one in thermal.zones] == [("cpu-1-3-usr", 44_100)]


def test_path_that_cannot_be_pulled_to(device: AndroidDevice, model: Path, tmp_path: Path) -> None:
    from edge.errors import OutputError

    place = device.push([model])[model]
    with pytest.raises(OutputError):
        device.pull(PurePosixPath(place), tmp_path / "no such directory" / "copy")


def test_battery_saver_is_read(device: AndroidDevice, phone: SimulatedDevice) -> None:
    setting = phone.system.state / "settings/global/low_power"
    assert device.state().battery_saver is False  # never switched on: there is no such setting
    setting.write_text("1\n")
    assert device.state().battery_saver is True


@pytest.mark.usefixtures("many_descriptors")
def test_a_driver_with_thousands_of_files_open_pushes(device: AndroidDevice, tmp_path: Path) -> None:
    model = tmp_path / "model.nb"
    model.write_bytes(bytes(200_000))
    assert device.push([model])[model].name
