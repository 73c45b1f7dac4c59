"""What every reader of a program may take for granted: checked once, where its bytes become a program.

Operators that edgezoo itself looks into have the inputs, outputs and attributes that Paddle gives them; of others nothing is
asked but names. So that no rule and no measure has to ask again, and what fails in one is its own mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from edge.paddle import schema

MOST_OPERATORS = 50_000
_MOST_PARTS = 1_000  # slots or attributes of one operator; 60 are many
_MOST_DIMENSIONS = 64  # Paddle's tensors have 9 at most
_WHOLE = frozenset({"INT", "LONG"})
_KINDS: Mapping[str, frozenset[str]] = {  # what is asked for -> the attribute types that hold it
    "whole number": _WHOLE,
    "number": _WHOLE | {"FLOAT", "FLOAT64", "SCALAR"},
    "list of whole numbers": frozenset({"INTS", "LONGS"}),
    "list of numbers": frozenset({"INTS", "LONGS", "FLOATS", "FLOAT64S", "SCALARS", "BOOLEANS"}),
    "text": frozenset({"STRING"}),
}


@dataclass(frozen=True, slots=True)
class _Shape:
    """What an operator has: `slots` that name a tensor first; attributes by what they hold, where they are there, and those
    that must be; `ranks` of tensors; how many values a list has."""

    slots: tuple[str, ...] = ()
    attrs: Mapping[str, str] = field(default_factory=dict)
    ranks: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    needed: tuple[str, ...] = ()


_ONE, _NUMBER, _MANY, _MANY_NUMBERS, _TEXT = _KINDS
_TWO: Mapping[str, tuple[int, ...]] = {"strides": (2,), "paddings": (2, 4), "dilations": (2,)}
_PAIRS = ("kernel_sizes", "strides", "dilations", "paddings", "output_sizes")
_WINDOW = {"strides": _MANY, "paddings": _MANY, "padding_algorithm": _TEXT, "data_format": _TEXT}
_CONV = _Shape(
    ("Input", "Filter", "Output"), {**_WINDOW, "dilations": _MANY, "groups": _ONE}, {"Filter": 4, "Output": 4}, _TWO
)
_THROUGH = _Shape(("X", "Out"))
_REDUCED = _Shape((), {"dim": _MANY})
_BITS = {"bit_length": _ONE, "quant_bits": _MANY}
_ROUNDED = _Shape(("X", "InScale", "Out"), _BITS)
_SHAPES: Mapping[str, _Shape] = {
    "feed": _Shape(("Out",)),
    "conv2d": _CONV,
    "depthwise_conv2d": _CONV,
    "conv2d_transpose": _Shape(("Input", "Filter", "Output"), {}, {"Filter": 4}),
    "pool2d": _Shape(("X", "Out"), {**_WINDOW, "ksize": _MANY, "pooling_type": _TEXT}),
    "batch_norm": _Shape(("X", "Y"), {"epsilon": _NUMBER}),
    "elementwise_add": _Shape(("X", "Y", "Out")),
    **dict.fromkeys(("relu", "relu6", "leaky_relu", "swish", "sigmoid", "tanh"), _THROUGH),
    "hard_sigmoid": _Shape(("X", "Out"), dict.fromkeys(("slope", "offset"), _NUMBER)),
    "scale": _Shape(("X", "Out"), {"scale": _NUMBER, "bias": _NUMBER}),
    "fold": _Shape((), dict.fromkeys(_PAIRS, _MANY), counts={**dict.fromkeys(_PAIRS, (2,)), "paddings": (2, 4)}),
    "unbind": _Shape((), {"axis": _ONE}),
    "hard_swish": _Shape(("X", "Out"), dict.fromkeys(("scale", "offset", "threshold"), _NUMBER)),
    "softmax": _Shape(("X", "Out"), {"axis": _ONE}),
    "dropout": _Shape(("X", "Out"), {"dropout_prob": _NUMBER, "dropout_implementation": _TEXT}),
    "mul": _Shape(("X", "Y", "Out"), {"x_num_col_dims": _ONE, "y_num_col_dims": _ONE}),
    **dict.fromkeys(("matmul", "matmul_v2"), _Shape(("X", "Y", "Out"), {"alpha": _NUMBER})),
    "einsum": _Shape((), {"equation": _TEXT}),
    "repeat_interleave": _Shape((), {"Repeats": _ONE, "dim": _ONE}),
    "slice": _Shape((), dict.fromkeys(("axes", "starts", "ends", "decrease_axis"), _MANY)),
    **{f"reduce_{how}": _REDUCED for how in ("max", "mean", "min", "prod", "sum", "any", "all")},
    "transpose2": _Shape((), {"axis": _MANY}),
    "reshape2": _Shape((), {"shape": _MANY}),
    "fill_constant": _Shape(("Out",), {"shape": _MANY}),
    "set_value": _Shape((), {"values": _MANY_NUMBERS, "dtype": _ONE}),
    "pow": _Shape((), {"factor": _NUMBER}),
    **dict.fromkeys(("fake_quantize_abs_max", "fake_channel_wise_quantize_abs_max"), _Shape((), _BITS)),
    "fake_quantize_range_abs_max": _ROUNDED,
    "fake_quantize_moving_average_abs_max": _ROUNDED,
    "fake_quantize_dequantize_moving_average_abs_max": _ROUNDED,
    "fake_channel_wise_quantize_dequantize_abs_max": _Shape(("X", "Out"), _BITS),
    "fake_quantize_dequantize_abs_max": _Shape(("X", "Out"), _BITS),
    "fake_dequantize_max_abs": _Shape(("X", "Out"), {**_BITS, "max_range": _NUMBER}, needed=("max_range",)),
    "fake_channel_wise_dequantize_max_abs": _Shape(("X", "Scales", "Out"), _BITS),
    "quantize_linear": _Shape(("X", "Scale", "Y"), _BITS),
    "dequantize_linear": _Shape(("X", "Scale", "Y"), _BITS),
}  # fmt: skip


def problem(message: Any) -> str | None:
    """What keeps a parsed ProgramDesc from being a program, as the end of a sentence; None of a sound one.

    Names that are no UTF-8 come as bytes: damage.
    """
    blocks = message.blocks
    if not blocks or not blocks[0].ops:
        return "it holds no operators"
    if (count := sum(len(block.ops) for block in blocks)) > MOST_OPERATORS:
        return f"it holds {count} operators, more than any network"
    if any(block.idx != position for position, block in enumerate(blocks)):
        return "its blocks are not numbered one by one"
    tensors: dict[str, int] = {}  # name -> rank
    for var in (var for block in blocks for var in block.vars):
        if not _is_name(var.name) or not var.HasField("type"):
            return "it holds variables without a name or type"
        if var.type.type == schema.LOD_TENSOR:
            dims = var.type.lod_tensor.tensor.dims
            tensors[var.name] = len(dims)
            if len(dims) > _MOST_DIMENSIONS:
                return f"its variable {var.name} has {len(dims)} dimensions"
            if prod(map(abs, filter(None, dims))) >= 2**63:
                return f"its variable {var.name} has more elements than can be counted"
    for op in (op for block in blocks for op in block.ops):
        if (wrong := _unnamed(op) or _unlike(op, tensors)) is not None:
            return wrong
    if not any(op.type == "fetch" for op in blocks[0].ops):
        return "it has no outputs (no fetch operator); export it with paddle.jit.save or save_inference_model"
    return None


def _unnamed(op: Any) -> str | None:
    if not _is_name(op.type):
        return "it holds operators without a type"
    if max(len(op.attrs), len(op.inputs), len(op.outputs)) > _MOST_PARTS:
        return f"one of its operators {op.type} has more than {_MOST_PARTS} attributes, inputs or outputs"
    if not all(map(_is_name, [attr.name for attr in op.attrs])):
        return "it holds attributes without a name"
    if op.type in ("feed", "fetch") and any(attr.name == "col" and _kind(attr) not in _WHOLE for attr in op.attrs):
        return "its inputs or outputs have no number"
    for slots in (op.inputs, op.outputs):
        for slot in slots:
            if not _is_name(slot.parameter) or not all(map(_is_name, slot.arguments)):
                return "it holds operator slots without names"
    return None


def _unlike(op: Any, tensors: Mapping[str, int]) -> str | None:
    """What an operator lacks of those that are looked into."""
    shape = _SHAPES.get(op.type)
    if shape is None:
        return None
    given: dict[str, Iterable[str]] = {}
    for slot in (*op.inputs, *op.outputs):
        given.setdefault(slot.parameter, slot.arguments)
    for name in shape.slots:
        first = next(iter(given.get(name, ())), None)
        if first is None or first not in tensors:
            return f"one of its operators {op.type} has no tensor as `{name}`"
        if shape.ranks.get(name, tensors[first]) != tensors[first]:
            return f"{first}, `{name}` of one of its operators {op.type}, has {tensors[first]} dimensions"
    if shape.needed and (missing := set(shape.needed) - {attr.name for attr in op.attrs}):
        return f"one of its operators {op.type} has no `{missing.pop()}`"
    for attr in op.attrs if shape.attrs else ():
        if (wanted := shape.attrs.get(attr.name)) is None:
            continue
        if _kind(attr) not in _KINDS[wanted] or (wanted == _TEXT and type(attr.s) is not str):
            return f"`{attr.name}` of one of its operators {op.type} is no {wanted}"
        value = getattr(attr, schema.ATTR_TYPES[attr.type][1])
        if attr.name in shape.counts and len(value) not in shape.counts[attr.name]:
            return f"`{attr.name}` of one of its operators {op.type} has {len(value)} numbers"
        if attr.name == "groups" and value < 1:
            return f"one of its operators {op.type} has no groups"
    return None


def _kind(attr: Any) -> str:
    known = schema.ATTR_TYPES.get(attr.type)
    return known[0] if known else ""


def _is_name(value: str | bytes) -> bool:
    return type(value) is str and value != ""
