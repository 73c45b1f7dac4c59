"""ONNX Runtime on a real device (or a stand-in with a real adbd): real networks and kernels, judged beside Paddle.

The library is that of the Python package for ARM Linux, which a phone has no C library for: on one these tests do not run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.runner.options import ORT_RELEASE
from tests.android_runner.network import SHAPE, open_model
from tests.device.test_eval import subject  # noqa: F401
from tests.device.test_scenarios import RealSubject
from tests.device_layer.places import BLOBS
from tests.evaluate.small import SIDE, write_images

pytestmark = [pytest.mark.device, pytest.mark.slow]

QUICK = (
    "--protocol",
    "table",
    "--warmup",
    "1",
    "--repeats",
    "3",
    "--cooldown",
    "0",
    "--cool-limit",
    "0",
    "--keep-invalid",
)
IMAGENETS = ("--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the program in it."""
    if shutil.which("aarch64-linux-gnu-g++") is None:
        pytest.skip("g++-aarch64-linux-gnu is not installed")
    data = tmp_path_factory.mktemp("data")
    done = edgezoo(data, "runner", "build", "--for", "linux-arm64", "--engine", "onnxruntime")
    assert done.returncode == 0, done.stderr
    assert f"onnxruntime {ORT_RELEASE}" in done.stderr
    return data


def edgezoo(data: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", *map(str, arguments)]
    env = {**os.environ, "EDGEZOO_DATA_DIR": str(data)}
    return subprocess.run(command, capture_output=True, text=True, timeout=550, check=False, env=env)


def test_networks_of_the_catalogue_compute_what_paddle_computes(
    serial: str,
    home: Path,
    subject: RealSubject,  # noqa: F811
) -> None:
    if "glibc" not in subject.shell("ls /lib/ld-linux-aarch64.so.1 >/dev/null 2>&1 && echo glibc"):
        pytest.skip("this device has no glibc")
    names = ("MobileNetV1_x0_25", "PPLCNet_x0_25")
    bench = edgezoo(home, "bench", *names, "--weights", "random", "-s", serial, "--engine", "onnxruntime", "--threads",
                    "1,2", *QUICK, "--check-output", "--json")  # fmt: skip
    assert bench.returncode == 0, bench.stderr
    cells: list[dict[str, Any]] = json.loads(bench.stdout)
    assert {(one["model"], one["threads"]) for one in cells} == {
        (name, threads) for name in names for threads in (1, 2)
    }
    for one in cells:
        assert (one["engine"], one["engine_version"], one["synthetic"]) == ("onnxruntime", ORT_RELEASE, False)
        assert any("its output on the device is Paddle's" in remark["text"] for remark in one["remarks"])
        assert one["latency_ms"]["headline"] > 0
    assert len(subject.shell(f"ls {BLOBS}").split()) == 4  # program, library, two networks
    again = edgezoo(home, "bench", *names, "--weights", "random", "-s", serial, "--engine", "onnxruntime", "--threads",
                    "1,2", *QUICK, "--json")  # fmt: skip
    assert [one["id"] for one in json.loads(again.stdout)] == [one["id"] for one in cells]  # measured already


def test_accuracy_there_is_accuracy_here(
    serial: str,
    home: Path,
    subject: RealSubject,  # noqa: F811
    tmp_path: Path,
) -> None:
    del subject
    (tmp_path / "net").mkdir()
    open_model(tmp_path / "net")
    shape = ",".join(map(str, SHAPE))
    made = edgezoo(home, "convert", "--model-dir", tmp_path / "net", "--name", "mine", "--input-shape", shape,
                   "--format", "onnx", "-o", tmp_path)  # fmt: skip
    assert made.returncode == 0, made.stderr
    data = write_images(tmp_path / "images", 40)
    found = []
    for where in (("--device", "host"), ("-s", serial, "--engine", "onnxruntime")):
        table = tmp_path / f"{where[0]}.csv"
        done = edgezoo(home, "eval", tmp_path / "mine.onnx", "--data", data, *where, "--resize-short", str(SIDE),
                       *IMAGENETS, "--json", "--predictions", table)  # fmt: skip
        assert done.returncode == 0, done.stderr
        (report,) = json.loads(done.stdout)
        assert report["engine"].startswith("onnx")
        found.append([line.rpartition(",")[2] for line in table.read_text().splitlines()[1:]])
    assert found[0] == found[1]
    assert len(found[0]) == 40
