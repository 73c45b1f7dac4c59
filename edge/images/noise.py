"""Seeded noise: what a network is fed when any input will do, the same bits in every language."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def seeded_noise(shape: Sequence[int], seed: int, index: int = 0) -> NDArray[np.float32]:
    """The device contract's `seed:SEED` for input number `index`: float32 in [-1, 1), of the given shape.

    splitmix64 of a counter (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014), its upper 24
    bits scaled: exact in float32. Its twins stand where edgezoo cannot be imported: `toolchain/workers/bench_program.py`, in
    the engines' interpreters down to Python 3.7, and `android_runner`, in C++; tests hold them equal.
    """
    import numpy as np

    x = np.uint64((seed + (index << 32)) % 2**64) + np.arange(prod(shape), dtype=np.uint64)
    x += np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return ((x >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)).reshape(tuple(shape))
