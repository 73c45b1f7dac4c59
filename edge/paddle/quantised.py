"""Programs that came quantised, in any of Paddle's forms, as the one form that opt makes int8 kernels of and that is verified.

Paddle and PaddleSlim write quantisation in three ways, with a scale for each output channel or for the whole tensor: frozen
(whole numbers as weights, the result scaled back behind the operator); as pairs that round and scale back
(`fake_quantize_dequantize_*`, after training); and as `quantize_linear` and `dequantize_linear` (`onnx_format=True`, weights
stored as int8). Here each convolution whose input and weight are quantised becomes the frozen form with a scale for each
channel. Other pairs are left out: they only simulate, and no int8 kernel reads them. Other layers get the weights that their
whole numbers stand for, and inputs cut off where the range ends.

Source: paddle/phi/kernels/impl/{quantize_linear,fake_quantize}*, python/paddle/static/quantization/quantization_pass.py of 2.6.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import ProgramError
from edge.paddle.draft import AttrValue, Draft, NewOp, OpDraft
from edge.paddle.program import Op, Program

Params = Mapping[str, NDArray[Any]]

STEPS = 127  # of 8 bits
_NO_SCALE = np.zeros(0, np.float32)
CONVOLUTIONS = ("conv2d", "depthwise_conv2d")
_WEIGHT = {
    "conv2d": "Filter",
    "depthwise_conv2d": "Filter",
    "conv2d_transpose": "Filter",
    "mul": "Y",
    "matmul": "Y",
    "matmul_v2": "Y",
}
_FROZEN = ("fake_quantize_range_abs_max", "fake_quantize_moving_average_abs_max")
_SIMULATED = ("fake_quantize_dequantize_moving_average_abs_max",)
_OF_WEIGHTS = ("fake_channel_wise_quantize_dequantize_abs_max", "fake_quantize_dequantize_abs_max")
_BACK = ("fake_dequantize_max_abs", "fake_channel_wise_dequantize_max_abs")
_ALIKE = "moving_average_abs_max_scale"  # watches, and hands on
_LINEAR = ("quantize_linear", "dequantize_linear")
_DYNAMIC = ("fake_quantize_abs_max", "fake_channel_wise_quantize_abs_max")
KINDS = frozenset({*_FROZEN, *_SIMULATED, *_OF_WEIGHTS, *_BACK, *_LINEAR, *_DYNAMIC})


@dataclass(frozen=True, slots=True)
class Plain:
    """The program and its parameters; of how many layers with quantised weights the convolutions in `int8` are so."""

    program: Program
    params: dict[str, NDArray[Any]]
    int8: int
    layers: int


def stored_otherwise(program: Program) -> frozenset[str]:
    """Parameters that a file may hold in another type or rank than the program says: those of `onnx_format=True`."""
    ops = program.ops(*_LINEAR)
    return frozenset(name for op in ops for slot in ("X", "Scale", "ZeroPoint") if (name := op.input(slot)) is not None)


def input_range(program: Program, params: Params) -> float | None:
    """The greatest magnitude that the first input may have: where its own quantisation ends, if it has one."""
    first = program.feeds[0].name
    for op in program.ops(*_FROZEN, *_SIMULATED, "quantize_linear"):
        scale = op.input("InScale") or op.input("Scale") or ""
        if op.input("X") == first and scale in params:
            return _first(params[scale])
    return None


def _first(values: NDArray[Any]) -> float:
    """The scale of a whole tensor; 0, which is none, where there is no number."""
    return float(values.reshape(-1)[0]) if values.size else 0.0


def without_observers(program: Program) -> Program:
    """The same without the pairs that round what no quantised layer reads."""
    draft = Draft.of(program)
    makers = draft.makers()
    read = {op.input(slot) for op in program.ops(*_WEIGHT) for slot in ("Input", "X")}
    same: dict[str, str] = {}
    for op in list(draft.ops(*_SIMULATED, "dequantize_linear")):
        first = makers.get(op.input("X") or "") if op.type == "dequantize_linear" else op
        made = op.output("Out") or op.output("Y")
        if first is None or made is None or made in read or (source := first.input("X")) is None:
            continue
        if op.type == "dequantize_linear" and first.type != "quantize_linear":
            continue  # of a weight
        _alias(same, made, source)
        draft.replace(op)
    draft.flush()
    for op in draft.ops():
        for slot, names in op.inputs.items():
            op.set_input(slot, [_followed(name, same) for name in names])
    return draft.build()


def _alias(same: dict[str, str], made: str, source: str) -> None:
    """`made` is what `source` is; not where it is itself, in its own place."""
    if (origin := _followed(source, same)) != made:
        same[made] = origin


def _followed(name: str, same: dict[str, str]) -> str:
    origin = name
    while origin in same:
        origin = same[origin]
    while name in same:  # so that each is followed once
        before, name = name, same[name]
        same[before] = origin
    return origin


def plain(program: Program, params: Params) -> Plain:
    """The program in that form. Raises `ProgramError` for quantisation that no int8 kernel of Paddle-Lite computes."""
    return _Rewriting(program, params).done()


class _Rewriting:
    def __init__(self, program: Program, params: Params) -> None:
        self._draft, self._params = Draft.of(program), dict(params)
        self._makers, self._readers = self._draft.makers(), self._draft.readers()
        self._same: dict[str, str] = {}  # what only simulates -> what it simulates of
        self._rounded: dict[tuple[str, str], str] = {}
        self._origins: dict[str, str] = {}
        self._int8 = self._layers = 0

    def done(self) -> Plain:
        for op in [op for op in self._draft.ops() if op.type in KINDS]:
            _check(op, self._params)
        for op in [op for op in self._draft.ops() if op.type in _WEIGHT]:
            self._layer(op)
        self._draft.flush()
        rounded = frozenset(self._rounded.values())
        for op in [op for op in self._draft.ops() if op.type in (*KINDS, _ALIKE) and not _is_new(op, rounded)]:
            source, made = op.input("X"), op.output("Out") or op.output("Y")
            if source is not None and made is not None:
                _alias(self._same, made, source)
            self._draft.replace(op)
        self._draft.flush()
        for op in self._draft.ops():
            for slot, names in op.inputs.items():
                op.set_input(slot, [_followed(name, self._same) for name in names])
        self._draft.drop_unread()
        program = self._draft.build()
        kept = {spec.name for spec in program.persistables}
        params = {name: value for name, value in self._params.items() if name in kept}
        return Plain(program, params, self._int8, self._layers)

    def _layer(self, op: OpDraft) -> None:
        slot = _WEIGHT[op.type]
        back = self._scaled_back(op)
        weight = self._weight(op.input(slot), back, axis=0 if slot == "Filter" and op.type in CONVOLUTIONS else 1)
        if weight is None:
            return
        self._layers += 1
        whole, scales = weight
        entry = "Input" if slot == "Filter" else "X"
        given = self._activation(op.input(entry))
        near, result = op.input(slot) or "", "Output" if slot == "Filter" else "Out"
        made = (back.output("Out") if back is not None else op.output(result)) or ""
        if op.type not in CONVOLUTIONS or given is None:
            axis = 0 if op.type in CONVOLUTIONS else 1
            shape = [-1 if k == axis else 1 for k in range(whole.ndim)]
            op.set_input(slot, [self._parameter(near, whole * (scales / STEPS).reshape(shape))])
            if given is not None:
                op.set_input(entry, [self._cut_off(op, *given)])
            if back is not None:
                op.set_output(result, [made])
                self._draft.replace(back)
            return
        self._int8 += 1
        source, scale = given
        op.set_input(entry, [self._rounding(op, source, scale)])
        op.set_input(slot, [self._parameter(near, whole)])
        described = self._draft.tensor(made)
        raw = self._draft.new_tensor(made, "float32", described.shape if described else ())
        op.set_output(result, [raw])
        if back is not None:
            self._draft.replace(back)
        inputs = {"X": [raw], "Scales": [self._parameter(f"{near}.scales", scales), scale]}
        attrs: dict[str, AttrValue] = {"quant_bits": [8, 8], "quant_axis": 0, "x_num_col_dims": 1}
        self._draft.follow(op, NewOp("fake_channel_wise_dequantize_max_abs", inputs, {"Out": [made]}, attrs))

    def _rounding(self, op: OpDraft, source: str, scale: str) -> str:
        """The variable that holds the whole numbers of `source`, made in front of `op` if it is the first that reads them."""
        if (source, scale) not in self._rounded:
            described = self._draft.tensor(source)
            name = self._draft.new_tensor(source, "float32", described.shape if described else ())
            self._rounded[source, scale] = name
            attrs = {"bit_length": 8, "is_test": True, "window_size": 10000, "round_type": 1}
            outputs = {"Out": [name], "OutScale": [scale]}
            self._draft.precede(op, NewOp(_FROZEN[0], {"X": [source], "InScale": [scale]}, outputs, attrs))
        return self._rounded[source, scale]

    def _cut_off(self, op: OpDraft, source: str, scale: str) -> str:
        """What rounding does beside rounding: the variable of `source` within its range."""
        described = self._draft.tensor(source)
        name = self._draft.new_tensor(source, "float32", described.shape if described else ())
        most = _first(self._params[scale])
        self._draft.precede(op, NewOp("clip", {"X": [source]}, {"Out": [name]}, {"min": -most, "max": most}))
        return name

    def _activation(self, name: str | None) -> tuple[str, str] | None:
        """What a quantised activation was before, and the parameter that is its scale."""
        op = self._makers.get(name or "")
        if op is None:
            return None
        if op.type == "dequantize_linear":
            first = self._makers.get(op.input("X") or "")
            return self._scaled(first, "Scale") if first is not None and first.type == "quantize_linear" else None
        return self._scaled(op, "InScale") if op.type in (*_FROZEN, *_SIMULATED) else None

    def _scaled(self, op: Op, slot: str) -> tuple[str, str] | None:
        source, scale = op.input("X"), op.input(slot)
        if source is None or scale not in self._params or not _first(self._params[scale]) > 0:
            return None
        flat = self._params[scale].reshape(-1)[:1].astype(np.float32)
        return self._origin_of_simulated(source), self._parameter(scale, flat)

    def _origin_of_simulated(self, name: str) -> str:
        """Through observers and other pairs."""
        passed: list[str] = []
        while name not in self._origins:
            self._origins[name] = name  # so that a circle ends
            passed.append(name)
            op = self._makers.get(name)
            if op is None or op.type not in (*_SIMULATED, _ALIKE, "dequantize_linear"):
                break
            first = self._makers.get(op.input("X") or "") if op.type == "dequantize_linear" else op
            if first is None or (before := first.input("X")) is None:
                break
            name = before
        origin = self._origins[name]
        self._origins |= dict.fromkeys(passed, origin)
        return origin

    def _weight(self, name: str | None, back: Op | None, axis: int) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """A quantised weight's whole numbers as float32, and a scale for each index of `axis`."""
        op = self._makers.get(name or "")
        if op is None:
            if name not in self._params or back is None:
                return None
            whole: NDArray[Any] = self._params[name].astype(np.float32)
            scales: NDArray[Any]
            if back.type == _BACK[0]:
                scales = np.float32(STEPS * STEPS) / np.array(back.attr("max_range"), np.float32)
            else:
                scales = self._params.get(back.inputs["Scales"][0], _NO_SCALE)
        elif op.type == "dequantize_linear" and op.input("X") in self._params:
            whole = self._params[op.input("X") or ""].astype(np.float32)
            scales = self._params.get(op.input("Scale") or "", _NO_SCALE).astype(np.float32)
        elif op.type in _OF_WEIGHTS and op.input("X") in self._params:
            weight = self._params[op.input("X") or ""]
            if not weight.size:
                raise ProgramError(f"the quantised weight {name} has no numbers")
            others = tuple(k for k in range(weight.ndim) if k != axis) if op.type == _OF_WEIGHTS[0] else None
            scales = np.maximum(np.abs(weight).max(axis=others), np.float32(1e-8))
            shape = [-1 if k == axis else 1 for k in range(weight.ndim)] if others is not None else []
            steps = weight / scales.reshape(shape) * np.float32(STEPS)
            whole = np.trunc(steps + np.copysign(np.float32(0.5), steps)).astype(np.float32)
        else:
            return None
        flat = np.asarray(scales, np.float32).reshape(-1)
        if axis >= whole.ndim or flat.size not in (1, whole.shape[axis]):
            raise ProgramError(f"the quantised weight {name} of shape {list(whole.shape)} has {flat.size} scales")
        return whole, np.broadcast_to(flat, whole.shape[axis]).copy()

    def _scaled_back(self, op: Op) -> OpDraft | None:
        """The operator that scales the result back, of the frozen form."""
        result = op.output("Output") or op.output("Out") or ""
        return next((one for one in self._readers.get(result, ()) if one.type in _BACK), None)

    def _parameter(self, near: str, values: NDArray[Any]) -> str:
        name = self._draft.new_tensor(near, "float32", values.shape, persistable=True)
        self._params[name] = np.ascontiguousarray(values, np.float32)
        return name


def _is_new(op: Op, rounded: Collection[str]) -> bool:
    return op.output("Out") in rounded or (op.type == _BACK[1] and ".edgezoo_" in (op.input("X") or ""))


def _check(op: Op, params: Params) -> None:
    """Raises `ProgramError` for what no int8 kernel of Paddle-Lite computes."""
    what = None
    if op.attr("bit_length", 8) != 8 or any(bits != 8 for bits in op.attr("quant_bits", ())):
        what = f"in {op.attr('bit_length', 8)} bits"
    elif op.type in _DYNAMIC:
        what = f"with ranges that are only known when it runs ({op.type})"
    elif op.type in _LINEAR and np.any(params.get(op.input("ZeroPoint") or "", np.zeros(1))):
        what = "with zero points other than 0"
    if what is not None:
        raise ProgramError(
            f"the network is quantised {what}, which Paddle-Lite's int8 kernels do not compute",
            hint="quantise it to 8 bits, symmetric, with ranges that were learnt; or give the float network to "
            "--precision int8-static",
        )
