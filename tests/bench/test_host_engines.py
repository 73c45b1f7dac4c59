"""The engines of this machine: what --engine names, and the two beside Paddle-Lite with the real engines."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from edge.bench import host_engines as module
from edge.bench import throttling
from edge.bench.contract import CONTRACT_VERSION, parse_launch
from edge.bench.host_engines import host_engine, host_engines, known_engines
from edge.bench.wanted import check_engine
from edge.cli.main import run
from edge.convert.pipeline import convert_models
from edge.convert.products.each import order_for
from edge.convert.recipe import choose
from edge.errors import RunnerError, UsageError
from edge.source.load import load_source
from edge.source.weights import Weights
from edge.toolchain.engines import engine as find_engine
from edge.toolchain.environment import ensure, ready
from edge.toolchain.toolbox import Toolbox
from edge.zoo.catalogue import lookup

SMALL = "MobileNetV1_x0_25"
QUICK = ("--warmup", "1", "--warmup-ms", "0", "--repeats", "3", "--repeats-ms", "0")


@pytest.mark.parametrize(
    ("text", "name", "version", "model"),
    [
        (None, "paddle-lite", None, "nb"),
        ("paddle-lite", "paddle-lite", None, "nb"),
        ("2.12", "paddle-lite", "2.12", "nb"),
        ("onnxruntime", "onnxruntime", None, "onnx"),
        ("paddle", "paddle", None, "program"),
        ("paddle-plain", "paddle-plain", None, "program"),
        ("openvino", "openvino", None, "openvino"),
        ("ncnn", "ncnn", None, "ncnn"),
        ("mnn", "mnn", None, "mnn"),
        ("litert", "litert", None, "tflite"),
    ],
)
def test_what_engine_names(text: str | None, name: str, version: str | None, model: str) -> None:
    engine = host_engine(text)
    assert (engine.name, engine.version, engine.model) == (name, version, model)
    assert engine.program.is_file()


def test_another_engine_has_another_key() -> None:
    names = (None, "2.12", *known_engines()[1:], "paddle-plain")
    assert len({host_engine(text).sha256 for text in names}) == len(names)


def test_several_engines() -> None:
    assert [one.name for one in host_engines("mnn,onnxruntime")] == ["mnn", "onnxruntime"]
    assert [one.version for one in host_engines("v2.13-rc,v2.12")] == ["2.13rc0", "2.12"]
    assert tuple(one.name for one in host_engines("all")) == known_engines()
    assert set(known_engines()) == {"paddle-lite", "onnxruntime", "openvino", "ncnn", "mnn", "litert", "paddle"}
    with pytest.raises(UsageError, match="nothing"):
        host_engines("mnn,nothing")


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        pytest.param("onnxruntime,onnxruntime", "onnxruntime is named twice", "once is enough", id="twice"),
        pytest.param(
            "paddle-lite,v2.13-rc",
            "v2.13-rc and paddle-lite are one engine",
            "once is enough",
            id="the default version",
        ),
        pytest.param("all,ncnn", "all is all of them, alone", "--engine all", id="all and one"),
        pytest.param("ncnn,", "is there a comma too many?", "paddle-plain, all; and versions of", id="no name"),
        pytest.param("OpenVINO", "there is no engine 'OpenVINO'", "is openvino meant?", id="case"),
        pytest.param("mnn, ncnn", "there is no engine ' ncnn'", "is ncnn meant?", id="space"),
        pytest.param("v9.9", "no paddlelite engine of version 'v9.9'", "2.12, 2.13rc0", id="version"),
    ],
)
def test_what_no_engine_is_called(text: str, said: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        host_engines(text)
    assert said in raised.value.message
    assert hint in raised.value.hint


def test_an_engine_that_no_device_runs_names_those_that_it_does() -> None:
    with pytest.raises(UsageError, match="openvino does not measure on 3f2a") as raised:
        check_engine(host_engine("openvino"), None, "3f2a")
    assert raised.value.hint == "on a device paddle-lite and onnxruntime do: --engine paddle-lite,onnxruntime"


def test_an_unknown_engine() -> None:
    with pytest.raises(UsageError, match="tflite") as raised:
        host_engine("tflite")
    assert "onnxruntime" in raised.value.hint


@pytest.mark.parametrize(("file", "engine"), [("x.onnx", "paddle-lite"), ("x.nb", "onnxruntime"), ("x.mnn", "ncnn")])
def test_a_file_of_another_engine_is_refused(
    file: str, engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from struct import pack

    # An empty .nb as opt heads it: no program, no parameters.
    (tmp_path / file).write_bytes(pack("<H16sQ", 2, b"v2.13-rc", 0) + pack("<HHHHI", 0, 0, 6, 0, 0))
    assert run(["bench", str(tmp_path / file), "--device", "host", "--engine", engine]) == 2
    assert f"{engine} does not run" in capsys.readouterr().err


@pytest.mark.parametrize(("model", "weights"), [("x.xml", "x.bin"), ("x.ncnn.param", "x.ncnn.bin")])
def test_a_file_of_weights_names_the_model(
    model: str, weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (model, weights):
        (tmp_path / name).write_bytes(b"x")
    assert run(["bench", str(tmp_path / weights), "--device", "host"]) == 2
    said = capsys.readouterr().err
    assert f"{weights} is the weights of {model}" in said
    assert said.endswith(f"Hint: name {tmp_path / model}\n")
    (tmp_path / model).unlink()
    assert run(["bench", str(tmp_path / weights), "--device", "host", "--engine", "ncnn"]) == 2
    assert "Hint: the names of its files end in .ncnn.param" in capsys.readouterr().err


@pytest.fixture(scope="module")
def models(module_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One network as an ONNX file, as Paddle's program, and in other engines' files, by engine."""
    del module_cache
    recipe = choose(target="x86")
    forms = {"onnxruntime": "onnx", "openvino": "openvino", "ncnn": "ncnn", "mnn": "mnn"}
    if ready(find_engine("onnx2tf")) is not None:  # TensorFlow is 2 GB: it is not installed for a test
        forms["litert"] = "tflite"
    orders = [order_for(form, SMALL, lookup(SMALL), Weights("random"), recipe) for form in forms.values()]
    made = {}
    for name, outcome in zip(forms, convert_models(orders, tmp_path_factory.mktemp("models")), strict=True):
        assert outcome.made is not None, outcome.error
        made[name] = outcome.made.path
    with Toolbox() as tools:
        source = load_source(lookup(SMALL), Weights("random"), lambda: tools.lend("paddle"))
    return {**made, "paddle": source.program, "paddle-plain": source.program}


def start(engine: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    chosen = host_engine(engine)
    command = [str(ensure(chosen.environment).python), "-E", "-s", str(chosen.program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


@pytest.mark.slow
@pytest.mark.parametrize("engine", [*known_engines()[1:], "paddle-plain"])
def test_a_launch_speaks_the_contract(engine: str, models: dict[str, Path]) -> None:
    if engine not in models:
        pytest.skip("TensorFlow is not installed: edgezoo doctor --fix onnx2tf-1.29.24")
    shape = ("--shape", "1,224,224,3") if engine == "litert" else ()  # LiteRT's images have their channels last
    place = str(models[engine])
    done = start(engine, "--contract", str(CONTRACT_VERSION), "--model", place, "--threads", "2", *shape, *QUICK)
    report = parse_launch(done.stdout, done.returncode, done.stderr)
    assert report.hello is not None
    assert report.hello.engine == engine
    assert len(report.samples_ms) == 3
    assert report.model_opt_version is None
    assert report.outputs[0].shape == (1, 1000)
    assert report.outputs[0].digest == report.last_outputs[0].digest  # no engine computes in its input's memory
    assert report.precision == ("fp32" if engine in ("openvino", "ncnn") else None)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["onnxruntime", "ncnn", "mnn"])
def test_nothing_but_the_network_computes_right_after_the_start(engine: str, models: dict[str, Path]) -> None:
    """A thread of numpy's would be taken for one of the engine's, which was asked for one."""
    for _ in range(3):
        done = start(
            engine, "--contract", str(CONTRACT_VERSION), "--model", str(models[engine]), "--threads", "1", *QUICK
        )
        probes = parse_launch(done.stdout, done.returncode, done.stderr).probes
        assert probes is not None
        assert throttling.computing(probes.measured) == 1
        assert len(probes.measured.threads or ()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "ran"), [("paddle", True), ("paddle-plain", False)])
def test_onednn_runs_or_does_not(engine: str, ran: bool, models: dict[str, Path]) -> None:
    """oneDNN itself tells each primitive that it executes."""
    asked = ("--contract", str(CONTRACT_VERSION), "--model", str(models[engine]))
    done = start(engine, *asked, *QUICK, DNNL_VERBOSE="1", ONEDNN_VERBOSE="1")
    assert parse_launch(done.stdout, done.returncode, done.stderr).samples_ms
    assert ("verbose,exec,cpu,convolution" in done.stderr) is ran


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "arguments", "kind"),
    [
        ("onnxruntime", ["--model", "/nowhere/x.onnx"], "model_unreadable"),
        ("onnxruntime", ["--model", "{garbage}"], "model_invalid"),
        ("onnxruntime", ["--model", "{model}", "--shape", "1,3,64,64"], "input_invalid"),
        ("onnxruntime", ["--model", "{model}", "--shape", "1,3,224,224", "--shape", "1"], "input_invalid"),
        ("onnxruntime", ["--model", "{model}", "--power-mode", "2"], "bad_argument"),
        ("onnxruntime", ["--model", "{model}", "--cores", "4095"], "cores_unavailable"),
        ("openvino", ["--model", "/nowhere/x.xml"], "model_unreadable"),
        ("openvino", ["--model", "{model}", "--shape", "1,3,64,64"], "input_invalid"),
        ("ncnn", ["--model", "/nowhere/x.ncnn.param"], "model_unreadable"),
        ("ncnn", ["--model", "{model}", "--shape", "2,3,224,224"], "input_invalid"),
        ("ncnn", ["--model", "{model}", "--shape", "1,1,224,224"], "input_invalid"),
        ("mnn", ["--model", "{model}", "--shape", "1,3,64,64"], "input_invalid"),
        ("mnn", ["--model", "{model}", "--power-mode", "2"], "bad_argument"),
        ("paddle", ["--model", "/nowhere/x.pdmodel"], "model_unreadable"),
        ("paddle", ["--model", "{model}", "--power-mode", "2"], "bad_argument"),
        ("paddle", ["--model", "{model}", "--shape", "1,3,224,224", "--shape", "1"], "input_invalid"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_every_failure_has_its_kind(
    engine: str, arguments: list[str], kind: str, models: dict[str, Path], tmp_path: Path
) -> None:
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"no model at all")
    told = [argument.format(model=models[engine], garbage=garbage) for argument in arguments]
    done = start(engine, "--contract", str(CONTRACT_VERSION), *told, *QUICK)
    with pytest.raises(RunnerError) as raised:
        parse_launch(done.stdout, done.returncode, done.stderr)
    assert raised.value.kind == kind


@pytest.mark.slow
@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("engine", "program"), [("onnxruntime", "onnx_bench"), ("paddle", "paddle_bench")], ids=["onnxruntime", "paddle"]
)
def test_a_name_is_measured_and_its_output_checked(
    engine: str, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", SMALL, "--weights", "random", "--device", "host", "--engine", engine, "--threads", "1,2",
               "--warmup", "1", "--repeats", "3", "--launches", "2", "--tolerance", "100", "--check-output"]  # fmt: skip
    assert run([*command, "--json"]) == 0
    captured = capsys.readouterr()
    cells = json.loads(captured.out)
    assert [cell["threads"] for cell in cells] == [1, 2]
    assert all(cell["threads_honoured"] and cell["program"] == program for cell in cells)
    assert "its output on the device is Paddle's" in captured.err


@pytest.mark.slow
@pytest.mark.usefixtures("models")
def test_several_engines_are_measured_in_one_session(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is beside the first, and proven: by its conversion, or here."""
    command = ["bench", SMALL, "--weights", "random", "--device", "host", "--engine", "mnn,ncnn,paddle-plain", "--threads", "1",
               "--warmup", "1", "--repeats", "3", "--launches", "2", "--tolerance", "100", "--json"]  # fmt: skip
    assert run(command) == 0
    cells = json.loads(capsys.readouterr().out)
    assert [cell["engine"] for cell in cells] == ["mnn", "ncnn", "paddle-plain"]
    assert len({cell["session"] for cell in cells}) == 1
    assert [cell["beside_first"] is None for cell in cells] == [True, False, False]
    assert [cell["largest_error"] is not None for cell in cells] == [True, True, False]
    checked = [[note["code"] for note in cell["remarks"] if note["code"] == "output_checked"] for cell in cells]
    assert checked == [[], [], ["output_checked"]]


@pytest.mark.slow
@pytest.mark.usefixtures("models")
def test_a_network_that_an_engine_cannot_run_is_a_row_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["bench", "MobileViT_XXS", "--weights", "random", "--device", "host", "--engine", "ncnn,mnn", "--threads", "1",
               "--protocol", "table", "--warmup", "1", "--repeats", "3"]  # fmt: skip
    assert run(command) == 1
    shown = capsys.readouterr().out
    assert re.search(r"^MobileViT_XXS +mnn 3", shown, re.M)
    assert re.search(r"^MobileViT_XXS +ncnn ", shown, re.M)
    assert re.search(r"^\d+: no verified file: .*Tensor.reshape", shown, re.M)
    assert run([*command, "--keep-invalid", "--csv"]) == 1
    assert [line.split(",")[6] for line in capsys.readouterr().out.splitlines()] == ["model", *["MobileViT_XXS"] * 2]
    command[command.index("ncnn,mnn")], command[command.index("table")] = "ncnn", "intel-table"
    assert run(command) == 1
    assert re.search(r"^MobileViT_XXS +ncnn ", capsys.readouterr().out, re.M)


CRASHES = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
HANGS = "import time\ntime.sleep(300)\n"


@pytest.mark.slow
@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("program", "reason"), [(CRASHES, "SIGSEGV"), (HANGS, "the benchmark program hung")], ids=["crashes", "hangs"]
)
def test_an_engine_that_ends_badly_is_a_failed_row_and_the_others_are_measured(
    program: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program of the test's own measures in MNN's place; all else is real."""
    script = tmp_path / "mnn_program.py"
    script.write_text(program)
    real = host_engine("mnn")
    monkeypatch.setitem(module._KNOWN, "mnn", replace(real, script=str(script)))
    command = ["bench", SMALL, "--weights", "random", "--device", "host", "--engine", "mnn,onnxruntime", "--threads", "1",
               "--protocol", "table", "--warmup", "1", "--repeats", "3", "--timeout", "10", "--keep-invalid"]  # fmt: skip
    assert run([*command, "--json"]) == 1
    failed, measured = json.loads(capsys.readouterr().out)
    assert (failed["engine"], failed["status"]) == ("mnn", "failed")
    assert reason in failed["error"]
    assert (measured["engine"], measured["status"], measured["beside_first"]) == ("onnxruntime", "measured", None)
    if program == HANGS:
        return
    assert run(command) == 1
    shown = capsys.readouterr().out
    assert re.search(rf"^{SMALL} +mnn +1 ", shown, re.M)
    assert re.search(rf"^\d+: failed: .*{reason}", shown, re.M)
