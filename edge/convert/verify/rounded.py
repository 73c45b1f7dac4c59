"""Weights as opt's weight quantisation leaves them, for the reference: what an int8 or int16 network should compute.

opt quantises the weights of convolutions and fully connected layers, one scale an output channel: scale = greatest magnitude /
(2**(bits - 1) - 1), weight = round(weight / scale) * scale (Paddle-Lite, post_quant_dynamic_pass.cc). It does so after folding
batch norms into convolutions, which multiplies whole output channels and so changes no rounded value. Depthwise
convolutions are left alone, and weights that are whole numbers already. Two convolutions that opt would merge before it
rounds are kept apart (edge.convert.legalise.pairs).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.convert.fold import fold
from edge.convert.legalise import legalise
from edge.convert.recipe import Precision
from edge.paddle.constants import constants_of
from edge.paddle.program import Program
from edge.paddle.rewritten import rewritten

_BITS = {"int8": 8, "int16": 16, "int8-static": 8}
_DEQUANTISE = "fake_channel_wise_dequantize_max_abs"
# Operator -> its weight's slot; and, of those that opt quantises, the axis of the output channels.
MULTIPLIED = {"conv2d": "Filter", "depthwise_conv2d": "Filter", "mul": "Y", "matmul": "Y", "matmul_v2": "Y"}
_QUANTISED = {"conv2d": ("Filter", 0), "mul": ("Y", 1), "fc": ("W", 1)}


def expected(
    program: Program, params: Path, precision: Precision, engine: str, folder: Path, scratch: Path
) -> tuple[Program, Path]:
    """The program and the parameters that Paddle must run to compute what the converted network should.

    `program` is as it came, `engine` the version whose opt it goes through, and in `folder` is what was computed of it at
    conversion (edge.convert.fold). They are `program` and `params` themselves, but for int8 and int16, where the weights
    that opt quantises are rounded. Of a weight that was computed, it is what was computed that opt rounds: then the program
    with these as parameters is returned, and so it is where constants are computed of a weight that opt rounds elsewhere.
    """
    if precision not in _BITS:
        return program, params
    plain, folded = fold(program, params, folder, scratch / "constant.pdiparams")
    legal, _ = legalise(plain, engine=engine, precision=precision)
    whole = set(quantised_weights(program).values())
    axes = {
        name: axis
        for op in legal.ops(*_QUANTISED)
        for slot, axis in [_QUANTISED[op.type]]
        if (name := op.input(slot)) is not None and name not in whole
    }
    if plain is not program:
        constants = set(constants_of(program).ops)
        read = {name for op in program.ops() if op.index in constants for name in op.reads}
        if axes.keys() <= {spec.name for spec in program.persistables} - read:
            plain, folded = program, params
    changes = {name: partial(rounded, axis=axis, bits=_BITS[precision]) for name, axis in axes.items()}
    return plain, rewritten(plain, folded, scratch / "rounded.pdiparams", changes)


def quantised_weights(program: Program) -> dict[str, str]:
    """The weights that a program quantised with its activations keeps as whole numbers from -127 to 127, by their scales."""
    makers = {name: op for op in program.ops(*MULTIPLIED) for names in op.outputs.values() for name in names}
    pairs = ((op.input("Scales"), makers.get(op.input("X") or "")) for op in program.ops(_DEQUANTISE))
    found = ((scales, maker.input(MULTIPLIED[maker.type])) for scales, maker in pairs if maker is not None)
    return {scales: weight for scales, weight in found if scales is not None and weight is not None}


def rounded(weight: NDArray[Any], axis: int, bits: int) -> NDArray[np.float32]:
    """Quantised with one scale for each index of `axis`, and turned back."""
    others = tuple(k for k in range(weight.ndim) if k != axis)
    scale = np.abs(weight).max(axis=others, keepdims=True) / np.float32(2 ** (bits - 1) - 1)
    scale[scale == 0] = 1
    return np.asarray(nearest(weight / scale) * scale, dtype=np.float32)


def nearest(steps: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers, halves away from zero, as C's `round`."""
    whole: NDArray[Any] = np.trunc(steps + np.copysign(np.float32(0.5), steps))
    return whole
