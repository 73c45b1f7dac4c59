"""A network is trained, exported, converted in every precision, and judged on held-out images beside Paddle.

Paddle's side shares no code with the other: the network as it was trained, not its exported program, on images prepared
by `train_digits.py` itself.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge.nb.header import read_header
from edge.nb.program import read_ops
from edge.toolchain.engines import WORKERS, engine
from edge.toolchain.environment import ensure

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

HELD_OUT = 450
PREPARED = ("--resize-short", "32", "--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225")
CONFIG = """
PreProcess:
  transform_ops:
  - ResizeImage: {size: 32}
  - NormalizeImage: {scale: 1.0/255.0, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], order: ''}
  - ToCHWImage:
PostProcess:
  Topk: {topk: 5, label_list: [zero, one, two, three, four, five, six, seven, eight, nine]}
"""
INT8_LOSS = 9  # images, 2 % of them
CONVOLUTIONS = 21  # of ResNet18 as PaddleClas builds it


@dataclass(frozen=True)
class Trained:
    """The held-out images, the folder of the converted networks, and the class that Paddle finds in each image."""

    data: Path
    nets: Path
    paddle: dict[str, int]


def edgezoo(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, module_cache: Path) -> Trained:
    del module_cache
    root = tmp_path_factory.mktemp("digits")
    write_images(root)
    python = ensure(engine("paddle")).python
    script = Path(__file__).with_name("train_digits.py")
    subprocess.run([python, "-E", "-s", script, WORKERS, root, root], check=True, capture_output=True)
    wanted = [("untrained", "untrained", "x86", "fp32")]
    wanted += [("trained", precision, "x86", precision) for precision in ("fp32", "int16", "int8")]
    wanted += [("trained", "fp16", "arm", "fp16")]
    for folder, name, target, precision in wanted:
        done = edgezoo("convert", "--model-dir", root / folder, "--name", name, "--target", target,
                       "--precision", precision, *PREPARED, "-o", root / "nets", "-q")  # fmt: skip
        assert done.returncode == 0, done.stderr
    for target in ("x86", "arm"):
        done = edgezoo("convert", "--model-dir", root / "trained", "--name", f"static-{target}", "--target", target,
                       "--precision", "int8-static", "--calibrate", root / "train", *PREPARED,
                       "-o", root / "nets")  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "of 64 calibration images" in done.stderr  # what it costs against the float network
    done = edgezoo("convert", "--model-dir", root / "trained", "--name", "onnx", "--format", "onnx", *PREPARED,
                   "-o", root / "nets", "-q")  # fmt: skip
    assert done.returncode == 0, done.stderr
    message = json.loads((root / "predictions.json").read_text())
    return Trained(root / "held-out", root / "nets", {name: classes[0] for name, classes in message.items()})


def write_images(root: Path) -> None:
    """scikit-learn's digits, 8 x 8 pixels of 0 to 16, as 32 x 32 PNG files: every fourth one is held out."""
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]

    digits = load_digits()
    for number, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        folder = root / ("train" if number % 4 else "held-out") / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        grey = np.minimum(pixels * 16, 255).astype(np.uint8)
        Image.fromarray(np.kron(grey, np.ones((4, 4), np.uint8))).save(folder / f"{number:04}.png")


def judged(trained: Trained, network: Path, *more: str) -> tuple[dict[str, Any], dict[str, int]]:
    """What `eval` says of a network, and the class it found in each image."""
    table = trained.nets / "predictions.csv"
    done = edgezoo("eval", network, "--data", trained.data, "--json", "-q",
                   "--predictions", table, *more)  # fmt: skip
    assert done.returncode == 0, done.stderr
    with table.open(newline="") as file:
        found = {row["image"]: int(row["predicted"].split()[0]) for row in csv.DictReader(file)}
    return json.loads(done.stdout)[0], found


def right(found: dict[str, int]) -> int:
    """How many images are of the class that their folder says."""
    return sum(int(name.split("/")[0]) == label for name, label in found.items())


def different(a: dict[str, int], b: dict[str, int]) -> list[str]:
    assert a.keys() == b.keys()
    return [name for name in a if a[name] != b[name]]


def test_paddle_has_learnt_the_digits(trained: Trained) -> None:
    assert len(trained.paddle) == HELD_OUT
    assert right(trained.paddle) > 0.9 * HELD_OUT


def test_fp32_finds_what_paddle_finds_in_every_image(trained: Trained) -> None:
    report, found = judged(trained, trained.nets / "fp32.nb")
    assert different(found, trained.paddle) == []
    assert (report["classes"], report["images"], report["precision"]) == (10, HELD_OUT, "fp32")
    assert report["top1"]["hits"] == right(trained.paddle)
    assert report["top1"]["low"] < report["top1"]["value"] < report["top1"]["high"] < report["top5"]["value"] <= 1
    assert report["published"] is None


@pytest.mark.parametrize("precision", ["fp32", "int16", "int8"])
def test_the_benchmark_program_finds_what_the_python_engine_finds(
    trained: Trained, edgebench: Path, precision: str
) -> None:
    network = trained.nets / f"{precision}.nb"
    here, found = judged(trained, network)
    there, again = judged(trained, network, "--runner", str(edgebench))
    assert different(again, found) == []
    assert (there["top1"], there["top5"]) == (here["top1"], here["top5"])
    assert (there["program"]["name"], there["synthetic"]) == ("edgebench", False)
    assert here["program"] is None


def test_onnx_finds_what_paddle_finds_in_every_image(trained: Trained) -> None:
    report, found = judged(trained, trained.nets / "onnx.onnx")
    assert report["engine"].startswith("onnx-")
    assert different(found, trained.paddle) == []


def test_the_exported_program_in_paddle_finds_the_same(trained: Trained) -> None:
    report, found = judged(trained, trained.nets.parent / "trained", "--engine", "paddle", *PREPARED)
    assert report["engine"] == "paddle-2.6.2"
    assert different(found, trained.paddle) == []


def test_int16_is_one_image_off_at_most(trained: Trained) -> None:
    report, found = judged(trained, trained.nets / "int16.nb")
    assert len(different(found, trained.paddle)) <= 1
    assert report["bytes"] < 0.52 * (trained.nets / "fp32.nb").stat().st_size


def test_int8_loses_little(trained: Trained) -> None:
    report, found = judged(trained, trained.nets / "int8.nb")
    assert abs(right(found) - right(trained.paddle)) <= INT8_LOSS
    assert len(different(found, trained.paddle)) <= 2 * INT8_LOSS
    assert report["bytes"] < 0.27 * (trained.nets / "fp32.nb").stat().st_size


def test_static_int8_loses_little(trained: Trained) -> None:
    report, found = judged(trained, trained.nets / "static-x86.nb")
    assert report["precision"] == "int8-static"
    assert abs(right(found) - right(trained.paddle)) <= INT8_LOSS
    assert len(different(found, trained.paddle)) <= 2 * INT8_LOSS
    assert report["bytes"] < 0.27 * (trained.nets / "fp32.nb").stat().st_size


def test_static_int8_computes_every_convolution_in_int8(trained: Trained) -> None:
    for target in ("x86", "arm"):
        nb = trained.nets / f"static-{target}.nb"
        kernels = Counter((op.type, op.target, op.precision) for op in read_ops(nb, read_header(nb)))
        assert kernels["conv2d", target, "int8"] == CONVOLUTIONS
        metadata = json.loads(nb.with_suffix(".json").read_text())
        calibration = metadata["calibration"]
        assert (calibration["quantised"], calibration["images"]) == (CONVOLUTIONS, 64)
        assert calibration["same_top"] > 0.9
        assert metadata["verification"]["status"] == "passed"


def test_fp16_is_verified_and_not_run_by_a_machine_that_cannot(trained: Trained) -> None:
    """The x86 engine has no float16 kernels: the recipe's own network is judged by its float32 twin, and says so."""
    metadata = json.loads((trained.nets / "fp16.json").read_text())
    assert (metadata["target"], metadata["precision"]) == ("arm", "fp16")
    assert metadata["verification"]["status"] == "passed"
    assert metadata["verification"]["argmax_agreement"] == 1.0
    assert metadata["verification"]["unproven"] == ["arm fp16"]
    twin, moves = metadata["verification"]["reason"].split("; ")
    assert twin == "the twin is fp32: the x86 engine has no fp16 kernels"
    moved = re.fullmatch(r"rounding to float16 moves Paddle's own output by (\S+) of what tells inputs apart", moves)
    assert moved
    assert 1e-4 < float(moved[1]) < 0.1
    assert (
        metadata["nb"]["effect"]
        == f"{CONVOLUTIONS + 1} of {CONVOLUTIONS + 1} convolutions and products on float16 kernels"
    )
    done = edgezoo("eval", trained.nets / "fp16.nb", "--data", trained.data)
    assert done.returncode == 2
    assert "was made for arm" in done.stderr


def test_a_wrong_network_is_seen(trained: Trained) -> None:
    """The same architecture without its training guesses."""
    report, found = judged(trained, trained.nets / "untrained.nb")
    assert report["top1"]["high"] < 0.3
    assert len(different(found, trained.paddle)) > HELD_OUT / 2


def test_a_wrong_preprocessing_is_seen(trained: Trained) -> None:
    """Images prepared in another way are not what the network learnt."""
    _, found = judged(trained, trained.nets / "fp32.nb", "--mean", "1,1,1", "--std", "0.5,0.5,0.5")
    assert right(found) < right(trained.paddle)
    assert different(found, trained.paddle)


def test_unreadable_images_end_in_exit_code_1(trained: Trained, tmp_path: Path) -> None:
    for name in list(trained.paddle)[:20]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((trained.data / name).read_bytes())
    (tmp_path / "0" / "broken.png").write_bytes(b"no image")
    done = edgezoo("eval", trained.nets / "fp32.nb", "--data", tmp_path, "--json")
    assert done.returncode == 1
    assert done.stderr.count("broken.png") == 1
    report = json.loads(done.stdout)[0]
    assert report["images"] == 20
    assert [one["image"] for one in report["unreadable"]] == ["0/broken.png"]


def test_the_same_preprocessing_over_0_to_255_finds_the_same(trained: Trained) -> None:
    values = ("--scale", "1", "--mean", "123.675,116.28,103.53", "--std", "58.395,57.12,57.375")
    _, found = judged(trained, trained.nets / "fp32.nb", *values)
    assert different(found, trained.paddle) == []
    done = edgezoo("eval", trained.nets / "fp32.nb", "--data", trained.data, *values[2:])
    assert done.returncode == 2
    assert "--scale 1 leaves the values 0 to 255" in done.stderr


def test_a_file_beside_the_model_prepares_as_paddle_does(trained: Trained, tmp_path: Path) -> None:
    """PaddleClas' inference.yml is read at conversion; what is mended by hand stays at the next one; an option rules both."""
    shutil.copytree(trained.nets.parent / "trained", tmp_path / "net")
    (tmp_path / "net" / "inference.yml").write_text(CONFIG)
    convert = ("convert", "--model-dir", tmp_path / "net", "--target", "x86", "--no-verify", "-o", tmp_path)
    done = edgezoo(*convert)
    assert done.returncode == 0, done.stderr
    assert "preprocessing from inference.yml: resized to 32 x 32 (bilinear), RGB" in done.stderr
    report, found = judged(trained, tmp_path / "net.nb")
    assert different(found, trained.paddle) == []
    assert report["preprocessing"]["resize"] == [32, 32]
    metadata = json.loads((tmp_path / "net.json").read_text())
    assert metadata["class_labels"][3] == "three"
    metadata["preprocessing"]["channel_order"] = "BGR"
    (tmp_path / "net.json").write_text(json.dumps(metadata))
    done = edgezoo(*convert, "--precision", "int16", "--force")
    assert "inference.yml says otherwise; remove" in done.stderr
    assert json.loads((tmp_path / "net.json").read_text())["preprocessing"]["channel_order"] == "BGR"
    done = edgezoo(*convert, "--mean", "0.5", "--force")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "net.json").read_text())["preprocessing"]["mean"] == [0.5, 0.5, 0.5]


def test_what_nobody_said_is_not_assumed(trained: Trained, tmp_path: Path) -> None:
    done = edgezoo("convert", "--model-dir", trained.nets.parent / "trained", "--name", "net", "--target", "x86", "--no-verify",
                   "-o", tmp_path)  # fmt: skip
    assert "no preprocessing is known: say how images are prepared" in done.stderr
    assert json.loads((tmp_path / "net.json").read_text())["preprocessing"] is None
    done = edgezoo("eval", tmp_path / "net.nb", "--data", trained.data)
    assert done.returncode == 2
    assert "nothing is known of the preprocessing of net" in done.stderr
    assert "--resize 32,32 or --resize-short 32 --mean" in done.stderr


def test_eval_says_how_images_were_prepared_and_wonders_about_labels(trained: Trained, tmp_path: Path) -> None:
    done = edgezoo("eval", trained.nets / "fp32.nb", "--data", trained.data, "--limit", "60")
    assert "fp32: short side to 32 (bilinear), crop 32 x 32, RGB, x 0.00392157, mean 0.485 0.456 0.406" in done.stdout
    lines = [f"{name} {int(name.split('/')[0]) + 1}" for name in list(trained.paddle)[::5] if not name.startswith("9")]
    (tmp_path / "from-1.txt").write_text("\n".join(lines))
    done = edgezoo("eval", trained.nets / "fp32.nb", "--data", trained.data, "--list", tmp_path / "from-1.txt")
    assert "do the labels count from 1, and its classes from 0?" in done.stdout
