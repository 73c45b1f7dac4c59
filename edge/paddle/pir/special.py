"""Operators whose translation takes more than names."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from edge.paddle.pir.constant import Constant, dtype_number
from edge.paddle.pir.operators import FILL, OPERATORS, REDUCTIONS, Legacy
from edge.paddle.pir.reading import PirOp
from edge.paddle.pir.translator import Handler, Translator


def _data(t: Translator, op: PirOp) -> None:
    t.feed(op.results[0].id, str(op.attrs["name"]))


def _fetch(t: Translator, op: PirOp) -> None:
    t.fetch(op.operands[0], str(op.attrs["name"]))


# Constants


def _full(t: Translator, op: PirOp) -> None:
    dtype = str(op.attrs["dtype"])
    t.keep(op.results[0].id, Constant(dtype, tuple(op.attrs["shape"]), (_cast(op.attrs["value"], dtype),)))


def _full_int_array(t: Translator, op: PirOp) -> None:
    values = tuple(int(n) for n in op.attrs["value"])
    t.keep(op.results[0].id, Constant(str(op.attrs["dtype"]), (len(values),), values))


def _assign_value(t: Translator, op: PirOp) -> None:
    dtype = str(op.attrs["dtype"])
    values = tuple(_cast(value, dtype) for value in op.attrs["values"])
    t.keep(op.results[0].id, Constant(dtype, tuple(op.attrs["shape"]), values))


def _arange(t: Translator, op: PirOp) -> None:
    """A constant if its ends are."""
    if any(t.constant(id) is None for id in op.operands):
        t.emit(op, Legacy("range", "Start End Step", renamed={"dtype": None}))
        return
    start, end, step = (t.numbers(id)[0] for id in op.operands)
    _keep_array(t, op, np.arange(start, end, step))


def _linspace(t: Translator, op: PirOp) -> None:
    if any(t.constant(id) is None for id in op.operands):
        t.emit(op, Legacy("linspace", "Start Stop Num"))
        return
    start, stop, count = (t.numbers(id)[0] for id in op.operands)
    _keep_array(t, op, np.linspace(start, stop, int(count)))


def _eye(t: Translator, op: PirOp) -> None:
    rows, columns = (int(t.numbers(id)[0]) for id in op.operands)
    _keep_array(t, op, np.eye(rows, columns))


def _keep_array(t: Translator, op: PirOp, array: Any) -> None:
    dtype = str(op.attrs["dtype"])
    values = tuple(_cast(value, dtype) for value in array.flatten().tolist())
    t.keep(op.results[0].id, Constant(dtype, array.shape, values))


def _cast(value: Any, dtype: str) -> bool | int | float:
    kind = "b" if dtype == "bool" else "f" if "float" in dtype else "i"
    return bool(value) if kind == "b" else float(value) if kind == "f" else int(value)


def _full_with_tensor(t: Translator, op: PirOp) -> None:
    """A fill whose shape the network computes."""
    value, shape = op.operands
    number = t.numbers(value)[0]
    name = t.make(op.results[0].id, "full")
    attrs = {
        "dtype": dtype_number(op.attrs["dtype"]),
        "value": float(number),
        "str_value": str(number),
        "shape": (),
        **FILL,
    }
    t.writer.op("fill_constant", {"ShapeTensor": [t.tensor(shape)]}, {"Out": [name]}, attrs)


def _full_batch_size_like(t: Translator, op: PirOp) -> None:
    attrs = {**op.attrs, "dtype": dtype_number(op.attrs["dtype"]), "value": float(op.attrs["value"])}
    kept = ("shape", "input_dim_idx", "output_dim_idx", "dtype", "value")
    name = t.make(op.results[0].id, "full")
    t.writer.op(
        "fill_constant_batch_size_like", {"Input": [t.tensor(op.operands[0])]}, {"Out": [name]},
        {**{key: attrs[key] for key in kept}, "str_value": str(attrs["value"]), **FILL},
    )  # fmt: skip


# Lists of tensors


def _combine(t: Translator, op: PirOp) -> None:
    t.join(op.results[0].id, op.operands)


def _split(t: Translator, op: PirOp) -> None:
    """The members were given to these values when the list was made; those of a combined list are others."""
    for result, member in zip(op.results, t.members(op.operands[0]), strict=True):
        if result.id != member:
            t.alias(result.id, member)


def _member(t: Translator, op: PirOp) -> None:
    t.alias(op.results[0].id, t.members(op.operands[0])[int(op.attrs["index"])])


# Shapes


def _shape64(t: Translator, op: PirOp) -> None:
    """The old operator's shape is of int32, Paddle 3's of int64."""
    (result,) = op.results
    known = t.value(op.operands[0]).shape
    if -1 not in known:
        t.keep(result.id, Constant(result.dtype, (len(known),), tuple(known)))
        return
    source = t.tensor(op.operands[0])
    if result.dtype == "int32":
        t.writer.op("shape", {"Input": [source]}, {"Out": [t.make(result.id, "shape")]})
        return
    narrow = t.scratch("shape", "int32", result.shape)
    t.writer.op("shape", {"Input": [source]}, {"Out": [narrow]})
    attrs = {"in_dtype": dtype_number("int32"), "out_dtype": dtype_number(result.dtype)}
    t.writer.op("cast", {"X": [narrow]}, {"Out": [t.make(result.id, "shape")]}, attrs)


def _numel(t: Translator, op: PirOp) -> None:
    (result,) = op.results
    known = t.value(op.operands[0]).shape
    if -1 in known:
        t.emit(op, Legacy("size", "Input"))
    else:
        t.keep(result.id, Constant(result.dtype, result.shape, (math.prod(known),)))


def _stack(t: Translator, op: PirOp) -> None:
    """Sizes put together to a shape: remembered as such, and known if all of them are."""
    members, (result,) = t.members(op.operands[0]), op.results
    if len(result.shape) == 1 and result.dtype in ("int32", "int64"):
        t.sizes[result.id] = members
        if all(t.constant(id) is not None for id in members):
            t.keep(result.id, Constant(result.dtype, result.shape, tuple(t.numbers(id)[0] for id in members)))
            return
    t.emit(op, OPERATORS["stack"])


def _reshape(t: Translator, op: PirOp) -> None:
    """With one size that the network computes, usually the open batch, it follows from the others: -1."""
    shape = t.value(op.results[0].id).shape
    legacy = Legacy("reshape2", "X -", "Out +XShape")
    if (constant := t.constant(op.operands[1])) is not None:
        if t.is_parameter(op.operands[0]) and sorted(shape)[:-1] == [1] * (len(shape) - 1):
            t.spread[op.results[0].id] = op.operands[0], shape.index(max(shape))
        t.emit(op, legacy, {"shape": constant.all})
    elif (members := t.sizes.get(op.operands[1])) is None:
        t.emit(op, Legacy("reshape2", "X Shape", "Out +XShape"), {"shape": shape})
    else:
        sizes = [known.values[0] if (known := t.constant(id)) is not None else None for id in members]
        if sizes.count(None) == 1 and -1 not in sizes and 0 not in sizes:
            t.emit(op, legacy, {"shape": [-1 if size is None else size for size in sizes]})
        else:
            # One tensor a size: opt's engine takes a tensor of all of them for 32-bit numbers.
            t.emit(op, legacy, {"shape": shape}, {"ShapeTensor": [t.tensor(id) for id in members]})


def _add(t: Translator, op: PirOp) -> None:
    """A convolution's bias is added as opt fuses it: by the axis of the channels, not reshaped first."""
    x, y = op.operands
    bias, axis = t.spread.get(y, (0, 0))
    if bias and len(t.value(x).shape) == len(t.value(y).shape) and len(t.value(bias).shape) == 1:
        t.emit(op, Legacy("elementwise_add", "X -"), {"axis": axis}, {"Y": [t.tensor(bias)]})
    else:
        t.emit(op, OPERATORS["add"])


def _expand(t: Translator, op: PirOp) -> None:
    if (constant := t.constant(op.operands[1])) is not None:
        t.emit(op, Legacy("expand_v2", "X -"), {"shape": constant.all})
        return
    t.emit(op, Legacy("expand_v2", "X Shape"), {"shape": t.value(op.results[0].id).shape})


def _slice(t: Translator, op: PirOp) -> None:
    _, starts, ends = op.operands
    if _fold_slice(t, op):
        return
    fixed = all(t.constant(id) is not None for id in (starts, ends))
    axes = op.attrs["axes"]
    attrs = {
        "infer_flags": tuple(1 if fixed else -1 for _ in axes),
        **{name: constant.all if (constant := t.constant(id)) is not None else tuple(-1 for _ in axes)
           for name, id in (("starts", starts), ("ends", ends))},
    }  # fmt: skip
    words = " ".join("-" if t.constant(id) is not None else slot for slot, id in
                     (("StartsTensor", starts), ("EndsTensor", ends)))  # fmt: skip
    t.emit(op, Legacy("slice", f"Input {words}", renamed={"infer_flags": None}), attrs)


def _fold_slice(t: Translator, op: PirOp) -> bool:
    """A part of a known shape is known."""
    constant = t.constant(op.operands[0])
    if constant is None or any(t.constant(id) is None for id in op.operands[1:]):
        return False
    array = np.array(constant.all).reshape(constant.shape)
    starts, ends = (t.numbers(id) for id in op.operands[1:])
    index: list[Any] = [slice(None)] * array.ndim
    for axis, start, end in zip(op.attrs["axes"], starts, ends, strict=True):
        index[axis] = slice(start, end)
    array = array[tuple(index)]
    array = array.squeeze(tuple(op.attrs["decrease_axis"])) if op.attrs["decrease_axis"] else array
    values = tuple(_cast(value, constant.dtype) for value in array.flatten().tolist())
    t.keep(op.results[0].id, Constant(constant.dtype, array.shape, values))
    return True


def _strided_slice(t: Translator, op: PirOp) -> None:
    """`[::-1]` is a flip: older Paddle's strided_slice loses the first element of it."""
    shape, axes = t.value(op.operands[0]).shape, op.attrs["axes"]
    starts, ends, strides = (t.numbers(id) for id in op.operands[1:])
    whole = [
        stride == -1 and (start == -1 or start >= shape[axis] - 1) and end < -shape[axis]
        for axis, start, end, stride in zip(axes, starts, ends, strides, strict=True)
    ]
    if all(whole):
        t.emit(op, Legacy("flip", "X - - -", renamed={"axes": "axis"}))
        return
    if any(stride < 0 and end < -1 for end, stride in zip(ends, strides, strict=True)):
        raise ValueError("a step backwards over the first element")
    attrs = {"starts": starts, "ends": ends, "strides": strides, "infer_flags": (1,) * len(axes), "decrease_axis": ()}
    t.emit(op, Legacy("strided_slice", "Input - - -"), attrs)


def _set_value(t: Translator, op: PirOp) -> None:
    names = ("starts", "ends", "steps")
    bounds = {name: t.numbers(id) for name, id in zip(names, op.operands[-3:], strict=True)}
    dtype = {"dtype": dtype_number(t.value(op.operands[0]).dtype)}
    if len(op.operands) == 5:
        t.emit(op, Legacy("set_value", "Input ValueTensor - - -"), {**bounds, **dtype, "shape": (), "values": ()})
    else:
        t.emit(op, Legacy("set_value", "Input - - -"), {**bounds, **dtype})


def _cast_op(t: Translator, op: PirOp) -> None:
    source, (result,) = t.value(op.operands[0]), op.results
    if (constant := t.constant(op.operands[0])) is not None:
        values = tuple(_cast(value, result.dtype) for value in constant.values)
        t.keep(result.id, Constant(result.dtype, constant.shape, values))
        return
    attrs = {"in_dtype": dtype_number(source.dtype), "out_dtype": dtype_number(result.dtype)}
    t.emit(op, Legacy("cast", renamed={"dtype": None}), attrs)


def _reduce(t: Translator, op: PirOp) -> None:
    """`reduce_all` stands for all axes; of none, PIR has an empty list."""
    old = REDUCTIONS[op.name.partition(".")[2]]
    source = t.value(op.operands[0])
    axes = t.numbers(op.operands[1]) if len(op.operands) > 1 else op.attrs.get("axis", ())
    axes = tuple(axis % len(source.shape) for axis in axes)
    whole = bool(op.attrs.get("reduce_all")) or not axes or len(set(axes)) == len(source.shape)
    dtype = dtype_number(op.attrs.get("dtype"))
    attrs = {
        "dim": axes or (0,), "reduce_all": whole, "keep_dim": bool(op.attrs.get("keepdim")),
        "in_dtype": dtype_number(source.dtype) if dtype >= 0 else -1, "out_dtype": dtype,
    }  # fmt: skip
    words = "X -" if len(op.operands) > 1 else "X"
    t.emit(op, Legacy(old, words, renamed=dict.fromkeys(op.attrs)), attrs)


def _masked_fill(t: Translator, op: PirOp) -> None:
    """By `where`, which wants a mask as large as the tensor: numbers of 0 or 1 are spread by an addition."""
    x, mask, value = op.operands
    (result,) = op.results
    source, fill = t.value(x), t.numbers(value)[0]
    filled = t.scratch("masked_fill", source.dtype, source.shape)
    dtype = {"dtype": dtype_number(source.dtype)}
    t.writer.op("fill_any_like", {"X": [t.tensor(x)]}, {"Out": [filled]}, {"value": float(fill), **dtype})
    whole = t.tensor(mask)
    if t.value(mask).shape != source.shape:
        zero, some, all_ = (
            t.scratch("masked_fill", "float32", shape) for shape in (source.shape, t.value(mask).shape, source.shape)
        )
        kinds = {"in_dtype": dtype_number("bool"), "out_dtype": dtype_number("float32")}
        t.writer.op(
            "fill_any_like", {"X": [t.tensor(x)]}, {"Out": [zero]}, {"value": 0.0, "dtype": dtype_number("float32")}
        )
        t.writer.op("cast", {"X": [whole]}, {"Out": [some]}, kinds)
        t.writer.op("elementwise_add", {"X": [zero], "Y": [some]}, {"Out": [all_]}, {"axis": -1})
        whole = t.scratch("masked_fill", "bool", source.shape)
        t.writer.op(
            "cast", {"X": [all_]}, {"Out": [whole]}, {"in_dtype": kinds["out_dtype"], "out_dtype": kinds["in_dtype"]}
        )
    made = t.make(result.id, "masked_fill")
    t.writer.op("where", {"Condition": [whole], "X": [filled], "Y": [t.tensor(x)]}, {"Out": [made]}, {})


def _deformable(t: Translator, op: PirOp) -> None:
    """Without a mask it is the older operator of that name."""
    legacy = OPERATORS["deformable_conv"]
    t.emit(op, legacy if op.operands[3] else replace(legacy, type="deformable_conv_v1"))


def _interpolate(t: Translator, op: PirOp) -> None:
    """The size comes as attributes, as one tensor, as a list of tensors, or as a factor."""
    size = op.operands[1]
    attrs = {}
    if size and (constant := t.constant(size)) is not None:
        names = ("out_h", "out_w") if len(constant.all) == 2 else ("out_d", "out_h", "out_w")
        attrs = dict(zip(names, constant.all, strict=True))
        size = 0
    elif op.operands[2] and all(t.constant(id) is not None for id in t.members(op.operands[2])):
        sizes = [t.numbers(id)[0] for id in t.members(op.operands[2])]
        attrs = dict(zip(("out_h", "out_w"), sizes, strict=True))
    words = f"X {'OutSize' if size else '-'} {'SizeTensor*' if op.operands[2] and not attrs else '-'} Scale?"
    t.emit(op, Legacy(op.name.partition(".")[2] + "_v2", words, renamed={"data_format": "data_layout"}), attrs)


SPECIAL: dict[str, Handler] = {
    "pd_op.masked_fill": _masked_fill,
    "pd_op.masked_fill_": _masked_fill,
    "pd_op.deformable_conv": _deformable,
    "pd_op.data": _data,
    "pd_op.fetch": _fetch,
    "pd_op.full": _full,
    "pd_op.full_": _full,
    "pd_op.full_int_array": _full_int_array,
    "pd_op.assign_value_": _assign_value,
    "pd_op.assign_value": _assign_value,
    "pd_op.arange": _arange,
    "pd_op.linspace": _linspace,
    "pd_op.eye": _eye,
    "pd_op.full_with_tensor": _full_with_tensor,
    "pd_op.full_batch_size_like": _full_batch_size_like,
    "builtin.combine": _combine,
    "builtin.split": _split,
    "builtin.slice": _member,
    "pd_op.shape": _shape64,
    "pd_op.shape64": _shape64,
    "pd_op.numel": _numel,
    "pd_op.stack": _stack,
    "pd_op.add": _add,
    "pd_op.add_": _add,
    "pd_op.reshape": _reshape,
    "pd_op.reshape_": _reshape,
    "pd_op.expand": _expand,
    "pd_op.slice": _slice,
    "pd_op.strided_slice": _strided_slice,
    "pd_op.set_value": _set_value,
    "pd_op.set_value_": _set_value,
    "pd_op.set_value_with_tensor": _set_value,
    "pd_op.set_value_with_tensor_": _set_value,
    "pd_op.cast": _cast_op,
    "pd_op.cast_": _cast_op,
    "pd_op.nearest_interp": _interpolate,
    "pd_op.bilinear_interp": _interpolate,
    "pd_op.bicubic_interp": _interpolate,
    **{f"pd_op.{name}": _reduce for name in REDUCTIONS},
}
