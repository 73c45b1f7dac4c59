"""`bench --check-output` on a real device (or a stand-in with a real adbd), with a program that pretends to compute."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.android_runner.network import open_model
from tests.device.test_scenarios import RealSubject
from tests.device_layer.places import BLOBS

pytestmark = [pytest.mark.device, pytest.mark.slow]


def edgezoo(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)


def test_a_pretended_output_proves_nothing_and_a_damaged_model_is_sent_again(
    serial: str,
    runner: Path,
    subject: RealSubject,
    tmp_path: Path,
) -> None:
    (tmp_path / "net").mkdir()
    open_model(tmp_path / "net")
    made = edgezoo(
        "convert", "--model-dir", tmp_path / "net", "--name", "mine", "--input-shape", "1,3,64,64", "-o", tmp_path
    )
    assert made.returncode == 0, made.stderr
    bench = ("bench", tmp_path / "mine.nb", "-s", serial, "--runner", runner, "--check-output", "--protocol", "table",
             "--threads", "1", "--cooldown", "0", "--cool-limit", "0", "--allow-synthetic", "--fresh", "--json")  # fmt: skip
    done = edgezoo(*bench)
    assert done.returncode == 0, done.stderr
    assert "the synthetic engine runs no network" in done.stderr
    assert "proofs" not in json.loads((tmp_path / "mine.json").read_text())
    sha256 = json.loads((tmp_path / "mine.json").read_text())["sha256"]
    there = BLOBS / sha256
    subject.shell(f"echo X >> {there}")
    assert edgezoo(*bench).returncode == 0
    assert subject.shell(f"sha256sum {there}").split()[0] == sha256
