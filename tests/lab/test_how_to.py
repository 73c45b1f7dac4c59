"""The units of docs/how-to/lab.md: each comes back whatever ends it, and starts a program that takes these words."""

from __future__ import annotations

import configparser
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.lab.stage import BIN, Lab

TEXT = (Path(__file__).parents[2] / "docs/how-to/lab.md").read_text(encoding="utf-8")
NAMES = re.findall(r"`~/\.config/systemd/user/([\w@.-]+\.service)`", TEXT)
UNITS = dict(zip(NAMES, re.findall(r"```ini\n(.*?)```", TEXT, re.DOTALL), strict=True))


def test_every_daemon_of_the_page_has_its_unit() -> None:
    assert NAMES == ["adb.service", "forward@.service", "labgrid-coordinator.service", "labgrid-exporter.service"]


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_comes_back_whatever_ends_it(name: str) -> None:
    """By default systemd gives one up that ends five times in ten seconds, as an exporter does without its coordinator."""
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(UNITS[name])
    assert unit["Service"]["Restart"] == "always"
    assert int(unit["Service"]["RestartSec"]) >= 1
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit["Install"]["WantedBy"] == "default.target"  # of a user's units
    assert unit["Service"]["ExecStart"].startswith(("/usr/bin/", "%h/labgrid/bin/"))


@pytest.mark.parametrize("name", NAMES)
def test_systemd_takes_the_units(tmp_path: Path, name: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("adb", "ssh", "labgrid-coordinator", "labgrid-exporter"):
        (programs / program).write_text("#!/bin/sh\n")
        (programs / program).chmod(0o755)
    text = UNITS[name].replace("%h/labgrid/bin/", f"{programs}/").replace("/usr/bin/", f"{programs}/")
    unit = tmp_path / name.replace("@.", "@rig1.")
    unit.write_text(text.replace("%h", str(tmp_path)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(unit)],
        capture_output=True, text=True, check=False, timeout=60, env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
    )  # fmt: skip
    about = [line for line in done.stderr.splitlines() if str(unit) in line or unit.name in line]
    assert about == []


@pytest.mark.slow
def test_an_exporter_ends_with_its_coordinator_and_starts_with_none(tmp_path: Path) -> None:
    """Which is why its unit must start it again."""
    with Lab(tmp_path) as lab:
        resource = {"host": "127.0.0.1", "port": 15037, "serialno": "8a1b2c3d"}
        lab.export("rig1", {"mi9": {"NetworkADBDevice": resource}})
        lab.wait_for("rig1/mi9/NetworkADBDevice")
        lab.kill("coordinator")
        assert lab._processes["rig1"].wait(60) != 0
        del lab._processes["rig1"]
    host, _, port = lab.address.rpartition(":")
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0
    command = [str(BIN / "labgrid-exporter"), "-c", lab.address, "--name", "rig1", str(tmp_path / "rig1.yaml")]
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode != 0
