"""`edgezoo convert` with inputs of the user's choice: their effect, read from what was made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.cache.hashing import sha256_of
from edge.cli.main import run
from edge.package.model import load_model
from edge.paddle.program import Program
from tests.convert.verify.test_telling import WEIGHTS, boxes, clipped, cube, empty_handed
from tests.paddle.programs import write_params

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("module_cache")]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def own(tmp_path: Path) -> Any:
    def own(network: Program, *options: str) -> tuple[int, dict[str, Any]]:
        """Convert it; the exit code, and the verification in the metadata."""
        place = tmp_path / "own"
        place.mkdir(exist_ok=True)
        (place / "inference.pdmodel").write_bytes(network.serialize())
        write_params(place / "inference.pdiparams", WEIGHTS)
        try:
            code = run(["convert", "--model-dir", str(place), "--name", "mine", "-o", str(tmp_path / "out"), *options])
        except SystemExit as end:
            code = int(str(end.code))
        (file,) = (tmp_path / "out").glob("*.json")
        return code, json.loads(file.read_text())["verification"]

    return own


def test_ranges_are_tried_used_and_named(own: Any, capsys: Capture) -> None:
    code, verification = own(clipped())
    assert (code, verification["status"], verification["input_ranges"]) == (0, "passed", ["0 to 255"])
    assert "inputs 0 to 255" in capsys.readouterr().err


def test_the_range_that_is_asked_for(own: Any, tmp_path: Path, capsys: Capture) -> None:
    code, verification = own(clipped(), "--input-range", "0,300")
    assert (code, verification["status"], verification["input_ranges"]) == (0, "passed", ["0 to 300"])
    code, verification = own(clipped(), "--input-range", "0,1")  # another question, another answer
    assert (code, verification["status"], verification["input_ranges"]) == (0, "inconclusive", ["0 to 1"])
    assert "inconclusive: the outputs hardly depend on the input" in capsys.readouterr().err
    assert (tmp_path / "out" / "mine.nb").is_file()
    assert "its verification was inconclusive" in str(load_model(tmp_path / "out" / "mine.nb").unproven)
    assert own(clipped(), "--input-range", "0,1", "--strict")[0] == 1
    assert own(clipped(), "--input-range", "0,300", "--strict")[0] == 0


def test_the_users_samples(own: Any, tmp_path: Path, capsys: Capture) -> None:
    samples = tmp_path / "mine.npz"
    np.savez(samples, x=np.random.default_rng(1).uniform(0, 255, (3, 3, 8, 8)))
    code, verification = own(cube(), "--inputs", str(samples))
    assert (code, verification["status"], verification["inputs"]) == (0, "passed", 3)
    assert verification["samples_sha256"] == sha256_of(samples)
    assert verification.get("input_ranges") is None
    assert "3 inputs of yours" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--batch", "fixed"]])
def test_an_onnx_file_has_the_same_judge(own: Any, options: list[str]) -> None:
    code, verification = own(clipped(), "--format", "onnx", *options)
    assert (code, verification["status"], verification["input_ranges"]) == (0, "passed", ["0 to 255"])
    code, verification = own(clipped(), "--format", "onnx", "--input-range", "0,1", *options)
    assert (code, verification["status"]) == (0, "inconclusive")
    code, verification = own(empty_handed(), "--format", "onnx", *options)
    assert (code, verification["status"], verification["argmax_agreement"]) == (0, "passed", None)


@pytest.mark.parametrize("form", ["nb", "onnx"])
def test_boxes_that_survive_end_nothing(own: Any, form: str) -> None:
    code, verification = own(boxes(), "--format", form)
    assert (code, verification["status"]) == (0, "passed")
    assert verification["reason"] == "judged before multiclass_nms3: y, n behind it were not compared"
