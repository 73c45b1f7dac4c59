"""What `edgezoo convert` says to bad input: one sentence each, before any engine is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine can be found here, and none may be needed."""
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> int:
    try:
        return main.run(["convert", *arguments])
    except SystemExit as end:
        return int(str(end.code))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "no model is named"),
        (["MobileNetV3_large_x10"], 2, "no model 'MobileNetV3_large_x10' in the catalogue"),
        (["../MobileNetV1"], 2, "no model '../MobileNetV1' in the catalogue"),
        (["Mobile Net V9"], 2, "no model 'Mobile Net V9' in the catalogue"),
        (["MobileNetV1_é"], 2, "no model 'MobileNetV1_é' in the catalogue"),
        (["MobileNetV1", "--weights", "none/such"], 2, "--weights none/such: that path does not exist"),
        (["MobileNetV1", "--weights", "onnx/net.onnx"], 2, "net.onnx is an ONNX model"),
        (["MobileNetV1", "--input-shape", "1,3,-1,320"], 2, "1,3,-1,320 is no list of numbers of at least 1"),
        (["MobileNetV1", "--weights", "text.txt"], 2, "is neither a directory nor a checkpoint"),
        (["MobileNetV1", "MobileNetV2", "--weights", "."], 2, "can be the weights of one model, and 2 are named"),
        (["MobileNetV1", "--target", "gpu"], 2, "Invalid value for '--target'"),
        (["MobileNetV1", "--target", "x86", "--precision", "fp16"], 2, "fp16 needs"),
        (["MobileNetV1", "--engine", "9.9"], 2, "there is no paddlelite engine of version '9.9'"),
        (["MobileNetV1", "--config", "none.toml"], 2, "there is no recipe none.toml"),
        (["MobileNetV1", "--config", "bad.toml"], 2, "bad.toml, line 2: there is no field 'presicion'"),
        (["MobileNetV1", "--input-shape", "1,3,x"], 2, "--input-shape 1,3,x is no list of numbers"),
        (["MobileNetV1", "--name", "mine"], 2, "--name belongs to --model-dir"),
        (["MobileNetV1", "--model-dir", "."], 2, "--model-dir is for one model of your own"),
        (["--model-dir", ".", "--name", "a/b"], 2, "'a/b' cannot be a model's name"),
        (["--model-dir", ".", "--name", "mein Modell"], 2, "'mein Modell' cannot be a model's name"),
        (["--model-dir", ".", "--name", "größe"], 2, "'größe' cannot be a model's name"),
        (["--model-dir", "none", "--name", "mine"], 2, "none does not exist"),
        (["--model-dir", ".", "--name", "mine"], 2, "holds no inference model"),
        (["MobileNetV1", "--precision", "int8-static"], 2, "int8-static needs images to calibrate with"),
        (["MobileNetV1", "--precision", "int8-static", "--calibrate", "none"], 2, "none is no folder"),
        (["MobileNetV1", "--calibrate", "."], 2, "--calibrate is for int8-static"),
        (["MobileNetV1", "--resize-short", "200"], 2, "a short side of 200 is too small"),
        (["MobileNetV1", "-o", "text.txt/models"], 2, "text.txt/models cannot be made"),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_bad_input_is_one_sentence(arguments: list[str], code: int, says: str, capsys: Capture) -> None:
    Path("text.txt").touch()
    Path("onnx").mkdir()
    Path("onnx/net.onnx").touch()
    Path("bad.toml").write_text('engine = "2.13rc0"\npresicion = "fp32"\n')
    assert run(*arguments) == code
    message = capsys.readouterr().err
    assert says in message
    assert "Traceback" not in message
    assert not list(Path().rglob("*.nb"))


def test_an_unknown_name_is_answered_with_the_nearest(capsys: Capture) -> None:
    assert run("PPLCNet_x10") == 2
    assert "PPLCNet_x1_0" in capsys.readouterr().err


def test_when_the_published_address_cannot_be_reached_the_other_ways_are_named(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A proxy that nobody listens on: the address cannot be reached, whatever network this machine has.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert run("PPLCNet_x0_25") == 1
    message = capsys.readouterr().err
    assert "the published weights of PPLCNet_x0_25" in message
    assert "--weights random" in message
    assert "--weights PATH" in message


@pytest.mark.skipif("__import__('os').geteuid() == 0", reason="root may write everywhere")
def test_an_unwritable_place_is_refused(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    assert run("MobileNetV1", "-o", "locked") == 1
    assert "locked is not writable" in capsys.readouterr().err
