"""Multiply-accumulates of an inference program, counted as `paddle.flops` counts layers: paddle_count.py does it of networks.

Convolutions and products with parameters; a convolution's bias one an output; batch norm two an element; average pooling its
additions and the division; all else nothing. Paddle itself says which shapes the inputs' make.
"""

import math

from paddle.base import core


def flops(program, shapes):
    """Of the program for inputs of these `shapes` (name to shape); None where Paddle cannot tell the shapes."""
    with open(program, "rb") as file:
        whole = core.ProgramDesc(file.read())
    block = whole.block(0)  # which lives as long as the whole
    for name, shape in shapes.items():
        block.find_var(name.encode()).set_shape(shape)
    total, convolved = 0, set()
    for op in (block.op(index) for index in range(block.op_size())):
        if op.type() in ("feed", "fetch"):
            continue
        try:
            op.infer_shape(block)
            total += _of(op, block, convolved)
        except Exception:  # an operator that needs its data, or one of another Paddle
            return None
    return total


def _of(op, block, convolved):
    kind = op.type()
    if kind in ("conv2d", "depthwise_conv2d", "conv2d_transpose", "depthwise_conv2d_transpose"):
        weight = _shape(op, block, "Filter")
        across = _shape(op, block, "Input") if "transpose" in kind else _shape(op, block, "Output")
        convolved.add(op.output("Output")[0])
        return math.prod(across) * math.prod(weight[1:])
    if kind == "elementwise_add" and op.input("X")[0] in convolved and _is_parameter(op, block, "Y"):
        return math.prod(_shape(op, block, "Out"))
    if kind in ("mul", "matmul", "matmul_v2") and _is_parameter(op, block, "Y"):
        rows = math.prod(_shape(op, block, "X")[:-1])
        return rows * math.prod(_shape(op, block, "Y"))
    if kind == "batch_norm":
        return 2 * math.prod(_shape(op, block, "X"))
    if kind == "pool2d" and op.attr("pooling_type") == "avg":
        given, made = _shape(op, block, "X"), _shape(op, block, "Out")
        whole = op.attr("global_pooling") or op.attr("adaptive")
        kernel = [a // b for a, b in zip(given[2:], made[2:])] if whole else op.attr("ksize")
        return (math.prod(kernel) + 1) * math.prod(made)
    return 0


def _shape(op, block, slot):
    names = op.input(slot) if slot in op.input_names() else op.output(slot)
    shape = block.find_var(names[0].encode()).shape()
    if min(shape, default=1) < 0:
        raise ValueError("an open shape")
    return shape


def _is_parameter(op, block, slot):
    return block.find_var(op.input(slot)[0].encode()).persistable()
