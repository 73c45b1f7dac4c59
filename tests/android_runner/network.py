"""A small network made by hand: convolution, relu, pooling, softmax. Enough for an engine to have something to run."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.paddle.schema import ATTR_NUMBERS, DTYPE_NUMBERS, LOD_TENSOR, MESSAGES
from edge.toolchain.environment import Environment

SHAPE = (1, 3, 64, 64)
CLASSES = 10

_FEED_MINIBATCH, _FETCH_LIST = 9, 10
_OPT = """
import sys
from paddlelite.lite import Opt
opt = Opt()
opt.set_model_file(sys.argv[1]); opt.set_param_file(sys.argv[2]); opt.set_valid_places(sys.argv[3])
opt.set_model_type("naive_buffer"); opt.set_optimize_out(sys.argv[4]); opt.run()
"""


def convert(environment: Environment, folder: Path, target: str) -> Path:
    """The network as a .nb for that target, by the environment's own opt."""
    weights = np.random.default_rng(0).normal(0, 0.2, (CLASSES, 3, 3, 3)).astype(np.float32)
    return _opt(environment, folder, _program(weights), weights, target, "tiny")


def open_model(folder: Path, *, maps: bool = False, channels: int = 3, reversed_too: bool = False) -> None:
    """The network as an inference model whose batch, height and width are open; with `maps` it ends before the pooling.

    With `reversed_too` it has a first output `reversed`: what comes before the softmax, with the other sign.
    """
    weights = np.random.default_rng(0).normal(0, 0.2, (CLASSES, channels, 3, 3)).astype(np.float32)
    program = _program(weights)
    block = program.blocks[0]
    for variable in block.vars:
        if variable.name in ("x", "features", "positive"):
            dims = variable.type.lod_tensor.tensor.dims
            dims[:] = [-1, dims[1], -1, -1]
    if maps:
        del block.ops[3:-1]
        block.ops[-1].inputs[0].arguments[:] = ["positive"]
    if reversed_too:
        variable = block.vars.add(name="reversed")
        variable.CopyFrom(next(one for one in block.vars if one.name == "flat"))
        variable.name = "reversed"
        del block.ops[-1]
        _op(block, "scale", {"X": "flat"}, {"Out": "reversed"}, {"scale": -1.0, "bias": 0.0, "bias_after_scale": True})
        _op(block, "fetch", {"X": "reversed"}, {"Out": "fetch"}, {"col": 0})
        _op(block, "fetch", {"X": "scores"}, {"Out": "fetch"}, {"col": 1})
    (folder / "inference.pdmodel").write_bytes(program.SerializeToString())
    (folder / "inference.pdiparams").write_bytes(_parameter(weights))


EMBEDDING = np.random.default_rng(1).normal(0, 1, (8, 4)).astype(np.float32)


def convert_ids(environment: Environment, folder: Path) -> Path:
    """A network for x86 that takes whole numbers: six ids, each of which looks a row of `EMBEDDING` up."""
    program = MESSAGES["Program"]()
    program.version.version = 0
    block = program.blocks.add(idx=0, parent_idx=-1)
    block.vars.add(name="feed", persistable=True).type.type = _FEED_MINIBATCH
    block.vars.add(name="fetch", persistable=True).type.type = _FETCH_LIST
    for name, shape, dtype in (
        ("ids", (1, 6), "int64"), ("table", EMBEDDING.shape, "float32"), ("rows", (1, 6, 4), "float32"),
        ("scores", (1, 6, 4), "float32"),
    ):  # fmt: skip
        variable = block.vars.add(name=name, persistable=name == "table")
        variable.type.type = LOD_TENSOR
        variable.type.lod_tensor.tensor.data_type = DTYPE_NUMBERS[dtype]
        variable.type.lod_tensor.tensor.dims.extend(shape)
    _op(block, "feed", {"X": "feed"}, {"Out": "ids"}, {"col": 0})
    _op(block, "lookup_table_v2", {"W": "table", "Ids": "ids"}, {"Out": "rows"}, {"padding_idx": np.int64(-1)})
    _op(block, "softmax", {"X": "rows"}, {"Out": "scores"}, {"axis": -1})
    _op(block, "fetch", {"X": "scores"}, {"Out": "fetch"}, {"col": 0})
    return _opt(environment, folder, program, EMBEDDING, "x86", "ids")


def _opt(
    environment: Environment, folder: Path, program: Any, parameter: NDArray[np.float32], target: str, name: str
) -> Path:
    (folder / f"{name}.pdmodel").write_bytes(program.SerializeToString())
    (folder / f"{name}.pdiparams").write_bytes(_parameter(parameter))
    out = folder / f"{name}_{target}"
    command = [environment.python, "-c", _OPT, folder / f"{name}.pdmodel", folder / f"{name}.pdiparams", target, out]
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=120)
    return out.with_suffix(".nb")


def _program(weights: NDArray[np.float32]) -> Any:
    program = MESSAGES["Program"]()
    program.version.version = 0
    block = program.blocks.add(idx=0, parent_idx=-1)
    block.vars.add(name="feed", persistable=True).type.type = _FEED_MINIBATCH
    block.vars.add(name="fetch", persistable=True).type.type = _FETCH_LIST
    image = (1, weights.shape[1], *SHAPE[2:])
    for name, shape in {
        "x": image, "weights": weights.shape, "features": (1, CLASSES, 32, 32), "positive": (1, CLASSES, 32, 32),
        "pooled": (1, CLASSES, 1, 1), "flat": (1, CLASSES), "flat_shape": (0, 1, CLASSES, 1, 1), "scores": (1, CLASSES),
    }.items():  # fmt: skip
        variable = block.vars.add(name=name, persistable=name == "weights")
        variable.type.type = LOD_TENSOR
        variable.type.lod_tensor.tensor.data_type = DTYPE_NUMBERS["float32"]
        variable.type.lod_tensor.tensor.dims.extend(shape)
    conv = {"strides": [2, 2], "paddings": [1, 1], "dilations": [1, 1], "groups": 1,
            "data_format": "NCHW", "padding_algorithm": "EXPLICIT"}  # fmt: skip
    pool = {"pooling_type": "avg", "ksize": [1, 1], "strides": [1, 1], "paddings": [0, 0], "global_pooling": True,
            "adaptive": False, "exclusive": True, "ceil_mode": False, "data_format": "NCHW",
            "padding_algorithm": "EXPLICIT"}  # fmt: skip
    _op(block, "feed", {"X": "feed"}, {"Out": "x"}, {"col": 0})
    _op(block, "conv2d", {"Input": "x", "Filter": "weights"}, {"Output": "features"}, conv)
    _op(block, "relu", {"X": "features"}, {"Out": "positive"}, {})
    _op(block, "pool2d", {"X": "positive"}, {"Out": "pooled"}, pool)
    _op(block, "reshape2", {"X": "pooled"}, {"Out": "flat", "XShape": "flat_shape"}, {"shape": [1, CLASSES]})
    _op(block, "softmax", {"X": "flat"}, {"Out": "scores"}, {"axis": -1})
    _op(block, "fetch", {"X": "scores"}, {"Out": "fetch"}, {"col": 0})
    return program


def _op(
    block: Any, kind: str, inputs: Mapping[str, str], outputs: Mapping[str, str], attributes: Mapping[str, Any]
) -> None:
    op = block.ops.add(type=kind)
    for slots, names in ((op.inputs, inputs), (op.outputs, outputs)):
        for parameter, name in names.items():
            slots.add(parameter=parameter).arguments.append(name)
    for name, value in attributes.items():
        attribute = op.attrs.add(name=name)
        match value:
            case bool():
                attribute.type, attribute.b = ATTR_NUMBERS["BOOLEAN"], value
            case np.integer():
                attribute.type, attribute.l = ATTR_NUMBERS["LONG"], int(value)
            case float():
                attribute.type, attribute.f = ATTR_NUMBERS["FLOAT"], value
            case int():
                attribute.type, attribute.i = ATTR_NUMBERS["INT"], value
            case str():
                attribute.type, attribute.s = ATTR_NUMBERS["STRING"], value
            case Sequence():
                attribute.type = ATTR_NUMBERS["INTS"]
                attribute.ints.extend(value)


def _parameter(weights: NDArray[np.float32]) -> bytes:
    """One tensor as Paddle's save_combine writes it."""
    description = MESSAGES["TensorDesc"](data_type=DTYPE_NUMBERS["float32"], dims=weights.shape).SerializeToString()
    return b"".join([struct.pack("<IQIi", 0, 0, 0, len(description)), description, weights.tobytes()])
