"""Quantisation as it comes, in the one form that int8 kernels are made of. tests/convert/structures has whole networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.errors import ProgramError
from edge.paddle.draft import AttrValue, NewOp
from edge.paddle.program import Program
from edge.paddle.quantised import input_range, plain, stored_otherwise, without_observers
from tests.paddle.programs import program

X, Y = (1, 2, 4, 4), (1, 3, 4, 4)
WHOLE = np.array([[127, -3], [64, 1], [5, -127]], np.float32).reshape(3, 2, 1, 1)
CONV: dict[str, AttrValue] = {"strides": [1, 1], "paddings": [0, 0], "dilations": [1, 1], "groups": 1}
TEST: dict[str, AttrValue] = {"is_test": True, "bit_length": 8}
SHAPES = {"q": X, "d": X, "w": (3, 2, 1, 1), "c": Y, "o": Y, "oq": Y, "od": Y, "y": Y}


def net(*ops: NewOp, weights: Mapping[str, NDArray[Any]]) -> Program:
    return program([*ops, NewOp("relu", {"X": ["o"]}, {"Out": ["y"]})], {"x": X}, ["y"], SHAPES,
                   {name: array.shape for name, array in weights.items()})  # fmt: skip


def linear(name: str, scale: str, out: str, *, back: bool, zero: str = "z") -> NewOp:
    kind = "dequantize_linear" if back else "quantize_linear"
    return NewOp(
        kind, {"X": [name], "Scale": [scale], "ZeroPoint": [zero]}, {"Y": [out]}, {"quant_axis": -1, "bit_length": 8}
    )


FROZEN_WEIGHTS: dict[str, NDArray[Any]] = {"f": WHOLE, "s": np.array([2.0], np.float32)}
FROZEN = net(
    NewOp("fake_quantize_range_abs_max", {"X": ["x"], "InScale": ["s"]}, {"Out": ["q"], "OutScale": ["s"]}, TEST),
    NewOp("conv2d", {"Input": ["q"], "Filter": ["f"]}, {"Output": ["c"]}, CONV),
    NewOp("fake_dequantize_max_abs", {"X": ["c"], "Scale": ["s"]}, {"Out": ["o"]}, {"max_range": 127 * 127 / 0.5}),
    weights=FROZEN_WEIGHTS,
)
LINEAR_WEIGHTS: dict[str, NDArray[Any]] = {
    "f": WHOLE.astype(np.int8), "s": np.array([2.0], np.float32), "fs": np.array([0.5], np.float32),
    "os": np.array([9.0], np.float32), "z": np.zeros(1, np.int32),
}  # fmt: skip
LINEAR = net(
    linear("x", "s", "q", back=False), linear("q", "s", "d", back=True), linear("f", "fs", "w", back=True),
    NewOp("conv2d", {"Input": ["d"], "Filter": ["w"]}, {"Output": ["c"]}, CONV),
    linear("c", "os", "oq", back=False), linear("oq", "os", "o", back=True),
    weights=LINEAR_WEIGHTS,
)  # fmt: skip
TRAINED_WEIGHTS: dict[str, NDArray[Any]] = {
    "f": WHOLE * 0.5 / 127,
    "s": np.array([2.0], np.float32),
    "fs": np.zeros(1, np.float32),
}
TRAINED = net(
    NewOp(
        "fake_quantize_dequantize_moving_average_abs_max",
        {"X": ["x"], "InScale": ["s"]},
        {"Out": ["d"], "OutScale": ["s"]},
        TEST,
    ),
    NewOp("fake_quantize_dequantize_abs_max", {"X": ["f"]}, {"Out": ["w"], "OutScale": ["fs"]}, {"bit_length": 8}),
    NewOp("conv2d", {"Input": ["d"], "Filter": ["w"]}, {"Output": ["o"]}, CONV),
    weights=TRAINED_WEIGHTS,
)
FORMS = [(FROZEN, FROZEN_WEIGHTS), (LINEAR, LINEAR_WEIGHTS), (TRAINED, TRAINED_WEIGHTS)]


@pytest.mark.parametrize(("network", "weights"), FORMS, ids=["frozen", "linear", "trained"])
def test_each_form_becomes_whole_numbers_with_a_scale_for_each_channel(
    network: Program, weights: Mapping[str, NDArray[Any]]
) -> None:
    made = plain(network, weights)
    assert (made.int8, made.layers) == (1, 1)
    types = [op.type for op in made.program.ops()]
    assert types == [
        "feed", "fake_quantize_range_abs_max", "conv2d", "fake_channel_wise_dequantize_max_abs", "relu", "fetch",
    ]  # fmt: skip
    (rounding,), (conv,), (back,) = (list(made.program.ops(kind)) for kind in types[1:4])
    assert (made.params[conv.input("Filter") or ""] == WHOLE).all()
    scales, activation = (made.params[name] for name in back.inputs["Scales"])
    assert np.allclose(scales, 0.5)
    assert scales.shape == (3,)
    assert activation == 2.0 == made.params[rounding.input("InScale") or ""]
    assert {spec.name for spec in made.program.persistables} == set(made.params)
    assert input_range(network, weights) == 2.0


def test_a_fully_connected_layer_gets_the_weights_that_its_whole_numbers_stand_for() -> None:
    weights: dict[str, NDArray[Any]] = {"f": WHOLE[:, :, 0, 0].T.copy(), "s": np.array([2.0], np.float32)}
    network = net(
        NewOp("fake_quantize_range_abs_max", {"X": ["x"], "InScale": ["s"]}, {"Out": ["q"], "OutScale": ["s"]}, TEST),
        NewOp("matmul_v2", {"X": ["q"], "Y": ["f"]}, {"Out": ["c"]}, {"trans_x": False, "trans_y": False}),
        NewOp("fake_dequantize_max_abs", {"X": ["c"], "Scale": ["s"]}, {"Out": ["o"]}, {"max_range": 127 * 127 / 0.5}),
        weights=weights,
    )
    made = plain(network, weights)
    assert (made.int8, made.layers) == (0, 1)
    clip, product = list(made.program.ops("clip", "matmul_v2"))
    assert (clip.attr("min"), clip.attr("max")) == (-2.0, 2.0)
    assert np.allclose(made.params[product.input("Y") or ""], weights["f"] * 0.5 / 127)
    assert product.output("Out") == "o"


def test_pairs_that_no_layer_reads_are_left_out() -> None:
    bare = without_observers(LINEAR)
    (relu,) = bare.ops("relu")
    assert relu.input("X") == "c"
    (conv,) = bare.ops("conv2d")
    assert conv.input("Input") == "d", "what a layer reads stays rounded"


def test_parameters_of_onnx_format_may_be_of_another_type() -> None:
    assert {"f", "fs", "z"} <= stored_otherwise(LINEAR)
    assert not stored_otherwise(FROZEN)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"z": np.ones(1, np.int32)}, "zero points other than 0"),
        ({}, "in 4 bits"),
    ],
)
def test_what_no_int8_kernel_computes_is_refused(change: dict[str, NDArray[Any]], message: str) -> None:
    network = LINEAR
    if not change:
        four: dict[str, AttrValue] = {**TEST, "bit_length": 4}
        network = net(
            NewOp(
                "fake_quantize_range_abs_max", {"X": ["x"], "InScale": ["s"]}, {"Out": ["o"], "OutScale": ["s"]}, four
            ),
            weights=LINEAR_WEIGHTS,
        )
    with pytest.raises(ProgramError, match=message):
        plain(network, {**LINEAR_WEIGHTS, **change})
