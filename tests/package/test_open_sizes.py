"""Sizes that a network leaves open reach an app as what they are: the size converted for, or -1; never 1."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.cli.main import run
from edge.package.aar import write_aar
from edge.package.model import load_model
from edge.paddle.draft import NewOp
from tests.package.conftest import MakeModel
from tests.paddle.programs import program, write_params


def model_json(aar: Path) -> Any:
    with zipfile.ZipFile(aar) as archive:
        (entry,) = [name for name in archive.namelist() if name.endswith("/model.json")]
        return json.loads(archive.read(entry))


def test_an_app_is_told_what_the_metadata_says(make_model: MakeModel, tmp_path: Path) -> None:
    outputs = [
        {"name": "map", "shape": [1, 1, 320, 320], "dtype": "float32"},
        {"name": "places", "shape": [-1, 4], "dtype": "int64"},
    ]
    models = [load_model(make_model(outputs=outputs, class_num=None))]
    write_aar(tmp_path / "a.aar", models, "com.example.models", None)
    assert model_json(tmp_path / "a.aar")["outputs"] == outputs


@pytest.mark.slow
def test_a_network_of_open_sizes(tmp_path: Path) -> None:
    """Converted for one size: the map that comes out has it, too."""
    net = tmp_path / "net"
    net.mkdir()
    ops = [
        NewOp("conv2d", {"Input": ["x"], "Filter": ["w"]}, {"Output": ["c"]},
              {"strides": [2, 2], "paddings": [1, 1], "dilations": [1, 1], "groups": 1,
               "padding_algorithm": "EXPLICIT", "data_format": "NCHW"}),
        NewOp("relu", {"X": ["c"]}, {"Out": ["y"]}),
    ]  # fmt: skip
    sizes = {"c": [-1, 8, -1, -1], "y": [-1, 8, -1, -1]}
    written = program(ops, {"x": [-1, 3, -1, -1]}, ["y"], sizes, {"w": [8, 3, 3, 3]})
    (net / "inference.pdmodel").write_bytes(written.serialize())
    weights = np.random.default_rng(0).normal(0, 1, (8, 3, 3, 3)).astype(np.float32)
    write_params(net / "inference.pdiparams", {"w": weights})
    asked = ["--model-dir", str(net), "--name", "maps", "--input-shape", "1,3,96,64", "-o", str(tmp_path), "-q"]
    assert run(["convert", *asked]) == 0
    assert run(["package", str(tmp_path / "maps.nb"), "-o", str(tmp_path / "maps.aar"), "-q"]) == 0
    told = model_json(tmp_path / "maps.aar")
    assert [one["shape"] for one in told["inputs"]] == [[1, 3, 96, 64]]
    assert [one["shape"] for one in told["outputs"]] == [[1, 8, 48, 32]]
