"""Places whose exporters tell anything: each is reached by what it told alone, and one that is wrong leaves the others."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Self

import pytest

from edge.errors import LabError, NoDeviceError
from edge.lab import lease
from edge.lab.ask import LabAsked
from edge.lab.words import Found, Said
from tests.device_layer.conftest import MakePhone, adb_server, make_phone, shared_adb_server  # noqa: F401
from tests.lab.stage import free_port


@pytest.mark.parametrize("name", ["host", "all", "pi", "ssh:pi@board", "android"])
def test_the_word_of_an_exporter_is_a_serial_number_and_nothing_else(
    make_phone: MakePhone,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """This machine, every device and configured boards go by such names elsewhere."""
    phone = make_phone()
    (tmp_path / "hosts.toml").write_text('[hosts]\npi = "ssh:pi@board"\n')
    monkeypatch.setenv("EDGEZOO_HOSTS", str(tmp_path / "hosts.toml"))
    monkeypatch.setenv("ANDROID_SERIAL", phone.serial)
    port = int(os.environ["ANDROID_ADB_SERVER_PORT"])
    with pytest.raises(NoDeviceError, match=f"there is no device {name}"):
        lease._open(Found("phone1", "adb", "127.0.0.1", port, serialno=name))
    assert lease._open(Found("phone1", "adb", "127.0.0.1", port, serialno=phone.serial)).serial == phone.serial


def test_a_place_that_cannot_be_reached_leaves_the_others(
    make_phone: MakePhone,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Wrong addresses of every kind; each place is named with what is known of it."""
    phone, port = make_phone(), int(os.environ["ANDROID_ADB_SERVER_PORT"])
    dead = free_port()
    found = (
        Found("good", "adb", "127.0.0.1", port, serialno=phone.serial),
        Found("hostile", "adb", "-x", port, serialno=phone.serial),
        Found("odd", "ssh", "a b", 22, user="pi"),
        Found("serial", "adb", "127.0.0.1", port, serialno="8a1b2c3d"),
        Found("closed", "adb", "127.0.0.1", dead, serialno=phone.serial),
        Found("away", "network", "127.0.0.1", dead),
    )
    told_places(monkeypatch, *found)
    lines: list[str] = []
    wrong: list[str] = []
    with lease.reserved(LabAsked("rig", {"soc": "a"}, len(found)), line=lines.append, wrong=wrong.append) as devices:
        assert [one.place for one in devices] == ["good"]
    said = {text.partition(":")[0]: text for text in wrong}
    assert set(said) == {"hostile", "odd", "serial", "closed", "away"}
    assert f"there is no device 8a1b2c3d (connected devices: {phone.serial})" in said["serial"]
    assert f"nothing answers as an adb server at tcp:localhost:{dead}" in said["closed"]
    assert "Connection refused" in said["away"]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", dead)) != 0  # no server was started on a port that is another's
    forged = Found("good\nphone2: reserved", "adb", "127.0.0.1", port, serialno=phone.serial)
    told_places(monkeypatch, forged)
    lines.clear()
    with lease.reserved(LabAsked("rig", {"soc": "a"}), line=lines.append, wrong=wrong.append) as devices:
        assert [one.place for one in devices] == ["good\\nphone2: reserved"]
    assert [line.splitlines() for line in lines] == [lines]
    told_places(monkeypatch, found[1])
    with (
        pytest.raises(LabError, match="hostile: the adb server's address is"),
        lease.reserved(LabAsked("rig", {"soc": "a"}), line=lines.append, wrong=wrong.append),
    ):
        pass


def told_places(monkeypatch: pytest.MonkeyPatch, *found: Found) -> None:
    """The keeper's words, without a coordinator."""

    class Keeper:
        wanted = False

        def __init__(self, _: LabAsked) -> None:
            self.said = [Said("reserved", places=found)]

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            return

        def hear(self) -> Said | None:
            return self.said.pop(0) if self.said else None

    monkeypatch.setattr(lease, "_Process", Keeper)
