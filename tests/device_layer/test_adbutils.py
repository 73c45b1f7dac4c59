"""What docs/decisions/adb-wire.md says of adbutils. Where one of these fails, adbutils was mended: judge it anew there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from edge.device.adb import server
from edge.device.adb.android import AndroidDevice
from edge.errors import CommandTimeoutError, LinkLostError
from tests.device_layer.conftest import AdbServer, MakePhone
from tests.device_layer.simulated.system import Model

adbutils = pytest.importorskip("adbutils")
LINES = "a line of output\n" * 250
TRICKLE = "for i in 1 2 3 4 5 6; do echo $i; sleep 1; done"


@pytest.mark.parametrize("android", [30, 22], ids=["v2", "v1"])
def test_after_a_drop_half_an_output_is_the_output(
    make_phone: MakePhone, adb_server: AdbServer, tmp_path: Path, android: int
) -> None:
    phone = make_phone(Model(sdk=android))
    device = AndroidDevice(adb_server.address, phone.serial)
    (tmp_path / "text").write_text(LINES)
    place = device.push([tmp_path / "text"])[tmp_path / "text"]
    theirs = adbutils.AdbClient(port=adb_server.port).device(phone.serial)
    phone.faults.drop_after_output = 2000
    half = theirs.shell(["cat", str(place)], rstrip=False)
    assert 0 < len(half) < len(LINES)  # and no error
    device.recover(limit=20)
    phone.faults.drop_after_output = 2000
    with pytest.raises(LinkLostError):
        device.run(["cat", str(place)], timeout=20)


def test_a_timeout_is_none_for_the_whole(make_phone: MakePhone, adb_server: AdbServer) -> None:
    phone = make_phone()
    theirs = adbutils.AdbClient(port=adb_server.port).device(phone.serial)
    start = time.monotonic()
    assert theirs.shell(TRICKLE, timeout=4).split() == list("123456")
    assert time.monotonic() - start > 5
    with pytest.raises(CommandTimeoutError):
        AndroidDevice(adb_server.address, phone.serial).run(["sh", "-c", TRICKLE], timeout=4)


def test_a_device_that_cannot_be_had_is_no_error(adb_server: AdbServer) -> None:
    assert "failed to connect" in adbutils.AdbClient(port=adb_server.port).connect("127.0.0.1:1")
    assert all(one.serial != "127.0.0.1:1" for one in server.devices(adb_server.address))
