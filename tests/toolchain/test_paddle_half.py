"""The sums that a worker computes in float16, beside sums written out number by number. numpy alone runs here."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.toolchain.engines import WORKERS

Array = NDArray[Any]


@pytest.fixture(scope="module")
def half() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(WORKERS))
        return importlib.import_module("paddle_half")


def written_out(a: Array, b: Array) -> Array:
    """Of (m, k) by (k, n): as a processor that multiplies and adds in float16 with one rounding."""
    total = np.zeros((len(a), b.shape[1]), np.float16)
    for k in range(len(b)):
        total = (total.astype(np.float64) + a[:, k, None].astype(np.float64) * b[k]).astype(np.float16)
    return total.astype(np.float32)


def numbers(shape: tuple[int, ...], size: float = 1.0) -> Array:
    made = np.random.default_rng(0).standard_normal(shape) * size
    return made.astype(np.float16).astype(np.float32)


def rms(values: Array) -> float:
    return float(np.sqrt((values.astype(np.float64) ** 2).mean()))


@pytest.mark.parametrize("terms", [1, 32, 384])
def test_each_partial_sum_is_rounded_as_a_processor_does(half: ModuleType, terms: int) -> None:
    a, b = numbers((24, terms)), numbers((terms, 50))
    made, expected = half.computed([a, b], [1, 0, 0, 0, 0]), written_out(a, b)
    assert (made == expected).mean() > 0.97  # numpy rounds the product with the sum first: seldom another neighbour
    assert np.abs(made - expected).max() <= 4 * np.abs(expected).max() * 2**-10
    exact = a.astype(np.float64) @ b
    if terms == 384:  # 13 times as far as rounding once
        assert 10 < rms(made - exact) / rms(exact.astype(np.float16) - exact) < 18


@pytest.mark.parametrize("terms", [1, 32, 384])
def test_the_smallest_numbers_have_fewer_bits(half: ModuleType, terms: int) -> None:
    a, b = numbers((24, terms)), numbers((terms, 50), 1e-5)
    exact = a.astype(np.float64) @ b
    made, expected = (rms(one - exact) for one in (half.computed([a, b], [1, 0, 0, 0, 0]), written_out(a, b)))
    assert made == pytest.approx(expected, rel=0.2)
    assert made > 2 * rms(exact) * 2**-11 / np.sqrt(3) / terms


def test_another_order_is_another_rounding_of_the_same_sum(half: ModuleType) -> None:
    a, b = numbers((8, 200)), numbers((200, 30))
    made = [half.computed([a, b], [1, order, 0, 0, 0]) for order in (0, 0, 1, 2)]
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])
    assert not np.array_equal(made[2], made[3])
    for one in made:
        assert np.abs(one - a @ b).max() < 0.01 * np.abs(a @ b).max()


def test_one_row_is_added_in_eight_sums(half: ModuleType) -> None:
    ones = np.ones((1, 4096), np.float32)
    assert half.computed([ones, np.ones((4096, 1), np.float32)], [1, 0, 0, 0, 0]).item() == 4096
    assert (
        half.computed([ones.repeat(2, 0), np.ones((4096, 2), np.float32)], [1, 0, 0, 0, 0]).max() == 2048
    )  # + 1 is 2048


def whole_numbers(shape: tuple[int, ...]) -> Array:
    """Small enough that float16 adds them exactly."""
    return np.random.default_rng(1).integers(-3, 4, shape).astype(np.float32)


def convolved(x: Array, weight: Array, how: tuple[int, ...]) -> Array:
    """A convolution, written out position by position."""
    down, right, top, bottom, left, far, high, wide, groups = how
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, far)))
    outputs, inputs, rows, columns = weight.shape
    tall = (x.shape[2] - high * (rows - 1) - 1) // down + 1
    broad = (x.shape[3] - wide * (columns - 1) - 1) // right + 1
    made = np.zeros((len(x), outputs, tall, broad), np.float32)
    for n, o, i, j in np.ndindex(made.shape):
        first = o // (outputs // groups) * inputs
        window = x[n, first : first + inputs, i * down :: high, j * right :: wide][:, :rows, :columns]
        made[n, o, i, j] = (window * weight[o]).sum()
    return made


@given(
    st.sampled_from([(1, 4, 6), (2, 4, 6), (4, 4, 4), (4, 4, 8), (1, 3, 1)]),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(1, 2), st.integers(1, 3)),
    st.tuples(*[st.integers(0, 2)] * 4),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
)
def test_convolutions_of_every_form(
    half: ModuleType,
    groups: tuple[int, int, int],
    kernel: tuple[int, int],
    strides: tuple[int, int],
    paddings: tuple[int, int, int, int],
    dilations: tuple[int, int],
) -> None:
    count, inputs, outputs = groups
    x, weight = whole_numbers((2, inputs, 6, 5)), whole_numbers((outputs, inputs // count, *kernel))
    how = (*strides, *paddings, *dilations, count)
    assert np.array_equal(half.computed([x, weight], [0, 0, *how]), convolved(x, weight, how))


def test_products_of_every_form(half: ModuleType) -> None:
    a, b = whole_numbers((2, 3, 4, 5)), whole_numbers((2, 3, 5, 6))
    flat = whole_numbers((20, 7))
    assert np.array_equal(half.computed([a, b], [1, 0, 0, 0, 0]), a @ b)
    assert np.array_equal(half.computed([a.swapaxes(-1, -2), b], [1, 0, 1, 0, 0]), a @ b)
    assert np.array_equal(half.computed([a, b.swapaxes(-1, -2)], [1, 0, 0, 1, 0]), a @ b)
    assert np.array_equal(half.computed([a, b[0, 0]], [1, 0, 0, 0, 0]), a @ b[0, 0])
    assert np.array_equal(half.computed([a, flat], [1, 0, 0, 0, 2]), np.tensordot(a.reshape(2, 3, 20), flat, 1))


def test_rounding_is_to_the_nearest_and_ends_where_float16_does(half: ModuleType) -> None:
    given = np.array([1.0004, 1.0006, -1.0006, 2049, 2051, 65519, 65520, -1e6, 3e-8, 2e-8], np.float32)
    nearest = [1, 1.0009765625, -1.0009765625, 2048, 2052, 65504, np.inf, -np.inf, 2**-24, 0]
    assert half.computed([given], [2]).tolist() == nearest


def test_activations_round_behind_each_of_their_steps(half: ModuleType) -> None:
    x = numbers((1, 8, 20, 20), 3)
    swish = half.computed([x], [3, 6.0, 6.0, 3.0])
    sixth = np.float16(1 / 6)
    gate = np.clip(x.astype(np.float16) + np.float16(3), np.float16(0), np.float16(6))
    assert np.array_equal(swish, ((x.astype(np.float16) * sixth) * gate).astype(np.float32))
    sigmoid = half.computed([x], [4, 1 / 6, 0.5])
    inside = (x.astype(np.float64) * sixth + 0.5).astype(np.float16)  # multiplied and added at once
    assert np.array_equal(sigmoid, np.clip(inside, 0, 1).astype(np.float32))


@pytest.mark.parametrize("size", [1, 7, 8, 49, 96, 3136])
def test_a_mean_is_that_of_all_positions(half: ModuleType, size: int) -> None:
    x = numbers((2, 3, 1, size)) + 1
    made, exact = half.computed([x], [5]), x.astype(np.float64).mean((2, 3), keepdims=True)
    assert made.shape == (2, 3, 1, 1)
    assert np.abs(made / exact - 1).max() < 0.01
