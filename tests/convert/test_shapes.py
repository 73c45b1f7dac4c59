from __future__ import annotations

import pytest

from edge.convert.shapes import input_shapes
from edge.errors import ProgramError
from edge.paddle.program import TensorSpec

IMAGE = TensorSpec("x", (-1, 3, 224, 224), "float32")


def recipe(*shape: int) -> tuple[int, ...] | None:
    """The shape that a recipe gives."""
    return shape or None


def test_an_open_batch_is_one_image() -> None:
    assert input_shapes([IMAGE], recipe()) == [(1, 3, 224, 224)]


@pytest.mark.parametrize("shape", [(-1, 3, -1, -1), (-1, 3, 224, -1), (-1, 3, -1, 224), (1, -1, 224, 224)])
def test_nothing_else_that_is_open_is_guessed(shape: tuple[int, ...]) -> None:
    with pytest.raises(ProgramError, match=r"the input x has the open shape") as caught:
        input_shapes([TensorSpec("x", shape, "float32")], recipe())
    assert "--input-shape" in caught.value.hint


def test_the_recipe_says_what_is_open() -> None:
    assert input_shapes([TensorSpec("x", (-1, 3, -1, -1), "float32")], recipe(2, 3, 96, 64)) == [(2, 3, 96, 64)]


@pytest.mark.parametrize("shape", [(1, 3, 224, 225), (1, 4, 224, 224)])
def test_a_shape_that_does_not_fit_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ProgramError, match="does not fit"):
        input_shapes([IMAGE], recipe(*shape))


def test_a_shape_of_another_rank_is_refused() -> None:
    with pytest.raises(ProgramError, match="does not fit"):
        input_shapes([TensorSpec("x", (-1, 512), "float32")], recipe(1, 3, 224, 224))


def test_the_recipes_shape_is_that_of_the_first_input_only() -> None:
    feeds = [TensorSpec("x", (-1, 3, -1, -1), "float32"), TensorSpec("scale", (-1, 2), "float32")]
    assert input_shapes(feeds, recipe(1, 3, 64, 64)) == [(1, 3, 64, 64), (1, 2)]
