"""What a network computes from its parameters and from numbers alone: the same at every inference.

Masks of shifted windows, biases gathered from tables of positions, shapes put together number by number: Paddle writes the
operators down, and neither opt nor the runtime knows that they need no input.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.paddle.cut import cut
from edge.paddle.draft import Draft, OpDraft
from edge.paddle.program import Op, Program, TensorSpec

# They have no state, draw nothing, and their outputs have the shapes that the program says.
_PURE = frozenset({
    "abs", "affine_grid", "arange", "assign", "assign_value", "bicubic_interp_v2", "bilinear_interp_v2", "bitwise_and",
    "bitwise_not", "bitwise_or", "bmm", "cast", "clip", "concat", "cos", "cumsum", "dot", "elementwise_add",
    "elementwise_div", "elementwise_floordiv", "elementwise_max", "elementwise_min", "elementwise_mod", "elementwise_mul",
    "elementwise_pow", "elementwise_sub", "equal", "erf", "exp", "expand_as_v2", "expand_v2", "eye", "fill_any_like",
    "fill_constant", "fill_zeros_like", "flatten_contiguous_range", "flip", "floor", "gather", "gather_nd", "gelu",
    "greater_equal", "greater_than", "index_select", "isfinite_v2", "isinf_v2", "isnan_v2", "layer_norm", "less_equal",
    "less_than", "linspace", "log", "log1p", "logical_and", "logical_not", "logical_or", "matmul", "matmul_v2",
    "meshgrid", "mul", "mv", "nearest_interp_v2", "norm", "not_equal", "one_hot_v2", "p_norm", "pad", "pad3d", "pow",
    "range", "reciprocal", "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum", "relu",
    "repeat_interleave", "reshape2", "roll", "round", "rsqrt", "scale", "set_value", "sigmoid", "sign", "silu", "sin",
    "slice", "softmax", "split", "sqrt", "square", "squeeze2", "stack", "strided_slice", "sum", "tanh", "tile",
    "transpose2", "tril_triu", "unbind", "unsqueeze2", "unstack", "where",
})  # fmt: skip
_VIEWS = frozenset({"reshape2", "squeeze2", "unsqueeze2", "flatten_contiguous_range"})
_ASIDE = "XShape"  # an output that nothing reads
_BYTES = {"bool": 1, "int32": 4, "int64": 8, "float16": 2, "float32": 4, "float64": 8}
_KEPT = frozenset({"int32", "int64", "float32"})  # what .nb files have parameters of
_GROWTH = 0.1  # of the parameters: what they may take more room than the tables they are made of
_SMALL = 1 << 16  # bytes; what little growth is always allowed


@dataclass(frozen=True, slots=True)
class Constants:
    """`ops` (their positions) need no input; `results` are what others read of them; `unread` are the parameters that
    nothing reads besides."""

    program: Program
    ops: tuple[int, ...]
    results: tuple[TensorSpec, ...]
    unread: frozenset[str]

    def alone(self) -> Program:
        """The program that computes the results, without an input and with the parameters that it reads.

        Where it reads none it has one that nothing reads: Paddle refuses to load nothing.
        """
        draft = Draft.of(cut(self.program, [spec.name for spec in self.results]))
        draft.drop_unread()
        if not any(draft.is_weight(name) for op in draft.ops() for name in op.reads):
            draft.new_tensor("none", "float32", (1,), persistable=True)
        return draft.build()

    def folded(self, values: Mapping[str, NDArray[Any]]) -> Program:
        """The program with the results as parameters, whose `values` these are; a shape that one gives becomes an attribute."""
        draft = Draft.of(self.program)
        for op in list(draft.ops()):
            if op.index in self.ops:
                draft.replace(op)
            else:
                _shape_said(op, values)
        draft.flush()
        for name in {name for op in draft.ops() for name in op.reads} & values.keys():
            draft.set_shape(name, values[name].shape)
            draft.make_weight(name)
        draft.drop_unread()
        return draft.build()


def constants_of(program: Program) -> Constants:
    """What the program computes without an input, as far as it takes no more room as parameters than it may.

    Of one with loops or branches: nothing.
    """
    ops = list(program.ops())
    candidates = _candidates(program, ops)
    if any(op.block for op in ops) or all(op.type in _VIEWS for op in candidates):
        return Constants(program, (), (), frozenset())
    allowed = _GROWTH * sum(map(_bytes, program.persistables)) + _SMALL
    fetched = {spec.name for spec in program.fetches}  # an output is what an operator makes: opt knows no other
    stay = {op.index for op in ops} - {op.index for op in candidates if _is_known(program, op)}
    while True:
        found = _found(program, stay)
        unfit = {spec.name for spec in found.results if spec.dtype not in _KEPT or spec.name in fetched}
        freed = sum(_bytes(spec) for spec in program.persistables if spec.name in found.unread)
        growth = sum(map(_bytes, found.results)) - freed
        for spec in sorted(found.results, key=_bytes, reverse=True):  # the largest stay
            if growth <= allowed:
                break
            unfit.add(spec.name)
            growth -= _bytes(spec)
        if not unfit:
            return found
        stay |= {op.index for op in program.ops() if unfit.intersection(_written(op))}


def _found(program: Program, stay: set[int]) -> Constants:
    ops = list(program.ops())
    parameters = {spec.name for spec in program.persistables}
    writers: dict[str, list[int]] = {}
    readers: dict[str, list[int]] = {}
    for op in ops:
        for name in _written(op):
            writers.setdefault(name, []).append(op.index)
        for name in op.reads:
            readers.setdefault(name, []).append(op.index)
    constant = {op.index for op in ops} - stay

    def known(name: str) -> bool:
        """A parameter that stays as it is, or what constant operators alone write, before anything else reads it."""
        if name in parameters:
            return name not in writers
        return (
            name in writers
            and constant.issuperset(writers[name])
            and all(one in constant or one > max(writers[name]) for one in readers.get(name, ()))
        )

    count = -1
    while count != len(constant):
        count = len(constant)
        for op in ops:  # in order: what hangs on one that is out goes with it
            if op.index in constant and not all(map(known, (*op.reads, *_written(op)))):
                constant.remove(op.index)
    constant -= {op.index for op in ops if _is_view(op, parameters) and constant.isdisjoint(_of(readers, _written(op)))}
    mine = [op for op in ops if op.index in constant]
    read = {name for op in ops if op.index not in constant for name in op.reads}
    results = dict.fromkeys(name for op in mine for name in _written(op) if name in read)
    specs = tuple(spec for name in results if (spec := program.tensor(name)) is not None)
    unread = ({name for op in mine for name in op.reads} & parameters) - read
    return Constants(program, tuple(sorted(constant)), specs, frozenset(unread))


def _candidates(program: Program, ops: Sequence[Op]) -> list[Op]:
    """Those that compute, and nothing else, from parameters and from one another: hardly any, in most networks."""
    known = {spec.name for spec in program.persistables}
    found = []
    for op in ops:
        if op.type in _PURE and known.issuperset(op.reads):
            found.append(op)
            known.update(_written(op))
    return found


def _is_known(program: Program, op: Op) -> bool:
    """Whether the shapes and types of what it makes are known."""
    specs = [program.tensor(name) for name in _written(op)]
    return all(spec is not None and spec.dtype in _BYTES and all(size >= 0 for size in spec.shape) for spec in specs)


def _is_view(op: Op, parameters: set[str]) -> bool:
    """Whether it is a parameter in another shape: a bias, mostly, which opt and the rules fuse as it stands."""
    return op.type in _VIEWS and parameters.issuperset(op.reads)


def _of(readers: Mapping[str, Sequence[int]], names: Sequence[str]) -> set[int]:
    return {at for name in names for at in readers.get(name, ())}


def _written(op: Op) -> tuple[str, ...]:
    return tuple(name for slot, names in op.outputs.items() if slot != _ASIDE for name in names)


def _bytes(spec: TensorSpec) -> int:
    return _BYTES.get(spec.dtype, 4) * math.prod(max(size, 1) for size in spec.shape)


def _shape_said(op: OpDraft, values: Mapping[str, NDArray[Any]]) -> None:
    """Of a reshape whose shape is constant: say it, and read no tensor for it."""
    if op.type != "reshape2":
        return
    slot = "ShapeTensor" if op.input("ShapeTensor") else "Shape"
    names = op.inputs.get(slot, ())
    if names and all(name in values for name in names):
        op.set_attr("shape", [int(number) for name in names for number in np.ravel(values[name])])
        op.drop_input(slot)
