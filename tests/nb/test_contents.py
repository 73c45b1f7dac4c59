"""What a .nb holds: its operators with their kernels and attributes, its weights; and that damage never hurts the reader."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import NbFormatError
from edge.nb.header import read_header
from edge.nb.params import count_types, read_params
from edge.nb.program import count_kernels, parse_ops, read_ops

TINY = Path(__file__).parents[1] / "package" / "data" / "tiny.nb"
HEADER = read_header(TINY)
CONTENT = TINY.read_bytes()
TOPOLOGY = CONTENT[-HEADER.params_bytes - HEADER.topology_bytes : -HEADER.params_bytes]


def test_operators_have_their_variables_and_attributes() -> None:
    ops = read_ops(TINY, HEADER)
    assert sum(count_kernels(ops).values()) == len(ops)
    convolution = next(op for op in ops if op.type == "conv2d")
    assert set(convolution.inputs) >= {"Input", "Filter"}
    assert len(convolution.attrs["strides"]) == 2
    assert all(isinstance(name, str) for op in ops for names in op.inputs.values() for name in names)


def test_weights_are_those_that_the_operators_read() -> None:
    params = {param.name: param for param in read_params(TINY, HEADER)}
    assert len(params) == HEADER.params_count
    convolution = next(op for op in read_ops(TINY, HEADER) if op.type == "conv2d")
    weight = params[convolution.inputs["Filter"][0]]
    assert len(weight.shape) == 4
    assert weight.elements == math.prod(weight.shape)
    assert count_types(TINY, HEADER) == {"float32": sum(param.elements for param in params.values())}


@given(st.integers(0, len(TOPOLOGY) - 1), st.integers(0, 255))
def test_a_damaged_program_is_read_or_refused(at: int, byte: int) -> None:
    damaged = bytearray(TOPOLOGY)
    damaged[at] = byte
    try:
        parse_ops(bytes(damaged))
    except NbFormatError:
        return


@given(st.integers(0, HEADER.params_bytes - 1), st.integers(0, 255))
def test_damaged_weights_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, at: int, byte: int) -> None:
    damaged = bytearray(CONTENT)
    damaged[len(CONTENT) - HEADER.params_bytes + at] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.nb"
    path.write_bytes(damaged)
    try:
        header = read_header(path)
        assert sum(1 for _ in read_params(path, header)) == header.params_count
    except NbFormatError:
        return
