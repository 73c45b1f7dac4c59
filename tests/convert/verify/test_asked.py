"""Which inputs a verification is made with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked, bounds_of, domains, read_samples, rows_of
from edge.convert.verify.inputs import IMAGENET, samples
from edge.errors import UsageError
from edge.paddle import schema
from edge.paddle.draft import NewOp
from edge.paddle.program import Program, TensorSpec
from edge.zoo.catalogue import catalogue
from edge.zoo.model import Preprocessing
from tests.paddle.programs import program

SHAPE = (1, 3, 8, 8)
IMAGE = TensorSpec("x", SHAPE, "float32")
NET = program([NewOp("relu", {"X": ["x"]}, {"Out": ["y"]})], {"x": SHAPE}, ["y"], {"y": SHAPE})


def typed(made: Program, **dtypes: str) -> Program:
    message = schema.MESSAGES["Program"]()
    message.ParseFromString(made.serialize())
    for var in message.blocks[0].vars:
        if var.name in dtypes:
            var.type.lod_tensor.tensor.data_type = schema.DTYPE_NUMBERS[dtypes[var.name]]
    return Program(message)


def names(asked: InputsAsked = NOTHING_ASKED, how: Preprocessing | None = None, net: Program = NET) -> list[str]:
    return [domain.name for domain in domains(net, [spec.shape for spec in net.feeds], asked, how, 8)]


def test_a_known_preprocessing_has_one_range() -> None:
    assert names(how=Preprocessing(256, (8, 8))) == ["-2.1 to 2.6"]
    assert names(how=Preprocessing(256, (8, 8), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))) == ["0 to 1"]
    raw = Preprocessing(256, (8, 8), scale=1.0, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    assert names(how=raw) == ["0 to 255"]
    assert bounds_of(Preprocessing(256, (8, 8), mean=(0.5,) * 3, std=(0.5,) * 3)) == pytest.approx((-1, 1))


def test_every_network_of_the_catalogue_has_a_range_that_it_takes() -> None:
    ranges = {bounds_of(model.preprocessing) for model in catalogue()}
    assert IMAGENET in ranges
    assert all(low < high for low, high in ranges)


def test_where_nothing_is_known_several_are_tried_with_fewer_samples() -> None:
    assert names() == ["-2.1 to 2.6", "0 to 1", "-1 to 1", "0 to 255"]
    drawn = domains(NET, [SHAPE], NOTHING_ASKED, None, 8)
    assert [len(domain.draw(0)) for domain in drawn] == [8, 4, 4, 4]
    for domain, (low, high) in zip(drawn, [IMAGENET, (0, 1), (-1, 1), (0, 255)], strict=True):
        values = np.concatenate([sample["x"].ravel() for sample in domain.draw(0)])
        assert low - 0.01 <= values.min() < low + 0.2 * (high - low)
        assert high - 0.2 * (high - low) < values.max() <= high + 0.01


def test_what_is_asked_for_goes_before_what_is_known() -> None:
    assert names(InputsAsked((0.0, 4.0)), Preprocessing(256, (8, 8))) == ["0 to 4"]


def test_whole_numbers_have_no_ranges_to_try() -> None:
    assert names(net=typed(NET, x="uint8")) == ["of whole numbers 0 to 255"]
    with pytest.raises(UsageError, match="--input-range is for floats, and this network takes whole numbers"):
        names(InputsAsked((0.0, 4.0)), net=typed(NET, x="uint8"))


@pytest.mark.parametrize("bounds", [(1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_a_range_that_is_none(bounds: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="is no range"):
        InputsAsked(bounds)


def test_keys_hold_what_decides(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 3, 8, 8)))
    np.savez(tmp_path / "b.npz", x=np.ones((2, 3, 8, 8)))
    asked = [
        NOTHING_ASKED,
        InputsAsked((0, 1)),
        InputsAsked((0, 2)),
        *(InputsAsked(file=tmp_path / f"{n}.npz") for n in "ab"),
    ]
    keys = [repr(one.key(None)) for one in asked] + [repr(NOTHING_ASKED.key(Preprocessing(256, (8, 8))))]
    assert len(set(keys)) == len(keys)


# Integers


@pytest.mark.parametrize(
    ("dtype", "shape", "low", "high"),
    [("uint8", (1, 3, 16, 16), 0, 255), ("uint8", (500,), 0, 255), ("int8", (3000,), -128, 127), ("int32", (1, 3, 16, 16), 0,
    255),  ("int64", (500,), 0, 7), ("bool", (50,), 0, 1)],
)  # fmt: skip
def test_integers_go_over_what_they_really_are(dtype: str, shape: tuple[int, ...], low: int, high: int) -> None:
    drawn = np.stack([one["x"] for one in samples([TensorSpec("x", shape, dtype)], [shape])])
    assert drawn.dtype == np.dtype(dtype)
    assert low <= drawn.min() <= low + 2
    assert high - 2 <= drawn.max() <= high


def test_ids_go_over_the_rows_of_their_embedding() -> None:
    ops = [
        NewOp("unsqueeze2", {"X": ["x"]}, {"Out": ["u"]}),
        NewOp("lookup_table_v2", {"W": ["words"], "Ids": ["u"]}, {"Out": ["e"]}),
        NewOp("lookup_table_v2", {"W": ["kinds"], "Ids": ["kind"]}, {"Out": ["k"]}),
    ]
    shapes = {"u": (1, 6, 1), "e": (1, 6, 4), "k": (1, 6, 4)}
    net = program(ops, {"x": (1, 6), "kind": (1, 6)}, ["e", "k"], shapes, {"words": (500, 4), "kinds": (2, 4)})
    assert rows_of(net) == {"x": 500, "kind": 2}
    (domain,) = domains(typed(net, x="int64", kind="int64"), [(1, 6), (1, 6)], NOTHING_ASKED, None, 8)
    drawn = domain.draw(0)
    assert max(one["x"].max() for one in drawn) > 250
    assert {int(v) for one in drawn for v in one["kind"].ravel()} == {0, 1}


# The user's samples


def saved(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "mine.npz", **arrays)
    return folder / "mine.npz"


@pytest.mark.parametrize("shape", [(4, 3, 8, 8), (4, 1, 3, 8, 8)], ids=["without the batch", "with it"])
def test_the_first_axis_is_the_samples(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape)).reshape(shape)
    read = read_samples(saved(tmp_path, x=array), [IMAGE], [SHAPE])
    assert len(read) == 4
    assert all(one["x"].shape == SHAPE and one["x"].dtype == np.float32 for one in read)
    assert np.array_equal(np.concatenate([one["x"].ravel() for one in read]), array.ravel())


def test_or_numbers_name_the_samples(tmp_path: Path) -> None:
    arrays = {f"{n}/x": np.full(SHAPE, n) for n in (10, 2)}
    assert [one["x"][0, 0, 0, 0] for one in read_samples(saved(tmp_path, **arrays), [IMAGE], [SHAPE])] == [2, 10]


@pytest.mark.parametrize(
    ("arrays", "output"),
    [
        ({"y": np.zeros((4, 3, 8, 8))}, "has no array for the input x"),
        ({"x": np.zeros((4, 3, 9, 8))}, r"x has shape \[4, 3, 9, 8\], and the input \[1, 3, 8, 8\]"),
        ({"x": np.zeros(())}, r"x has shape \[\]"),
        ({"x": np.zeros((1, 3, 8, 8))}, "has 1 sample: one alone tells nothing apart"),
        ({"x": np.zeros((4, 3, 8, 8), complex)}, "x is complex128, and the input float32"),
        ({"x": np.full((4, 3, 8, 8), np.nan)}, "not finite"),
        ({"x": np.array([{}] * 4)}, "holds object, which are no numbers"),
    ],
)
def test_samples_that_do_not_fit_are_refused(tmp_path: Path, arrays: dict[str, Any], output: str) -> None:
    with pytest.raises(UsageError, match=output):
        read_samples(saved(tmp_path, **arrays), [IMAGE], [SHAPE])


def test_inputs_of_different_counts_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, x=np.zeros((4, 3, 8, 8)), s=np.zeros((3, 2)))
    with pytest.raises(UsageError, match=r"not as many samples for each input: \[3, 4\]"):
        read_samples(path, [IMAGE, TensorSpec("s", (1, 2), "float32")], [SHAPE, (1, 2)])


@given(st.binary(max_size=300))
@settings(max_examples=40, deadline=None)
def test_bytes_of_any_kind_are_refused_in_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "x.npz"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"is no \.npz file|cannot be read|has no array"):
        read_samples(InputsAsked(file=path).file or path, [IMAGE], [SHAPE])


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, x=np.ones((4, 3, 8, 8)))
    data = bytearray(path.read_bytes())
    data[200:260] = bytes(60)
    path.write_bytes(data)
    with pytest.raises(UsageError):
        read_samples(path, [IMAGE], [SHAPE])
