"""Input and output tensors as the device contract describes them: the Python twin of android_runner's generator."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WRAP = (1 << 64) - 1


def seeded_input(seed: int, index: int, shape: Sequence[int]) -> NDArray[np.float32]:
    """What `--input seed:SEED` puts into input number `index`: float32 in [-1, 1), of the given shape.

    splitmix64 of a counter (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014), its upper 24
    bits scaled: exact in float32, so that every language gets the same bits.
    """
    import numpy as np

    counter = np.uint64((seed + (index << 32)) & _WRAP) + np.arange(prod(shape), dtype=np.uint64)
    x = counter + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    values = (x >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)
    return values.reshape(tuple(shape))


def output_digest(array: NDArray[np.float32]) -> str:
    """`fnv1a64:` and 16 hex digits over the little-endian float32 bytes, as the runner prints it for an output."""
    value = 0xCBF29CE484222325
    for byte in array.astype("<f4", copy=False).tobytes():
        value = ((value ^ byte) * 0x100000001B3) & _WRAP
    return f"fnv1a64:{value:016x}"
