"""Installing on a device: a simulated one whose package manager keeps what it is given and answers as Android's does."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.device.adb.android import AndroidDevice
from edge.errors import CommandError
from edge.package.install import install_apk
from tests.device_layer.simulated.device import SimulatedDevice

PM = """#!/bin/sh
apps=/data/local/tmp/apps
mkdir -p $ROOT$apps
case $1 in
  path) [ -f $ROOT$apps/base.apk ] || exit 1; echo "package:$apps/base.apk";;
  install)
    echo "$*" >>$STATE/log
    if [ -f $STATE/refuses ]; then cat $STATE/refuses; exit 1; fi
    cat "$4" >$ROOT$apps/base.apk && echo Success;;
esac
"""


@pytest.fixture
def manager(phone: SimulatedDevice) -> Path:
    """Gives the phone its package manager; returns its state directory."""
    pm = phone.system.root / "bin/pm"
    pm.write_text(PM.replace("$ROOT", str(phone.system.root)))
    pm.chmod(0o755)
    return phone.system.state


@pytest.fixture
def apk(tmp_path: Path) -> Path:
    (tmp_path / "lab.apk").write_bytes(b"PK" + bytes(5000))
    return tmp_path / "lab.apk"


def test_installed_once(phone: SimulatedDevice, device: AndroidDevice, manager: Path, apk: Path) -> None:
    assert install_apk(device, apk, "com.example.lab") is True
    assert (phone.system.root / "data/local/tmp/apps/base.apk").read_bytes() == apk.read_bytes()
    assert not list((phone.system.root / "data/local/tmp/edgezoo/blobs").iterdir()), "no second copy stays behind"
    pushed = device.bytes_pushed
    assert install_apk(device, apk, "com.example.lab") is False
    assert device.bytes_pushed == pushed
    assert (manager / "log").read_text().startswith("install -r -t ")


def test_another_version_replaces_it(phone: SimulatedDevice, device: AndroidDevice, manager: Path, apk: Path) -> None:
    install_apk(device, apk, "com.example.lab")
    apk.write_bytes(b"PK" + bytes(6000))
    assert install_apk(device, apk, "com.example.lab") is True
    assert (phone.system.root / "data/local/tmp/apps/base.apk").stat().st_size == 6002
    assert len((manager / "log").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("answer", "output", "hint"),
    [
        (
            "Failure [INSTALL_FAILED_UPDATE_INCOMPATIBLE: Package com.example.lab signatures do not match]",
            "INSTALL_FAILED_UPDATE_INCOMPATIBLE (Package com.example.lab signatures do not match)",
            "another key",
        ),
        ("Failure [INSTALL_FAILED_INSUFFICIENT_STORAGE]", "INSTALL_FAILED_INSUFFICIENT_STORAGE", "free some space"),
        ("Error: no such service\nmore", "Error: no such service", ""),
    ],
)
def test_a_refusal_is_quoted(
    phone: SimulatedDevice, device: AndroidDevice, manager: Path, apk: Path, answer: str, output: str, hint: str
) -> None:
    (manager / "refuses").write_text(answer)
    with pytest.raises(CommandError) as raised:
        install_apk(device, apk, "com.example.lab")
    assert raised.value.message == f"{device.serial} refused to install lab.apk: {output}"
    assert hint in raised.value.hint
    assert not list((phone.system.root / "data/local/tmp/edgezoo/blobs").iterdir())
