"""What a program costs, counted: for each kind of operator its multiply-accumulates, weights, values moved, and itself.

Counted are the operators that opt left, with their shapes: what runs, and not what a framework wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from math import prod
from pathlib import Path
from typing import NamedTuple

from edge.nb.shapes import Shape, ShapedOp
from edge.zoo.model import Model

FILE = Path(__file__).with_name("features.csv")
COSTS = ("macs", "depthwise", "weights", "moved", "ops")
"""Units of work: multiply-accumulates of a matrix product or of a depthwise convolution, weights that are used once or few
times, float32 values read and written, operators started."""


class Feature(NamedTuple):
    """A kind of operator and one of its `COSTS`."""

    kind: str
    cost: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.cost}"


Features = Mapping[Feature, int]
_FIRST_CHANNELS = 4  # of an image: its convolution has a kernel of its own in Paddle-Lite
_BENT = (
    "relu",
    "relu6",
    "leaky_relu",
    "hard_sigmoid",
    "hard_swish",
    "clip",
    "dropout",
)  # others take many times as long
_VIEWS = ("flatten", "flatten2", "flatten_contiguous_range", "reshape", "reshape2", "squeeze", "squeeze2")
_KINDS = {
    **dict.fromkeys(_BENT, "activation"),
    **dict.fromkeys((*_VIEWS, "unsqueeze", "unsqueeze2", "softmax"), "other"),
    **dict.fromkeys(("concat", "split", "shuffle_channel"), "rearrangement"),
    **dict.fromkeys(("elementwise_add", "fusion_elementwise_add_activation"), "addition"),
    "elementwise_mul": "multiplication",
    "pool2d": "pooling",
}


def count(ops: Sequence[ShapedOp]) -> Features:
    """The features of a program."""
    found: Counter[Feature] = Counter()
    for one in ops:
        for feature, amount in _of(one):
            found[feature] += amount
    return dict(found)


def _of(one: ShapedOp) -> list[tuple[Feature, int]]:
    if one.op.type in ("conv2d", "depthwise_conv2d"):
        return _convolution(one)
    if one.op.type == "fc":
        return [(Feature("fully connected", "weights"), prod(one.read("W"))), (Feature("vector", "ops"), 1)]
    moved = sum(prod(shape) for slot in ("X", "Y", "Input") for shape in one.inputs.get(slot, ()))
    moved += sum(map(prod, one.outputs))
    kind = _kind(one.op.type)
    return [(Feature(kind, "moved"), moved), (Feature(kind, "ops"), 1)]


def _kind(of: str) -> str:
    """What has a cost of its own is a kind of its own: those that the table has not are known by it."""
    return _KINDS.get(of, of)


def _convolution(one: ShapedOp) -> list[tuple[Feature, int]]:
    x, weights, (y,) = one.read("Input"), one.read("Filter"), one.outputs
    macs, moved = prod(y) * prod(weights[1:]), prod(x) + prod(y)
    found: list[tuple[str, str, int]]
    if one.op.attrs.get("groups", 1) == x[1] and weights[1] == 1:
        kernel = f"depthwise {weights[2]}x{weights[3]} stride {one.op.attrs['strides'][0]}"
        found = [(kernel, "depthwise", macs), ("depthwise", "moved", moved), ("depthwise", "ops", 1)]
    elif prod(y[2:]) == 1 and prod(weights[2:]) == 1:
        found = [("vector", "weights", macs), ("vector", "ops", 1)]
    else:
        kind = _kernel(one, weights)
        found = [(kind, "macs", macs), (kind, "moved", moved), ("convolution", "ops", 1)]
        found += [(kind, "weights", prod(weights))] * (kind != "first convolution")
    if one.op.attrs.get("act_type") not in (None, "", "relu", "relu6"):  # those cost nothing as a part of a convolution
        found.append(("fused activation", "moved", prod(y)))
    return [(Feature(kind, cost), amount) for kind, cost, amount in found]


def _kernel(one: ShapedOp, weights: Shape) -> str:
    if one.op.attrs.get("groups", 1) != 1:
        return "grouped convolution"
    if prod(weights[2:]) == 1:
        return "pointwise"
    return "first convolution" if weights[1] <= _FIRST_CHANNELS else f"convolution {weights[2]}x{weights[3]}"


class Known(NamedTuple):
    """A network of the catalogue, converted for arm in float32 by `scripts/features.py`. Bytes of its file."""

    bytes: int
    features: Features


@cache
def known() -> dict[tuple[str, int], Known]:
    """By architecture and input size; networks whose operators the features do not cover are not there."""
    head, *lines = FILE.read_text(encoding="ascii").splitlines()
    names = [Feature(*title.split(":")) for title in head.split(",")[3:]]
    found = {}
    for line in lines:
        architecture, size, file_bytes, *amounts = line.split(",")
        features = {name: int(amount) for name, amount in zip(names, amounts, strict=True) if amount != "0"}
        found[(architecture, int(size))] = Known(int(file_bytes), features)
    return found


def of_model(model: Model) -> Known | None:
    """What is known of a network of the catalogue."""
    return known().get((model.architecture, model.input_shape[2]))
