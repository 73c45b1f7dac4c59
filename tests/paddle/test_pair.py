"""The usual file names are found; what is missing or ambiguous is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ModelFilesError
from edge.paddle.pair import find_pair


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
        (["__model__", "conv_w", "conv_b"], "parameters in separate files", "into one"),
        (["a.pdmodel", "a.pdiparams", "b.pdmodel", "b.pdiparams"], "several models", "another directory"),
        (["inference.json"], "inference.json without its parameters, inference.pdiparams", ""),
        (["inference.json", "other.pdiparams"], "other.pdiparams without its program, other.pdmodel or .json", ""),
        (["a.json", "a.pdiparams", "b.json", "b.pdiparams"], "several models", "another directory"),
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


def test_a_file_and_nothing_at_all_are_no_directories(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelFilesError, match="is a file, not a directory"):
        find_pair(tmp_path / "file")
    with pytest.raises(ModelFilesError, match="does not exist"):
        find_pair(tmp_path / "none")
