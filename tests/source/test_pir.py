"""A model of the user's own that Paddle 3 wrote: read, translated into the cache, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.cache.hashing import sha256_of
from edge.errors import ModelFilesError
from edge.paddle.pair import find_pair
from edge.paddle.pir import PirProgram, translate
from edge.paddle.program import Program
from edge.source.own import read
from tests.paddle.programs import write_params

CAPTURED = Path(__file__).parents[1] / "paddle/pir/captured/paddle-3.2.json"


@pytest.fixture
def folder(tmp_path: Path, private_cache: Path) -> Path:
    """The small captured network, with parameters of the right shapes."""
    del private_cache
    place = tmp_path / "my net"
    place.mkdir()
    (place / "inference.json").write_bytes(CAPTURED.read_bytes())
    persistables = translate(PirProgram.read(CAPTURED)).program.persistables
    write_params(place / "inference.pdiparams", {p.name: np.zeros(p.shape, p.dtype) for p in persistables})
    return place


def test_it_is_read_and_translated(folder: Path) -> None:
    model = read(folder)
    assert (model.kind, model.paddle_version, model.reference_engine) == ("own", "3.2", "paddle3")
    assert (model.pir, model.params) == (folder / "inference.json", folder / "inference.pdiparams")
    assert model.pir_sha256 == sha256_of(CAPTURED)
    assert model.params_count == 4 * 27 + 4 + 4 * 4 + 4 * 5 + 5
    assert [spec.name for spec in Program.read(model.program).feeds] == ["x"]
    # whoever has the translated program alone finds the parameters beside it
    params = find_pair(model.program.parent)[1]
    assert params is not None
    assert params.resolve() == model.params.resolve()


def test_it_is_translated_once(folder: Path) -> None:
    first = read(folder).program
    made = first.stat().st_mtime_ns
    again = read(folder).program
    assert (again, again.stat().st_mtime_ns) == (first, made)


def test_the_same_model_elsewhere_has_its_own_parameters(folder: Path, tmp_path: Path) -> None:
    first = read(folder)
    elsewhere = tmp_path / "moved"
    folder.rename(elsewhere)
    second = read(elsewhere)
    assert second.program_sha256 == first.program_sha256
    params = find_pair(second.program.parent)[1]
    assert params is not None
    assert params.resolve() == elsewhere / "inference.pdiparams"


@pytest.mark.parametrize(
    ("file", "cut", "says"),
    [
        ("inference.json", 0, "inference.json is empty"),
        ("inference.json", 5000, "inference.json is no whole JSON"),
        ("inference.pdiparams", 0, "inference.pdiparams is empty"),
        ("inference.pdiparams", 300, "is cut off: it ends at tensor"),
    ],
)
def test_broken_files_are_said(folder: Path, file: str, cut: int, says: str) -> None:
    (folder / file).write_bytes((folder / file).read_bytes()[:cut])
    with pytest.raises(ModelFilesError, match=says):
        read(folder)


def test_some_other_json_is_no_program(folder: Path) -> None:
    (folder / "inference.json").write_text('{"name": "package", "version": "1.0"}')
    with pytest.raises(ModelFilesError, match="no program of Paddle 3"):
        read(folder)


def test_parameters_of_another_model_are_refused(folder: Path) -> None:
    write_params(folder / "inference.pdiparams", {"a": np.zeros([3], "float32")})
    with pytest.raises(ModelFilesError, match="does not belong to the program beside it"):
        read(folder)
