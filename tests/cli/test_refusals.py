"""What can be refused is refused before any work: no process is started, nothing is written, no time is lost."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import time
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.cli.main import COMMANDS, run
from tests.android_runner.network import open_model

Capture = pytest.CaptureFixture[str]
NAME = "PPLCNet_x0_25"
TINY = Path(__file__).parents[1] / "package" / "data" / "tiny.nb"

OWN = ["--model-dir", "net", "--input-shape", "1,3,64,64"]

REFUSED: dict[str, list[tuple[list[str], str]]] = {
    "list": [
        ([option, "nan"], f"{option} nan is no number") for option in ("--min-top1", "--max-flops", "--max-sd855")
    ],
    "bench": [
        ([NAME, "--cores", "7", "--power-mode", "1"], "exclude each other"),
        ([NAME, "--cores", "0,1023", "--device", "host"], "--cores 1023: this machine has none"),
        ([NAME, "--fresh", "--keep-invalid"], "--fresh and --keep-invalid exclude each other"),
        ([NAME, "--input", "zeros"], "--input zeros is none"),
        ([NAME, "--input-range", "0,1"], "--input-range is for the comparison with Paddle's outputs"),
        ([NAME, "--inputs", "x.npz"], "--inputs is for the comparison with Paddle's outputs"),
        ([NAME, "--check-output", "--input-range", "1,1"], "--input-range 1,1 is no range"),
        ([NAME, "--threads", "1,,2"], "--threads 1,,2 is no list of numbers"),
        ([NAME, "--cores", "-1"], "--cores -1 is no list of numbers"),
        *(
            ([NAME, option, number], f"{option} {number} is no number")
            for option in ("--tolerance", "--cooldown", "--cool-limit", "--timeout")
            for number in ("nan", "inf")
        ),
        ([NAME, "--threads", "9999"], "--threads 9999: from 1 to 256"),
        ([NAME, "--threads", "255", "--device", "host"], "--threads 255: this machine has"),
        *(
            ([NAME, "--adb-server", address], f"is '{address}', which is no address of an adb server")
            for address in (":5037", "[::1", "[::1]", "::1:5037", "a b:5037")
        ),
        ([NAME, "--adb-server", ""], "--adb-server is given without a value"),
        ([NAME, "--adb-server", "far:0"], "names port '0'"),
        ([NAME, "--weights", "junk.pdparams"], "junk.pdparams is no .pdparams checkpoint"),
        ([NAME, "--cores", "1024"], "--cores 1024: no device has it"),
        ([NAME, "--input", "seed:99999999999"], "--input seed:99999999999 is none"),
        ([NAME, "-o", ""], "--output is given without a value"),
        (["{tiny}", "--shape", "1,3,99999,99999"], "values: at most"),
        ([NAME, "--db", "one-byte.db"], "is no results database"),
        ([NAME, "--shape", "1,x"], "--shape 1,x is no list of numbers"),
        ([NAME, "--shape", "1,3,9,9"], "--shape is for files"),
        ([NAME, "--device", "host", "--precision", "fp16"], "fp16 needs arm64-v8a"),
        ([NAME, "--device", "host", "--target", "arm"], "--target arm: this machine runs x86"),
        ([NAME, "--device", "3f2a", "--target", "x86"], "--target x86: an Android device does not run x86"),
        ([NAME, "--engine", "paddle", "--device", "3f2a"], "the engine paddle does not measure on 3f2a"),
        ([NAME, "--engine", "onnxruntime", "--runner", "{tiny}"], "does not measure with --runner"),
        ([NAME, "--engine", "onnxruntime", "--precision", "int8"], "--precision int8 is not for onnxruntime"),
        ([NAME, "--engine", "9.9"], "there is no paddlelite engine of version '9.9'"),
        ([NAME, "--runner", "nowhere"], "the benchmark program nowhere does not exist"),
        ([NAME, "--runner", "/dev/null"], "the benchmark program /dev/null is no file"),
        ([NAME, "--runner-kind", "benchmark_bin"], "name it: --runner PATH"),
        ([NAME, "nowhere.nb"], "nowhere.nb cannot be read"),
        (["images/0/junk.nb", "--device", "host"], "is no Paddle-Lite model"),
        (["{tiny}", "--device", "host"], "was made for arm, and host runs x86"),
        ([NAME, "NoSuchNet"], "no model 'NoSuchNet'"),
        ([NAME, "{tiny}", "--engine", "onnxruntime"], "onnxruntime does not run"),
        ([NAME, "nowhere/", "--engine", "paddle"], "paddle does not run nowhere/"),
        (["{tiny}", "--precision", "int8"], "only files are named"),
        ([NAME, "MobileNetV1", "--weights", "."], "can be the weights of one model"),
        ([NAME, "--weights", "nowhere"], "--weights nowhere: that path does not exist"),
        ([NAME, "-o", "nowhere/report.md"], "there is no folder nowhere"),
        ([NAME, "--device", "host", "--db", "{tiny}"], "tiny.nb"),
    ],
    "convert": [
        ([NAME, "--input-range", "1"], "--input-range 1 is no range"),
        ([NAME, "--input-range", "2,1"], "--input-range 2,1 is no range"),
        ([NAME, "--inputs", "{tiny}"], "is no .npz file"),
        ([NAME, "--inputs", "nowhere.npz"], "--inputs nowhere.npz is no .npz file"),
        ([NAME, "--inputs", "nowhere.npz", "--input-range", "0,1"], "nothing left for --input-range"),
        ([NAME, "--no-verify", "--strict"], "--strict is for the verification"),
        ([NAME, "--no-verify", "--input-range", "0,1"], "--input-range is for the verification"),
        ([NAME, "--seed", "1"], "--seed is for random weights"),
        ([NAME, "--format", "onnx", "--target", "x86"], "--target is for .nb files"),
        ([NAME, "--format", "onnx", "--config", "sd855-fp32"], "--config is for .nb files"),
        ([NAME, "--format", "onnx", "--engine", "2.12"], "--engine is for .nb files"),
        ([NAME, "--format", "onnx", "--precision", "int8"], "an ONNX file is float32"),
        ([NAME, "--format", "gguf"], "there is no gguf"),
        ([NAME, "--opset", "17"], "--opset belongs to ONNX files"),
        ([NAME, "--mean", "127.5,127.5,127.5"], "--scale 1 leaves the values 0 to 255"),
        ([NAME, "--std", "1,2,0", "--precision", "int8-static"], "--std 1,2,0 is none"),
        ([NAME, "--scale", "inf"], "--scale inf is no number"),
        ([NAME, "--precision", "int8-static"], "int8-static needs images"),
        ([NAME, "--precision", "int8-static", "--calibrate", "empty"], "empty holds no images"),
        ([NAME, "--input-shape", "1,3,0,0"], "--input-shape 1,3,0,0 is no list of numbers"),
        (["--model-dir", ".", "--light"], "--model-dir is for one model of your own"),
        (["--model-dir", ".", "--weights", "random"], "--model-dir has the weights"),
        ([NAME, "--input-shape", "99999999999,3,224,224"], "is no list of numbers"),
        ([NAME, "--config", "a" * 300], "File name too long"),
        ([NAME, "--weights", "a" * 300], "File name too long"),
        ([NAME, "--config", "nowhere.toml"], "there is no recipe nowhere.toml"),
        ([NAME, "-o", "{tiny}"], "is no folder"),
        ([NAME, "-o", "{tiny}/models"], "tiny.nb is no folder"),
        ([NAME, "--input-shape", "1,3"], "takes images of N,3,H,W"),
        ([NAME, "--input-shape", "1,4,224,224"], "takes images of N,3,H,W"),
        ([NAME, "--input-shape", "1,3,99999,99999"], "values: at most"),
        ([NAME, "--input-shape", "x=1,3,320,320"], "has one input"),
        ([NAME, "--input-shape", "=1,3,320,320"], "has no name before the ="),
        ([*OWN, "--input-shape", "x=1,3,64,64"], "a shape without a name stands for one input"),
        ([*OWN[:2], "--input-shape", "x=1,3,64,64", "--input-shape", "x=1,3,96,96"], "x is given twice"),
        ([*OWN[:2], "--input-shape", "image=1,3,64,64"], "there is no input image: the network has x"),
        (["--model-dir", "empty", "--name", "mine"], "empty holds no inference model"),
        (["--model-dir", "nowhere", "--name", "mine"], "nowhere does not exist"),
        ([NAME, "--weights", "empty"], "empty holds no inference model"),
        ([NAME, "--precision", "int8-static", "--calibrate", "images", "--resize-short", "3"], "3 is too small"),
        ([NAME, "--precision", "int8-static", "--calibrate", "broken"], "broken/a.png is no image"),
        ([NAME, "--precision", "int8-static", "--calibrate", "damaged"], "damaged/a.jpg cannot be read as an image"),
        ([NAME, "--weights", "junk.pdparams"], "junk.pdparams is no .pdparams checkpoint"),
        ([NAME, "--weights", "empty.pdparams"], "empty.pdparams is empty"),
        ([NAME, "--weights", "half.pdparams"], "half.pdparams is no whole .pdparams checkpoint"),
        ([*OWN, "--inputs", "names.npz"], "names.npz has no array for the input x"),
        ([*OWN, "--inputs", "shapes.npz"], "x has shape [3, 1, 3, 9, 9], and the input [1, 3, 64, 64]"),
        ([*OWN, "--inputs", "types.npz"], "x is complex64, and the input float32"),
        ([*OWN, "--inputs", "one.npz"], "has 1 sample"),
        ([*OWN, "--inputs", "damaged.npz"], "damaged.npz is damaged at y.npy"),
        ([*OWN, "--format", "onnx", "--inputs", "names.npz"], "names.npz has no array for the input x"),
        ([NAME, "--engine", "9.9"], "there is no paddlelite engine of version '9.9'"),
        ([NAME, "NoSuchNet"], "no model 'NoSuchNet'"),
    ],
    "eval": [
        ([NAME, "--data", "{images}", "--timeout", "nan"], "--timeout nan is no number"),
        ([NAME, "--data", "nowhere"], "nowhere"),
        ([NAME, "--data", ".", "--list", "{tiny}", "--labels", "{tiny}"], "--labels is for folders"),
        ([NAME, "--data", "{images}", "-s", "all"], "eval judges on one device at a time"),
        ([NAME, "--data", "{images}", "--resize-short", "9"], "a short side of 9 is too small"),
        ([NAME, "--data", "{images}", "--engine", "paddle", "-s", "3f2a"], "does not measure on 3f2a"),
        ([NAME, "--data", "{images}", "--engine", "paddle", "--precision", "int8"], "--precision int8 is for"),
        ([NAME, "--data", "{images}", "--precision", "fp16"], "fp16 needs arm64-v8a"),
        ([NAME, "--data", "{images}", "--runner", "nowhere"], "the benchmark program nowhere does not exist"),
        ([NAME, "nowhere.onnx", "--data", "{images}"], "nowhere.onnx cannot be read"),
        (["{tiny}", "--data", "{images}", "--precision", "int8"], "only files are named"),
        ([NAME, "--data", "{images}", "-s", "android", "--adb-server", ""], "--adb-server is given without a value"),
        ([NAME, "--data", "{images}", "--weights", "junk.pdparams"], "junk.pdparams is no .pdparams checkpoint"),
        ([NAME, "--data", "{images}", "--predictions", "nowhere/p.csv"], "there is no folder nowhere"),
        ([NAME, "NoSuchNet", "--data", "{images}"], "no model 'NoSuchNet'"),
    ],
    "package": [
        ([NAME, "nowhere.nb"], "nowhere.nb"),
        ([NAME, "NoSuchNet"], "no model 'NoSuchNet'"),
        ([""], "is empty"),
        ([NAME, NAME], f"two models are called '{NAME}'"),
        ([NAME, "--labels", "nowhere.txt"], "the labels in nowhere.txt cannot be read"),
        ([NAME, "--labels", "other=imagenet1k"], "there are labels for 'other'"),
        ([NAME, "MobileNetV1", "--weights", "."], "can be the weights of one model"),
        ([NAME, "--weights", "junk.pdparams"], "junk.pdparams is no .pdparams checkpoint"),
        ([NAME, "-o", "nowhere/x.aar"], "nowhere/x.aar could not be written"),
        ([NAME, "--format", "assets", "--app", ".", "--id", "a.b"], "--id is for an AAR or APK"),
        ([NAME, "--id", "com.class.x"], "is no Android package id"),
        ([NAME, "--abi", "x86"], "say something of a release"),
    ],
}


@pytest.fixture(autouse=True)
def _nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A new cache, data and working directory, all of which stay as they are; and no process is started."""
    place = tmp_path / "here"
    (place / "images" / "0").mkdir(parents=True)
    (place / "empty").mkdir()
    Image.new("RGB", (8, 8)).save(place / "images" / "0" / "a.png")
    (place / "images" / "0" / "junk.nb").write_bytes(b"no model")
    (place / "broken").mkdir()
    (place / "broken" / "a.png").write_bytes(b"no image")
    (place / "one-byte.db").write_bytes(b"x")
    _damaged(place)
    before = sorted(place.rglob("*"))
    monkeypatch.chdir(place)
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("EDGEZOO_DATA_DIR", str(tmp_path / "data"))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    yield
    assert sorted(place.rglob("*")) == before
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "data").exists()


def _damaged(place: Path) -> None:
    """Files that fit nothing, or are not whole; and a network that they might be for."""
    (place / "net").mkdir()
    open_model(place / "net")
    for name, data in {"junk": b"weights", "empty": b"", "half": pickle.dumps([1, 2])[:-3]}.items():
        (place / f"{name}.pdparams").write_bytes(data)
    samples = np.zeros((3, 1, 3, 64, 64), np.float32)
    np.savez(place / "names.npz", y=samples)
    np.savez(place / "shapes.npz", x=samples[..., :9, :9])
    np.savez(place / "types.npz", x=samples.astype(np.complex64))
    np.savez(place / "one.npz", x=samples[:1])
    damaged = bytearray((place / "names.npz").read_bytes())
    damaged[60:200] = bytes(140)
    (place / "damaged.npz").write_bytes(damaged)
    (place / "damaged").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    Image.fromarray(noise).save(place / "damaged/a.jpg")
    (place / "damaged/a.jpg").write_bytes((place / "damaged/a.jpg").read_bytes()[:20_000])


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [(command, *row) for command, rows in REFUSED.items() for row in rows],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_it_is_refused_before_any_work(command: str, arguments: list[str], message: str, capsys: Capture) -> None:
    typed = [one.replace("{tiny}", str(TINY)).replace("{images}", "images") for one in arguments]
    start = time.process_time()  # of this process, for others may keep the machine busy
    assert run([command, *typed]) == 2
    assert time.process_time() - start < 1
    sentence, *more = capsys.readouterr().err.splitlines()
    assert sentence.startswith("Error: ")
    assert message in sentence + "".join(more)
    assert all(line.startswith("Hint: ") for line in more)


@pytest.mark.parametrize("name", ["bench", "convert", "eval", "package"])
def test_a_command_gives_its_options_object_every_field(name: str) -> None:
    """What click parses is what the class holds, and the rest is what the command's function takes."""
    command = import_module(COMMANDS[name]).command
    module, kind = command.callback.gathers
    parsed = {parameter.name for parameter in command.params if parameter.expose_value}
    held = {field.name for field in fields(getattr(import_module(module), kind))}
    taken = set(inspect.signature(inspect.unwrap(command.callback)).parameters) - {"asked"}
    if "view" in taken:  # what `tabular` makes of its options
        taken = taken - {"view"} | {"columns", "wide"}
    assert held | taken == parsed
    assert not held & taken
