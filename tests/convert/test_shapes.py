from __future__ import annotations

import pytest

from edge.convert.shapes import asked_shapes, input_shapes
from edge.errors import ProgramError, UsageError
from edge.paddle.program import TensorSpec

IMAGE = TensorSpec("x", (-1, 3, 224, 224), "float32")


def test_an_open_batch_is_one_image() -> None:
    assert input_shapes([IMAGE], None) == [(1, 3, 224, 224)]


@pytest.mark.parametrize("shape", [(-1, 3, -1, -1), (-1, 3, 224, -1), (-1, 3, -1, 224), (1, -1, 224, 224)])
def test_nothing_else_that_is_open_is_guessed(shape: tuple[int, ...]) -> None:
    with pytest.raises(ProgramError, match=r"the input x has the open shape") as caught:
        input_shapes([TensorSpec("x", shape, "float32")], None)
    assert "--input-shape" in caught.value.hint


def test_the_recipe_says_what_is_open() -> None:
    assert input_shapes([TensorSpec("x", (-1, 3, -1, -1), "float32")], (2, 3, 96, 64)) == [(2, 3, 96, 64)]


@pytest.mark.parametrize("shape", [(1, 3, 224, 225), (1, 4, 224, 224)])
def test_a_shape_that_does_not_fit_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ProgramError, match="does not fit"):
        input_shapes([IMAGE], shape)


def test_a_shape_of_another_rank_is_refused() -> None:
    with pytest.raises(ProgramError, match="does not fit"):
        input_shapes([TensorSpec("x", (-1, 512), "float32")], (1, 3, 224, 224))


DETECTOR = [
    TensorSpec("im_shape", (-1, 2), "float32"),
    TensorSpec("image", (-1, 3, -1, -1), "float32"),
    TensorSpec("scale_factor", (-1, 2), "float32"),
]
TEXT = [TensorSpec("input_ids", (-1, -1), "int64"), TensorSpec("token_type_ids", (-1, -1), "int64")]


def test_a_bare_shape_is_that_of_the_one_open_input() -> None:
    assert input_shapes(DETECTOR, (1, 3, 320, 320)) == [(1, 2), (1, 3, 320, 320), (1, 2)]


def test_where_none_is_open_a_bare_shape_is_that_of_the_input_that_it_fits() -> None:
    fixed = [DETECTOR[0], IMAGE, DETECTOR[2]]
    assert input_shapes(fixed, (1, 3, 224, 224)) == [(1, 2), (1, 3, 224, 224), (1, 2)]
    with pytest.raises(ProgramError, match=r"--input-shape 1,2 could be that of im_shape or scale_factor"):
        input_shapes(fixed, (1, 2))


def test_shapes_by_name() -> None:
    asked = {"image": (1, 3, 320, 416), "scale_factor": (1, 2)}
    assert input_shapes(DETECTOR, asked) == [(1, 2), (1, 3, 320, 416), (1, 2)]


def test_an_open_batch_is_that_of_the_others() -> None:
    assert input_shapes(DETECTOR, (4, 3, 64, 64)) == [(4, 2), (4, 3, 64, 64), (4, 2)]


def test_several_open_inputs_are_named_by_a_hint_that_works() -> None:
    for asked in (None, (1, 12)):
        with pytest.raises(ProgramError) as caught:
            input_shapes(TEXT, asked)
        hint = caught.value.hint
        assert "--input-shape input_ids=1,128 --input-shape token_type_ids=1,128" in hint
    assert input_shapes(TEXT, {"input_ids": (1, 128), "token_type_ids": (1, 128)}) == [(1, 128), (1, 128)]


def test_a_name_that_no_input_has_is_refused() -> None:
    with pytest.raises(ProgramError, match="there is no input img: the network has im_shape, image, scale_factor"):
        input_shapes(DETECTOR, {"img": (1, 3, 64, 64)})


def test_what_is_asked_is_one_bare_shape_or_named_ones() -> None:
    assert asked_shapes([]) is None
    assert asked_shapes([("", (1, 3, 8, 8))]) == (1, 3, 8, 8)
    assert asked_shapes([("a", (1, 2)), ("b", (1, 3))]) == {"a": (1, 2), "b": (1, 3)}
    for given in ([("", (1, 2)), ("a", (1, 2))], [("a", (1, 2)), ("a", (1, 3))], [("", (1, 2)), ("", (1, 2))]):
        with pytest.raises(UsageError, match="--input-shape"):
            asked_shapes(given)
