"""One small network for every legalising rule: what Paddle writes that opt, or the engine behind it, cannot take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from edge.convert.recipe import Precision
from edge.paddle import schema
from edge.paddle.draft import AttrValue, NewOp
from edge.paddle.program import Program
from tests.paddle.programs import program

X = (1, 4, 6, 6)
POOL: dict[str, AttrValue] = {
    "pooling_type": "avg", "ksize": [6, 6], "strides": [1, 1], "paddings": [0, 0], "global_pooling": True,
    "adaptive": False, "exclusive": True, "ceil_mode": False, "padding_algorithm": "EXPLICIT", "data_format": "NCHW",
}  # fmt: skip

CONV: dict[str, AttrValue] = {
    "strides": [1, 1], "paddings": [0, 0], "dilations": [1, 1], "groups": 1, "data_format": "NCHW",
    "padding_algorithm": "EXPLICIT",
}  # fmt: skip


HARD_SWISH: dict[str, AttrValue] = {"threshold": 6.0, "scale": 6.0, "offset": 3.0}
_FLOAT = schema.DTYPE_NUMBERS["float32"]
_DEFORMABLE: dict[str, AttrValue] = {
    "strides": [1, 1], "paddings": [1, 1], "dilations": [1, 1], "groups": 1, "deformable_groups": 1, "im2col_step": 1,
}  # fmt: skip
_DEFORMED = {
    "o": np.random.default_rng(0).normal(0, 0.5, (18, 4, 1, 1)).astype(np.float32),
    "f": np.random.default_rng(1).normal(0, 0.5, (3, 4, 3, 3)).astype(np.float32),
}


# Paddle does not load a network without any parameter.
_NONE = {"unused": np.zeros(1, np.float32)}


@dataclass(frozen=True)
class Case:
    """`rule` is needed for `network`; `engine` is a version that needs it.

    Of a rule that only makes the network cheaper, `arm` are the operators in the file for ARM without it, and with it.
    """

    rule: str
    network: Program
    engine: str = "2.13rc0"
    weights: Mapping[str, NDArray[np.float32]] = field(default_factory=lambda: _NONE)
    precision: Precision = "fp32"
    arm: tuple[str, str] | None = None


def _net(
    *ops: NewOp,
    shapes: Mapping[str, Sequence[int]],
    weights: Mapping[str, NDArray[np.float32]] | None = None,
) -> Program:
    given = {name: array.shape for name, array in (weights or _NONE).items()}
    return program(ops, {"x": X}, ["y"], shapes, given)


def _long_axes(network: Program) -> Program:
    """With the axes of reductions in 64 bits, and truths described as such."""
    message = network.copy_message()
    for var in message.blocks[0].vars:
        if var.name in ("b", "r"):
            var.type.lod_tensor.tensor.data_type = schema.DTYPE_NUMBERS["bool"]
    for op in message.blocks[0].ops:
        for attr in op.attrs:
            if attr.name == "dim":
                attr.longs.extend(attr.ints)
                del attr.ints[:]
                attr.type = schema.ATTR_NUMBERS["LONGS"]
    return Program(message)


def _unary(kind: str, attrs: Mapping[str, AttrValue] | None = None) -> Program:
    """x times 4 minus 1 through one operator: negative numbers and large ones on both sides."""
    before = NewOp("scale", {"X": ["x"]}, {"Out": ["s"]}, {"scale": 4.0, "bias": -1.0, "bias_after_scale": True})
    return _net(before, NewOp(kind, {"X": ["s"]}, {"Out": ["y"]}, attrs or {}), shapes={"s": X, "y": X})


def _with_scalars(network: Program, kind: str, name: str, values: Sequence[float], *, single: bool = False) -> Program:
    """Give an operator's attribute Paddle 2.5's Scalar type."""
    message = schema.MESSAGES["Program"]()
    message.ParseFromString(network.serialize())
    for op in message.blocks[0].ops:
        if op.type == kind:
            attr = op.attrs.add(name=name, type=16 if single else 17)
            for value in values:
                scalar = attr.scalar if single else attr.scalars.add()
                scalar.type, scalar.r = 3, value
    return Program.parse(message.SerializeToString())


def _set_value() -> Program:
    fill: dict[str, AttrValue] = {"shape": list(X), "dtype": 5, "value": 0.5, "str_value": "0.5", "force_cpu": False}
    network = _net(
        NewOp("fill_constant", {}, {"Out": ["c"]}, {**fill, "place_type": -1}),
        NewOp("set_value", {"Input": ["c"]}, {"Out": ["s"]}, {"dtype": 5}),
        NewOp("elementwise_add", {"X": ["x"], "Y": ["s"]}, {"Out": ["y"]}, {"axis": -1}),
        shapes={"c": X, "s": X, "y": X},
    )
    longs = {"axes": [2, 3], "starts": [0, 1], "ends": [-2, 4], "steps": [1, 1], "decrease_axes": [], "none_axes": [],
             "shape": [1]}  # fmt: skip
    message = schema.MESSAGES["Program"]()
    message.ParseFromString(network.serialize())
    op = next(op for op in message.blocks[0].ops if op.type == "set_value")
    for name, values in longs.items():
        op.attrs.add(name=name, type=schema.ATTR_NUMBERS["LONGS"]).longs.extend(values)
    return _with_scalars(Program.parse(message.SerializeToString()), "set_value", "values", [3.0])


def _layer(seed: int, *shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


_BIASED = {"f": _layer(1, 5, 4, 1, 1), "b": _layer(2, 5)}
_NORMED = {"b": _layer(3, 4), "s": _layer(4, 4)}
_DENSE = {"w": _layer(0, 36, 5)}
_FLATTEN: dict[str, AttrValue] = {"start_axis": 2, "stop_axis": 3}

_SHUFFLE = (1, 4, 6, 6)
_QKV = (1, 4, 3, 2, 6)


def shuffle(axes: Sequence[int] = (0, 2, 1, 3, 4), asked: Sequence[int] = (1, 2, 2, 6, 6)) -> Program:
    """reshape2, transpose2, reshape2: a shuffle of channels where the transposition is that of the second and third axis.

    `asked`: how the first reshape says (1, 2, 2, 6, 6)."""
    parted = (1, 2, 2, 6, 6)
    moved = [parted[axis] for axis in axes]
    return _net(
        NewOp("relu", {"X": ["x"]}, {"Out": ["a"]}),
        NewOp("reshape2", {"X": ["a"]}, {"Out": ["r"], "XShape": ["rx"]}, {"shape": list(asked)}),
        NewOp("transpose2", {"X": ["r"]}, {"Out": ["t"]}, {"axis": list(axes)}),
        NewOp("reshape2", {"X": ["t"]}, {"Out": ["s"], "XShape": ["sx"]}, {"shape": list(_SHUFFLE)}),
        NewOp("sigmoid", {"X": ["s"]}, {"Out": ["y"]}),
        shapes={"a": X, "r": parted, "rx": (0, *X), "t": moved, "s": _SHUFFLE, "sx": (0, *moved), "y": _SHUFFLE},
    )


def reshaped(*asked: Sequence[int], kind: str = "reshape2") -> Program:
    """An operator, reshapes in a row, another operator; `kind`: of the first reshape, which may be another operator."""
    ops = [NewOp("relu", {"X": ["x"]}, {"Out": ["r0"]})]
    shapes: dict[str, tuple[int, ...]] = {"r0": X}
    now: tuple[int, ...] = X
    for number, shape in enumerate(asked, 1):
        sizes = [now[axis] if size == 0 else size for axis, size in enumerate(shape)]
        sizes = [-prod(X) // prod(sizes) if size == -1 else size for size in sizes]
        ins, outs = {"X": [f"r{number - 1}"]}, {"Out": [f"r{number}"], "XShape": [f"s{number}"]}
        attrs: dict[str, AttrValue] = {"axes": [1]} if kind == "unsqueeze2" and number == 1 else {"shape": list(shape)}
        ops.append(NewOp(kind if number == 1 else "reshape2", ins, outs, attrs))
        shapes |= {f"r{number}": tuple(sizes), f"s{number}": (0, *now)}
        now = tuple(sizes)
    ops.append(NewOp("sigmoid", {"X": [f"r{len(asked)}"]}, {"Out": ["y"]}))
    return _net(*ops, shapes={**shapes, "y": now})


def open_shuffle() -> Program:
    """The same, of a network exported with an open batch: how many images there are is asked when it runs."""
    known: dict[str, AttrValue] = {"shape": [1], "dtype": 2, "force_cpu": False, "place_type": -1}
    first: dict[str, AttrValue] = {"axes": [0], "starts": [0], "ends": [1], "decrease_axis": [0], "infer_flags": [1]}

    def reshape(x: str, out: str, *sizes: int) -> list[NewOp]:
        names = [f"{out}.{place}" for place in range(len(sizes) + 1)]
        return [
            NewOp("shape", {"Input": [x]}, {"Out": [f"{out}.asked"]}),
            NewOp("slice", {"Input": [f"{out}.asked"]}, {"Out": [names[0]]}, first),
            *(NewOp("fill_constant", {}, {"Out": [name]}, known | {"value": float(size), "str_value": str(size)})
              for name, size in zip(names[1:], sizes, strict=True)),
            NewOp("reshape2", {"X": [x], "ShapeTensor": names}, {"Out": [out], "XShape": [f"{out}.x"]},
                  {"shape": [-1, *sizes]}),
        ]  # fmt: skip

    operators = [
        NewOp("relu", {"X": ["x"]}, {"Out": ["a"]}),
        *reshape("a", "r", 2, 2, 6, 6),
        NewOp("transpose2", {"X": ["r"]}, {"Out": ["t"]}, {"axis": [0, 2, 1, 3, 4]}),
        *reshape("t", "s", 4, 6, 6),
        NewOp("sigmoid", {"X": ["s"]}, {"Out": ["y"]}),
    ]
    asked: dict[str, tuple[int, ...]] = {
        f"{out}.{place}": (1,) for out, last in (("r", 4), ("s", 3)) for place in range(last + 1)
    }
    asked |= {"r.asked": (4,), "s.asked": (5,), "r.0": (), "s.0": ()}
    network = _net(
        *operators,
        shapes={"a": X, "r": (1, 2, 2, 6, 6), "r.x": (0, *X), "t": (1, 2, 2, 6, 6), "s": X, "s.x": (0, 1, 2, 2, 6, 6), "y": X}
        | asked,
    )  # fmt: skip
    message = network.copy_message()
    for var in message.blocks[0].vars:
        if var.name in asked:
            var.type.lod_tensor.tensor.data_type = schema.DTYPE_NUMBERS["int32"]
    return Program(message)


def activated(activation: str, scale: float, bias: float, *, last: bool = True) -> Program:
    """A convolution with a bias and an activation, times `scale` plus `bias`."""
    return _net(
        NewOp("conv2d", {"Input": ["x"], "Filter": ["f"]}, {"Output": ["c"]}, CONV),
        NewOp("elementwise_add", {"X": ["c"], "Y": ["b"]}, {"Out": ["a"]}, {"axis": 1}),
        *([NewOp(activation, {"X": ["a"]}, {"Out": ["r"]}, HARD_SWISH if activation == "hard_swish" else {})]
          if activation else []),
        NewOp("scale", {"X": ["r" if activation else "a"]}, {"Out": ["y"]},
              {"scale": scale, "bias": bias, "bias_after_scale": last}),
        shapes=dict.fromkeys(("c", "a", "r", "y"), (1, 5, 6, 6)),
        weights=_BIASED,
    )  # fmt: skip


def softmax_between(second: Sequence[int]) -> Program:
    """transpose2, softmax, transpose2: a softmax along the channels where the second transposition undoes the first."""
    moved = (1, 6, 6, 4)
    last = [moved[axis] for axis in second]
    return _net(
        NewOp("transpose2", {"X": ["x"]}, {"Out": ["t"]}, {"axis": [0, 2, 3, 1]}),
        NewOp("softmax", {"X": ["t"]}, {"Out": ["s"]}, {"axis": -1}),
        NewOp("transpose2", {"X": ["s"]}, {"Out": ["u"]}, {"axis": list(second)}),
        NewOp("relu", {"X": ["u"]}, {"Out": ["y"]}),
        shapes={"t": moved, "s": moved, "u": last, "y": last},
    )


def _dropout(implementation: str) -> Program:
    """A dropout between two operators."""
    attrs: dict[str, AttrValue] = {
        "dropout_prob": 0.25, "is_test": True, "dropout_implementation": implementation, "fix_seed": False, "seed": 0,
    }  # fmt: skip
    return _net(
        NewOp("sigmoid", {"X": ["x"]}, {"Out": ["a"]}),
        NewOp("dropout", {"X": ["a"]}, {"Out": ["d"]}, attrs),
        NewOp("elementwise_mul", {"X": ["d"], "Y": ["x"]}, {"Out": ["y"]}, {"axis": -1}),
        shapes={"a": X, "d": X, "y": X},
    )


def slices(*taken: int) -> Program:
    """Of a tensor of queries, keys and values, the sum of those taken, weighed by their place; -1 is the last."""
    operators, total = [], ""
    for number, start in enumerate(taken):
        attrs: dict[str, AttrValue] = {
            "axes": [2], "starts": [start], "ends": [start + 1 or 2**31 - 1], "decrease_axis": [2], "infer_flags": [1],
        }  # fmt: skip
        factor: dict[str, AttrValue] = {"scale": number + 2.0, "bias": 0.0, "bias_after_scale": True}
        operators += [
            NewOp("slice", {"Input": ["r"]}, {"Out": [f"p{number}"]}, attrs),
            NewOp("scale", {"X": [f"p{number}"]}, {"Out": [f"f{number}"]}, factor),
        ]
        if total:
            added = "y" if number == len(taken) - 1 else f"t{number}"
            inputs = {"X": [total], "Y": [f"f{number}"]}
            operators.append(NewOp("elementwise_add", inputs, {"Out": [added]}, {"axis": -1}))
        total = f"t{number}" if total else "f0"
    piece = (1, 4, 2, 6)
    names = [f"{kind}{number}" for kind in "pft" for number in range(len(taken))]
    return _net(
        NewOp("reshape2", {"X": ["x"]}, {"Out": ["r"], "XShape": ["rx"]}, {"shape": list(_QKV)}),
        *operators,
        shapes={"r": _QKV, "rx": (0, *X), "y": piece} | dict.fromkeys(names, piece),
    )


def unbound() -> Program:
    """The sum of what a tensor is taken to along its first axis, weighed by its place."""
    names = [f"p{number}" for number in range(4)]
    operators = [NewOp("transpose2", {"X": ["x"]}, {"Out": ["t"], "XShape": ["tx"]}, {"axis": [1, 0, 2, 3]}),
                 NewOp("unbind", {"X": ["t"]}, {"Out": names}, {"axis": 0})]  # fmt: skip
    for number, name in enumerate(names):
        factor: dict[str, AttrValue] = {"scale": number + 2.0, "bias": 0.0, "bias_after_scale": True}
        operators.append(NewOp("scale", {"X": [name]}, {"Out": [f"f{number}"]}, factor))
    for number in (1, 2, 3):
        total = {"X": ["f0" if number == 1 else f"t{number - 1}"], "Y": [f"f{number}"]}
        operators.append(NewOp("elementwise_add", total, {"Out": ["y" if number == 3 else f"t{number}"]}, {"axis": -1}))
    made = [*names, *(f"f{number}" for number in range(4)), "t1", "t2", "y"]
    return _net(*operators, shapes={"t": (4, 1, 6, 6), "tx": (0, *X)} | dict.fromkeys(made, (1, 6, 6)))


_PAIR = {
    "f": np.linspace(-1, 1, 4 * 3).astype(np.float32).reshape(3, 4, 1, 1),
    "g": np.geomspace(1e-3, 1, 3 * 5).astype(np.float32).reshape(5, 3, 1, 1),
}


def squeeze_weights(between: int, gates: int) -> dict[str, NDArray[np.float32]]:
    """Those of `squeeze_and_excite`."""
    return {
        "f": _layer(3, between, 4, 1, 1), "b": _layer(4, between), "g": _layer(5, gates, between, 1, 1), "c": _layer(6, gates),
        "h": _layer(7, gates, 4, 1, 1),
    }  # fmt: skip


_ONE = {"u": np.ones((1, 1, 1, 1), np.float32)}
_HEAD = {"v": _layer(8, 144, 6)}


def max_pool(height: int, width: int) -> Program:
    """A max pool of 2 x 2 over an image of that size, at least 8 x 18, which is zero outside of that."""
    pool = POOL | {"ksize": [2, 2], "strides": [2, 2], "pooling_type": "max", "global_pooling": False}
    return _net(
        NewOp("reshape2", {"X": ["x"]}, {"Out": ["r"], "XShape": ["rx"]}, {"shape": [1, 1, 8, 18]}),
        NewOp("conv2d", {"Input": ["r"], "Filter": ["u"]}, {"Output": ["w"]},
              CONV | {"paddings": [0, height - 8, 0, width - 18]}),
        NewOp("pool2d", {"X": ["w"]}, {"Out": ["y"]}, pool),
        shapes={"r": (1, 1, 8, 18), "rx": (0, *X), "w": (1, 1, height, width), "y": (1, 1, height // 2, width // 2)},
        weights=_ONE,
    )  # fmt: skip


def squeeze_and_excite(between: int = 8, gates: int = 24) -> Program:
    """A squeeze-and-excitation block: both convolutions have one position, and weights that ARM's float16 kernel reads past."""
    added: dict[str, AttrValue] = {"axis": 1}
    small, large, full = (1, between, 1, 1), (1, gates, 1, 1), (1, gates, 6, 6)
    weights = squeeze_weights(between, gates)
    return _net(
        NewOp("pool2d", {"X": ["x"]}, {"Out": ["p"]}, POOL),
        NewOp("conv2d", {"Input": ["p"], "Filter": ["f"]}, {"Output": ["c1"]}, CONV),
        NewOp("elementwise_add", {"X": ["c1"], "Y": ["b"]}, {"Out": ["a1"]}, added),
        NewOp("relu", {"X": ["a1"]}, {"Out": ["r"]}),
        NewOp("conv2d", {"Input": ["r"], "Filter": ["g"]}, {"Output": ["c2"]}, CONV),
        NewOp("elementwise_add", {"X": ["c2"], "Y": ["c"]}, {"Out": ["a2"]}, added),
        NewOp("hard_sigmoid", {"X": ["a2"]}, {"Out": ["s"]}, {"slope": 0.2, "offset": 0.5}),
        NewOp("conv2d", {"Input": ["x"], "Filter": ["h"]}, {"Output": ["w"]}, CONV),
        NewOp("elementwise_mul", {"X": ["w"], "Y": ["s"]}, {"Out": ["y"]}, {"axis": -1}),
        shapes={"p": (1, 4, 1, 1), "w": full, "y": full} | dict.fromkeys(("c1", "a1", "r"), small)
        | dict.fromkeys(("c2", "a2", "s"), large),
        weights=weights,
    )  # fmt: skip


_HEAD_OF = {"f": _layer(9, 8, 4, 1, 1)}


def head() -> Program:
    """The last convolution of a MobileNetV3: one position, and no bias."""
    return _net(
        NewOp("pool2d", {"X": ["x"]}, {"Out": ["p"]}, POOL),
        NewOp("conv2d", {"Input": ["p"], "Filter": ["f"]}, {"Output": ["c"]}, CONV),
        NewOp("hard_swish", {"X": ["c"]}, {"Out": ["y"]}, HARD_SWISH),
        shapes={"p": (1, 4, 1, 1), "c": (1, 8, 1, 1), "y": (1, 8, 1, 1)},
        weights=_HEAD_OF,
    )


def whole(kind: str = "conv2d", outputs: int = 8, groups: int = 1) -> Program:
    """A convolution of 5 x 5 with one position of output."""
    return _net(
        NewOp(kind, {"Input": ["x"], "Filter": ["f"]}, {"Output": ["c"]}, CONV | {"strides": [2, 2], "groups": groups}),
        NewOp("relu", {"X": ["c"]}, {"Out": ["y"]}),
        shapes={"c": (1, outputs, 1, 1), "y": (1, outputs, 1, 1)},
        weights={"f": _layer(10, outputs, 4 // groups, 5, 5)},
    )


CASES = (
    Case("relu6-threshold", _unary("relu6")),
    Case("swish-beta", _unary("swish")),
    Case("silu-to-swish", _unary("silu"), engine="2.12"),
    Case("silu-to-swish", _unary("silu"), arm=("scale silu", "scale swish")),
    Case(
        "slices-to-split",
        slices(0, 2, 1),
        arm=(
            "reshape2 slice scale slice scale elementwise_add slice scale elementwise_add",
            "reshape2 split reshape2 reshape2 reshape2 scale scale elementwise_add scale elementwise_add",
        ),
    ),
    Case(
        "slices-to-split",
        slices(-1, -3, 1),
        arm=(
            "reshape2 slice scale slice scale elementwise_add slice scale elementwise_add",
            "reshape2 split reshape2 reshape2 reshape2 scale scale elementwise_add scale elementwise_add",
        ),
    ),
    Case("slices-to-split", unbound()),
    Case("slices-to-split", unbound(), engine="2.10"),
    Case("dropout-mask", _dropout("upscale_in_train"),
         arm=("sigmoid dropout elementwise_mul", "sigmoid elementwise_mul")),
    Case("dropout-to-scale", _dropout("downgrade_in_infer"), precision="fp16",
         arm=("calib sigmoid calib dropout calib elementwise_mul calib", "calib sigmoid scale elementwise_mul calib")),
    Case("max-pool-other-kernel", max_pool(9, 20), weights=_ONE, precision="fp16"),
    Case("max-pool-other-kernel", max_pool(10, 21), weights=_ONE, precision="fp16"),
    Case("max-pool-other-kernel", max_pool(9, 21), weights=_ONE, precision="fp16"),
    Case(
        "mul-to-matmul-v2",
        _net(
            NewOp("flatten_contiguous_range", {"X": ["x"]}, {"Out": ["f"], "XShape": ["fx"]}, _FLATTEN | {"start_axis": 1}),
            NewOp("mul", {"X": ["f"], "Y": ["v"]}, {"Out": ["y"]}, {"x_num_col_dims": 1, "y_num_col_dims": 1}),
            shapes={"f": (1, 144), "fx": (0, *X), "y": (1, 6)},
            weights=_HEAD,
        ),
        weights=_HEAD,
        precision="fp16",
    ),
    Case("conv-to-fc", squeeze_and_excite(), weights=squeeze_weights(8, 24), precision="fp16",
         arm=("calib pool2d conv2d conv2d hard_sigmoid conv2d elementwise_mul calib",
              "calib pool2d fc fc hard_sigmoid reshape2 conv2d elementwise_mul calib")),
    Case("conv-to-fc", head(), weights=_HEAD_OF, precision="fp16",
         arm=("calib pool2d conv2d calib", "calib pool2d fc hard_swish reshape2 calib")),
    Case("conv-two-positions", whole(), weights={"f": _layer(10, 8, 4, 5, 5)}, precision="fp16"),
    Case("tanh-to-sigmoid", _unary("tanh"), precision="fp16",
         arm=("calib scale tanh calib", "calib scale sigmoid scale calib")),
    Case("pow-to-square", _unary("pow", {"factor": 2.0})),
    Case("pow-to-products", _unary("pow", {"factor": 3.0})),
    Case("plain-attributes", _with_scalars(_unary("relu"), "relu", "extra", [2.0], single=True)),
    Case("set-value-typed", _set_value()),
    Case(
        "fill-one-element",
        _net(
            NewOp("fill_constant", {}, {"Out": ["c"]}, {"shape": [], "dtype": 5, "value": 1.5, "str_value": "1.5",
                                                        "force_cpu": False, "place_type": -1}),
            NewOp("elementwise_mul", {"X": ["x"], "Y": ["c"]}, {"Out": ["y"]}, {"axis": -1}),
            shapes={"c": (), "y": X},
        ),
    ),
    Case(
        "sum-to-additions",
        _net(
            NewOp("relu", {"X": ["x"]}, {"Out": ["a"]}),
            NewOp("sigmoid", {"X": ["x"]}, {"Out": ["b"]}),
            NewOp("sum", {"X": ["a", "b", "x"]}, {"Out": ["y"]}),
            shapes={"a": X, "b": X, "y": X},
        ),
    ),
    Case(
        "conv-bias-direct",
        _net(
            NewOp("conv2d", {"Input": ["x"], "Filter": ["f"]}, {"Output": ["c"]}, CONV),
            NewOp("reshape2", {"X": ["b"]}, {"Out": ["r"], "XShape": ["rx"]}, {"shape": [1, -1, 1, 1]}),
            NewOp("elementwise_add", {"X": ["c"], "Y": ["r"]}, {"Out": ["y"]}, {"axis": -1}),
            shapes={"c": (1, 5, 6, 6), "r": (1, 5, 1, 1), "rx": (0, 5), "y": (1, 5, 6, 6)},
            weights=_BIASED,
        ),
        weights=_BIASED,
    ),
    *(
        Case(
            "conv-bias-zeros",
            _net(
                NewOp("conv2d", {"Input": ["x"], "Filter": ["f"]}, {"Output": ["c"]}, CONV),
                NewOp("elementwise_add", {"X": ["c"], "Y": ["own"]}, {"Out": ["s"]}, {"axis": 1}),
                NewOp("relu", {"X": ["s"]}, {"Out": ["r"]}),
                NewOp("conv2d", {"Input": ["r"], "Filter": ["g"]}, {"Output": ["d"]}, CONV),
                NewOp("elementwise_add", {"X": ["d"], "Y": ["b"]}, {"Out": ["t"]}, {"axis": -1}),
                NewOp("relu", {"X": ["t"]}, {"Out": ["y"]}),
                shapes=dict.fromkeys("csrdty", (1, 6, 6, 6)),
                weights=weights,
            ),
            engine=engine,
            weights=weights,
        )
        for engine in ("2.11", "2.13rc0")
        for weights in [
            {
                "f": np.random.default_rng(0).normal(size=(6, 4, 1, 1)).astype(np.float32),
                "g": np.random.default_rng(1).normal(size=(6, 6, 1, 1)).astype(np.float32),
                "own": np.ones(6, np.float32),
                "b": np.random.default_rng(2).normal(size=shape).astype(np.float32),
            }
            for shape in [(1, 6, 6, 6), (1, 6, 1, 1), (1, 1, 1, 6), (6,), (1,)]
        ]
    ),
    Case(
        "reduce-all-said",
        _net(
            NewOp("reduce_sum", {"X": ["x"]}, {"Out": ["s"]}, {"dim": [], "keep_dim": False, "reduce_all": False}),
            NewOp("elementwise_add", {"X": ["x"], "Y": ["s"]}, {"Out": ["y"]}, {"axis": -1}),
            shapes={"s": (), "y": X},
        ),
    ),
    Case(
        "reduce-in-three-dimensions",
        _net(
            NewOp("reshape2", {"X": ["x"]}, {"Out": ["r"], "XShape": ["rx"]}, {"shape": [1, 2, 2, 2, 3, 6]}),
            NewOp("reduce_mean", {"X": ["r"]}, {"Out": ["y"]}, {"dim": [3, -2], "keep_dim": True, "reduce_all": False}),
            shapes={"r": (1, 2, 2, 2, 3, 6), "rx": (0, *X), "y": (1, 2, 2, 1, 1, 6)},
        ),
    ),
    Case(
        "reduce-axes-32-bits",
        _long_axes(
            _net(
                NewOp("scale", {"X": ["x"]}, {"Out": ["s"]}, {"scale": 1.0, "bias": 0.5, "bias_after_scale": True}),
                NewOp("cast", {"X": ["s"]}, {"Out": ["b"]}, {"in_dtype": _FLOAT, "out_dtype": 0}),
                NewOp("reduce_any", {"X": ["b"]}, {"Out": ["r"]}, {"dim": [3], "keep_dim": True, "reduce_all": False}),
                NewOp("cast", {"X": ["r"]}, {"Out": ["c"]}, {"in_dtype": 0, "out_dtype": _FLOAT}),
                NewOp("elementwise_mul", {"X": ["x"], "Y": ["c"]}, {"Out": ["y"]}, {"axis": -1}),
                shapes={"s": X, "b": X, "r": (1, 4, 6, 1), "c": (1, 4, 6, 1), "y": X},
            )
        ),
    ),
    Case(
        "repeat-interleave-to-tile",
        _net(
            NewOp("relu", {"X": ["x"]}, {"Out": ["a"]}),
            NewOp("repeat_interleave", {"X": ["a"]}, {"Out": ["y"]}, {"Repeats": 3, "dim": 1}),
            shapes={"a": X, "y": (1, 12, 6, 6)},
        ),
    ),
    *(
        Case(
            "einsum-to-matmul",
            _net(
                NewOp("relu", {"X": ["x"]}, {"Out": ["a"]}),
                NewOp("einsum", {"Operands": ["x", "a"]}, {"Out": ["y"]}, {"equation": equation}),
                shapes={"a": X, "y": shape},
            ),
        )
        for equation, shape in (
            ("bchw,bchv->bcwv", (1, 4, 6, 6)), ("bchw,bdhw->dbc", (4, 1, 4)), ("bchw,bchv->vwbc", (6, 6, 1, 4))
        )
    ),
    Case(
        "fold-to-reshape",
        _net(
            NewOp("reshape2", {"X": ["x"]}, {"Out": ["a"], "XShape": ["s"]}, {"shape": [1, 16, 9]}),
            NewOp("fold", {"X": ["a"]}, {"Y": ["y"]},
                  {"output_sizes": [12, 3], "kernel_sizes": [4, 1], "strides": [4, 1], "paddings": [0, 0, 0, 0],
                   "dilations": [1, 1]}),
            shapes={"a": (1, 16, 9), "s": (0, *X), "y": (1, 4, 12, 3)},
        ),
    ),
    *(
        Case(
            "matmul-shared-operand",
            _net(
                NewOp("reduce_mean", {"X": ["x"]}, {"Out": ["m"]}, {"dim": [1], "keep_dim": True, "reduce_all": False}),
                NewOp("matmul_v2", {"X": [a], "Y": [b]}, {"Out": ["y"]}, {"trans_x": trans_x, "trans_y": trans_y}),
                shapes={"m": (1, 1, 6, 6), "y": X},
            ),
        )
        for a, b, trans_x, trans_y in (
            ("x", "m", False, False), ("x", "m", False, True), ("x", "m", True, False), ("m", "x", False, False)
        )
    ),
    Case(
        "deformable-conv-mask",
        _net(
            NewOp("conv2d", {"Input": ["x"], "Filter": ["o"]}, {"Output": ["offset"]}, CONV),
            NewOp("deformable_conv_v1", {"Input": ["x"], "Offset": ["offset"], "Filter": ["f"]}, {"Output": ["y"]},
                  _DEFORMABLE),
            shapes={"offset": (1, 18, 6, 6), "y": (1, 3, 6, 6)},
            weights=_DEFORMED,
        ),
        weights=_DEFORMED,
    ),
    Case(
        "dropout-fix-seed",
        _unary("dropout", {"dropout_prob": 0.25, "is_test": True, "dropout_implementation": "downgrade_in_infer"}),
        engine="2.10",
    ),
    Case(
        "instance-norm-saved",
        _net(
            NewOp("instance_norm", {"X": ["x"], "Scale": ["s"], "Bias": ["b"]}, {"Y": ["n"]}, {"epsilon": 1e-5}),
            NewOp("relu", {"X": ["n"]}, {"Out": ["y"]}),
            shapes={"n": X, "y": X},
            weights=_NORMED,
        ),
        weights=_NORMED,
    ),
    Case(
        "flatten-xshape",
        _net(
            NewOp("pool2d", {"X": ["x"]}, {"Out": ["p"]}, POOL),
            NewOp("flatten_contiguous_range", {"X": ["p"]}, {"Out": ["y"]}, {"start_axis": 1, "stop_axis": 3}),
            shapes={"p": (1, 4, 1, 1), "y": (1, 4)},
        ),
    ),
    Case(
        "xshape-output",
        _net(
            NewOp("relu", {"X": ["x"]}, {"Out": ["a"]}),
            NewOp("transpose2", {"X": ["a"]}, {"Out": ["t"]}, {"axis": [0, 2, 3, 1]}),
            NewOp("unsqueeze2", {"X": ["t"]}, {"Out": ["u"]}, {"axes": [1]}),
            NewOp("squeeze2", {"X": ["u"]}, {"Out": ["s"]}, {"axes": [1]}),
            NewOp("relu", {"X": ["s"]}, {"Out": ["y"]}),
            shapes={"a": X, "t": (1, 6, 6, 4), "u": (1, 1, 6, 6, 4), "s": (1, 6, 6, 4), "y": (1, 6, 6, 4)},
        ),
        engine="2.10",
    ),
    Case("reshapes-to-one", reshaped((1, 4, 36), (1, 2, 2, 36)),
         arm=("relu reshape2 reshape2 sigmoid", "relu reshape2 sigmoid")),
    Case("reshapes-to-one", reshaped((0, 2, 72), (0, 0, 8, 9), (-1, 144)),
         arm=("relu reshape2 reshape2 reshape2 sigmoid", "relu reshape2 sigmoid")),
    Case("xshape-fusion", shuffle(), arm=("relu reshape2 transpose2 reshape2 sigmoid", "relu shuffle_channel sigmoid")),
    Case("xshape-fusion", shuffle(asked=(0, -1, 2, 6, 6)),
         arm=("relu reshape2 transpose2 reshape2 sigmoid", "relu shuffle_channel sigmoid")),
    Case("reshape-open-size", open_shuffle(),
         arm=("relu shape slice fill_constant fill_constant fill_constant fill_constant reshape2 transpose2 "
              "shape slice fill_constant fill_constant fill_constant reshape2 sigmoid", "relu shuffle_channel sigmoid")),
    *(
        Case("scale-behind-activation", activated(kind, *factor, last=last), engine=engine, weights=_BIASED)
        for kind, factor, last, engine in (
            ("relu", (2.0, 1.0), True, "2.13rc0"), ("relu", (-2.0, 0.0), True, "2.12"),
            ("hard_swish", (0.5, 0.0), True, "2.13rc0"), ("", (2.0, 1.0), False, "2.13rc0"),
        )
    ),
    Case("scale-behind-activation", activated("relu", 1.0, -0.5), engine="2.10", weights=_BIASED,
         arm=("conv2d", "conv2d scale")),
    Case("xshape-fusion", softmax_between((0, 3, 1, 2)), arm=("transpose2 softmax transpose2 relu", "softmax relu")),
    Case(
        "matmul-weight-to-mul",
        _net(
            NewOp("flatten_contiguous_range", {"X": ["x"]}, {"Out": ["f"], "XShape": ["fx"]}, _FLATTEN),
            NewOp("matmul_v2", {"X": ["f"], "Y": ["w"]}, {"Out": ["y"]}, {"trans_x": False, "trans_y": False}),
            shapes={"f": (1, 4, 36), "fx": (0, *X), "y": (1, 4, 5)},
            weights=_DENSE,
        ),
        weights=_DENSE,
    ),
    Case(
        "matmul-v2-to-matmul",
        _net(
            NewOp("relu", {"X": ["x"]}, {"Out": ["a"]}),
            NewOp("matmul_v2", {"X": ["x"], "Y": ["a"]}, {"Out": ["y"]}, {"trans_x": False, "trans_y": True}),
            shapes={"a": X, "y": X},
        ),
        engine="2.11",
    ),
    Case(
        "pairs-apart",
        _net(
            NewOp("conv2d", {"Input": ["x"], "Filter": ["f"]}, {"Output": ["c"]}, CONV),
            NewOp("conv2d", {"Input": ["c"], "Filter": ["g"]}, {"Output": ["y"]}, CONV),
            shapes={"c": (1, 3, 6, 6), "y": (1, 5, 6, 6)},
            weights=_PAIR,
        ),
        weights=_PAIR,
        precision="int8",
    ),
)  # fmt: skip
