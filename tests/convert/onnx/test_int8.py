"""ONNX files of static int8: what is in them, what was compared, what is refused; with the real engines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from edge.cli.main import run
from edge.convert.onnx import int8
from edge.convert.verify.compare import Outputs
from tests.android_runner.network import SHAPE, open_model
from tests.evaluate.small import SIDE, write_images

Capture = pytest.CaptureFixture[str]
IMAGES = 6


@pytest.fixture(scope="module")
def home(module_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the network `net` and the images `images`."""
    del module_cache
    folder = tmp_path_factory.mktemp("int8")
    (folder / "net").mkdir()
    open_model(folder / "net")
    write_images(folder / "images", IMAGES)
    return folder


def convert(home: Path, out: Path, *more: str, name: str = "net") -> int:
    prepared = ["--resize-short", str(SIDE), "--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225"]
    return run(
        ["convert", "--model-dir", str(home / "net"), "--name", name, "--input-shape", ",".join(map(str, SHAPE)),
         "--format", "onnx", *prepared, "-o", str(out), *more]
    )  # fmt: skip


def static(home: Path) -> list[str]:
    return ["--precision", "int8-static", "--calibrate", str(home / "images")]


@pytest.mark.slow
def test_its_effect_is_in_the_file(home: Path, tmp_path: Path, capsys: Capture) -> None:
    assert convert(home, tmp_path, name="whole") == 0
    assert convert(home, tmp_path, *static(home)) == 0
    said = capsys.readouterr().err
    assert "ONNX Runtime int8-static, 1 of 1 layers in int8" in said
    assert "its int8 kernels agree with the file's int8 simulation (cosine" in said
    model = onnx.load(tmp_path / "net.onnx")
    kinds = Counter(node.op_type for node in model.graph.node)
    assert min(kinds["QuantizeLinear"], kinds["DequantizeLinear"]) >= 2
    assert "QuantizeLinear" not in {node.op_type for node in onnx.load(tmp_path / "whole.onnx").graph.node}
    (weight,) = (one for one in model.graph.initializer if len(one.dims) == 4)
    assert weight.data_type == onnx.TensorProto.INT8
    (scales,) = (
        one for one in model.graph.initializer if one.name == f"{weight.name.removesuffix('_quantized')}_scale"
    )
    assert list(scales.dims) == [weight.dims[0]]  # one for each channel
    metadata = json.loads((tmp_path / "net.onnx.json").read_text())
    whole = json.loads((tmp_path / "whole.onnx.json").read_text())
    assert (metadata["precision"], metadata["onnx_sha256"]) == ("int8-static", whole["sha256"])
    assert metadata["onnx"]["quantised"]["operators"] == dict(kinds)
    assert metadata["onnx"]["quantised"]["kernels"]["QLinearConv"] == 1
    calibration = metadata["calibration"]
    assert (calibration["images"], calibration["quantised"], calibration["possible"]) == (IMAGES, 1, 1)
    assert calibration["mean_cosine"] > 0.9
    verification = metadata["verification"]
    assert (verification["status"], verification["inputs"]) == ("passed", 8)
    assert verification["relative_error"] <= 0.2
    assert "calibration" not in whole
    assert convert(home, tmp_path, *static(home)) == 0
    assert "up to date" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["abs_max", "hist", "KL"])
def test_ranges_are_learnt_as_asked(home: Path, tmp_path: Path, algorithm: str) -> None:
    assert convert(home, tmp_path / "avg", *static(home)) == 0
    assert convert(home, tmp_path, *static(home), "--calibration-algorithm", algorithm) == 0
    made, usual = (json.loads((place / "net.onnx.json").read_text()) for place in (tmp_path, tmp_path / "avg"))
    assert made["calibration"]["algorithm"] == algorithm
    assert made["sha256"] != usual["sha256"]


@pytest.mark.slow
def test_kernels_that_compute_something_else_are_found(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    real = int8.outputs_of

    def other(*asked: Any, simulated: bool = False) -> Outputs:
        made: Sequence[Any] = real(*asked, simulated=simulated)
        return made if simulated else [np.flip(one, axis=-1) for one in made]

    monkeypatch.setattr(int8, "outputs_of", other)
    assert convert(home, tmp_path, *static(home), "--calibration-images", "3") == 1
    assert "int8 kernels compute something else than the quantised network" in capsys.readouterr().err
    assert not (tmp_path / "net.onnx").exists()


@pytest.mark.slow
def test_its_latency_and_its_outputs_on_this_machine(home: Path, tmp_path: Path, capsys: Capture) -> None:
    assert convert(home, tmp_path, *static(home)) == 0
    bench = ["bench", str(tmp_path / "net.onnx"), "--device", "host", "--engine", "onnxruntime", "--threads", "1",
             "--protocol", "table", "--warmup", "1", "--repeats", "3", "--cool-limit", "0", "--keep-invalid",
             "--check-output", "--db", str(tmp_path / "r.db"), "--json"]  # fmt: skip
    assert run(bench) == 0
    told = capsys.readouterr()
    (cell,) = json.loads(told.out)
    assert (cell["engine"], cell["precision"]) == ("onnxruntime", "int8-static")
    assert (
        "its output on the device agrees with that of its int8 simulation within the limits for int8-static (relative error "
        in told.err
    )
    (proof,) = json.loads((tmp_path / "net.onnx.json").read_text())["proofs"]
    assert (proof["passed"], proof["precision"]) == (True, "int8-static")
    assert proof["relative_error"] <= 0.2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--precision", "int8"], "an ONNX file is float32 or int8-static"),
        (["--precision", "int8-static"], "int8-static needs images"),
        (["STATIC", "--calibration-algorithm", "mse"], "ONNX Runtime's quantisation has no mse"),
        (["STATIC", "--int8-keep", "2"], "--int8-keep is for .nb files"),
        (["STATIC", "--batch", "dynamic"], "verified for a fixed batch"),
        (["STATIC", "--format", "openvino"], "an openvino file is float32"),
        (["STATIC", "--format", "onnx,mnn"], "a mnn file is float32"),
    ],
)
def test_what_is_refused(home: Path, tmp_path: Path, more: list[str], said: str, capsys: Capture) -> None:
    given = [one for word in more for one in (static(home) if word == "STATIC" else [word])]
    if "--format" in given:
        command = ["convert", "--model-dir", str(home / "net"), "--name", "n", *given, "-o", str(tmp_path)]
        assert run(command) == 2
    else:
        assert convert(home, tmp_path, *given) == 2
    assert said in capsys.readouterr().err
