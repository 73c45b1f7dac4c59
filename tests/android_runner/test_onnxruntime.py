"""The program with ONNX Runtime on this host: the library of the engine's own environment, opened at run time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edge.bench.contract import output_digest, parse_launch
from edge.errors import RunnerError
from edge.images.noise import seeded_noise
from edge.toolchain.engines import engine
from edge.toolchain.environment import Environment, ensure
from tests.android_runner.conftest import build, environment, launch, models, synthetic  # noqa: F401

pytestmark = pytest.mark.slow

SHAPE = (1, 3, 64, 64)
IDS = (1, 6)
TABLE = np.random.default_rng(1).normal(0, 1, (8, 4)).astype(np.float32)
PREDICT = """
import sys
import numpy as np, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[4])
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
np.savez(sys.argv[3], *session.run(None, {session.get_inputs()[0].name: np.load(sys.argv[2])}))
"""


def write(path: Path, nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], *weights: Any) -> Path:
    graph = helper.make_graph(list(nodes), "small", list(inputs), list(outputs), list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture(scope="module")
def runtime() -> Environment:
    return ensure(engine("onnx"))


@pytest.fixture(scope="module")
def program(runtime: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    (library,) = (runtime.site_packages / "onnxruntime/capi").glob("libonnxruntime.so*")
    data = tmp_path_factory.mktemp("ort")
    return build(data, "--for", "host", "--engine", "onnxruntime", "--ort-lib", library)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A convolution with two outputs, one of whole numbers."""
    weights = np.random.default_rng(0).normal(0, 0.2, (10, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["maps"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["maps"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Softmax", ["flat"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["best"], axis=1),
    ]
    outputs = [
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 10]),
        helper.make_tensor_value_info("best", TensorProto.INT64, [1, 1]),
    ]
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 64])]
    place = tmp_path_factory.mktemp("nets") / "net.onnx"
    return write(place, nodes, given, outputs, numpy_helper.from_array(weights, "w"))


def looked_up(path: Path, kind: int) -> Path:
    nodes = [
        helper.make_node("Cast", ["ids"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "whole"], ["rows"]),
    ]
    given = [helper.make_tensor_value_info("ids", kind, ["batch", 6])]
    outputs = [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["batch", 6, 4])]
    return write(path, nodes, given, outputs, numpy_helper.from_array(TABLE, "table"))


@pytest.mark.parametrize("threads", [1, 2])
def test_its_outputs_are_those_of_the_python_package_bit_for_bit(
    program: Path, runtime: Environment, network: Path, tmp_path: Path, threads: int
) -> None:
    np.save(tmp_path / "x.npy", seeded_noise(SHAPE, 7))
    command: list[str | Path] = [
        runtime.python,
        "-c",
        PREDICT,
        network,
        tmp_path / "x.npy",
        tmp_path / "y.npz",
        str(threads),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    expected = np.load(tmp_path / "y.npz")["arr_0"]
    done = launch(program, network, "--input", "seed:7", "--output", "values", "--threads", str(threads))
    message = parse_launch(done.stdout, done.returncode, done.stderr)
    scores, best = message.outputs
    assert message.hello is not None
    assert (message.hello.engine, message.engine_version) == ("onnxruntime", "1.23.2")
    assert not message.synthetic
    assert np.array_equal(np.array(scores.values, np.float32).reshape(1, 10), expected)
    assert scores.digest == output_digest(expected)
    assert (best.shape, best.digest) == ((1, 1), None)


@pytest.mark.parametrize("kind", ["INT64", "INT32", "UINT8", "INT8"])
def test_integer_inputs_get_integers(program: Path, tmp_path: Path, kind: str) -> None:
    model = looked_up(tmp_path / "ids.onnx", getattr(TensorProto, kind))
    done = launch(program, model, "--input", "seed:3", "--output", "values", shape=IDS)
    (rows,) = parse_launch(done.stdout, done.returncode, done.stderr).outputs
    ids = np.floor((seeded_noise([6], 3) + 1) * 4).astype(int)
    assert np.array_equal(np.array(rows.values, np.float32).reshape(6, 4), TABLE[ids])


def test_threads_are_those_asked_for_and_on_the_cores_asked_for(program: Path, network: Path) -> None:
    """Counted among the process' own, as the kernel has them, while it computes."""
    for threads in (1, 2, 3):
        done = launch(program, network, "--threads", str(threads))
        usage = next(json.loads(line) for line in done.stdout.splitlines() if '"measured"' in line)
        assert len(usage["threads"]) == threads
    core = min(os.sched_getaffinity(0))
    done = launch(program, network, "--threads", "2", "--cores", str(core))
    usage = next(json.loads(line) for line in done.stdout.splitlines() if '"measured"' in line)
    assert [one["affinity"] for one in usage["threads"]] == [[core]] * 2


def kind_of(program: Path, model: Path, *more: str, shape: Sequence[int] = SHAPE) -> tuple[str, str]:
    done = launch(program, model, *more, shape=shape)
    with pytest.raises(RunnerError) as raised:
        parse_launch(done.stdout, done.returncode, done.stderr)
    return raised.value.kind, raised.value.message


def test_what_cannot_be_run_has_its_kind(program: Path, network: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.onnx").write_bytes(network.read_bytes()[:300])
    (tmp_path / "empty.so").write_bytes(b"")
    assert kind_of(program, tmp_path / "cut.onnx")[0] == "model_invalid"
    assert kind_of(program, tmp_path / "none.onnx")[0] == "model_unreadable"
    assert kind_of(program, tmp_path)[0] == "model_unreadable"
    kind, message = kind_of(program, network, shape=(1, 3, 32, 32))
    assert kind == "input_invalid"
    assert "the model's input x is 1,3,64,64, not 1,3,32,32" in message
    wide = looked_up(tmp_path / "wide.onnx", TensorProto.DOUBLE)
    assert "number 11 of ONNX" in kind_of(program, wide, shape=IDS)[1]
    kind, message = kind_of(program, network, "--library", str(tmp_path / "empty.so"))
    assert kind == "engine_failed"
    assert "ONNX Runtime cannot be opened" in message
    assert "has no OrtGetApiBase" in kind_of(program, network, "--library", "libm.so.6")[1]


def test_other_engines_refuse_a_library(synthetic: Path, models: dict[str, Path]) -> None:  # noqa: F811
    done = launch(synthetic, models["x86"], "--library", "libm.so.6")
    with pytest.raises(RunnerError, match="opened at run time") as raised:
        parse_launch(done.stdout, done.returncode, done.stderr)
    assert raised.value.kind == "bad_argument"
