"""A file for ARM made one for x86, and given one output more: all else in it stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import NbFormatError
from edge.nb.flatbuffer import FlatTable
from edge.nb.header import read_header, with_topology
from edge.nb.prepend import Prepend
from edge.nb.program import NbOp, parse_ops, read_ops, topology_of
from edge.nb.x86 import X86_KERNELS, for_x86, with_logits

TINY = Path(__file__).parents[1] / "package" / "data" / "tiny.nb"
HEADER = read_header(TINY)
TOPOLOGY = topology_of(TINY, HEADER)


def whole(ops: tuple[NbOp, ...]) -> list[Any]:
    return [(op.type, op.precision, op.inputs, op.outputs, op.attrs) for op in ops]


def fetched(topology: bytes) -> Iterator[tuple[int, str]]:
    for op in next(FlatTable.root(topology).tables(0)).tables(3):
        if op.string(0) == "fetch":
            [column] = (attr.number(2, "i") for attr in op.tables(3) if attr.string(0) == "col")
            [slot] = op.tables(1)
            yield column, *slot.strings(1)


def test_only_the_kernels_are_others() -> None:
    made = for_x86(TOPOLOGY)
    assert made is not None
    assert "arm" in {op.target for op in parse_ops(TOPOLOGY)}
    assert {op.target for op in parse_ops(made)} <= {"x86", "host"}
    assert whole(parse_ops(made)) == whole(parse_ops(TOPOLOGY))
    assert for_x86(made) == made


def test_a_kernel_without_a_known_counterpart_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(X86_KERNELS, "conv2d/def/4/1/1")
    assert for_x86(TOPOLOGY) is None


def test_a_kernel_is_written_in_the_place_of_the_other() -> None:
    assert all(len(arm) == len(x86) for arm, x86 in X86_KERNELS.items())
    assert all(arm.split("/")[:2] == x86.split("/")[:2] for arm, x86 in X86_KERNELS.items())


def test_the_logits_become_the_second_output() -> None:
    made = with_logits(TOPOLOGY)
    assert made is not None
    closing = parse_ops(TOPOLOGY)[-1]
    assert closing.type == "softmax"
    assert list(fetched(TOPOLOGY)) == [(0, *closing.outputs["Out"])]
    assert list(fetched(made)) == [(0, *closing.outputs["Out"]), (1, *closing.inputs["X"])]
    assert whole(parse_ops(made)) == whole(parse_ops(TOPOLOGY))
    assert made.endswith(TOPOLOGY)
    assert (len(made) - len(TOPOLOGY)) % 8 == 0  # numbers stay where processors want them
    assert with_logits(made) is None  # there is more than one output


def test_the_weights_follow_the_new_topology(tmp_path: Path) -> None:
    made = with_logits(TOPOLOGY)
    assert made is not None
    head, replaced = with_topology(TINY, HEADER, made)
    other = tmp_path / "other.nb"
    other.write_bytes(head + TINY.read_bytes()[replaced:])
    header = read_header(other)
    assert (header.params_count, header.params_bytes) == (HEADER.params_count, HEADER.params_bytes)
    assert header.opt_version == HEADER.opt_version
    assert whole(read_ops(other, header)) == whole(read_ops(TINY, HEADER))
    assert not any(op.attrs for op in read_ops(other, header, attrs=False))
    assert [op.kernel for op in read_ops(other, header, attrs=False)] == [op.kernel for op in read_ops(TINY, HEADER)]


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=4), st.binary(max_size=20))
def test_a_table_is_read_as_it_was_written(numbers: list[int], buffer: bytes) -> None:
    new = Prepend(buffer)
    inner = new.table(dict(enumerate(numbers)))
    tables = new.vector([inner, new.table({2: 7, 0: inner}), inner])
    root = FlatTable.root(new.whole(new.table({3: tables, 1: -5})))
    assert (root.number(1, "i"), root.field(0), root.field(2), root.field(4)) == (-5, None, None, None)
    first, second, third = root.tables(3)
    assert [first.number(index, "i") for index in range(len(numbers))] == numbers
    assert first.at == third.at
    assert second.number(2, "i") == 7
    lead = second.table(0)
    assert lead is not None
    assert lead.at == first.at


@given(st.integers(0, len(TOPOLOGY) - 1), st.integers(0, 255))
def test_a_damaged_program_is_turned_or_refused(at: int, byte: int) -> None:
    damaged = bytearray(TOPOLOGY)
    damaged[at] = byte
    for turn in (for_x86, with_logits):
        try:
            turn(bytes(damaged))
        except NbFormatError:
            continue
