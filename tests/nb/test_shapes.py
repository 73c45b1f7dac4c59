"""The shapes of a program's tensors, rule by rule, and of a whole file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import NbFormatError
from edge.nb.header import read_header
from edge.nb.program import NbOp, read_inputs
from edge.nb.shapes import Shape, UnknownOpError, read_shaped, shaped

TINY = Path(__file__).parents[1] / "package" / "data" / "tiny.nb"
IMAGE = (1, 8, 15, 14)
SLIDING: dict[str, Any] = {"strides": [2, 2], "paddings": [1, 1], "padding_algorithm": "EXPLICIT"}


def op(kind: str, inputs: Mapping[str, tuple[str, ...]], outputs: int = 1, **attrs: Any) -> NbOp:
    slot = "Output" if "conv" in kind else "Out"
    return NbOp(kind, "arm", "fp32", inputs, {slot: tuple(f"y{n}" for n in range(outputs))}, attrs)


def made(one: NbOp, **known: Shape) -> tuple[Shape, ...]:
    (only,) = shaped([one], known)
    return only.outputs


X = {"X": ("x",)}


@pytest.mark.parametrize(
    ("one", "outputs"),
    [
        (op("relu6", X), (IMAGE,)),
        (op("pool2d", X, global_pooling=True), ((1, 8, 1, 1),)),
        (op("pool2d", X, adaptive=True, ksize=[3, 2]), ((1, 8, 3, 2),)),
        (op("pool2d", X, ksize=[2, 2], strides=[2, 2], paddings=[0, 0], ceil_mode=False), ((1, 8, 7, 7),)),
        (op("pool2d", X, ksize=[2, 2], strides=[2, 2], paddings=[0, 0], ceil_mode=True), ((1, 8, 8, 7),)),
        (op("concat", {"X": ("x", "x", "x")}, axis=1), ((1, 24, 15, 14),)),
        (op("split", X, 2, axis=1, num=2), ((1, 4, 15, 14),) * 2),
        (op("split", X, 2, axis=-3, sections=[3, -1]), ((1, 3, 15, 14), (1, 5, 15, 14))),
        (op("squeeze2", {"X": ("ones",)}, axes=[2, -1]), ((1, 8),)),
        (op("unsqueeze2", {"X": ("flat",)}, axes=[2, 3]), ((1, 8, 1, 1),)),
        (op("reshape2", X, shape=[0, 2, -1, 14]), ((1, 2, 60, 14),)),
        (op("flatten_contiguous_range", X, start_axis=1, stop_axis=-1), ((1, 8 * 15 * 14),)),
        (op("flatten", X, axis=2), ((8, 15 * 14),)),
        (op("slice", {"Input": ("x",)}, axes=[1, 2], starts=[0, -4], ends=[1, 99], decrease_axis=[1]), ((1, 4, 14),)),
        (op("reduce_mean", X, dim=[2, -1], keep_dim=True), ((1, 8, 1, 1),)),
        (op("reduce_mean", X, dim=[2, 3], keep_dim=False), ((1, 8),)),
        (op("elementwise_mul", {"X": ("x",), "Y": ("ones",)}, axis=-1), (IMAGE,)),
        (op("fc", {"Input": ("flat",), "W": ("matrix",)}, in_num_col_dims=1), ((1, 10),)),
    ],
    ids=lambda value: value.type if isinstance(value, NbOp) else "",
)  # fmt: skip
def test_every_rule(one: NbOp, outputs: tuple[Shape, ...]) -> None:
    assert made(one, x=IMAGE, ones=(1, 8, 1, 1), flat=(1, 8), matrix=(8, 10)) == outputs


@given(
    st.integers(1, 40), st.integers(1, 5), st.integers(1, 3), st.integers(0, 3), st.integers(0, 3), st.integers(1, 2)
)
def test_a_kernel_slides_as_often_as_it_fits(
    size: int, kernel: int, stride: int, before: int, after: int, dilation: int
) -> None:
    extent = dilation * (kernel - 1) + 1
    places = len(range(0, size + before + after - extent + 1, stride))
    one = op("conv2d", {"Input": ("x",), "Filter": ("w",)}, strides=[stride] * 2, paddings=[before, after] * 2,
             dilations=[dilation] * 2)  # fmt: skip
    known: dict[str, Shape] = {"x": (1, 3, size, size), "w": (6, 3, kernel, kernel)}
    if places:
        assert made(one, **known) == ((1, 6, places, places),)
    else:
        with pytest.raises(NbFormatError):
            made(one, **known)


def test_paddings_that_are_named() -> None:
    known: dict[str, Shape] = {"x": (1, 3, 15, 15), "w": (6, 3, 3, 3)}
    for algorithm, size in (("SAME", 8), ("VALID", 7)):
        attrs = {**SLIDING, "padding_algorithm": algorithm, "dilations": [1, 1]}
        assert made(op("conv2d", {"Input": ("x",), "Filter": ("w",)}, **attrs), **known) == ((1, 6, size, size),)


def test_a_variable_that_is_used_again_has_the_shape_of_what_was_written_last() -> None:
    first = NbOp("pool2d", "arm", "fp32", {"X": ("a",)}, {"Out": ("b",)}, {"global_pooling": True})
    second = NbOp("relu", "arm", "fp32", {"X": ("b",)}, {"Out": ("a",)}, {})
    third = NbOp("relu", "arm", "fp32", {"X": ("a",)}, {"Out": ("c",)}, {})
    assert [one.outputs for one in shaped([first, second, third], {"a": IMAGE})] == [((1, 8, 1, 1),)] * 3


def test_an_unknown_operator_is_named() -> None:
    with pytest.raises(UnknownOpError, match="gelu"):
        made(op("gelu", X), x=IMAGE)


@pytest.mark.parametrize(
    "one",
    [
        op("reshape2", X, shape=[7, 7]),
        op("concat", X, axis=9),
        op("split", {"X": ()}, axis=0),
        op("conv2d", {"Input": ("x",)}, **SLIDING),
        op("relu", {}),
    ],
    ids=lambda one: one.type,
)
def test_what_does_not_fit_is_a_damaged_program(one: NbOp) -> None:
    with pytest.raises(NbFormatError):
        made(one, x=IMAGE)


def test_a_whole_file() -> None:
    header = read_header(TINY)
    ops = read_shaped(TINY, header)
    assert ops[0].inputs["Input"] == ((1, 3, 16, 16),)
    assert len(ops[-1].outputs) == 1
    with pytest.raises(NbFormatError, match="does not fit"):
        read_shaped(TINY, header, (1, 3, 64, 64))


def test_an_input_that_the_file_leaves_open_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "open.nb"
    fixed, left_open = (pack("<4q", *shape) for shape in ((1, 3, 16, 16), (-1, 3, -1, -1)))
    content = TINY.read_bytes()
    assert content.count(fixed) == 1
    path.write_bytes(content.replace(fixed, left_open))
    header = read_header(path)
    assert read_inputs(path, header) == {"x": (-1, 3, -1, -1)}
    with pytest.raises(NbFormatError, match="its input x has the open shape -1x3x-1x-1") as caught:
        read_shaped(path, header)
    assert "--input-shape" in caught.value.hint
    assert read_shaped(path, header, (1, 3, 32, 32))[0].inputs["Input"] == ((1, 3, 32, 32),)
    with pytest.raises(NbFormatError, match="does not fit"):
        read_shaped(path, header, (1, 4, 64, 64))
