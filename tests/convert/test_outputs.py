"""Open sizes of outputs: computed at the shapes in use, or left open; never a wrong number."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from edge.convert.outputs import output_shapes
from edge.convert.pipeline import convert_models
from edge.convert.products.nb import NbOrder
from edge.convert.recipe import choose
from edge.errors import WorkerError
from edge.source.load import load_source
from edge.source.model import InferenceModel
from edge.source.weights import Weights
from edge.toolchain.worker import Worker
from tests.android_runner.network import open_model


def nobody() -> AbstractContextManager[Worker]:
    raise WorkerError("Paddle is not to be had")


@pytest.fixture
def source(tmp_path: Path) -> InferenceModel:
    folder = tmp_path / "net"
    folder.mkdir()
    open_model(folder, maps=True)
    return load_source(None, Weights("own", path=folder), nobody)


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "made"), [((1, 3, 64, 96), (1, 10, 32, 48)), ((2, 3, 32, 32), (2, 10, 16, 16))])
def test_maps_have_the_size_that_paddle_makes_them(
    shape: tuple[int, ...], made: tuple[int, ...], source: InferenceModel, tmp_path: Path
) -> None:
    """The metadata is what AARs and apps read."""
    order: Any = NbOrder("net", None, Weights("own", path=source.program.parent), choose(input_shape=shape))
    (outcome,) = convert_models([order], tmp_path / "out")
    assert outcome.error is None
    assert outcome.made is not None
    (output,) = outcome.made.metadata.outputs
    assert output.shape == made


def test_what_paddle_cannot_tell_stays_open(source: InferenceModel, tmp_path: Path) -> None:
    assert output_shapes(source, [(1, 3, 64, 64)], tmp_path, nobody) == [(-1, 10, -1, -1)]


def test_what_depends_on_the_data_stays_open(
    source: InferenceModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if a run would tell a size: another image makes another."""

    def asked() -> AbstractContextManager[Worker]:
        raise AssertionError("it was run")

    monkeypatch.setattr("edge.convert.outputs.SIZED_BY_DATA", frozenset({"relu"}))
    assert output_shapes(source, [(1, 3, 64, 64)], tmp_path, asked) == [(-1, 10, -1, -1)]
