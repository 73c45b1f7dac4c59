"""Batches through the twin of a quantised network: how many images are needed, and that the x86 fault then does not show."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.convert.verify.batches import opened, safe_batch
from edge.convert.verify.compare import compare
from edge.convert.verify.engines import Paddle, Twin, TwinDiedError, apart
from edge.convert.verify.inputs import Sample
from edge.paddle.draft import Draft, NewOp
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.toolbox import Toolbox
from tests.convert.verify.test_x86_int8 import RANGE, RECIPE, RIGHT, WRONG, network
from tests.paddle.programs import program, write_params

X = (1, 4, 6, 6)


@pytest.mark.parametrize(
    ("channels", "batch"), [(7, 1), (8, 4), (9, 4), (12, 8), (31, 32), (32, 1), (39, 1), (40, 4), (48, 2)]
)
def test_the_smallest_batch_is_taken(channels: int, batch: int) -> None:
    made, _ = network(steps=63, shape=(1, channels, 1, 1))
    assert safe_batch(made) == batch


@given(st.integers(1, 300), st.integers(1, 9))
def test_with_it_no_tensor_ends_badly(channels: int, size: int) -> None:
    made, _ = network(steps=63, shape=(1, channels, size, 1))
    assert channels * size * safe_batch(made) % 32 < 8


def test_a_plain_program_needs_none_and_one_of_open_sizes_the_whole() -> None:
    plain = program([NewOp("relu", {"X": ["x"]}, {"Out": ["y"]})], {"x": X}, ["y"], {"y": X})
    assert safe_batch(plain) == 1
    draft = Draft.of(network(steps=63)[0])
    draft.set_shape("x", (1, 32, -1, -1))
    assert safe_batch(draft.build()) == 32


def reshapes(*shapes: tuple[list[int], tuple[int, ...]]) -> Program:
    """What reshapes x by these numbers to these shapes, one after the other."""
    names = ["x", *(f"r{number}" for number in range(len(shapes)))]
    ops = [
        NewOp("reshape2", {"X": [before]}, {"Out": [after]}, {"shape": numbers})
        for before, after, (numbers, _) in zip(names, names[1:], shapes, strict=False)
    ]
    made = {name: shape for name, (_, shape) in zip(names[1:], shapes, strict=True)}
    return program(ops, {"x": X}, [names[-1]], made)


def test_a_batch_of_one_is_opened_where_it_is_written_as_a_number() -> None:
    made = opened(
        reshapes(([1, 2, 2, 36], (1, 2, 2, 36)), ([2, -1], (2, 72)), ([1, -1], (1, 144)), ([0, 144], (1, 144)))
    )
    assert [spec.shape for spec in made.feeds] == [(-1, *X[1:])]
    assert [op.attr("shape") for op in made.ops("reshape2")] == [(0, 2, 2, 36), (2, -1), (1, -1), (0, 144)]


@pytest.mark.parametrize("rows", [1, 3])
def test_an_output_is_taken_apart_by_the_rows_of_one_image(rows: int) -> None:
    one_by_one = np.arange(4 * rows * 5).reshape(4, rows, 5)
    assert np.array_equal(apart(one_by_one.reshape(2, 2 * rows, 5), 2), one_by_one)


@pytest.mark.parametrize("shape", [(2, 3, 5), (2,)])
def test_an_output_that_does_not_grow_with_the_batch_judges_nothing(shape: tuple[int, ...]) -> None:
    with pytest.raises(TwinDiedError, match="an output of 2 images at once is not 2 times that of one"):
        apart(np.zeros(shape), 2)


@pytest.fixture(scope="module")
def tools() -> Iterator[Toolbox]:
    with Toolbox() as box:
        yield box


def samples(made: Program) -> list[Sample]:
    draw = np.random.default_rng(1)
    shape = made.feeds[0].shape
    return [{"x": draw.uniform(-RANGE, RANGE, shape).astype(np.float32)} for _ in range(5)]


def by_twin(tools: Toolbox, folder: Path, made: Program, batch: int) -> NDArray[Any]:
    scratch = folder / f"batches of {batch}"
    scratch.mkdir()
    lend = partial(tools.lend, "paddlelite", RECIPE.engine)
    return Twin(lend, opened(made), folder / "params", RECIPE, scratch, batch=batch).run(samples(made))[0]


def by_paddle(tools: Toolbox, folder: Path, made: Program) -> NDArray[Any]:
    (folder / "program").write_bytes(made.serialize())
    source = InferenceModel(folder, folder / "program", folder / "params", "", "", "own")
    return Paddle(partial(tools.lend, "paddle"), source, made, folder).run(folder / "params", samples(made))[0]


@pytest.mark.slow
@pytest.mark.parametrize("channels", [8, 31])
def test_in_batches_the_end_of_a_tensor_is_rounded_rightly(tools: Toolbox, tmp_path: Path, channels: int) -> None:
    made, weights = network(steps=63, shape=(1, channels, 1, 1))
    write_params(tmp_path / "params", weights)
    expected = by_paddle(tools, tmp_path, made)
    # Five samples do not fill the last batch.
    assert compare(expected, by_twin(tools, tmp_path, made, safe_batch(made))).relative_error < RIGHT
    assert compare(expected, by_twin(tools, tmp_path, made, 1)).relative_error > WRONG
