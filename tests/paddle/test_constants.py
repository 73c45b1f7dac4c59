"""What needs no input: found, and no more than that."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.paddle.constants import constants_of
from edge.paddle.draft import Draft, NewOp
from edge.paddle.program import Program
from edge.paddle.schema import DTYPE_NUMBERS
from tests.paddle.programs import program


def op(kind: str, inputs: Sequence[str], out: str, **attrs: int | float | Sequence[int]) -> NewOp:
    slots = dict(zip(("X", "Y"), ([name] for name in inputs), strict=False))
    return NewOp(kind, slots, {"Out": [out]}, attrs)


def types(made: Program) -> list[str]:
    return [one.type for one in made.ops() if one.type not in ("feed", "fetch")]


# A bias gathered from a table, as LeViT and Swin have it, and added to what hangs on the input.
TABLE = program(
    [
        NewOp("gather", {"X": ["table"], "Index": ["index"]}, {"Out": ["rows"]}, {"axis": 0}),
        NewOp("transpose2", {"X": ["rows"]}, {"Out": ["bias"], "XShape": ["aside"]}, {"axis": [1, 0]}),
        op("relu", ["x"], "h"),
        op("elementwise_add", ["h", "bias"], "y", axis=-1),
    ],
    {"x": (1, 4, 6)},
    ["y"],
    {"rows": (6, 4), "bias": (4, 6), "aside": (0, 6, 4), "h": (1, 4, 6), "y": (1, 4, 6)},
    {"table": (9, 4), "index": (6,), "other": (3,)},
)


def test_what_needs_no_input_becomes_a_parameter() -> None:
    found = constants_of(TABLE)
    assert [one.name for one in found.results] == ["bias"]
    assert found.unread == {"table", "index"}
    bias = np.ones((4, 6), np.float32)
    made = found.folded({"bias": bias})
    assert types(made) == ["relu", "elementwise_add"]
    assert {spec.name: spec.shape for spec in made.persistables} == {"bias": (4, 6)}
    assert (made.feeds, made.fetches) == (TABLE.feeds, TABLE.fetches)
    assert not constants_of(made).ops
    assert types(TABLE)[:2] == ["gather", "transpose2"]  # it stays as it is


def test_the_program_of_them_alone_takes_no_input() -> None:
    alone = constants_of(TABLE).alone()
    assert types(alone) == ["gather", "transpose2"]
    assert alone.feeds == ()
    assert [spec.name for spec in alone.fetches] == ["bias"]
    assert [spec.name for spec in alone.persistables] == ["index", "table"]


def test_a_shape_put_together_becomes_an_attribute() -> None:
    """As CSWin's, of which each number is a tensor."""
    ops = [
        op("fill_constant", [], "one", shape=[1], value=1.0),
        op("fill_constant", [], "rest", shape=[1], value=-1.0),
        NewOp(
            "reshape2",
            {"X": ["x"], "ShapeTensor": ["one", "rest"]},
            {"Out": ["y"], "XShape": ["aside"]},
            {"shape": [-1, -1]},
        ),
    ]
    net = program(ops, {"x": (2, 3)}, ["y"], {"one": (1,), "rest": (1,), "y": (1, 6), "aside": (0, 2, 3)})
    found = constants_of(net)
    assert found.alone().persistables != ()  # Paddle does not load nothing
    made = found.folded({"one": np.array([1], np.int32), "rest": np.array([-1], np.int32)})
    [reshape] = [one for one in made.ops() if one.type == "reshape2"]
    assert reshape.attr("shape") == (1, -1)
    assert not reshape.input("ShapeTensor")
    assert (types(made), made.persistables) == (["reshape2"], ())


def test_a_shape_of_which_a_number_hangs_on_the_input_stays() -> None:
    ops = [
        op("fill_constant", [], "one", shape=[1], value=1.0),
        op("relu", ["n"], "rest"),
        NewOp("reshape2", {"X": ["x"], "ShapeTensor": ["one", "rest"]}, {"Out": ["y"]}, {"shape": [-1, -1]}),
    ]
    net = program(ops, {"x": (2, 3), "n": (1,)}, ["y"], {"one": (1,), "rest": (1,), "y": (1, 6)})
    made = constants_of(net).folded({"one": np.array([1], np.int32)})
    [reshape] = [one for one in made.ops() if one.type == "reshape2"]
    assert reshape.inputs["ShapeTensor"] == ("one", "rest")
    assert [spec.name for spec in made.persistables] == ["one"]


def test_a_bias_in_another_shape_is_left_to_the_rules() -> None:
    ops = [
        NewOp("reshape2", {"X": ["bias"]}, {"Out": ["wide"]}, {"shape": [1, 4, 1]}),
        op("elementwise_add", ["x", "wide"], "y", axis=-1),
    ]
    net = program(ops, {"x": (1, 4, 6)}, ["y"], {"wide": (1, 4, 1), "y": (1, 4, 6)}, {"bias": (4,)})
    assert not constants_of(net).ops


def test_beside_others_it_is_left_as_well() -> None:
    ops = [
        NewOp("reshape2", {"X": ["bias"]}, {"Out": ["wide"]}, {"shape": [1, 4, 1]}),
        op("scale", ["bias"], "doubled", scale=2.0),
        op("elementwise_add", ["x", "wide"], "h", axis=-1),
        op("elementwise_add", ["h", "doubled"], "y", axis=1),
    ]
    shapes = {"wide": (1, 4, 1), "doubled": (4,), "h": (1, 4, 6), "y": (1, 4, 6)}
    found = constants_of(program(ops, {"x": (1, 4, 6)}, ["y"], shapes, {"bias": (4,)}))
    assert [one.name for one in found.results] == ["doubled"]
    assert found.unread == frozenset()  # the reshape reads the bias, too


def test_a_parameter_that_the_network_changes_is_none() -> None:
    ops = [
        op("scale", ["count"], "doubled", scale=2.0),
        op("elementwise_add", ["x", "doubled"], "y", axis=-1),
        op("increment", ["count"], "count"),
    ]
    net = program(ops, {"x": (4,)}, ["y"], {"doubled": (4,), "y": (4,)}, {"count": (4,)})
    assert not constants_of(net).ops


def test_what_takes_the_place_of_its_parameter_is_no_growth() -> None:
    ops = [op("scale", ["table"], "doubled", scale=2.0), op("elementwise_add", ["x", "doubled"], "y", axis=-1)]
    shapes = {"doubled": (100_000, 4), "y": (100_000, 4)}
    net = program(ops, {"x": (100_000, 4)}, ["y"], shapes, {"table": (100_000, 4)})
    assert [one.name for one in constants_of(net).results] == ["doubled"]


@pytest.mark.parametrize(
    "kind", ["uniform_random", "dropout", "print", "fake_channel_wise_quantize_dequantize_abs_max", "dequantize_linear"]
)
def test_what_draws_speaks_or_rounds_stays(kind: str) -> None:
    ops = [op(kind, ["w"], "h"), op("elementwise_add", ["x", "h"], "y", axis=-1)]
    net = program(ops, {"x": (4,)}, ["y"], {"h": (4,), "y": (4,)}, {"w": (4,)})
    assert not constants_of(net).ops


def written_in_place(*, read_between: bool, by_input: bool = False) -> Program:
    ops = [
        op("fill_constant", [], "mask", shape=[4], value=0.0),
        *([op("elementwise_add", ["x", "mask"], "z", axis=-1)] if read_between else []),
        NewOp(
            "set_value",
            {"Input": ["x" if by_input else "mask"]},
            {"Out": ["mask"]},
            {"axes": [0], "starts": [0], "ends": [2]},
        ),
        op("elementwise_add", ["x", "mask"], "y", axis=-1),
    ]
    return program(ops, {"x": (4,)}, ["y", *(["z"] if read_between else [])], {"mask": (4,), "y": (4,), "z": (4,)})


def test_what_is_written_in_place_is_taken_as_it_is_in_the_end() -> None:
    """Swin sets its masks piece by piece."""
    found = constants_of(written_in_place(read_between=False))
    assert [one.name for one in found.results] == ["mask"]
    assert types(found.folded({"mask": np.ones(4, np.float32)})) == ["elementwise_add"]
    assert not constants_of(written_in_place(read_between=True)).ops
    assert not constants_of(written_in_place(read_between=False, by_input=True)).ops


@pytest.mark.parametrize(("rows", "folded"), [(10, True), (100_000, False)])
def test_a_file_does_not_grow_by_much(rows: int, folded: bool) -> None:
    """100,000 rows of 4 floats of a table of 9 are 1.6 MB; what they are made of is then all that is folded."""
    ops = [
        op("scale", ["table"], "scaled", scale=2.0),
        op("exp", ["scaled"], "powers"),
        NewOp("gather", {"X": ["powers"], "Index": ["index"]}, {"Out": ["wide"]}, {"axis": 0}),
        op("elementwise_add", ["x", "wide"], "y", axis=-1),
    ]
    shapes = {"scaled": (9, 4), "powers": (9, 4), "wide": (rows, 4), "y": (rows, 4)}
    net = program(ops, {"x": (rows, 4)}, ["y"], shapes, {"table": (9, 4), "index": (10,)})
    assert [one.name for one in constants_of(net).results] == [("wide" if folded else "powers")]


def test_a_result_that_no_file_can_hold_stays() -> None:
    ops = [
        op("scale", ["w"], "h", scale=2.0),
        op("equal", ["h", "h"], "same"),
        NewOp("where", {"Condition": ["same"], "X": ["x"], "Y": ["x"]}, {"Out": ["y"]}),
    ]
    net = program(ops, {"x": (4,)}, ["y"], {"h": (4,), "same": (4,), "y": (4,)}, {"w": (4,)})
    message = net.copy_message()
    next(var for var in message.blocks[0].vars if var.name == "same").type.lod_tensor.tensor.data_type = 0  # bool
    assert [one.name for one in constants_of(Program(message)).results] == ["h"]


def test_an_output_stays_what_an_operator_makes() -> None:
    """And so is what the constant output is made of, but for the last step."""
    ops = [
        op("tanh", ["w"], "h"),
        op("scale", ["h"], "fixed", scale=2.0),
        op("elementwise_add", ["x", "h"], "y", axis=-1),
    ]
    net = program(ops, {"x": (4,)}, ["y", "fixed"], {"h": (4,), "fixed": (4,), "y": (4,)}, {"w": (4,)})
    found = constants_of(net)
    assert [one.name for one in found.results] == ["h"]
    assert types(found.folded({"h": np.zeros(4, np.float32)})) == ["scale", "elementwise_add"]


@pytest.mark.parametrize(("dtype", "folded"), [("float16", True), ("float64", True), ("int8", False)])
def test_what_lies_between_may_be_of_other_types(dtype: str, folded: bool) -> None:
    ops = [op("cast", ["w"], "h"), op("cast", ["h"], "k"), op("elementwise_add", ["x", "k"], "y", axis=-1)]
    net = program(ops, {"x": (4,)}, ["y"], {"h": (4,), "k": (4,), "y": (4,)}, {"w": (4,)})
    message = net.copy_message()
    next(var for var in message.blocks[0].vars if var.name == "h").type.lod_tensor.tensor.data_type = DTYPE_NUMBERS[
        dtype
    ]
    assert [one.name for one in constants_of(Program(message)).results] == (["k"] if folded else [])


@pytest.mark.parametrize("size", [-1, 4])
def test_of_what_has_an_open_shape_nothing_is_known(size: int) -> None:
    ops = [op("scale", ["w"], "h", scale=2.0), op("elementwise_add", ["x", "h"], "y", axis=-1)]
    net = program(ops, {"x": (4,)}, ["y"], {"h": (size,), "y": (4,)}, {"w": (4,)})
    assert bool(constants_of(net).ops) is (size == 4)


def test_of_a_program_with_loops_nothing_is_taken() -> None:
    message = TABLE.copy_message()
    block = message.blocks.add(idx=1, parent_idx=0)
    block.ops.add(type="relu")
    assert not constants_of(Program(message)).ops


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from(["elementwise_add", "sigmoid", "dropout"])),
                min_size=1, max_size=12))  # fmt: skip
def test_nothing_that_hangs_on_the_input_is_constant(picks: list[tuple[int, int, str]]) -> None:
    names, live, ops = ["x", "w"], {"x"}, []
    for number, (one, other, kind) in enumerate(picks):
        read = [names[one % len(names)], names[other % len(names)]][: 2 if kind == "elementwise_add" else 1]
        names.append(f"v{number}")
        ops.append(op(kind, read, names[-1]))
        if kind == "dropout" or live.intersection(read):
            live.add(names[-1])
    ops.append(op("elementwise_add", ["x", names[-1]], "y"))
    net = program(ops, {"x": (4,)}, ["y"], dict.fromkeys((*names[2:], "y"), (4,)), {"w": (4,)})
    found = constants_of(net)
    made = [one.outputs["Out"][0] for one in net.ops() if one.index in found.ops]
    assert live.isdisjoint(made)
    read_by_others = {name for one in net.ops() if one.index not in found.ops for name in one.reads}
    assert {spec.name for spec in found.results} == read_by_others.intersection(made)
    every = {f"v{number}" for number in range(len(picks))} - live
    assert set(made) == every
    folded = found.folded({spec.name: np.zeros(4, np.float32) for spec in found.results})
    all_read = {name for one in folded.ops() for name in one.reads}
    written = {name for one in folded.ops() for names in one.outputs.values() for name in names}
    assert all_read <= written | {spec.name for spec in folded.persistables} | {"feed"}
    assert Draft.of(folded).build().serialize() == folded.serialize()
