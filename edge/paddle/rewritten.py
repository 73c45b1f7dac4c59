"""A combined parameters file written anew: some of its tensors with other values, of another shape or type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.paddle.params import tensors, write
from edge.paddle.program import Program


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
    outputs) there are turned. Returns `out`, or `params` themselves where there is none."""
    shapes = {spec.name: spec.shape for spec in legal.persistables}
    names = [spec.name for spec in program.persistables if shapes.get(spec.name, spec.shape) != spec.shape]
    return rewritten(program, params, out, dict.fromkeys(names, _turn)) if names else params


def _turn(values: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(values[:, :, 0, 0].T)
