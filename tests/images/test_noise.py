"""The noise of the device contract: by its formula, by published numbers, and by the engines' programs alike."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.images.noise import seeded_noise
from edge.toolchain.engines import WORKERS

SEEDS = st.integers(0, 2**64 - 1)


def splitmix64(x: int) -> int:
    """As docs/reference/device-contract.md has it, in whole numbers."""
    x = (x + 0x9E3779B97F4A7C15) % 2**64
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB % 2**64
    return x ^ (x >> 31)


@given(SEEDS, st.integers(0, 3))
def test_it_is_that_of_the_device_contract(seed: int, index: int) -> None:
    expected = [(splitmix64(seed + (index << 32) + i) >> 40) * 2**-23 - 1 for i in range(5)]
    assert seeded_noise((5,), seed, index).tolist() == expected


def test_it_follows_the_published_generator() -> None:
    # splitmix64's first two outputs from state 1234567 (Vigna's reference implementation).
    for state, output in ((1234567, 6457827717110365317), (1234567 + 0x9E3779B97F4A7C15, 3203168211198807973)):
        assert seeded_noise((1,), state)[0] == (output >> 40) * 2.0**-23 - 1


def test_it_is_in_range_and_repeatable() -> None:
    values = seeded_noise((1, 3, 8, 8), 7)
    assert values.shape == (1, 3, 8, 8)
    assert values.dtype == np.float32
    assert values.min() >= -1
    assert values.max() < 1
    assert np.array_equal(values, seeded_noise((192,), 7).reshape(1, 3, 8, 8))
    assert not np.array_equal(values, seeded_noise((1, 3, 8, 8), 7, 1))


@given(SEEDS, st.integers(0, 3), st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_the_engines_programs_make_the_same(seed: int, index: int, shape: list[int]) -> None:
    """They run where edgezoo cannot be imported, so they have a copy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(WORKERS), *sys.path])
        from bench_program import filled  # type: ignore[import-not-found]
    theirs = filled(np, f"seed:{seed}", index, shape)
    assert theirs.dtype == np.float32
    assert theirs.tobytes() == seeded_noise(shape, seed, index).tobytes()
