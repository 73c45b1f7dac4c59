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
NETWORK = "PPLCNet_x0_25"
IMAGENETS = ("--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, runner: Path) -> Path:
    """A data directory with two programs: one with ONNX Runtime, and one that pretends to be any other engine."""
    data = tmp_path_factory.mktemp("data")
    done = edgezoo(data, "runner", "build", "--for", "linux-arm64", "--engine", "onnxruntime")
    assert done.returncode == 0, done.stderr
    assert f"onnxruntime {ORT_RELEASE}" in done.stderr
    added = edgezoo(data, "runner", "add", runner)
    assert added.returncode == 0, added.stderr
    return data


@pytest.fixture(autouse=True)
def _glibc(subject: RealSubject) -> None:
    if "glibc" not in subject.shell("ls /lib/ld-linux-aarch64.so.1 >/dev/null 2>&1 && echo glibc"):
        pytest.skip("this device has no glibc")


def edgezoo(data: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", *map(str, arguments)]
    env = {**os.environ, "EDGEZOO_DATA_DIR": str(data)}
    return subprocess.run(command, capture_output=True, text=True, timeout=550, check=False, env=env)


def cells_of(data: Path, *arguments: str | Path, code: int = 0) -> list[dict[str, Any]]:
    """What `bench` of the network printed."""
    bench = edgezoo(data, "bench", NETWORK, "--weights", "random", *arguments, "--json")
    assert bench.returncode == code, bench.stderr
    cells: list[dict[str, Any]] = json.loads(bench.stdout)
    return cells


def test_a_network_of_the_catalogue_computes_what_paddle_computes(
    serial: str, home: Path, subject: RealSubject
) -> None:
    asked = ("-s", serial, "--engine", "onnxruntime", "--threads", "2,3", *QUICK)  # others measure it with one
    cells = cells_of(home, *asked, "--check-output")
    assert [one["threads"] for one in cells] == [2, 3]
    for one in cells:
        assert (one["engine"], one["engine_version"], one["synthetic"]) == ("onnxruntime", ORT_RELEASE, False)
        (said,) = (text for remark in one["remarks"] if "Paddle's" in (text := remark["text"]))
        assert said.startswith("with 2 and 3 threads: its output on the device is Paddle's: cosine 1.000000")
        assert one["latency_ms"]["headline"] > 0
    assert len(subject.shell(f"ls {BLOBS}").split()) == 3  # program, library, network
    assert [one["id"] for one in cells_of(home, *asked)] == [one["id"] for one in cells]  # measured already


def test_two_engines_on_one_device_stand_in_one_table(serial: str, home: Path) -> None:
    """Paddle-Lite's side is pretended: no library of it is published for ARM Linux in a form that tests can fetch."""
    asked = ("-s", serial, "--engine", "paddle-lite,onnxruntime", "--threads", "1", *QUICK)
    refused, real = cells_of(home, *asked, code=1)
    assert (refused["engine"], refused["status"]) == ("paddle-lite", "failed")
    assert "has a synthetic engine" in refused["error"]
    assert (real["engine"], real["status"], real["beside_first"]) == ("onnxruntime", "measured", None)
    more = ("--launches", "6", "--allow-synthetic")
    pretended, again = cells_of(home, *asked, *more)
    assert (pretended["engine"], pretended["synthetic"], pretended["beside_first"]) == ("synthetic", True, None)
    beside = again["beside_first"]
    assert beside["paired"]
    assert beside["level"] >= 0.95
    assert beside["interval"][0] <= beside["ratio"] <= beside["interval"][1]
    # what was found there, if another test compared its outputs before; never the 1.6e-5 that this machine's engine has
    assert again["largest_error"] is None or again["largest_error"] == pytest.approx(2.1e-5, rel=0.1)
    table = edgezoo(home, "bench", NETWORK, "--weights", "random", *asked, *more, "--markdown").stdout
    first, second = (line.split(" | ") for line in table.splitlines() if line.startswith(f"| {NETWORK}"))
    assert (first[1].split()[0], first[5]) == ("synthetic", "1")
    assert (second[1], second[5]) == (f"onnxruntime {ORT_RELEASE}", f"{beside['ratio']:.3f}")
    assert "A ratio to a synthetic engine says nothing" in table


def converted(home: Path, place: Path, *more: str | Path) -> Path:
    """A small network of one's own as an ONNX file."""
    (place / "net").mkdir()
    open_model(place / "net")
    shape = ",".join(map(str, SHAPE))
    made = edgezoo(home, "convert", "--model-dir", place / "net", "--name", "mine", "--input-shape", shape,
                   "--format", "onnx", "-o", place, *more)  # fmt: skip
    assert made.returncode == 0, made.stderr
    return place / "mine.onnx"


def test_int8_kernels_there_compute_what_the_file_says(serial: str, home: Path, tmp_path: Path) -> None:
    images = write_images(tmp_path / "images", 4)
    model = converted(home, tmp_path, "--precision", "int8-static", "--calibrate", images, "--resize-short", str(SIDE),
                      *IMAGENETS)  # fmt: skip
    done = edgezoo(home, "bench", model, "-s", serial, "--engine", "onnxruntime", "--threads", "1", *QUICK,
                   "--check-output", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    (cell,) = json.loads(done.stdout)
    assert (cell["engine"], cell["engine_version"], cell["precision"]) == ("onnxruntime", ORT_RELEASE, "int8-static")
    (proof,) = json.loads(model.with_name("mine.onnx.json").read_text())["proofs"]
    assert (proof["passed"], proof["engine"]) == (True, f"onnxruntime {ORT_RELEASE}")
    assert proof["relative_error"] <= 0.2


CRASHES = "extern const void* OrtGetApiBase(void) { return (void*)*(volatile long*)8; }"
HANGS = "#include <unistd.h>\nextern const void* OrtGetApiBase(void) { for (;;) pause(); }"


@pytest.mark.parametrize(("source", "reason"), [(CRASHES, "SIGSEGV"), (HANGS, "hung")], ids=["crashes", "hangs"])
def test_an_engine_that_ends_badly_there_is_a_failed_row(
    serial: str, home: Path, tmp_path: Path, source: str, reason: str
) -> None:
    """A library of the test's own lies in ONNX Runtime's place."""
    kept, data = home / "runners" / "linux-arm64-onnxruntime", tmp_path / "data"
    program, code = tmp_path / "edgebench", tmp_path / "library.c"
    shutil.copy2(kept / "edgebench", program)
    code.write_text(source)
    compiler = ["aarch64-linux-gnu-gcc", "-shared", "-fPIC", "-o", str(tmp_path / "libonnxruntime.so"), str(code)]
    subprocess.run(compiler, check=True, capture_output=True)
    for one in (program, home / "runners" / "linux-arm64-synthetic" / "edgebench"):
        assert edgezoo(data, "runner", "add", one).returncode == 0
    asked = ("-s", serial, "--engine", "onnxruntime,paddle-lite", "--threads", "1", *QUICK, "--allow-synthetic")
    failed, measured = cells_of(data, *asked, "--timeout", "20", code=1)
    assert (failed["engine"], failed["status"]) == ("onnxruntime", "failed")
    assert reason in failed["error"]
    assert (measured["engine"], measured["status"]) == ("synthetic", "measured")


def test_accuracy_there_is_accuracy_here(serial: str, home: Path, tmp_path: Path) -> None:
    model = converted(home, tmp_path)
    data = write_images(tmp_path / "images", 40)
    found = []
    for where in (("--device", "host"), ("-s", serial, "--engine", "onnxruntime")):
        table = tmp_path / f"{where[0]}.csv"
        done = edgezoo(home, "eval", model, "--data", data, *where, "--resize-short", str(SIDE),
                       *IMAGENETS, "--json", "--predictions", table)  # fmt: skip
        assert done.returncode == 0, done.stderr
        (report,) = json.loads(done.stdout)
        assert report["engine"].startswith("onnx")
        found.append([line.rpartition(",")[2] for line in table.read_text().splitlines()[1:]])
    assert found[0] == found[1]
    assert len(found[0]) == 40
