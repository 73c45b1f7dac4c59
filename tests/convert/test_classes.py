"""Classes are the scores of one vector an image, and nothing else of two dimensions."""

from __future__ import annotations

import pytest

from edge.convert.metadata import classes


@pytest.mark.parametrize(
    ("batch", "shape", "dtype", "found"),
    [
        (1, [1, 5], "float32", 5),
        (4, [4, 5], "float32", 5),
        (1, [1, 5], "float16", 5),
        (-1, [-1, 5], "float32", 5),
        (1, [-1, 4], "int64", None),  # the places of what is not zero
        (1, [1, 3], "int32", None),  # the greatest three
        (1, [1, 3], "uint8", None),
        (1, [-1, 6], "float32", None),  # boxes
        (1, [1, -1], "float32", None),
        (1, [1, 8, 32, 32], "float32", None),
        (1, [1], "float32", None),
    ],
)
def test_classes(batch: int, shape: list[int], dtype: str, found: int | None) -> None:
    inputs = [{"name": "x", "shape": [batch, 3, 32, 32], "dtype": "float32"}]
    assert classes(inputs, [{"name": "y", "shape": shape, "dtype": dtype}]) == found


def test_several_outputs_are_no_classes() -> None:
    one = {"name": "y", "shape": [1, 5], "dtype": "float32"}
    assert classes([], [one, one]) is None
    assert classes([], []) is None
