"""Which device a command means, and what is said when it cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.device.adb import server
from edge.device.adb.address import ServerAddress, resolve_address
from edge.device.adb.server import Listed
from edge.device.discover import open_device, unavailable
from edge.errors import AdbNotFoundError, DeviceUnavailableError, NoDeviceError, UsageError
from tests.device_layer.conftest import AdbServer, MakePhone
from tests.device_layer.simulated.device import SimulatedDevice


@pytest.mark.usefixtures("adb_server")
def test_no_device() -> None:
    for spec in (None, "all"):
        with pytest.raises(NoDeviceError, match="no Android device is connected") as caught:
            open_device(spec)
        assert "--device host" in caught.value.hint


@pytest.mark.usefixtures("adb_server")
def test_boards_are_named_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hosts.toml").write_text('[hosts]\npi = "ssh:pi@board"\norin = "ssh:orin"\n')
    monkeypatch.setenv("EDGEZOO_HOSTS", str(tmp_path / "hosts.toml"))
    for spec in (None, "all"):
        with pytest.raises(NoDeviceError, match="no Android device is connected") as caught:
            open_device(spec)
        assert caught.value.hint.endswith("; of hosts.toml, one at a time: --device pi, --device orin")


def test_the_only_device(make_phone: MakePhone) -> None:
    phone = make_phone()
    assert [device.serial for device in open_device()] == [phone.serial]


def test_several_devices(make_phone: MakePhone, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = make_phone(), make_phone()
    with pytest.raises(NoDeviceError, match="2 devices are connected") as caught:
        open_device()
    assert "-s SERIAL" in caught.value.hint
    assert sorted(device.serial for device in open_device("all")) == sorted([one.serial, two.serial])
    assert [device.serial for device in open_device(two.serial)] == [two.serial]
    monkeypatch.setenv("ANDROID_SERIAL", one.serial)
    assert [device.serial for device in open_device()] == [one.serial]


def test_unknown_serial(make_phone: MakePhone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = make_phone()
    with pytest.raises(NoDeviceError, match="there is no device 8a1b2c3d") as caught:
        open_device("8a1b2c3d")
    assert caught.value.hint == f"connected devices: {phone.serial}"
    (tmp_path / "hosts.toml").write_text('[hosts]\npi = "ssh:pi@board"\norin = "ssh:orin"\n')
    monkeypatch.setenv("EDGEZOO_HOSTS", str(tmp_path / "hosts.toml"))
    with pytest.raises(NoDeviceError) as caught:
        open_device("pie")
    assert caught.value.hint == f"connected devices: {phone.serial}; of hosts.toml: pi, orin"


def test_network_device_is_connected_on_demand(adb_server: AdbServer, tmp_path: Path) -> None:
    with SimulatedDevice(tmp_path / "phone") as phone:
        (device,) = open_device(phone.serial)
        assert device.properties().model == "Phone One"
        server.disconnect(adb_server.address, phone.serial)


@pytest.mark.usefixtures("adb_server")
def test_network_device_that_is_not_there(tmp_path: Path) -> None:
    phone = SimulatedDevice(tmp_path / "phone")  # never plugged in
    with pytest.raises(NoDeviceError, match="there is no device"):
        open_device(phone.serial)


def test_device_that_does_not_trust_this_computer(make_phone: MakePhone) -> None:
    phone = make_phone(trusts=False)
    for spec in (None, phone.serial, "all"):
        with pytest.raises(DeviceUnavailableError, match="is unauthorized") as caught:
            open_device(spec)
        assert "Allow USB debugging" in caught.value.hint


def test_unusable_devices_are_passed_over(make_phone: MakePhone) -> None:
    good = make_phone()
    make_phone(trusts=False)
    assert [device.serial for device in open_device("all")] == [good.serial]
    assert [device.serial for device in open_device()] == [good.serial]


@pytest.mark.parametrize(
    ("line", "sentence", "advice"),
    [
        ("8a1b2c3d offline", "8a1b2c3d is offline", "unplug it"),
        ("8a1b2c3d recovery product:cepheus", "8a1b2c3d is recovery", "start Android"),
        (
            "8a1b2c3d no permissions (user in plugdev group; are your udev rules wrong?); see [http://developer...]",
            "no permissions",
            "udev rules",
        ),
    ],
    ids=["offline", "recovery", "no permissions"],
)
def test_states_that_need_a_hand(line: str, sentence: str, advice: str) -> None:
    (one,) = server.parse_devices(line)
    error = unavailable(one)
    assert sentence in error.message
    assert advice in error.hint


def test_device_list() -> None:
    text = (
        "8a1b2c3d               device usb:1-2 product:cepheus model:MI_9 device:cepheus transport_id:3\n"
        "emulator-5554          offline transport_id:1\n"
        "192.168.1.7:5555       unauthorized transport_id:7\n"
        "\n"
    )
    assert server.parse_devices(text) == (
        Listed("8a1b2c3d", "device", "usb:1-2 product:cepheus model:MI_9 device:cepheus transport_id:3"),
        Listed("emulator-5554", "offline", "transport_id:1"),
        Listed("192.168.1.7:5555", "unauthorized", "transport_id:7"),
    )
    assert server.parse_devices("8a1b2c3d\tdevice\n") == (Listed("8a1b2c3d", "device", ""),)


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, ServerAddress("127.0.0.1", 5037)),
        ({"ANDROID_ADB_SERVER_PORT": "5999"}, ServerAddress("127.0.0.1", 5999)),
        ({"ANDROID_ADB_SERVER_ADDRESS": "lab"}, ServerAddress("lab", 5037)),
        ({"ANDROID_ADB_SERVER_HOST": "lab", "ANDROID_ADB_SERVER_PORT": "1"}, ServerAddress("lab", 1)),
        ({"ADB_SERVER_SOCKET": "tcp:lab:5038", "ANDROID_ADB_SERVER_PORT": "1"}, ServerAddress("lab", 5038)),
        ({"ADB_SERVER_SOCKET": "tcp:5038"}, ServerAddress("127.0.0.1", 5038)),
        ({"ADB_SERVER_SOCKET": "tcp:[::1]:5038"}, ServerAddress("::1", 5038)),
        ({"ADB_SERVER_SOCKET": "localfilesystem:/run/adb"}, ServerAddress(port=None, path="/run/adb")),
        ({"ADB_SERVER_SOCKET": "localabstract:adb"}, ServerAddress(port=None, path="\0adb")),
    ],
)
def test_server_address(environ: dict[str, str], address: ServerAddress) -> None:
    assert resolve_address(None, environ) == address


def test_server_address_on_the_command_line() -> None:
    assert resolve_address("lab:5038", {"ADB_SERVER_SOCKET": "tcp:1"}) == ServerAddress("lab", 5038)
    assert resolve_address("tcp:lab:5038").spec == "tcp:lab:5038"
    assert resolve_address("[fe80::1%eth0]:5038").spec == "tcp:[fe80::1%eth0]:5038"
    assert resolve_address("5038", {"ADB_SERVER_SOCKET": "tcp:1"}) == ServerAddress(port=5038)
    assert resolve_address("localfilesystem:/run/adb").spec == "localfilesystem:/run/adb"


@pytest.mark.parametrize("text", ["tcp:", "tcp:lab:no", "tcp:lab:70000", "vsock:1:2", "5037", "tcp::5037"])
def test_server_address_that_makes_no_sense(text: str) -> None:
    with pytest.raises(UsageError):
        resolve_address(None, {"ADB_SERVER_SOCKET": text})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is ''"),
        (":5037", "is ':5037'"),
        ("[::1", "is '[::1'"),
        ("[::1]", "is '[::1]'"),
        ("::1:5037", "is '::1:5037'"),
        ("[]:5037", "is '[]:5037'"),
        ("[lab]:5037", "is '[lab]:5037'"),
        ("a b:5037", "is 'a b:5037'"),
        ("-L:5037", "is '-L:5037'"),
        ("lab:", "names port ''"),
        ("lab:" + "9" * 5000, "names port"),
    ],
)
def test_an_option_that_is_no_address_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        resolve_address(text, {})
    assert why in refused.value.message


@given(st.text(max_size=20))
def test_any_option_is_an_address_or_refused(text: str) -> None:
    try:
        address = resolve_address(text, {})
    except UsageError:
        return
    assert (
        resolve_address(f"[{address.host}]:{address.port}" if ":" in address.host else address.spec, {}).spec
        == address.spec
    )


def test_server_is_reached_through_every_way_of_naming_it(
    make_phone: MakePhone, adb_server: AdbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = make_phone()
    monkeypatch.delenv("ANDROID_ADB_SERVER_PORT")
    assert [device.serial for device in open_device(adb_server=f"localhost:{adb_server.port}")] == [phone.serial]
    monkeypatch.setenv("ADB_SERVER_SOCKET", f"tcp:127.0.0.1:{adb_server.port}")
    assert [device.serial for device in open_device()] == [phone.serial]


def test_another_server_than_the_own_is_never_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would take the place of one that ssh forwards, and see no device."""
    marks = tmp_path / "started"
    (tmp_path / "adb").write_text(f'#!/bin/sh\necho "$@" >>{marks}; exit 1\n')
    (tmp_path / "adb").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "1")
    for named in ("127.0.0.1:2", "localhost:2", "[::1]:2", "localfilesystem:/nowhere/adb"):
        with pytest.raises(AdbNotFoundError, match="nothing answers"):
            open_device(adb_server=named)
    assert not marks.exists()
    for same in ("127.0.0.1:1", "tcp:localhost:1", None):
        with pytest.raises(AdbNotFoundError, match="could not be started"):
            open_device(adb_server=same)
    assert marks.read_text().count("-L tcp:localhost:1 start-server") == 3


def test_server_that_is_missing_is_started(own_adb_server: AdbServer) -> None:
    own_adb_server.kill()
    with pytest.raises(NoDeviceError, match="no Android device"):
        open_device()
    assert server.version(own_adb_server.address).isdigit()


def test_remote_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADB_SERVER_SOCKET", "tcp:adb.invalid:5037")
    with pytest.raises(AdbNotFoundError, match=r"no adb server answers at tcp:adb\.invalid:5037"):
        open_device()


def test_server_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something else listens on the port."""
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            for _ in range(3):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(100)
                    connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        monkeypatch.setenv("PATH", str(tmp_path))
        (tmp_path / "adb").write_text("#!/bin/sh\necho 'could not bind' >&2; exit 1\n")
        (tmp_path / "adb").chmod(0o755)
        port = listener.getsockname()[1]
        with pytest.raises(AdbNotFoundError, match="nothing answers as an adb server") as caught:
            open_device(adb_server=f"127.0.0.1:{port}")  # it could be a port that ssh forwards
        assert "open the forward again" in caught.value.hint
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        with pytest.raises(AdbNotFoundError, match="could not be started: could not bind"):
            open_device()


def test_no_adb_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import adbutils  # type: ignore[import-untyped]

    def none() -> str:
        raise adbutils.AdbError("no adb")

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(adbutils, "adb_path", none)
    with pytest.raises(AdbNotFoundError, match="no adb program") as caught:
        server.adb_program()
    assert "apt install adb" in caught.value.hint


def test_adb_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("ADBUTILS_ADB_PATH", raising=False)
    assert "adbutils" in str(server.adb_program())  # the one that the wheel carries
    (tmp_path / "adb").write_text("#!/bin/sh\n")
    (tmp_path / "adb").chmod(0o755)
    assert server.adb_program() == tmp_path / "adb"
