"""Grey images, channels last, and whole numbers through everything that is done with a network, as the page says."""

from __future__ import annotations

from collections.abc import Callable
from json import loads
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge.cli.main import run
from edge.toolchain.engines import engine
from edge.toolchain.environment import ensure
from tests.android_runner.conftest import build
from tests.convert.structures.rows import ENGINES, USES, VERIFIED, Use

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
Asked = Callable[..., Any]
QUICK = ["--threads", "1", "--launches", "2", "--repeats", "3", "--warmup", "1"]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place, pixels = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    for label in range(4):
        (place / str(label)).mkdir()
        Image.fromarray(pixels.integers(0, 256, (40, 48, 3), np.uint8)).save(place / str(label) / "one.png")
    return place


@pytest.fixture(scope="module")
def edgebench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    wheel = ensure(engine("paddlelite")).site_packages / "paddlelite"
    return build(tmp_path_factory.mktemp("runner"), "--for", "host", "--lite-lib", wheel)


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What a command prints, as JSON if that is asked for."""
    monkeypatch.chdir(tmp_path)

    def asked(*arguments: object) -> Any:
        code = run([*map(str, arguments)])
        said = capsys.readouterr()
        assert code == 0, said.err
        return loads(said.out) if "--json" in arguments else said.out + said.err

    return asked


@pytest.mark.parametrize("use", USES, ids=lambda use: use.name)
def test_it_goes_through_everything(use: Use, written: Path, edgebench: Path, ask: Asked) -> None:
    place = written / "paddle" / use.name
    own = ["--model-dir", place, "--name", use.name, *use.how]
    for where in (["--target", "x86"], ["--format", "onnx"], ["-o", "arm"]):
        (row,) = ask("convert", *own, *where, "--json")
        assert row["verification"]["status"] == "passed"
        assert row["flops"] > 0
    runs: list[list[Any]] = [
        [f"models/{use.name}.nb"],
        [f"models/{use.name}.nb", "--runner", edgebench],
        [f"models/{use.name}.onnx", "--engine", "onnxruntime"],
        *([[place, "--engine", "paddle"]] if use.engines == ENGINES else []),
    ]
    for what in runs:
        (cell,) = ask("bench", *what, "--device", "host", *QUICK, "--check-output", "--db", "r.db", "--json")
        assert "is Paddle's" in str(cell["remarks"]), (what, cell["remarks"])
    for form in ("aar", "apk"):
        told = ask("package", f"arm/{use.name}.nb", "--format", form, "-o", f"{use.name}.{form}")
        assert use.helper.endswith("(bitmap)") or use.helper in told
        assert Path(f"{use.name}.{form}").stat().st_size > 10_000


@pytest.mark.parametrize("use", USES, ids=lambda use: use.name)
def test_images_of_it_are_judged_and_calibrated_or_it_says_why_not(
    use: Use, written: Path, images: Path, ask: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ["--model-dir", str(written / "paddle" / use.name), "--name", use.name, *use.how]
    ask("convert", *own, "--target", "x86")
    judge = ["eval", f"models/{use.name}.nb", "--data", images, "--db", "r.db", "--json"]
    static = ["convert", *own, "--precision", "int8-static", "--calibrate", str(images), "--json", "-o", "int8"]
    if use.images == VERIFIED:
        (judged,) = ask(*judge)
        assert judged["images"] == 4
        (row,) = ask(*static)
        assert row["verification"]["status"] == "passed"
        assert row["nb"]["effect"] == "5 of 5 convolutions on int8 kernels"
        return
    for refused in (judge, static):
        assert run([*map(str, refused)]) != 0
        assert use.images in capsys.readouterr().err
