"""The digest of output tensors, as the device contract describes it: the Python twin of android_runner's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WRAP = (1 << 64) - 1


def output_digest(array: NDArray[np.float32]) -> str:
    """`fnv1a64:` and 16 hex digits over the little-endian float32 bytes, as the runner prints it for an output."""
    value = 0xCBF29CE484222325
    for byte in array.astype("<f4", copy=False).tobytes():
        value = ((value ^ byte) * 0x100000001B3) & _WRAP
    return f"fnv1a64:{value:016x}"
