"""The shapes of what an optimised program reads and writes, op by op: opt lets tensors share variables, so that the shape
that a variable is described with may be another tensor's.

Known are the operators of convolutional classifiers; their rules are Paddle's own InferMeta functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from edge.errors import NbFormatError
from edge.nb.header import NbHeader
from edge.nb.params import read_params
from edge.nb.program import NbOp, read_inputs, read_ops

Shape = tuple[int, ...]


class UnknownOpError(NbFormatError):
    """An operator whose output's shape is not known here."""


@dataclass(frozen=True, slots=True)
class ShapedOp:
    """An op with the shapes of its slots' variables, those that are not known left out."""

    op: NbOp
    inputs: Mapping[str, tuple[Shape, ...]]
    outputs: tuple[Shape, ...]

    def read(self, slot: str) -> Shape:
        """The first shape of a slot. Raises `NbFormatError` where there is none."""
        try:
            return self.inputs[slot][0]
        except (KeyError, IndexError):
            raise NbFormatError(f"its {self.op.type} has no {slot}") from None


def read_shaped(nb: Path, header: NbHeader, first: Sequence[int] | None = None) -> list[ShapedOp]:
    """Every op of a file with its shapes; `first`: of its first input, where the file leaves it open.

    Raises `UnknownOpError`, and `NbFormatError` for a program that contradicts itself or whose input is open.
    """
    known: dict[str, Shape] = {one.name: one.shape for one in read_params(nb, header)}
    for place, (name, shape) in enumerate(read_inputs(nb, header).items()):
        fixed = tuple(first) if place == 0 and first is not None else (1, *shape[1:]) if shape[:1] == (-1,) else shape
        if len(fixed) != len(shape) or any(own not in (-1, n) for own, n in zip(shape, fixed, strict=True)):
            raise NbFormatError(f"{nb}: its input {name} is {_text(shape)}, which {_text(fixed)} does not fit")
        if -1 in fixed:
            raise NbFormatError(
                f"{nb}: its input {name} has the open shape {_text(shape)}",
                hint="say which shape it is used with: --input-shape, for instance 1,3,224,224",
            )
        known[name] = fixed
    try:
        return list(shaped(read_ops(nb, header), known))
    except NbFormatError as error:
        raise type(error)(f"{nb}: {error.message}", hint=error.hint) from error


def shaped(ops: Sequence[NbOp], known: Mapping[str, Shape]) -> Iterator[ShapedOp]:
    """The ops in order; `known` are the shapes of weights and inputs."""
    now = dict(known)
    for op in ops:
        inputs = {slot: tuple(now[name] for name in names if name in now) for slot, names in op.inputs.items()}
        one = ShapedOp(op, inputs, ())
        rule = _RULES.get(op.type)
        if rule is None:
            raise UnknownOpError(f"it has the operator {op.type}")
        try:
            outputs = rule(one)
        except (KeyError, IndexError, ValueError, TypeError, ZeroDivisionError) as error:
            raise NbFormatError(f"the shapes of its {op.type} do not fit") from error
        names = next((op.outputs[slot] for slot in ("Output", "Out", "Y") if slot in op.outputs), ())
        now.update(zip(names, outputs, strict=False))
        yield ShapedOp(op, inputs, outputs)


def _convolved(one: ShapedOp) -> tuple[Shape, ...]:
    x, weights, attrs = one.read("Input"), one.read("Filter"), one.op.attrs
    return ((x[0], weights[0], *_slid(x[2:], weights[2:], attrs, attrs["dilations"])),)


def _pooled(one: ShapedOp) -> tuple[Shape, ...]:
    x, attrs = one.read("X"), one.op.attrs
    if attrs.get("global_pooling"):
        return ((*x[:2], 1, 1),)
    if attrs.get("adaptive"):
        return ((*x[:2], *attrs["ksize"]),)
    return ((*x[:2], *_slid(x[2:], attrs["ksize"], attrs, (1, 1), up=bool(attrs.get("ceil_mode")))),)


def _slid(
    sizes: Shape, kernel: Sequence[int], attrs: Mapping[str, Any], dilations: Sequence[int], *, up: bool = False
) -> Shape:
    """How many places a kernel takes along each axis."""
    strides, pads, algorithm = attrs["strides"], attrs["paddings"], attrs.get("padding_algorithm", "EXPLICIT")
    around = pads if len(pads) == 2 * len(sizes) else [pad for pad in pads for _ in (0, 1)]
    made = []
    for axis, (size, width, step, dilation) in enumerate(zip(sizes, kernel, strides, dilations, strict=True)):
        if algorithm == "SAME":
            made.append(-(-size // step))
            continue
        padding = 0 if algorithm == "VALID" else around[2 * axis] + around[2 * axis + 1]
        free = size + padding - (dilation * (width - 1) + 1)
        made.append((-(-free // step) if up else free // step) + 1)
    if min(made) < 1:
        raise ValueError("a kernel larger than its input")
    return tuple(made)


def _axis(axis: int, shape: Shape) -> int:
    """Counted from the first one."""
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"there is no axis {axis}")
    return axis % len(shape)


def _same(one: ShapedOp) -> tuple[Shape, ...]:
    return (one.inputs["X"][0] if one.inputs.get("X") else one.read("Input"),)


def _larger(one: ShapedOp) -> tuple[Shape, ...]:
    return (max(one.read("X"), one.read("Y"), key=prod),)


def _concatenated(one: ShapedOp) -> tuple[Shape, ...]:
    parts = one.inputs["X"]
    axis = _axis(one.op.attrs["axis"], parts[0])
    return ((*parts[0][:axis], sum(part[axis] for part in parts), *parts[0][axis + 1 :]),)


def _split(one: ShapedOp) -> tuple[Shape, ...]:
    x, attrs, count = one.read("X"), one.op.attrs, len(one.op.outputs["Out"])
    axis = _axis(attrs["axis"], x)
    sections = list(attrs.get("sections") or [x[axis] // count] * count)
    if -1 in sections:
        sections[sections.index(-1)] = x[axis] - sum(sections) - 1
    return tuple((*x[:axis], size, *x[axis + 1 :]) for size in sections)


def _sliced(one: ShapedOp) -> tuple[Shape, ...]:
    x, attrs = list(one.read("Input")), one.op.attrs
    for axis, start, end in zip(attrs["axes"], attrs["starts"], attrs["ends"], strict=True):
        ends = [min(max(place + x[axis] if place < 0 else place, 0), x[axis]) for place in (start, end)]
        x[axis] = ends[1] - ends[0]
    gone = set(attrs.get("decrease_axis") or ())
    return (tuple(size for axis, size in enumerate(x) if axis not in gone),)


def _reduced(one: ShapedOp) -> tuple[Shape, ...]:
    x, attrs = one.read("X"), one.op.attrs
    gone = set(range(len(x))) if attrs.get("reduce_all") else {_axis(axis, x) for axis in attrs["dim"]}
    if attrs.get("keep_dim"):
        return (tuple(1 if axis in gone else size for axis, size in enumerate(x)),)
    return (tuple(size for axis, size in enumerate(x) if axis not in gone),)


def _multiplied(one: ShapedOp) -> tuple[Shape, ...]:
    return ((*one.read("Input")[: one.op.attrs["in_num_col_dims"]], one.read("W")[1]),)


def _squeezed(one: ShapedOp) -> tuple[Shape, ...]:
    x = one.read("X")
    gone = {_axis(axis, x) for axis in one.op.attrs["axes"]}
    return (tuple(size for axis, size in enumerate(x) if axis not in gone),)


def _unsqueezed(one: ShapedOp) -> tuple[Shape, ...]:
    made = list(one.read("X"))
    for axis in one.op.attrs["axes"]:
        made.insert(axis if axis >= 0 else len(made) + 1 + axis, 1)
    return (tuple(made),)


def _reshaped(one: ShapedOp) -> tuple[Shape, ...]:
    x = one.read("X")
    made = [x[axis] if size == 0 else size for axis, size in enumerate(one.op.attrs["shape"])]
    if -1 in made:
        made[made.index(-1)] = prod(x) // -prod(made)
    if prod(made) != prod(x):
        raise ValueError("other elements")
    return (tuple(made),)


def _flattened(one: ShapedOp) -> tuple[Shape, ...]:
    x, attrs = one.read("X"), one.op.attrs
    if one.op.type != "flatten_contiguous_range":
        return ((prod(x[: attrs["axis"]]), prod(x[attrs["axis"] :])),)
    start, stop = _axis(attrs["start_axis"], x), _axis(attrs["stop_axis"], x)
    return ((*x[:start], prod(x[start : stop + 1]), *x[stop + 1 :]),)


_RULES: dict[str, Callable[[ShapedOp], tuple[Shape, ...]]] = {
    **dict.fromkeys(("relu", "relu6", "leaky_relu", "prelu", "sigmoid", "swish", "silu", "tanh", "clip"), _same),
    **dict.fromkeys(("hard_sigmoid", "hard_swish", "dropout", "scale", "softmax", "batch_norm", "shuffle_channel"), _same),
    **dict.fromkeys(("conv2d", "depthwise_conv2d"), _convolved),
    **dict.fromkeys(("elementwise_add", "elementwise_mul", "fusion_elementwise_add_activation"), _larger),
    **dict.fromkeys(("flatten", "flatten2", "flatten_contiguous_range"), _flattened),
    **dict.fromkeys(("squeeze", "squeeze2"), _squeezed),
    **dict.fromkeys(("unsqueeze", "unsqueeze2"), _unsqueezed),
    **dict.fromkeys(("reshape", "reshape2"), _reshaped),
    "pool2d": _pooled,
    "concat": _concatenated,
    "split": _split,
    "reduce_mean": _reduced,
    "slice": _sliced,
    "fc": _multiplied,
}  # fmt: skip


def _text(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
