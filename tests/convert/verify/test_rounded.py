from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.convert.verify.rounded import expected, rounded
from edge.paddle.rewritten import rewritten
from tests.convert.legalise.rule_cases import CASES
from tests.paddle.programs import write_params

DENSE = next(case for case in CASES if case.rule == "matmul-weight-to-mul")


@given(st.sampled_from([8, 16]), st.sampled_from([0, 1]), st.integers(0, 99))
def test_a_rounded_weight_is_on_the_grid_of_its_channel(bits: int, axis: int, seed: int) -> None:
    weight = np.random.default_rng(seed).standard_normal((6, 5)).astype(np.float32)
    steps = 2 ** (bits - 1) - 1
    scale = np.abs(weight).max(axis=1 - axis, keepdims=True) / steps
    levels = rounded(weight, axis, bits) / scale
    assert np.allclose(levels, np.round(levels), atol=0.01)
    assert np.abs(levels).max() == pytest.approx(steps, rel=1e-5)
    assert np.all(np.abs(rounded(weight, axis, bits) - weight) <= scale * 0.501)


def test_halves_are_rounded_away_from_zero_as_c_does() -> None:
    weight = np.array([[127.0, 0.5, -0.5, 1.5, -2.5]], np.float32)
    assert rounded(weight, 0, 8).tolist() == [[127.0, 1.0, -1.0, 2.0, -3.0]]


def test_a_channel_of_zeros_stays() -> None:
    assert rounded(np.zeros((2, 3), np.float32), 0, 8).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_only_the_weights_that_opt_quantises_are_rounded(tmp_path: Path) -> None:
    params, out = tmp_path / "params", tmp_path / "rounded.pdiparams"
    write_params(params, DENSE.weights)
    assert expected(DENSE.network, params, "fp32", "2.13rc0", tmp_path, tmp_path) == (DENSE.network, params)
    assert not out.exists()
    assert expected(DENSE.network, params, "int8", "2.13rc0", tmp_path, tmp_path) == (DENSE.network, out)
    before, after = (
        np.frombuffer(path.read_bytes()[-36 * 5 * 4 :], np.float32).reshape(36, 5) for path in (params, out)
    )
    assert np.array_equal(after, rounded(before, 1, 8))
    assert not np.array_equal(after, before)


def test_records_with_levels_of_detail_are_stepped_over_and_written_without(tmp_path: Path) -> None:
    """A record: version, levels (count, then each with its size in bytes), version, size of its description, that, elements."""
    params, out = tmp_path / "params", tmp_path / "out"
    write_params(params, DENSE.weights)
    plain = params.read_bytes()
    assert plain[:12] == struct.pack("<IQ", 0, 0)
    levels = struct.pack("<Q", 16) + b"\x01" * 16 + struct.pack("<Q", 24) + b"\x02" * 24
    params.write_bytes(struct.pack("<IQ", 0, 2) + levels + plain[12:])
    first = DENSE.network.persistables[0].name
    rewritten(DENSE.network, params, out, {first: lambda values: values + 1})
    before = np.asarray(DENSE.weights[first], np.float32)
    assert out.read_bytes() == plain.replace(before.tobytes(), (before + 1).tobytes()) != plain
