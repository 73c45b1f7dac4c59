"""Models of Paddle 3 through the whole pipeline: verified .nb and ONNX files, judged by Paddle 3's own output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import edge.paddle.pir.operators as operators
from edge.cache.hashing import sha256_of
from edge.convert.calibrated import Calibration, images_below
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.order import Conversion
from edge.convert.pipeline import convert_models
from edge.convert.products.calibrated import CalibratedOrder
from edge.convert.products.nb import NbOrder
from edge.convert.products.onnx import OnnxOrder
from edge.convert.recipe import choose
from edge.errors import ModelFilesError, VerificationError
from edge.images.overrides import Overrides
from edge.metadata.file import as_document
from edge.source.weights import Weights

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

NETWORKS = (
    "net_transformer", "net_resnet", "net_mobilenet_v2", "net_mobilenet_v3", "net_shufflenet_v2", "net_squeezenet",
    "net_densenet",
)  # fmt: skip


def order(folder: Path, precision: str | None = None) -> NbOrder:
    return NbOrder(folder.name, None, Weights("own", path=folder), choose(precision=precision))


def made(outcome: Conversion[Any]) -> dict[str, object]:
    assert outcome.error is None, f"{outcome.order.name}: {outcome.error.message}"
    assert outcome.made is not None
    return as_document(outcome.made.metadata)


@pytest.mark.usefixtures("module_cache")
def test_networks_become_verified_files(written: Path, tmp_path: Path) -> None:
    for outcome in convert_models([order(written / name) for name in NETWORKS], tmp_path):
        metadata = made(outcome)
        verification, source = metadata["verification"], metadata["source"]
        assert isinstance(verification, dict)
        assert isinstance(source, dict)
        assert verification["status"] == "passed", (outcome.order.name, verification)
        assert verification["cosine"] > 0.9999
        assert source["paddle_version"] == "3.3"
        assert source["pir_sha256"] == sha256_of(written / outcome.order.name / "inference.json")


@pytest.mark.usefixtures("module_cache")
@pytest.mark.parametrize("precision", ["int8", "int16", "fp16"])
def test_in_every_precision(written: Path, tmp_path: Path, precision: str) -> None:
    metadata = made(convert_models([order(written / "net_mobilenet_v3", precision)], tmp_path)[0])
    verification = metadata["verification"]
    assert isinstance(verification, dict)
    assert verification["status"] == "passed", verification


@pytest.mark.usefixtures("module_cache")
def test_quantised_with_its_activations(written: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    for number in range(8):
        coarse = Image.fromarray(noise.integers(0, 256, (8, 8, 3), np.uint8))
        coarse.resize((64, 64)).save(tmp_path / "images" / f"{number}.png")
    calibration = Calibration(images_below(tmp_path / "images", 8))
    output = Overrides(resize_short=64, mean=(0.5,), std=(0.25,))
    folder, recipe = written / "net_resnet", choose(precision="int8-static")
    wanted = CalibratedOrder(folder.name, None, Weights("own", path=folder), recipe, calibration, output)
    metadata = made(convert_models([wanted], tmp_path / "out")[0])
    verification, source = metadata["verification"], metadata["source"]
    assert isinstance(verification, dict)
    assert isinstance(source, dict)
    assert verification["status"] == "passed", verification
    assert source["pir_sha256"] == sha256_of(written / "net_resnet" / "inference.json")


@pytest.mark.usefixtures("module_cache")
@pytest.mark.parametrize("name", ["net_mobilenet_v3", "net_transformer"])
@pytest.mark.parametrize("batch", ["fixed", "dynamic"])
def test_onnx_files_are_verified_beside_paddle_3(written: Path, tmp_path: Path, name: str, batch: str) -> None:
    recipe = OnnxRecipe(batch=batch)  # type: ignore[arg-type]
    wanted = OnnxOrder(name, None, Weights("own", path=written / name), recipe)
    metadata = made(convert_models([wanted], tmp_path)[0])
    verification = metadata["verification"]
    assert isinstance(verification, dict)
    assert verification["status"] == "passed"


@pytest.mark.usefixtures("private_cache")
@pytest.mark.parametrize("wrong", ["relu6", "dropped attribute"])
def test_a_wrong_translation_is_found(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    if wrong == "relu6":
        monkeypatch.setitem(operators.OPERATORS, "relu6", operators.Legacy("relu"))
    else:
        monkeypatch.setitem(
            operators.OPERATORS, "batch_norm",
            operators.Legacy("batch_norm", operators.OPERATORS["batch_norm"].inputs,
                             operators.OPERATORS["batch_norm"].outputs, renamed={"data_format": "data_layout"},
                             fixed={"epsilon": 0.05}),
        )  # fmt: skip
    outcome = convert_models([order(written / "net_mobilenet_v2")], tmp_path)[0]
    assert isinstance(outcome.error, VerificationError)
    assert not list(tmp_path.glob("*.nb"))


@pytest.mark.usefixtures("private_cache")
def test_parameters_of_another_network_are_refused(written: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "inference.json").symlink_to(written / "net_resnet" / "inference.json")
    (folder / "inference.pdiparams").symlink_to(written / "net_squeezenet" / "inference.pdiparams")
    outcome = convert_models([order(folder)], tmp_path / "out")[0]
    assert isinstance(outcome.error, ModelFilesError)
    assert "does not belong to the program beside it" in outcome.error.message
