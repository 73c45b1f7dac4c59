"""A float32 program, and its parameters, in float64: the same network, nearly without rounding."""

from __future__ import annotations

from pathlib import Path

from edge.paddle.program import Program
from edge.paddle.rewritten import rewritten
from edge.paddle.schema import ATTR_NUMBERS, DTYPE_NUMBERS, LOD_TENSOR

_SINGLE, _DOUBLE = DTYPE_NUMBERS["float32"], DTYPE_NUMBERS["float64"]
_TYPE_ATTRS = ("dtype", "in_dtype", "out_dtype")  # of fill_constant, cast, arg_max, ...


def doubled(program: Program) -> Program:
    """The program with every float32 variable in float64, inputs and outputs as well."""
    message = program.copy_message()
    for block in message.blocks:
        for var in block.vars:
            if var.type.type == LOD_TENSOR and var.type.lod_tensor.tensor.data_type == _SINGLE:
                var.type.lod_tensor.tensor.data_type = _DOUBLE
        for op in block.ops:
            for attr in op.attrs:
                if attr.name in _TYPE_ATTRS and attr.type == ATTR_NUMBERS["INT"] and attr.i == _SINGLE:
                    attr.i = _DOUBLE
    return Program(message)


def doubled_params(program: Program, params: Path, out: Path) -> Path:
    """`out`, the parameters that `doubled(program)` takes; `params` belong to `program`, and were checked to."""
    names = [spec.name for spec in program.persistables if spec.dtype == "float32"]
    return rewritten(program, params, out, dict.fromkeys(names, lambda values: values.astype("float64")))
