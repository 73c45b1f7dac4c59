"""ONNX files: what may change in them, what paddle2onnx's last words mean, and the whole way with the real engines."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.cache.hashing import sha256_of
from edge.cli.main import run
from edge.convert.onnx import convert as onnx_convert
from edge.convert.onnx.convert import changed_ends, explain
from edge.convert.onnx.model import OnnxModel
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.onnx.verify import Reference
from edge.convert.order import Conversion
from edge.convert.pipeline import convert_models
from edge.convert.products.onnx import OnnxOrder, exportable
from edge.errors import ConvertError, RecipeError, WorkerCrashedError
from edge.metadata.file import as_document
from edge.paddle.program import Program
from edge.source.load import load_source
from edge.source.weights import Weights
from edge.toolchain.toolbox import Toolbox
from edge.zoo.catalogue import lookup
from tests.android_runner.network import open_model

SMALL = "MobileNetV1_x0_25"
# As paddle2onnx 1.3.1 prints it before it aborts: MobileNetV3_large_x1_0 in opset 13, a network with an unknown operator.
TOO_OLD = """[Paddle2ONNX] Start to parsing Paddle model...
[Paddle2ONNX] Due to the operator: hard_swish, requires opset_version >= 14.
[Paddle2ONNX] Please set the opset_version to 13 or set auto_upgrade_opset=true.
[ERROR] Due to opset version, the model exporting is aborted.
"""
UNKNOWN = """[Paddle2ONNX] Start to parsing Paddle model...
[Paddle2ONNX] Oops, there are some operators not supported yet, including lgamma_x,
[ERROR] Due to the unsupported operators, the conversion is aborted.
"""


def ends(shape: list[Any], name: str = "y", dtype: str = "float32") -> dict[str, Any]:
    one = {"name": name, "shape": shape, "dtype": dtype}
    return {"inputs": [{"name": "x", "shape": ["batch", 3, 8, 8], "dtype": "float32"}], "outputs": [one]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ends([1, 1000]), ends([1, 1000])),
        (ends(["batch", 1000]), ends(["batch", 1000])),
        (ends([None, 1000]), ends([1, 1000])),
    ],
    ids=["fixed", "open", "becomes known"],
)
def test_a_simplification_that_keeps_the_ends_is_taken(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert changed_ends(before, after) is None


@pytest.mark.parametrize(
    ("before", "after", "output"),
    [
        (ends([1, 1000]), ends([1, 1000], name="z"), "outputs from y to z"),
        (ends([1, 1000]), ends([1, 10]), r"\[1, 1000\] to float32 \[1, 10\]"),
        (ends([1, 1000]), ends([1000]), r"\[1, 1000\] to float32 \[1000\]"),
        (ends(["batch", 1000]), ends([1, 1000]), r"\['batch', 1000\] to float32 \[1, 1000\]"),
        (ends([1, 1000]), ends([1, 1000], dtype="float16"), "to float16"),
    ],
    ids=["name", "size", "rank", "open batch closed", "type"],
)
def test_a_simplification_that_changes_the_ends_is_refused(
    before: dict[str, Any], after: dict[str, Any], output: str
) -> None:
    reason = changed_ends(before, after)
    assert reason is not None
    assert re.search(output, reason)


def test_the_operator_that_needs_the_latest_opset_is_named() -> None:
    error = explain(WorkerCrashedError("died", returncode=-6, log=TOO_OLD), 13)
    assert error.message == "the operator hard_swish needs opset 14, not 13"
    assert error.hint == "--opset 14 or later"


def test_the_operators_that_cannot_be_translated_are_named() -> None:
    error = explain(WorkerCrashedError("died", returncode=-6, log=UNKNOWN), 17)
    assert error.message == "paddle2onnx cannot translate the operators lgamma_x"


def test_a_death_without_words_is_told_as_one() -> None:
    error = explain(WorkerCrashedError("paddle_worker died (SIGSEGV)", returncode=-11, log=""), 17)
    assert "paddle_worker died (SIGSEGV)" in error.message


@pytest.mark.parametrize("opset", [6, 20])
def test_an_opset_that_cannot_be_written(opset: int) -> None:
    with pytest.raises(RecipeError, match=f"opset {opset}"):
        OnnxRecipe(opset)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--format", "gguf"], "there is no gguf"),
        (["--opset", "17"], "--opset belongs to ONNX files"),
        (["--batch", "dynamic"], "--batch belongs to ONNX files"),
        (["--format", "onnx", "--precision", "int8"], "an ONNX file is float32"),
        (["--format", "onnx", "--opset", "99"], "cannot write opset 99"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_makes_no_sense_is_said_before_any_work(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["convert", SMALL, "-o", str(tmp_path), *arguments]) != 0
    assert sentence in capsys.readouterr().err


def order(name: str = SMALL, **recipe: Any) -> OnnxOrder:
    return OnnxOrder(name, lookup(name), Weights("random"), OnnxRecipe(**recipe))


@pytest.fixture(scope="module")
def converted(module_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Conversion[OnnxModel]]:
    del module_cache
    out = tmp_path_factory.mktemp("models")
    return out, convert_models([order()], out)[0]


@pytest.mark.slow
def test_a_name_becomes_a_verified_file(converted: tuple[Path, Conversion[OnnxModel]]) -> None:
    out, outcome = converted
    assert outcome.error is None
    assert sorted(path.name for path in out.iterdir()) == [f"{SMALL}.onnx", f"{SMALL}.onnx.json"]
    metadata = json.loads((out / f"{SMALL}.onnx.json").read_text())
    assert (metadata["sha256"], metadata["bytes"]) == (
        sha256_of(out / f"{SMALL}.onnx"),
        (out / f"{SMALL}.onnx").stat().st_size,
    )
    assert (metadata["onnx"]["opset"], metadata["inputs"][0]["shape"]) == (17, [1, 3, 224, 224])
    simplification = metadata["onnx"]["simplification"]
    assert simplification["done"]
    assert metadata["onnx"]["nodes"] < simplification["nodes_before"]
    verification = metadata["verification"]
    for figures in (verification, verification["before_simplification"]):
        assert figures["relative_error"] < 1e-3
        assert figures["spread"] > 0.1


@pytest.mark.slow
def test_a_second_run_does_nothing(converted: tuple[Path, Conversion[OnnxModel]]) -> None:
    out, _ = converted
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert convert_models([order()], out)[0].reused
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == before


@pytest.mark.slow
@pytest.mark.usefixtures("module_cache")
def test_an_open_batch_is_tried_with_one_image_and_with_two(tmp_path: Path) -> None:
    (outcome,) = convert_models([order(batch="dynamic")], tmp_path)
    assert outcome.made is not None, outcome.error
    assert as_document(outcome.made.metadata)["verification"]["batches"] == [1, 2]
    for ends_of in ("inputs", "outputs"):
        assert as_document(outcome.made.metadata)[ends_of][0]["shape"][0] == -1


@pytest.mark.slow
@pytest.mark.usefixtures("module_cache")
def test_a_model_with_an_open_batch_becomes_a_file_for_four_images(tmp_path: Path) -> None:
    opened = exportable(lookup(SMALL), Weights("random"), OnnxRecipe(batch="dynamic"))
    with Toolbox() as tools:
        source = load_source(opened, Weights("random"), lambda: tools.lend("paddle"))
    own = OnnxOrder("mine", None, Weights("own", path=source.directory), OnnxRecipe(), (4, 3, 224, 224))
    (outcome,) = convert_models([own], tmp_path)
    assert outcome.made is not None, outcome.error
    metadata = as_document(outcome.made.metadata)
    assert [one["shape"] for one in (*metadata["inputs"], *metadata["outputs"])] == [[4, 3, 224, 224], [4, 1000]]
    assert metadata["onnx"]["simplification"]["done"]
    assert metadata["verification"]["batches"] == [4]


@pytest.mark.slow
@pytest.mark.usefixtures("converted")
def test_a_batch_that_is_fixed_in_the_users_own_model_is_not_opened(tmp_path: Path) -> None:
    with Toolbox() as tools:
        source = load_source(lookup(SMALL), Weights("random"), lambda: tools.lend("paddle"))
    own = OnnxOrder("mine", None, Weights("own", path=source.directory), OnnxRecipe(batch="dynamic"))
    (outcome,) = convert_models([own], tmp_path)
    assert isinstance(outcome.error, ConvertError)
    assert "batch of input x is fixed" in outcome.error.message


@pytest.mark.slow
@pytest.mark.usefixtures("module_cache")
def test_an_opset_too_old_for_the_network(tmp_path: Path) -> None:
    (outcome,) = convert_models([order("PPLCNet_x0_25", opset=13)], tmp_path)
    assert outcome.error is not None
    assert outcome.error.message == "the operator hard_swish needs opset 14, not 13"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("converted")
def test_a_refused_simplification_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_convert, "changed_ends", lambda _before, _after: "onnxsim changed y")
    (outcome,) = convert_models([order(opset=16)], tmp_path)
    assert outcome.made is not None, outcome.error
    facts = as_document(outcome.made.metadata)["onnx"]
    assert facts["simplification"]["reason"] == "onnxsim changed y"
    assert facts["nodes"] == facts["simplification"]["nodes_before"]
    assert as_document(outcome.made.metadata)["verification"]["status"] == "passed"


@pytest.mark.slow
def test_a_network_of_other_weights_is_found_out(converted: tuple[Path, Conversion[OnnxModel]], tmp_path: Path) -> None:
    out, _ = converted
    with Toolbox() as tools:
        source = load_source(lookup(SMALL), Weights("random", seed=1), lambda: tools.lend("paddle"))
        shapes = [(1, 3, 224, 224)]
        program = Program.read(source.program)
        reference = Reference(source, program, shapes, tmp_path, lambda: tools.lend("paddle"), dynamic=False)
        with tools.lend("onnx") as worker:
            problem = reference.compare(worker, out / f"{SMALL}.onnx").problem
    assert problem is not None
    assert "outputs differ by" in problem


@pytest.mark.slow
@pytest.mark.usefixtures("module_cache")
@pytest.mark.parametrize("size", [320, 640])
def test_a_mean_over_a_large_map_is_rounding_and_one_per_cent_is_not(size: int, tmp_path: Path) -> None:
    """25,600 and 102,400 places: Paddle adds them one after the other, ONNX Runtime otherwise."""
    right, wrong, one = (tmp_path / name for name in ("right", "wrong", "one filter"))
    for folder in (right, wrong, one):
        folder.mkdir()
        open_model(folder)
    whole = (right / "inference.pdiparams").read_bytes()
    weights = np.frombuffer(whole[-10 * 27 * 4 :], np.float32)
    other = weights.copy()
    other[:27] *= 1.01
    (wrong / "inference.pdiparams").write_bytes(whole[: -weights.nbytes] + (weights * 1.01).astype("<f4").tobytes())
    (one / "inference.pdiparams").write_bytes(whole[: -weights.nbytes] + other.tobytes())
    shape = (1, 3, size, size)
    order = OnnxOrder("mine", None, Weights("own", path=right), OnnxRecipe(), shape)
    (outcome,) = convert_models([order], tmp_path)
    assert outcome.made is not None, outcome.error
    verification = as_document(outcome.made.metadata)["verification"]
    assert verification["status"] == "passed"
    assert "rounding alone moves Paddle's own float32 output" in verification["reason"]
    for folder in (wrong, one):
        scratch = tmp_path / f"scratch {folder.name}"
        scratch.mkdir()
        with Toolbox() as tools:
            source = load_source(None, Weights("own", path=folder), lambda: tools.lend("paddle"))
            program = Program.read(source.program)
            reference = Reference(source, program, [shape], scratch, lambda: tools.lend("paddle"), dynamic=False)
            with tools.lend("onnx") as worker:
                problem = reference.compare(worker, tmp_path / "mine.onnx").problem
        assert problem is not None
        assert "outputs differ by" in problem
