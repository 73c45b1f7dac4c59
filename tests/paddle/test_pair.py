"""The usual file names are found; what is missing or ambiguous is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ModelFilesError
from edge.paddle.pair import find_pair
from tests.source.test_own import SHAPES, params, program, tensor


@pytest.mark.parametrize(
    ("program", "params"),
    [
        ("inference.pdmodel", "inference.pdiparams"),
        ("model.pdmodel", "model.pdiparams"),
        ("__model__", "__params__"),
        ("__model__", "params"),
        ("model", "params"),
        ("inference.json", "inference.pdiparams"),
        ("model.json", "model.pdiparams"),
        ("my net.json", "my net.pdiparams"),
        ("my net.pdmodel", "my net.pdiparams"),
        ("netz-ä.pdmodel", "netz-ä.pdiparams"),
    ],
)
def test_usual_pairs(tmp_path: Path, program: str, params: str) -> None:
    (tmp_path / program).touch()
    (tmp_path / params).touch()
    assert find_pair(tmp_path) == (tmp_path / program, tmp_path / params)


@pytest.mark.parametrize(
    ("files", "says", "hint"),
    [
        ([], "holds no inference model", "inference.pdmodel"),
        (["readme.txt"], "holds no inference model", "inference.pdmodel"),
        (["net.pdmodel"], "net.pdmodel without its parameters, net.pdiparams", ""),
        (["net.pdiparams"], "net.pdiparams without its program, net.pdmodel", ""),
        (["a.pdmodel", "a.pdiparams", "b.pdmodel", "b.pdiparams"], "several models", "name one of the files"),
        (["inference.json"], "inference.json without its parameters, inference.pdiparams", ""),
        (["inference.json", "other.pdiparams"], "other.pdiparams without its program, other.pdmodel or .json", ""),
        (["a.json", "a.pdiparams", "b.json", "b.pdiparams"], "several models", "name one of the files"),
        (["net.onnx"], "net.onnx is an ONNX model", "x2paddle -f onnx -m "),
        (["best_model.pdparams"], "holds weights alone, best_model.pdparams", "--weights"),
    ],
    ids=lambda value: "+".join(value) or "empty" if isinstance(value, list) else "",
)
def test_what_is_wrong_is_said(tmp_path: Path, files: list[str], says: str, hint: str) -> None:
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(ModelFilesError, match=says) as caught:
        find_pair(tmp_path)
    assert hint in caught.value.hint


def test_of_both_formats_the_older_one_is_taken(tmp_path: Path) -> None:
    for name in ("inference.json", "inference.pdmodel", "inference.pdiparams"):
        (tmp_path / name).touch()
    assert find_pair(tmp_path)[0].name == "inference.pdmodel"


def test_another_pair_is_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "det.model").write_bytes(program())
    (tmp_path / "det.weights").write_bytes(params())
    (tmp_path / "readme.txt").write_text("\nnot a program")
    (tmp_path / "labels.txt").write_text("cat\ndog")
    assert find_pair(tmp_path) == (tmp_path / "det.model", tmp_path / "det.weights")


def test_parameters_in_many_files_are_none(tmp_path: Path) -> None:
    (tmp_path / "__model__").write_bytes(program())
    for name, shape in SHAPES.items():
        (tmp_path / name).write_bytes(tensor(shape))
    assert find_pair(tmp_path) == (tmp_path / "__model__", None)


def test_two_programs_of_any_name_are_several(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).write_bytes(program())
    with pytest.raises(ModelFilesError, match=r"several models \(one, other\)"):
        find_pair(tmp_path)


def test_of_several_one_is_named_by_its_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.pdmodel").write_bytes(program())
        (tmp_path / f"{name}.pdiparams").write_bytes(params())
    assert find_pair(tmp_path / "b.pdmodel") == (tmp_path / "b.pdmodel", tmp_path / "b.pdiparams")


def test_nothing_and_a_file_that_is_none_are_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelFilesError, match="file is no program of Paddle"):
        find_pair(tmp_path / "file")
    with pytest.raises(ModelFilesError, match="does not exist"):
        find_pair(tmp_path / "none")
