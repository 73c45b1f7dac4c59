"""Small programs and parameters, written without Paddle."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.paddle import schema
from edge.paddle.draft import Draft, NewOp
from edge.paddle.program import Program

PADDLE_2_6_2 = 2_006_002
FEED_MINIBATCH, FETCH_LIST = 9, 10  # framework.proto's VarType.Type


def program(
    ops: Sequence[NewOp],
    feeds: Mapping[str, Sequence[int]],
    fetches: Sequence[str],
    tensors: Mapping[str, Sequence[int]] | None = None,
    weights: Mapping[str, Sequence[int]] | None = None,
) -> Program:
    """A program of one block. `tensors` are shapes of what the operators make, `weights` of parameters."""
    message = schema.MESSAGES["Program"]()
    message.version.version = PADDLE_2_6_2
    block = message.blocks.add(idx=0, parent_idx=-1)
    for name, kind in (("feed", FEED_MINIBATCH), ("fetch", FETCH_LIST)):
        var = block.vars.add(name=name, persistable=True)
        var.type.type = kind
    for shapes, persistable in ((feeds, False), (tensors or {}, False), (weights or {}, True)):
        for name, shape in shapes.items():
            var = block.vars.add(name=name, persistable=persistable)
            var.type.type = schema.LOD_TENSOR
            var.type.lod_tensor.tensor.data_type = schema.DTYPE_NUMBERS["float32"]
            var.type.lod_tensor.tensor.dims.extend(shape)
    block.ops.add(type="placeholder")
    draft = Draft(message)
    draft.replace(
        next(draft.ops()),
        *(NewOp("feed", {"X": ["feed"]}, {"Out": [name]}, {"col": col}) for col, name in enumerate(feeds)),
        *ops,
        *(NewOp("fetch", {"X": [name]}, {"Out": ["fetch"]}, {"col": col}) for col, name in enumerate(fetches)),
    )
    return draft.build()


def write_params(path: Path, weights: Mapping[str, NDArray[Any]]) -> None:
    """A combined parameters file as Paddle writes it."""
    with path.open("wb") as file:
        for name in sorted(weights):
            array = np.ascontiguousarray(weights[name])
            desc = schema.MESSAGES["TensorDesc"](data_type=schema.DTYPE_NUMBERS[str(array.dtype)], dims=array.shape)
            body = desc.SerializeToString()
            file.write(struct.pack("<IQIi", 0, 0, 0, len(body)) + body + array.tobytes())
