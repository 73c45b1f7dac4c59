"""A combined parameters file written anew: some of its tensors with other values, of another shape or type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.paddle.params import tensors, write
from edge.paddle.program import Program, TensorSpec


def rewritten(
    program: Program, params: Path, out: Path, changes: Mapping[str, Callable[[NDArray[Any]], NDArray[Any]]]
) -> Path:
    """`out`, the parameters of `program` in which each tensor named in `changes` is what its function makes of it.

    `params` belong to `program`, and were checked to.
    """
    known = tensors(params, program.persistables)
    write(out, (changes[spec.name](values) if spec.name in changes else values for spec, values in known))
    return out


def turned(program: Program, legal: Program, params: Path, out: Path) -> Path:
    """The parameters of `legal`, made of `program` and its `params`: filters (outputs, inputs, 1, 1) that are weights (inputs,
    outputs) there are turned, others get the shape that they have there, and what is new there is zeros.

    Returns `out`, or `params` themselves where all are the same.
    """
    before, after = program.persistables, legal.persistables
    if {spec.name: spec.shape for spec in before} == {spec.name: spec.shape for spec in after}:
        return params
    known = {spec.name: values for spec, values in tensors(params, before)}

    def made(spec: TensorSpec) -> NDArray[Any]:
        if spec.name not in known:
            return np.zeros(spec.shape, spec.dtype)
        values = known[spec.name]
        return _turn(values) if (values.ndim, len(spec.shape)) == (4, 2) else values.reshape(spec.shape)

    write(out, map(made, after))
    return out


def _turn(values: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(values[:, :, 0, 0].T)
