"""The benchmark program of this machine, with the real engine: it speaks the contract, whatever happens."""

from __future__ import annotations

import json
import os
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bench.contract import CONTRACT_VERSION, output_digest, parse_hello, parse_launch
from edge.bench.launch import LaunchReport
from edge.errors import ContractError, RunnerError
from edge.images.noise import seeded_noise
from edge.results.probes import Clocks
from edge.toolchain.engines import WORKERS, engine
from edge.toolchain.environment import ensure
from tests.android_runner.network import CLASSES, EMBEDDING, SHAPE, convert, convert_ids

pytestmark = pytest.mark.slow

WEIGHTS = np.random.default_rng(0).normal(0, 0.2, (CLASSES, 3, 3, 3)).astype(np.float32)  # the network's own
QUICK = ("--warmup", "1", "--warmup-ms", "0", "--repeats", "3", "--repeats-ms", "0")


@pytest.fixture(scope="module")
def python() -> Path:
    return ensure(engine("paddlelite")).python


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small network as .nb files for x86 and for arm."""
    folder = tmp_path_factory.mktemp("network")
    return {target: convert(ensure(engine("paddlelite")), folder, target) for target in ("x86", "arm")}


def start(python: Path, *arguments: str, stdout: Any = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-E", "-s", str(WORKERS / "lite_bench.py"), *arguments]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)


def launch(python: Path, model: Path, *arguments: str) -> LaunchReport:
    done = start(python, "--contract", str(CONTRACT_VERSION), "--model", str(model), *QUICK, *arguments)
    return parse_launch(done.stdout, done.returncode, done.stderr)


def failure(python: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and kind of a launch that cannot be made, from a whole end line."""
    done = start(python, "--contract", str(CONTRACT_VERSION), *arguments)
    end = json.loads(done.stdout.splitlines()[-1])
    assert end["type"] == "end"
    assert end["lines"] == len(done.stdout.splitlines()) - 1
    assert end["message"]
    if end["kind"] != "crash":
        with pytest.raises(RunnerError) as caught:
            parse_launch(done.stdout, done.returncode, done.stderr)
        assert caught.value.kind == end["kind"]
    return done.returncode, end["kind"]


def test_a_launch_says_everything_the_contract_asks_for(python: Path, network: dict[str, Path]) -> None:
    report = launch(python, network["x86"], "--shape", "1,3,64,64", "--threads", "2")
    assert report.hello is not None
    assert report.hello.engine == "paddle-lite"
    assert not report.hello.synthetic
    assert len(report.samples_ms) == 3
    assert report.warmup_runs == 1
    assert report.model_bytes == network["x86"].stat().st_size
    assert report.model_opt_version
    assert report.engine_version
    assert report.peak_rss_bytes
    assert report.before is not None
    assert report.before.affinity


@pytest.mark.parametrize(("fill", "ids"), [("ones", [1] * 6), ("seed:3", None)])
def test_integer_inputs_get_integers(fill: str, ids: list[int] | None, python: Path, tmp_path: Path) -> None:
    """The network looks rows up by them: what it says tells which it was given."""
    model = convert_ids(ensure(engine("paddlelite")), tmp_path)
    report = launch(python, model, "--shape", "1,6", "--input", fill, "--output", "values")
    if ids is None:
        ids = np.floor((seeded_noise([6], 3) + 1) * 4).astype(int).tolist()
        assert len(set(ids)) > 1
    (output,) = report.outputs
    assert output.values is not None
    rows = np.exp(EMBEDDING[ids]) / np.exp(EMBEDDING[ids]).sum(-1, keepdims=True)
    np.testing.assert_allclose(np.array(output.values, np.float32).reshape(6, -1), rows, rtol=1e-4)


def test_times_and_counts_are_kept_whichever_is_longer(python: Path, network: dict[str, Path]) -> None:
    done = start(
        python, "--contract", str(CONTRACT_VERSION), "--model", str(network["x86"]), "--shape", "1,3,64,64",
        "--warmup", "5", "--warmup-ms", "0", "--repeats", "2", "--repeats-ms", "50",
    )  # fmt: skip
    report = parse_launch(done.stdout, done.returncode, done.stderr)
    assert report.warmup_runs == 5
    assert len(report.samples_ms) == 2 or sum(report.samples_ms) <= 50 + max(report.samples_ms)


def test_its_probes_tell_what_the_interpreter_can(python: Path, network: dict[str, Path]) -> None:
    core = max(os.sched_getaffinity(0))
    report = launch(python, network["x86"], "--shape", "1,3,64,64", "--repeats-ms", "200", "--repeats-max-ms", "200",
                    "--cores", str(core))  # fmt: skip
    assert report.probes is not None
    measured = report.probes.measured
    assert measured.wall_ms >= 200
    assert measured.thread_cpu_ms is not None
    assert 0 < measured.thread_cpu_ms <= measured.wall_ms
    assert measured.cores == (core,)
    assert measured.threads is not None
    assert measured.threads[0].affinity == (core,)
    assert report.probes.launch.wall_ms > measured.wall_ms
    assert report.probes.clocks == Clocks(None, None, None)
    assert [output.digest for output in report.last_outputs] == [output.digest for output in report.outputs]


def test_a_bound_below_the_least_time_is_refused(python: Path) -> None:
    arguments = ["--model", "x.nb", "--warmup-ms", "500", "--warmup-max-ms", "499"]
    assert failure(python, *arguments) == (2, "bad_argument")


def test_outputs_are_those_of_the_network(python: Path, network: dict[str, Path]) -> None:
    arguments = ("--shape", "1,3,64,64", "--input", "seed:7", "--output", "values")
    (output,) = launch(python, network["x86"], *arguments).outputs
    assert output.values is not None
    padded = np.pad(seeded_noise(SHAPE, 7)[0], ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]
    features = np.maximum(np.einsum("chwij,ocij->ohw", windows, WEIGHTS), 0).mean(axis=(1, 2))
    expected = (np.exp(features) / np.exp(features).sum())[None]
    values = np.array(output.values, np.float32).reshape(output.shape)
    np.testing.assert_allclose(values, expected, rtol=1e-4)
    assert output.digest == output_digest(values)  # nine digits give back every bit


def test_a_file_as_input_is_the_same_as_its_seed(python: Path, network: dict[str, Path], tmp_path: Path) -> None:
    raw = tmp_path / "input.bin"
    raw.write_bytes(seeded_noise(SHAPE, 7).astype("<f4").tobytes())
    digests = [
        launch(python, network["x86"], "--shape", "1,3,64,64", "--input", fill).outputs[0].digest
        for fill in ("seed:7", f"file:{raw}", "ones")
    ]
    assert digests[0] == digests[1] != digests[2]


def test_hello_alone(python: Path) -> None:
    done = start(python, "--version")
    hello = parse_hello(done.stdout, done.returncode, done.stderr)
    assert hello.contract == CONTRACT_VERSION


def test_another_contract_is_refused_before_anything_else(python: Path) -> None:
    done = start(python, "--contract", "999", "--an-option-of-tomorrow")
    assert done.returncode == 3
    with pytest.raises(ContractError):
        parse_launch(done.stdout, done.returncode, done.stderr)


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["--model", "{x86}", "--speed", "11"], 2, "bad_argument"),
        (["--model", "{x86}", "--threads", "0"], 2, "bad_argument"),
        (["--model", "{x86}", "--cores", "0", "--power-mode", "0"], 2, "bad_argument"),
        (["--model", "{x86}", "--input", "zeros"], 2, "bad_argument"),
        (["--model", "/nowhere/x.nb"], 4, "model_unreadable"),
        (["--model", "{cut}"], 5, "model_invalid"),
        (["--model", "{garbage}"], 5, "model_invalid"),
        (["--model", "{empty}"], 5, "model_invalid"),
        (["--model", "{arm}"], 5, "model_invalid"),
        (["--model", "{x86}", "--cores", "4095"], 7, "cores_unavailable"),
        (["--model", "{x86}", "--shape", "1,3,64,64", "--shape", "1,2"], 8, "input_invalid"),
        (["--model", "{x86}", "--shape", "1,3,64,64", "--input", "file:{empty}"], 8, "input_invalid"),
        (["--model", "{x86}", "--shape", "1,3,64"], 8, "input_invalid"),
        (["--model", "{x86}", "--shape", "1,3,96,96"], 8, "input_invalid"),
        (["--model", "{x86}", "--shape", "2,3,64,64"], 8, "input_invalid"),
        (["--model", "{x86}", "--shape", "1,3,64,64", "--power-mode", "3"], 2, "bad_argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_every_failure_has_its_exit_code_and_kind(
    arguments: Sequence[str], code: int, kind: str, python: Path, network: dict[str, Path], tmp_path: Path
) -> None:
    files = {**network, **{name: tmp_path / name for name in ("cut", "garbage", "empty")}}
    files["cut"].write_bytes(network["x86"].read_bytes()[:-100])
    files["garbage"].write_bytes(struct.pack("<H16sQ", 7, b"\xff" * 16, 3) * 10)
    files["empty"].write_bytes(b"")
    assert failure(python, *(argument.format(**files) for argument in arguments)) == (code, kind)


def test_a_full_disk_behind_standard_output_is_no_success(python: Path, network: dict[str, Path]) -> None:
    with Path("/dev/full").open("w") as full:
        done = start(
            python,
            "--contract",
            str(CONTRACT_VERSION),
            "--model",
            str(network["x86"]),
            "--shape",
            "1,3,64,64",
            *QUICK,
            stdout=full,
        )
    assert done.returncode == 9
