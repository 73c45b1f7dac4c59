"""What the x86 engine's int8 kernels get wrong without a word, shown by the engine, and that the equal programs are right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.convert.legalise import legalise
from edge.convert.opt.optimise import optimise
from edge.convert.recipe import Recipe
from edge.convert.verify.compare import compare
from edge.convert.verify.x86_int8 import halved, is_quantised, split_hard_swish
from edge.nb.header import read_header
from edge.nb.program import read_ops
from edge.paddle.draft import AttrValue, Draft, NewOp
from edge.paddle.program import Program
from edge.toolchain.toolbox import Toolbox
from tests.convert.legalise.rule_cases import CONV
from tests.paddle.programs import program, write_params

RECIPE = Recipe("test", "2.13rc0", target="x86", abi="x86_64")
QUANTISE: dict[str, AttrValue] = {"bit_length": 8, "is_test": True, "window_size": 10000, "round_type": 0}
RANGE = 2.0  # of the activations
OUT = 8
WRONG, RIGHT = 0.05, 1e-4  # errors over the spread

Weights = dict[str, NDArray[Any]]


def network(*, steps: int, shape: tuple[int, ...] = (1, 32, 4, 4), hard_swish: bool = False) -> tuple[Program, Weights]:
    """A quantised 1x1 convolution with weights of up to `steps` steps, most of them near that."""
    draw = np.random.default_rng(3)
    weight = draw.integers(steps * 3 // 4, steps + 1, (OUT, shape[1], 1, 1)) * draw.choice([-1, 1], (OUT, 1, 1, 1))
    ends = (1, OUT, *shape[2:])
    ops = [
        NewOp(
            "fake_quantize_range_abs_max", {"X": ["x"], "InScale": ["xs"]}, {"Out": ["q"], "OutScale": ["xs"]}, QUANTISE
        ),
        NewOp("conv2d", {"Input": ["q"], "Filter": ["w"]}, {"Output": ["c"]}, CONV),
        _dequantise("c", "d", axis=0),
        NewOp("elementwise_add", {"X": ["d"], "Y": ["b"]}, {"Out": ["e"]}, {"axis": 1}),
    ]
    if hard_swish:
        ops.append(NewOp("hard_swish", {"X": ["e"]}, {"Out": ["h"]}, {"threshold": 6.0, "scale": 6.0, "offset": 3.0}))
    return _net(ops, "h" if hard_swish else "e", shape, {"q": shape} | dict.fromkeys("cdeh", ends), weight)


def reshaped_bias() -> tuple[Program, Weights]:
    """A quantised convolution with its bias as Paddle 2.6 adds it."""
    made, weights = network(steps=63)
    draft = Draft.of(made)
    bias, nothing = draft.new_tensor("b", "float32", (1, OUT, 1, 1)), draft.new_tensor("b", "float32", (0, OUT))
    (add,) = draft.ops("elementwise_add")
    draft.replace(
        add,
        NewOp("reshape2", {"X": ["b"]}, {"Out": [bias], "XShape": [nothing]}, {"shape": [1, -1, 1, 1]}),
        NewOp("elementwise_add", {"X": ["d"], "Y": [bias]}, {"Out": ["e"]}, {"axis": -1}),
    )
    return draft.build(), weights


def dense(bias: NDArray[np.float32]) -> tuple[Program, Weights]:
    """A quantised fully connected layer."""
    weight = np.random.default_rng(3).integers(-20, 21, (32, OUT))
    ops = [
        NewOp(
            "fake_quantize_range_abs_max", {"X": ["x"], "InScale": ["xs"]}, {"Out": ["q"], "OutScale": ["xs"]}, QUANTISE
        ),
        NewOp("mul", {"X": ["q"], "Y": ["w"]}, {"Out": ["c"]}, {"x_num_col_dims": 1, "y_num_col_dims": 1}),
        _dequantise("c", "d", axis=1),
        NewOp("elementwise_add", {"X": ["d"], "Y": ["b"]}, {"Out": ["e"]}, {"axis": 1}),
    ]
    made, weights = _net(ops, "e", (1, 32), {"q": (1, 32)} | dict.fromkeys("cde", (1, OUT)), weight)
    return made, weights | {"b": bias}


def _dequantise(x: str, out: str, axis: int) -> NewOp:
    attrs: dict[str, AttrValue] = {"quant_bits": [8, 8], "quant_axis": axis, "x_num_col_dims": 1}
    return NewOp("fake_channel_wise_dequantize_max_abs", {"X": [x], "Scales": ["ws", "xs"]}, {"Out": [out]}, attrs)


def _net(
    ops: list[NewOp], out: str, shape: tuple[int, ...], tensors: Mapping[str, tuple[int, ...]], weight: NDArray[Any]
) -> tuple[Program, Weights]:
    weights = {
        "w": weight.astype(np.float32),
        "xs": np.array([RANGE], np.float32),
        "ws": np.linspace(0.5, 1, OUT, dtype=np.float32),
        "b": np.linspace(-1, 1, OUT, dtype=np.float32),
    }
    return program(ops, {"x": shape}, [out], tensors, {name: array.shape for name, array in weights.items()}), weights


@pytest.fixture(scope="module")
def tools() -> Iterator[Toolbox]:
    with Toolbox() as box:
        yield box


def error(tools: Toolbox, folder: Path, made: Program, weights: Weights, original: Program | None = None) -> float:
    """How far the x86 engine with `made` is from Paddle with `original`, over the spread."""
    params = folder / "params"
    write_params(params, weights)
    return error_of(tools, folder, made, params, original or made)


def error_of(tools: Toolbox, folder: Path, made: Program, params: Path, original: Program) -> float:
    draw = np.random.default_rng(1)
    shape = original.feeds[0].shape
    np.savez(folder / "in.npz", **{f"{k}/x": draw.uniform(-RANGE, RANGE, shape).astype(np.float32) for k in range(4)})  # type: ignore[arg-type]
    ends: dict[str, Any] = {"inputs_npz": str(folder / "in.npz"), "outputs_npz": str(folder / "out.npz")}
    (folder / "original.pdmodel").write_bytes(original.serialize())
    with tools.lend("paddle") as worker:
        worker.call("run", program=str(folder / "original.pdmodel"), params=str(params), **ends)
    expected = _read(folder / "out.npz")
    with tools.lend("paddlelite", RECIPE.engine) as worker:
        optimise(worker, made, params, folder / "made.nb", RECIPE)
        worker.call("run", nb=str(folder / "made.nb"), feeds=["x"], fetches=["y"], **ends)
    return compare(expected, _read(folder / "out.npz")).relative_error


def _read(path: Path) -> NDArray[Any]:
    with np.load(path) as arrays:
        return np.stack([arrays[name] for name in sorted(arrays.files)])


@pytest.mark.slow
def test_sums_of_whole_weights_are_cut_off_and_those_of_halved_ones_are_not(tools: Toolbox, tmp_path: Path) -> None:
    made, weights = network(steps=127)
    assert error(tools, tmp_path, made, weights) > WRONG
    params = halved(made, tmp_path / "params", tmp_path / "halved")
    assert error_of(tools, tmp_path, made, params, made) < RIGHT


@pytest.mark.slow
def test_a_hard_swish_is_forgotten_and_a_split_one_is_not(tools: Toolbox, tmp_path: Path) -> None:
    made, weights = network(steps=63, hard_swish=True)
    assert error(tools, tmp_path, made, weights) > WRONG
    assert error(tools, tmp_path, split_hard_swish(made), weights, made) < RIGHT


@pytest.mark.slow
@pytest.mark.parametrize(
    ("channels", "right"), [(4, True), (7, True), (8, False), (31, False), (32, True), (39, True), (40, False)]
)
def test_the_end_of_a_tensor_is_rounded_wrongly(tools: Toolbox, tmp_path: Path, channels: int, right: bool) -> None:
    """Why `quantise_worker.py` leaves some convolutions float."""
    made, weights = network(steps=63, shape=(1, channels, 1, 1))
    found = error(tools, tmp_path, made, weights)
    assert found < RIGHT if right else found > WRONG


@pytest.mark.slow
def test_a_dense_layer_gets_no_bias_of_its_own(tools: Toolbox, tmp_path: Path) -> None:
    """Why fully connected layers are left float."""
    made, weights = dense(np.zeros(OUT, np.float32))
    assert error(tools, tmp_path, made, weights) < RIGHT
    made, weights = dense(np.arange(OUT, dtype=np.float32))
    assert error(tools, tmp_path, made, weights) > WRONG


@pytest.mark.slow
def test_a_reshaped_bias_is_fused_into_a_quantised_convolution(tools: Toolbox, tmp_path: Path) -> None:
    made, weights = reshaped_bias()
    legal, applied = legalise(made, engine=RECIPE.engine)
    assert [rule.rule for rule in applied] == ["conv-bias-direct"]
    assert error(tools, tmp_path, legal, weights, made) < RIGHT
    ops = read_ops(tmp_path / "made.nb", read_header(tmp_path / "made.nb"))
    assert [(op.type, op.precision) for op in ops] == [("calib", "int8"), ("conv2d", "int8")]


def test_halved_weights_are_whole_numbers_of_the_same_size(tmp_path: Path) -> None:
    made, weights = network(steps=127)
    write_params(tmp_path / "params", weights)
    assert is_quantised(made)
    out = halved(made, tmp_path / "params", tmp_path / "halved")
    data = out.read_bytes()  # by name: b, w, ws, xs
    assert np.round(weights["w"] * 63 / 127).astype(np.float32).tobytes() in data
    assert any(
        np.allclose(np.frombuffer(data[start : start + 4 * OUT], np.float32), weights["ws"] * 127 / 63)
        for start in range(len(data) - 4 * OUT)
    )
    assert data[-4:] == weights["xs"].tobytes()


def test_programs_that_are_not_quantised_stay(tmp_path: Path) -> None:
    x = (1, 4, 6, 6)
    plain = program([NewOp("hard_swish", {"X": ["x"]}, {"Out": ["y"]})], {"x": x}, ["y"], {"y": x})
    assert not is_quantised(plain)
    assert split_hard_swish(plain) is plain
    assert halved(plain, tmp_path / "params", tmp_path / "out") == tmp_path / "params"


def test_a_split_hard_swish_is_the_same_function_in_two_operators() -> None:
    made, _ = network(steps=127, hard_swish=True)
    split = split_hard_swish(made)
    assert "hard_swish" not in split.op_types
    (gate,) = split.ops("hard_sigmoid")
    (product,) = split.ops("elementwise_mul")
    assert (gate.input("X"), product.input("X"), product.output("Out")) == ("e", "e", "h")
    assert gate.output("Out") == product.input("Y") != "e"
    assert product.attr("axis") == -1
    x = np.linspace(-5, 5, 101)
    made_of_two = x * np.clip(gate.attr("slope") * x + gate.attr("offset"), 0, 1)
    assert np.allclose(made_of_two, x * np.clip(x + 3, 0, 6) / 6)
    described = split.tensor(gate.output("Out") or "")
    assert described is not None
    assert (described.shape, described.dtype) == ((1, OUT, 4, 4), "float32")
    assert [spec.name for spec in split.fetches] == [spec.name for spec in made.fetches]


@pytest.mark.parametrize(("threshold", "left"), [(6.0, 0), (5.0, 1)])
def test_a_hard_swish_that_is_no_hard_sigmoid_stays(threshold: float, left: int) -> None:
    draft = Draft.of(network(steps=127, hard_swish=True)[0])
    for op in draft.ops("hard_swish"):
        op.set_attr("threshold", threshold)
    assert len(list(split_hard_swish(draft.build()).ops("hard_swish"))) == left


def test_a_hard_swish_without_its_numbers_has_paddles_own() -> None:
    made, _ = network(steps=127, hard_swish=True)
    draft = Draft.of(made)
    (old,) = draft.ops("hard_swish")
    draft.replace(old, NewOp("hard_swish", {"X": ["e"]}, {"Out": ["h"]}))
    (gate,) = split_hard_swish(draft.build()).ops("hard_sigmoid")
    assert (gate.attr("slope"), gate.attr("offset")) == (pytest.approx(1 / 6), pytest.approx(0.5))
