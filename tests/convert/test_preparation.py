"""Whose word a network's preprocessing is: the options', what stood there of the same network, a file's beside the model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.cli.main import run
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.ported.model import describe
from edge.convert.preparation import Preparation, prepared
from edge.images.overrides import Overrides
from edge.source.model import InferenceModel
from edge.toolchain.engines import formats
from edge.zoo.catalogue import lookup
from edge.zoo.model import Preprocessing

DATA = Path(__file__).parents[1] / "package" / "data"
SHAPES = [(1, 3, 64, 64)]
SAID = Overrides(resize_short=72, mean=(0.1,), std=(0.2,), crop=(64, 64))
EDITED = Preprocessing(80, (64, 64), mean=(0.3, 0.3, 0.3), std=(0.4, 0.4, 0.4))
CONFIG = """
PreProcess:
  transform_ops:
  - ResizeImage: {resize_short: 70}
  - CropImage: {size: 64}
  - NormalizeImage: {scale: 1.0/255.0, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], order: ''}
  - ToCHWImage:
"""


@pytest.fixture
def source(tmp_path: Path) -> InferenceModel:
    folder = tmp_path / "net"
    folder.mkdir()
    return InferenceModel(folder, folder / "program", folder / "params", "ab" * 32, "cd" * 32, "own", path=folder)


def there(folder: Path, how: Preprocessing, params: str = "cd" * 32) -> Path:
    """Metadata that stands where the new one will, its preprocessing edited by hand."""
    document: dict[str, Any] = {
        "format": "edgezoo-model/1", "name": "net", "sha256": "ef" * 32, "inputs": [{"name": "x", "shape": [1, 3, 64, 64]}],
        "source": {"kind": "own", "program_sha256": "ab" * 32, "params_sha256": params}, "preprocessing": how.as_values(),
    }  # fmt: skip
    (folder / "net.json").write_text(json.dumps(document))
    return folder / "net.nb"


def test_nothing_is_assumed_of_ones_own_network(source: InferenceModel) -> None:
    found = prepared("net", None, source, SHAPES, Overrides())
    assert found.preprocessing is None
    assert "no preprocessing is known" in found.remarks[-1]


@pytest.mark.parametrize("shapes", [[(4, 3, 32, 32)], [(1, 16, 32, 32)], [(1, 3, 32, 32), (1, 3, 8, 8)], [(1, 64)]])
def test_what_cannot_be_said_is_not_asked_for(source: InferenceModel, shapes: list[tuple[int, ...]]) -> None:
    assert not any("--mean" in remark for remark in prepared("net", None, source, shapes, Overrides()).remarks)


def test_what_was_edited_by_hand_survives_the_next_conversion(source: InferenceModel, tmp_path: Path) -> None:
    found = prepared("net", None, source, SHAPES, Overrides(), there(tmp_path, EDITED))
    assert found.preprocessing == EDITED
    assert found.remarks[-1].startswith("preprocessing from the metadata that was there (net.json)")


def test_of_another_networks_metadata_nothing_is_taken(source: InferenceModel, tmp_path: Path) -> None:
    assert prepared("net", None, source, SHAPES, Overrides(), there(tmp_path, EDITED, "00" * 32)).preprocessing is None


def test_the_file_of_the_training_tool_is_read_and_named(source: InferenceModel, tmp_path: Path) -> None:
    assert source.path is not None
    (source.path / "inference.yml").write_text(CONFIG)
    found = prepared("net", None, source, SHAPES, Overrides())
    assert found.preprocessing == Preprocessing(70, (64, 64), mean=(0.5,) * 3, std=(0.25,) * 3)
    assert found.remarks[-1].startswith("preprocessing from inference.yml")
    kept = prepared("net", None, source, SHAPES, Overrides(), there(tmp_path, EDITED))
    assert kept.preprocessing == EDITED
    assert any("inference.yml says otherwise" in remark for remark in kept.remarks)


def test_what_is_said_now_goes_before_everything(source: InferenceModel, tmp_path: Path) -> None:
    found = prepared("net", None, source, SHAPES, SAID, there(tmp_path, EDITED))
    assert found.preprocessing is not None
    assert (found.preprocessing.resize_short, found.preprocessing.mean) == (72, (0.1, 0.1, 0.1))
    assert found.remarks[-1].startswith("preprocessing as said")


def test_the_catalogues_is_its_own_networks(source: InferenceModel) -> None:
    model = lookup("PPLCNet_x0_25")
    assert prepared("net", model, source, [(1, 3, 224, 224)], Overrides()).preprocessing is None  # weights of one's own


@pytest.mark.parametrize(
    ("batch", "says"),
    [
        (1, "tiny has no preprocessing, so the helper cannot make its input from an image"),
        (4, "tiny takes something else than one image: the app makes its inputs itself"),
    ],
)
def test_a_package_says_that_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], batch: int, says: str
) -> None:
    (tmp_path / "tiny.nb").write_bytes((DATA / "tiny.nb").read_bytes())
    document = json.loads((DATA / "tiny.json").read_bytes())
    document["inputs"][0]["shape"][0] = batch
    (tmp_path / "tiny.json").write_text(json.dumps({**document, "preprocessing": None}))
    assert run(["package", str(tmp_path / "tiny.nb"), "-o", str(tmp_path / "tiny.aar")]) == 0
    assert says in capsys.readouterr().err


def test_a_folder_that_is_not_there_does_not_become_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["package", str(DATA / "tiny.nb"), "-o", f"{tmp_path}/libs/"])
    assert code == 2
    assert "libs/: there is no such folder; make it first, or leave out the slash" in capsys.readouterr().err
    assert not (tmp_path / "libs").exists()


def test_a_file_whose_channels_are_last_says_nothing_of_the_programs(source: InferenceModel, tmp_path: Path) -> None:
    """LiteRT's file and its preprocessing agree; the next conversion reads the program again, whose channels are first."""
    place = there(tmp_path, replace(EDITED, layout="NHWC"))
    path = tmp_path / "net.json"
    document = json.loads(path.read_text())
    document["inputs"] = [{"name": "x", "shape": [1, 64, 64, 3], "layout": "NHWC"}]
    path.write_text(json.dumps(document))
    assert prepared("net", None, source, SHAPES, Overrides(), place).preprocessing == EDITED


def test_what_an_app_reads_of_a_litert_file_agrees() -> None:
    ends = {"inputs": [{"name": "x", "shape": [1, 224, 224, 3], "dtype": "float32"}],
            "outputs": [{"name": "y", "shape": [1, 1000], "dtype": "float32"}]}  # fmt: skip
    facts = {**ends, "sha256": "ab" * 32, "bytes": 1, "parts": [], "verification": {"status": "passed"}}
    model = lookup("PPLCNet_x1_0")
    of = InferenceModel(Path(), Path(), Path(), "ab" * 32, "cd" * 32, "random", seed=0, class_num=1000,
                        flops=160_810_000, params_count=2_960_000)  # fmt: skip
    made = describe(
        "PPLCNet_x1_0", model, of, OnnxRecipe(), "ab" * 32, formats()["tflite"], facts, Preparation(model.preprocessing)
    )
    assert made.preprocessing is not None
    assert (made.inputs[0].layout, made.preprocessing.layout) == ("NHWC", "NHWC")
    assert made.published is not None
    assert made.licence == "Apache-2.0"
