from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ProgramError
from edge.paddle import schema
from edge.paddle.draft import AttrValue, NewOp, with_fetch
from edge.paddle.program import Program, TensorSpec
from tests.paddle.programs import program

NETWORK = program(
    [
        NewOp("mul", {"X": ["x"], "Y": ["w"]}, {"Out": ["logits"]}, {"x_num_col_dims": 1, "y_num_col_dims": 1}),
        NewOp("softmax", {"X": ["logits"]}, {"Out": ["p"]}, {"axis": -1}),
        NewOp("scale", {"X": ["p"]}, {"Out": ["y"]}, {"scale": 1.0, "bias": 0.0, "bias_after_scale": True}),
    ],
    feeds={"x": (-1, 4)},
    fetches=["y"],
    tensors={"logits": (-1, 3), "p": (-1, 3), "y": (-1, 3)},
    weights={"w": (4, 3), "b": (3,)},
)


def test_inputs_outputs_and_parameters_are_found() -> None:
    assert NETWORK.feeds == (TensorSpec("x", (-1, 4), "float32"),)
    assert [spec.name for spec in NETWORK.fetches] == ["y"]
    assert [spec.name for spec in NETWORK.persistables] == ["b", "w"]
    assert NETWORK.version == "2.6.2"
    assert NETWORK.tensor("feed") is None


def test_several_inputs_come_in_the_order_of_their_column() -> None:
    two = program(
        [NewOp("elementwise_add", {"X": ["b"], "Y": ["a"]}, {"Out": ["c"]}, {"axis": -1})],
        feeds={"b": (1, 2), "a": (1, 2)},
        fetches=["c", "a"],
        tensors={"c": (1, 2)},
    )
    assert [spec.name for spec in two.feeds] == ["b", "a"]
    assert [spec.name for spec in two.fetches] == ["c", "a"]


def test_writing_and_reading_give_the_same_program() -> None:
    data = NETWORK.serialize()
    assert Program.parse(data).serialize() == data


def test_fields_of_a_newer_paddle_survive() -> None:
    unknown = b"\xaa\x06\x04new!"  # field 101, four bytes
    assert unknown in Program.parse(NETWORK.serialize() + unknown).serialize()


def test_attributes_of_newer_types_are_read() -> None:
    message = schema.MESSAGES["Program"]()
    message.ParseFromString(NETWORK.serialize())
    op = message.blocks[0].ops[1]
    op.attrs.add(name="wide", type=15).float64 = 0.5
    op.attrs.add(name="scalar", type=16).scalar.MergeFrom(schema.MESSAGES["Scalar"](type=2, i=7))
    op.attrs.add(name="scalars", type=17).scalars.add(type=3, r=1.5)
    op.attrs.add(name="later", type=99)
    found = next(Program.parse(message.SerializeToString()).ops("mul"))
    assert (found.attr("wide"), found.attr("scalar"), found.attr("scalars")) == (0.5, 7, (1.5,))
    assert found.attr_kinds["scalars"] == "SCALARS"
    assert found.attr_kinds["later"] == "UNKNOWN 99"


def test_the_logits_become_a_second_output() -> None:
    assert NETWORK.logits() == "logits"
    more = with_fetch(NETWORK, NETWORK.logits())
    assert [spec.name for spec in more.fetches] == ["y", "logits"]
    assert [spec.name for spec in NETWORK.fetches] == ["y"]
    assert with_fetch(more, more.logits()) is more


def test_the_logits_are_found_behind_an_operator_that_writes_what_it_reads() -> None:
    """As in a program that was saved twice."""
    plain: dict[str, AttrValue] = {"scale": 1.0, "bias": 0.0}
    ops = [NewOp("softmax", {"X": ["x"]}, {"Out": ["y"]}), NewOp("scale", {"X": ["y"]}, {"Out": ["y"]}, plain)]
    assert program(ops, {"x": (1, 2)}, ["y"], {"y": (1, 2)}).logits() == "x"


@pytest.mark.parametrize(
    "last",
    [
        NewOp("relu", {"X": ["x"]}, {"Out": ["y"]}),
        NewOp("scale", {"X": ["p"]}, {"Out": ["y"]}, {"scale": 2.0, "bias": 0.0}),
    ],
    ids=["no softmax", "scaled softmax"],
)
def test_without_a_softmax_at_the_end_nothing_is_added(last: NewOp) -> None:
    network = program([NewOp("softmax", {"X": ["x"]}, {"Out": ["p"]}), last], {"x": (1, 2)}, ["y"], {"p": (1, 2)})
    assert network.logits() is None
    assert with_fetch(network, network.logits()) is network


@pytest.mark.parametrize(
    ("data", "output"),
    [
        (b"", "is empty"),
        (b'{"base_code":{"magic":"pir","trainable":false,"version":1},"program":{"regions":[]}}', "Paddle 3 PIR"),
        (b'{"name": "edgezoo"}', "is JSON"),
        (b"\x7fELF" + bytes(60), "is no Paddle program"),
        (NETWORK.serialize()[:-40], "truncated or damaged"),
        (schema.MESSAGES["Program"]().SerializeToString() + b"\x22\x00", "holds no operators"),
    ],
    ids=["empty", "pir", "json", "elf", "truncated", "no blocks"],
)
def test_what_is_no_program_is_named(tmp_path: Path, data: bytes, output: str) -> None:
    path = tmp_path / "inference.pdmodel"
    path.write_bytes(data)
    with pytest.raises(ProgramError, match=output) as caught:
        Program.read(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="No such file"):
        Program.read(tmp_path / "none.pdmodel")


def test_a_program_without_outputs_is_refused() -> None:
    message = schema.MESSAGES["Program"]()
    message.ParseFromString(NETWORK.serialize())
    del message.blocks[0].ops[-1]
    with pytest.raises(ProgramError, match="no outputs"):
        Program.parse(message.SerializeToString())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_program_or_a_program_error(data: bytes) -> None:
    with contextlib.suppress(ProgramError):
        Program.parse(data)


@given(st.data())
def test_a_damaged_program_is_read_or_refused_but_never_a_crash(data: st.DataObject) -> None:
    original = bytearray(NETWORK.serialize())
    for position in data.draw(st.lists(st.integers(0, len(original) - 1), min_size=1, max_size=4)):
        original[position] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ProgramError):
        found = Program.parse(bytes(original))
        _ = found.feeds, found.fetches, found.persistables, found.logits(), found.version, found.op_types
