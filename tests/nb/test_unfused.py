"""What is told of operators that stand by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from edge.nb.header import read_header
from edge.nb.program import NbOp, read_ops
from edge.nb.unfused import unfused

TINY = Path(__file__).parents[1] / "package" / "data" / "tiny.nb"


def op(kind: str, read: str, made: str, **attrs: Any) -> NbOp:
    slot = "Input" if kind.endswith("conv2d") else "X"
    return NbOp(kind, "arm", "fp32", {slot: (read,)}, {"Out": (made,)}, attrs)


def shuffle(
    *axes: int, parted: Sequence[int] = (1, 2, 4, 6, 5), joined: Sequence[int] = (1, 8, 6, 5)
) -> tuple[NbOp, ...]:
    return (
        op("reshape2", "a", "b", shape=list(parted)),
        op("transpose2", "b", "a", axis=list(axes)),
        op("reshape2", "a", "c", shape=list(joined)),
    )


def test_an_activation_is_told_with_the_convolution_before_it() -> None:
    ops = [op("depthwise_conv2d", "a", "b"), op("hard_swish", "b", "a"), op("conv2d", "a", "b"), op("relu", "b", "c")]
    assert unfused([*ops, op("hard_swish", "a", "b")]) == {
        "hard_swish behind depthwise_conv2d": 1,
        "relu behind conv2d": 1,
    }


def test_a_variable_is_what_was_written_there_last() -> None:
    ops = [op("conv2d", "a", "b"), op("pool2d", "b", "c"), op("scale", "c", "b"), op("relu", "b", "d")]
    assert unfused(ops) == {}


def test_a_channel_shuffle_in_three_operators_is_told() -> None:
    one = shuffle(0, 2, 1, 3, 4)
    assert unfused([*one, op("conv2d", "c", "a"), *one]) == {"channel shuffle: reshape2, transpose2, reshape2": 2}
    assert unfused(shuffle(0, 2, 1, 3)) == {}
    assert unfused([op("shuffle_channel", "a", "b")]) == {}
    assert unfused(one[1:]) == {}


@pytest.mark.parametrize(
    ("parted", "joined", "told"),
    [((0, -1, 4, 6, 5), (0, -1, 6, 5), 1), ((0, 2, 4, -1, 5), (-1, 8, 6, 5), 1), ((1, 2, 4, 6, 5), (1, 4, 12, 5), 0),
     ((1, 8, 6, 5, 1), (1, 8, 6, 5), 0), ((1, 2, 4, 6, 5), (1, 8, 30), 0), ((1, 2, 4, 5, 6), (1, 8, 6, 5), 0)],
)  # fmt: skip
def test_a_shuffle_joins_what_it_parted(parted: Sequence[int], joined: Sequence[int], told: int) -> None:
    found = unfused(shuffle(0, 2, 1, 3, 4, parted=parted, joined=joined))
    assert sum(found.values()) == told


def test_a_shuffle_whose_middle_is_read_twice_is_one() -> None:
    one = shuffle(0, 2, 1, 3, 4)
    assert sum(unfused([*one, op("reshape2", "a", "d", shape=[1, 8, 6, 5])]).values()) == 1


def test_copies_and_casts_are_counted_the_most_frequent_first() -> None:
    ops = [op("dropout", "a", "b"), op("slice", "b", "c"), op("slice", "b", "d"), op("calib", "c", "e")]
    assert list(unfused(ops).items()) == [("slice", 2), ("calib", 1), ("dropout", 1)]


def test_in_a_real_file() -> None:
    assert unfused(read_ops(TINY, read_header(TINY))) == {}
