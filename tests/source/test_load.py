"""Are the files of an inference model still those that it was read from?"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cache.hashing import sha256_of
from edge.cache.store import Cache
from edge.source.load import is_sound
from edge.source.model import InferenceModel


def model_in(folder: Path) -> InferenceModel:
    program, params = folder / "inference.pdmodel", folder / "inference.pdiparams"
    return InferenceModel(folder, program, params, sha256_of(program), sha256_of(params), kind="random")


@pytest.fixture
def own(tmp_path: Path) -> InferenceModel:
    (tmp_path / "inference.pdmodel").write_bytes(b"program")
    (tmp_path / "inference.pdiparams").write_bytes(b"parameters")
    return replace(model_in(tmp_path), kind="own")


@pytest.fixture
def exported(private_cache: Path) -> InferenceModel:
    store = Cache(private_cache / "exports")
    with store.making("k") as part:
        (part / "inference.pdmodel").write_bytes(b"program")
        (part / "inference.pdiparams").write_bytes(b"parameters")
        return model_in(store.put("k", part, {}).folder)


@pytest.mark.parametrize("kind", ["own", "exported"])
@pytest.mark.parametrize("name", ["inference.pdmodel", "inference.pdiparams"])
def test_another_content_of_the_same_size_and_time_is_found(
    request: pytest.FixtureRequest, kind: str, name: str
) -> None:
    model: InferenceModel = request.getfixturevalue(kind)
    assert is_sound(model)
    path = model.directory / name
    times = path.stat()
    path.write_bytes(path.read_bytes().replace(b"r", b"R"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not is_sound(model)


@pytest.mark.parametrize("kind", ["own", "exported"])
def test_a_missing_file_is_found(request: pytest.FixtureRequest, kind: str) -> None:
    model: InferenceModel = request.getfixturevalue(kind)
    model.params.unlink()
    assert not is_sound(model)
