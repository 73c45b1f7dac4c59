"""The program on this host: with the engine of the wheel, and with the synthetic one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edge.bench.contract import (
    LaunchSpec,
    command_line,
    output_digest,
    parse_hello,
    parse_images,
    parse_launch,
)
from edge.bench.runners import question, recognise
from edge.errors import ContractError, RunnerError
from edge.images.noise import seeded_noise
from edge.toolchain.engines import WORKERS
from edge.toolchain.environment import Environment
from tests.android_runner.conftest import launch
from tests.android_runner.network import CLASSES, EMBEDDING, SHAPE, convert_ids
from tests.untrusted.bombs import BOMBS

pytestmark = pytest.mark.slow

PREDICT = """
import sys
import numpy as np
from paddlelite.lite import MobileConfig, create_paddle_predictor
config = MobileConfig()
config.set_model_from_file(sys.argv[1])
predictor = create_paddle_predictor(config)
predictor.get_input(0).from_numpy(np.load(sys.argv[2]))
predictor.run()
np.save(sys.argv[3], predictor.get_output(0).numpy())
"""


@pytest.mark.parametrize("bomb", [bomb for bomb in BOMBS if bomb[0] == ".nb"], ids=lambda bomb: bomb[1])
def test_a_model_that_multiplies_its_work_is_refused_at_once(
    synthetic: Path, environment: Environment, tmp_path: Path, bomb: tuple[str, str]
) -> None:
    """By the program, and by its twin in Python."""
    (tmp_path / "bomb.nb").write_bytes(BOMBS[bomb]())
    for program in ([synthetic], [environment.python, "-E", "-s", WORKERS / "lite_bench.py"]):
        command = [*program, "--contract", "2", "--model", tmp_path / "bomb.nb"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
        with pytest.raises(RunnerError):  # for which reason, depends on how far the program looks
            parse_launch(done.stdout, done.returncode, done.stderr)


@pytest.mark.parametrize("fill", ["ones", "seed:7", "file"])
def test_its_outputs_are_the_python_predictors_bit_for_bit(
    edgebench: Path, environment: Environment, models: dict[str, Path], tmp_path: Path, fill: str
) -> None:
    values = np.ones(SHAPE, np.float32) if fill == "ones" else seeded_noise(SHAPE, 7)
    np.save(tmp_path / "input.npy", values)
    if fill == "file":
        values.astype("<f4").tofile(tmp_path / "input.bin")
        fill = f"file:{tmp_path / 'input.bin'}"
    subprocess.run([environment.python, "-c", PREDICT, models["x86"], tmp_path / "input.npy", tmp_path / "output.npy"],
                   check=True, capture_output=True, timeout=120)  # fmt: skip
    expected = np.load(tmp_path / "output.npy")

    done = launch(edgebench, models["x86"], "--input", fill, "--output", "values")
    (output,) = parse_launch(done.stdout, done.returncode, done.stderr).outputs
    assert output.shape == (1, CLASSES)
    assert np.array_equal(np.array(output.values, np.float32).reshape(output.shape), expected)
    assert output.digest == output_digest(expected)


@pytest.mark.parametrize(("fill", "ids"), [("ones", [1] * 6), ("seed:3", None)])
def test_integer_inputs_get_integers(
    edgebench: Path, environment: Environment, tmp_path: Path, fill: str, ids: list[int] | None
) -> None:
    """As the Python program does: the rows it looks up tell which ids it was given."""
    model = convert_ids(environment, tmp_path)
    done = launch(edgebench, model, "--input", fill, "--output", "values", shape=(1, 6))
    (output,) = parse_launch(done.stdout, done.returncode, done.stderr).outputs
    if ids is None:
        ids = np.floor((seeded_noise([6], 3) + 1) * 4).astype(int).tolist()
    rows = np.exp(EMBEDDING[ids]) / np.exp(EMBEDDING[ids]).sum(-1, keepdims=True)
    assert output.values is not None
    np.testing.assert_allclose(np.array(output.values, np.float32).reshape(6, -1), rows, rtol=1e-4)


@pytest.mark.parametrize("fill", ["file", "bytes"])
def test_each_image_of_a_file_has_the_output_of_a_launch_of_its_own(
    edgebench: Path, models: dict[str, Path], tmp_path: Path, fill: str
) -> None:
    random, batch, alone = np.random.default_rng(3), tmp_path / "batch", tmp_path / "alone"
    tables = random.normal(0, 1, (3, 256)).astype("<f4")
    pixels = random.integers(0, 256, (5, *SHAPE[1:]), np.uint8)
    values = np.stack([tables[channel][pixels[:, channel]] for channel in range(3)], axis=1)
    batch.write_bytes(values.tobytes() if fill == "file" else tables.tobytes() + pixels.tobytes())
    done = launch_images(edgebench, models["x86"], f"{fill}:{batch}", 5)
    message = parse_images(5, done.stdout, done.returncode, done.stderr)
    assert not message.hello.synthetic
    assert len({outputs[0].digest for outputs in message.outputs}) == 5
    for one, outputs in zip(values, message.outputs, strict=True):
        alone.write_bytes(one.tobytes())
        done = launch(edgebench, models["x86"], "--input", f"file:{alone}", "--output", "values")
        assert parse_launch(done.stdout, done.returncode, done.stderr).outputs == outputs
    shorter = launch_images(edgebench, models["x86"], f"{fill}:{batch}", 4)
    with pytest.raises(RunnerError, match="bytes that the shape and the number of images ask") as caught:
        parse_images(4, shorter.stdout, shorter.returncode, shorter.stderr)
    assert caught.value.kind == "input_invalid"


def launch_images(program: Path, model: Path, fill: str, count: int) -> subprocess.CompletedProcess[str]:
    spec = LaunchSpec(str(model), shapes=(SHAPE,), inputs=(fill,), output="values", images=count)
    return subprocess.run(command_line(str(program), spec), capture_output=True, text=True, check=False, timeout=120)


def test_a_launch_is_what_was_asked_for(edgebench: Path, models: dict[str, Path]) -> None:
    core = max(os.sched_getaffinity(0))
    spec = LaunchSpec(str(models["x86"]), shapes=(SHAPE,), threads=2, cores=(core,), warmup=3, warmup_ms=0, repeats=600,
                      repeats_ms=0, inputs=("seed:1",))  # fmt: skip
    done = subprocess.run(command_line(str(edgebench), spec), capture_output=True, text=True, check=False, timeout=120)
    message = parse_launch(done.stdout, done.returncode, done.stderr)
    assert not message.synthetic
    assert len(message.samples_ms) == 600
    assert message.warmup_runs == 3
    assert message.model_bytes == models["x86"].stat().st_size
    assert message.model_opt_version == message.engine_version == "v2.13-rc"
    assert message.hello is not None
    assert message.hello.engine_version == message.engine_version
    assert message.before is not None
    assert message.before.affinity == (core,)
    assert message.peak_rss_bytes is not None
    assert 10_000_000 < message.peak_rss_bytes < 1_000_000_000
    assert message.inputs[0].fill == "seed:1"


def test_it_measures_at_least_the_time_asked_for(synthetic: Path, models: dict[str, Path]) -> None:
    spec = LaunchSpec(str(models["x86"]), shapes=(SHAPE,), warmup=0, warmup_ms=50, repeats=1, repeats_ms=100)
    done = subprocess.run(command_line(str(synthetic), spec), capture_output=True, text=True, check=False, timeout=120)
    message = parse_launch(done.stdout, done.returncode, done.stderr)
    assert message.warmup_ms is not None
    assert message.warmup_ms >= 50
    assert sum(message.samples_ms) > 90


def test_it_is_recognised(edgebench: Path, synthetic: Path) -> None:
    for program, engine in ((edgebench, "paddle-lite"), (synthetic, "synthetic")):
        asked = subprocess.run(question(str(program)), capture_output=True, text=True, check=False, timeout=60)
        assert asked.returncode == 0
        assert recognise(str(program), asked.stdout, asked.stderr).name == "edgebench"
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=60)
        hello = parse_hello(told.stdout, told.returncode, told.stderr)
        assert (hello.engine, hello.synthetic) == (engine, engine == "synthetic")


def test_every_line_of_the_synthetic_engine_says_so(synthetic: Path, models: dict[str, Path]) -> None:
    for done in (launch(synthetic, models["x86"]), launch(synthetic, "/nowhere")):
        assert all(json.loads(line)["synthetic"] is True for line in done.stdout.splitlines())
    assert parse_launch(launch(synthetic, models["x86"]).stdout, 0).synthetic


def test_the_synthetic_output_depends_on_model_and_input_alone(
    synthetic: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    other = bytearray(models["x86"].read_bytes())
    other[-1] ^= 1
    (tmp_path / "other.nb").write_bytes(other)

    def digest(model: Path, *more: str) -> str | None:
        done = launch(synthetic, model, *more)
        return parse_launch(done.stdout, done.returncode, done.stderr).outputs[0].digest

    first = digest(models["x86"])
    assert first == digest(models["x86"], "--threads", "4", "--power-mode", "3")
    assert first != digest(models["x86"], "--input", "seed:1")
    assert first != digest(tmp_path / "other.nb")


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        (["--threads", "none"], "bad_argument"),
        (["--no-such-option", "1"], "bad_argument"),
        (["--cores", "1000"], "cores_unavailable"),
        (["--input", "file:/nowhere"], "input_invalid"),
        (["--input", "bytes:/dev/null"], "input_invalid"),
        (["--images", "2"], "bad_argument"),  # and warm-up runs
        (["--shape", "1,3,64,64"], "input_invalid"),  # a second one, for a model of one input
    ],
)
def test_a_wrong_request_has_its_kind(synthetic: Path, models: dict[str, Path], more: list[str], kind: str) -> None:
    done = launch(synthetic, models["x86"], *more)
    with pytest.raises(RunnerError) as caught:
        parse_launch(done.stdout, done.returncode, done.stderr)
    assert caught.value.kind == kind


def test_another_contract_is_refused(edgebench: Path) -> None:
    command = [str(edgebench), "--contract", "3", "--model", "m.nb", "--option-of-contract-3", "x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    with pytest.raises(ContractError, match="speaks device contract 3, this program speaks 2"):
        parse_launch(done.stdout, done.returncode, done.stderr)


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        pytest.param(lambda _: None, "model_unreadable", id="missing"),
        pytest.param(lambda nb: nb[: len(nb) - 1], "model_invalid", id="cut off by a byte"),
        pytest.param(lambda nb: nb[:20], "model_invalid", id="cut off in its head"),
        pytest.param(lambda _: b"", "model_invalid", id="empty"),
        pytest.param(lambda _: b"not a model" * 100, "model_invalid", id="garbage"),
        pytest.param(lambda nb: nb[:26] + b"\xff" * 200 + nb[226:], "model_invalid", id="broken topology"),
        pytest.param(lambda nb: nb.replace(b"softmax", b"hardmax"), "crash", id="an operator the engine does not know"),
    ],
)
def test_a_spoilt_model_has_its_kind(
    edgebench: Path, models: dict[str, Path], tmp_path: Path, spoil: object, kind: str
) -> None:
    model = tmp_path / "model.nb"
    content = spoil(models["x86"].read_bytes())  # type: ignore[operator]
    if content is not None:
        model.write_bytes(content)
    done = launch(edgebench, model)
    with pytest.raises(RunnerError) as caught:
        parse_launch(done.stdout, done.returncode, done.stderr)
    assert caught.value.kind == kind


def test_an_engine_that_aborts_is_told_apart(edgebench: Path, models: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "m.nb").write_bytes(models["x86"].read_bytes().replace(b"softmax", b"hardmax"))
    done = launch(edgebench, tmp_path / "m.nb")
    assert done.returncode == -signal.SIGABRT
    with pytest.raises(RunnerError, match=r"SIGABRT .* while loading the model") as caught:
        parse_launch(done.stdout, done.returncode, done.stderr)
    assert "operator 'hardmax' is not supported" in caught.value.log


def test_a_model_for_arm_is_refused_here(edgebench: Path, models: dict[str, Path]) -> None:
    """The engine itself runs such a network without a word, in no time, and computes nothing."""
    done = launch(edgebench, models["arm"])
    with pytest.raises(RunnerError, match="kernels are for ARM, this program runs on x86") as caught:
        parse_launch(done.stdout, done.returncode, done.stderr)
    assert caught.value.kind == "model_invalid"


def test_a_shape_that_is_not_the_models_is_refused(edgebench: Path, models: dict[str, Path]) -> None:
    done = launch(edgebench, models["x86"], shape=(1, 4, 64, 64))
    with pytest.raises(RunnerError, match="1,3,64,64, not 1,4,64,64") as caught:
        parse_launch(done.stdout, done.returncode, done.stderr)
    assert caught.value.kind == "input_invalid"


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGFPE, signal.SIGKILL, signal.SIGTERM])
def test_a_signal_in_mid_measurement_is_a_crash(
    edgebench: Path, models: dict[str, Path], number: signal.Signals
) -> None:
    spec = LaunchSpec(str(models["x86"]), shapes=(SHAPE,), repeats_ms=600_000)
    with subprocess.Popen(command_line(str(edgebench), spec), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        started = ""
        while '"output"' not in started:
            line = process.stdout.readline()
            assert line
            started += line
        process.send_signal(number)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == -number
    assert ('"status":"crash"' in rest) is (number in (signal.SIGSEGV, signal.SIGFPE))
    with pytest.raises(RunnerError, match=f"died of {number.name}") as caught:
        parse_launch(started + rest, process.returncode)
    assert caught.value.kind == "crash"


def test_output_that_cannot_be_written_is_no_success(synthetic: Path, models: dict[str, Path]) -> None:
    spec = LaunchSpec(str(models["x86"]), shapes=(SHAPE,), warmup_ms=0, repeats_ms=0)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command_line(str(synthetic), spec), stdout=full, stderr=subprocess.PIPE, text=True,
                              check=False, timeout=60)  # fmt: skip
    assert done.returncode == 9
    assert "No space left on device" in done.stderr


def test_a_reader_that_leaves_ends_it(synthetic: Path, models: dict[str, Path]) -> None:
    spec = LaunchSpec(str(models["x86"]), shapes=(SHAPE,), repeats=5, repeats_ms=0)
    with subprocess.Popen(
        command_line(str(synthetic), spec), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 9
