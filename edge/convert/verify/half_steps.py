"""Operators in float16, as ARM's kernels compute them, which Paddle has no kernels for: it calls numpy for each.

The other half is `edge/toolchain/workers/paddle_half.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.paddle.draft import AttrValue, Draft, NewOp, OpDraft

_CONVOLUTION, _PRODUCT, _ROUNDING, _HARD_SWISH, _HARD_SIGMOID, _MEAN = range(6)
_FLOAT32 = 5  # framework.proto's VarType.Type
CONVOLUTIONS = ("conv2d", "depthwise_conv2d")
_ORDERED = (*CONVOLUTIONS, "mul", "matmul", "matmul_v2")


def step(
    draft: Draft, op: OpDraft, order: int, out: str | None = None, bias: str | None = None
) -> Sequence[NewOp] | None:
    """What computes this operator in float16, with the terms of its sums in that order (0: as ARM's kernels add them).

    A convolution may begin its sums with a `bias`, and put what comes of it into `out`. None for an operator that is not
    known so well, or has a form that is not: what is left for it is to be rounded.
    """
    if op.type in _ORDERED:
        terms = _convolution(op) if op.type in CONVOLUTIONS else _product(draft, op)
        if terms is None:
            return None
        x, y, made = ("Input", "Filter", "Output") if op.type in CONVOLUTIONS else ("X", "Y", "Out")
        given = [op.input(x) or "", op.input(y) or "", *([bias] if bias else [])]
        return _called(draft, op.block, given, out or op.output(made) or "", [terms[0], order, *terms[1:]])
    if (how := _of_one(op)) is None:
        return None
    return _called(draft, op.block, [op.input("X") or ""], out or op.output("Out") or "", how)


def rounding(draft: Draft, block: int, x: str, out: str) -> Sequence[NewOp]:
    """What makes `out` of the tensor `x`: float16's nearest."""
    return _called(draft, block, [x], out, [_ROUNDING])


def _called(draft: Draft, block: int, given: Sequence[str], out: str, how: Sequence[float]) -> Sequence[NewOp]:
    told = draft.new_tensor(out, "float32", (len(how),), block=block)
    values: dict[str, AttrValue] = {
        "shape": [len(how)],
        "dtype": _FLOAT32,
        "fp32_values": [float(value) for value in how],
    }
    return (
        NewOp("assign_value", {}, {"Out": [told]}, values),
        NewOp("py_func", {"X": [*given, told]}, {"Out": [out]}, {"forward_callable_id": 0, "backward_callable_id": -1}),
    )


def _convolution(op: OpDraft) -> list[int] | None:
    layout = op.attr("data_format", "NCHW")
    if op.attr("padding_algorithm", "EXPLICIT") != "EXPLICIT" or layout not in ("NCHW", "AnyLayout"):
        return None
    if op.input("Bias") or op.input("ResidualData"):
        return None
    paddings = list(op.attr("paddings", (0, 0)))
    around = paddings if len(paddings) == 4 else [paddings[0], paddings[0], paddings[1], paddings[1]]
    strides, dilations = op.attr("strides", (1, 1)), op.attr("dilations", (1, 1))
    return [_CONVOLUTION, *strides, *around, *dilations, op.attr("groups", 1)]


def _product(draft: Draft, op: OpDraft) -> list[int] | None:
    x, y = draft.tensor(op.input("X")), draft.tensor(op.input("Y"))
    if x is None or y is None or len(x.shape) < 2 or len(y.shape) < 2:
        return None
    if op.type == "mul":
        return [_PRODUCT, 0, 0, op.attr("x_num_col_dims", 1)] if op.attr("y_num_col_dims", 1) == 1 else None
    if op.type == "matmul_v2":
        return [_PRODUCT, bool(op.attr("trans_x", False)), bool(op.attr("trans_y", False)), 0]
    if op.attr("alpha", 1.0) != 1.0:
        return None
    return [_PRODUCT, bool(op.attr("transpose_X", False)), bool(op.attr("transpose_Y", False)), 0]


def _of_one(op: OpDraft) -> list[float] | None:
    if op.type == "hard_swish":
        return [_HARD_SWISH, op.attr("threshold", 6.0), op.attr("scale", 6.0), op.attr("offset", 3.0)]
    if op.type == "hard_sigmoid":
        return [_HARD_SIGMOID, op.attr("slope", 0.2), op.attr("offset", 0.5)]
    if (
        op.type == "pool2d"
        and op.attr("pooling_type") == "avg"
        and op.attr("data_format", "NCHW") in ("NCHW", "AnyLayout")
    ):
        whole = op.attr("global_pooling", False) or (
            op.attr("adaptive", False) and tuple(op.attr("ksize", ())) == (1, 1)
        )
        return [_MEAN] if whole else None
    return None
