"""Weights of a quantised program on half their grid: on the whole one the x86 engine's int8 kernels overflow.

A program quantised together with its activations (Paddle's post-training quantisation, `onnx_format=False`) keeps weights
as whole numbers from -127 to 127, with a scale for each output channel. Paddle-Lite's int8 kernel for x86 adds 128 to the
activations and multiplies with `vpmaddubsw` (lite/backends/x86/math/gemm_s8u8_kernel.cc), which sums two products and
cuts the sum off at 16 bits: 2 * 255 * 127 = 64770 becomes 32767, without a word. With weights from -63 to 63 a sum is
32130 at most. The kernels for ARM multiply signed bytes, 2 * 127 * 127 = 32258, and need none of this.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.convert.program import Op, Program
from edge.convert.rounded import nearest, rewritten

_DEQUANTISE = "fake_channel_wise_dequantize_max_abs"
_WEIGHTS = {"conv2d": "Filter", "depthwise_conv2d": "Filter", "mul": "Y", "matmul": "Y", "matmul_v2": "Y"}
_WHOLE, _HALF = np.float32(127), np.float32(63)


def is_quantised(program: Program) -> bool:
    """Whether activations are quantised, too, with a scale for each channel of the weights."""
    return _DEQUANTISE in program.op_types


def halved(program: Program, params: Path, out: Path) -> Path:
    """The parameters with every quantised weight rounded to 63 steps instead of 127, and its scales to match.

    Returns `out`, a copy, or `params` themselves where `program` is not quantised.
    """
    if not is_quantised(program):
        return params
    makers = {name: op for op in program.ops(*_WEIGHTS) for names in op.outputs.values() for name in names}
    changes: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {}
    for op in program.ops(_DEQUANTISE):
        weight, scales = _weight(makers.get(op.input("X") or "")), op.input("Scales")
        if weight is not None and scales is not None:
            changes[weight] = lambda steps: nearest(steps * (_HALF / _WHOLE))
            changes[scales] = partial(np.multiply, _WHOLE / _HALF)
    return rewritten(program, params, out, changes)


def _weight(op: Op | None) -> str | None:
    return op.input(_WEIGHTS[op.type]) if op else None
