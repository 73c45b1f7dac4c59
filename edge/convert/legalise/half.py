"""Kernels of ARM that are wrong in float16: they read or write too far, or compute something else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from edge.convert.legalise.rule import Rule
from edge.errors import ProgramError
from edge.paddle.draft import AttrValue, Draft, NewOp, OpDraft
from edge.paddle.program import Op, Program

_NARROW = 16  # the widest input of which a max pool of 2 x 2 is right
_FEW = 4  # rows of a product for which too little workspace is made
_ROW, _ROWS = 16, 8  # gemv_fp16 reads the weights of 8 outputs at a time, in steps of 16 inputs
_ACTIVATIONS = frozenset(
    {"relu", "relu6", "leaky_relu", "hard_swish", "hard_sigmoid", "swish", "sigmoid", "tanh", "scale"}
)
_PASSING = _ACTIVATIONS | {"batch_norm"}
_SLOTS = {  # of the tensor that goes through; else X and Out
    "conv2d": ("Input", "Output"), "depthwise_conv2d": ("Input", "Output"), "batch_norm": ("X", "Y"),
}  # fmt: skip
# The first of two positions. slice and split would do, but have no float16 kernel.
_FIRST: dict[str, AttrValue] = {
    "pooling_type": "avg", "ksize": [1, 1], "strides": [2, 2], "paddings": [0, 0], "global_pooling": False, "adaptive": False,
    "exclusive": True, "ceil_mode": False, "padding_algorithm": "EXPLICIT", "data_format": "NCHW",
}  # fmt: skip


_Readers = Mapping[str, Sequence[OpDraft]]  # `Draft.readers` before the rule; none of these changes what is read


def reads_past(outputs: int, inputs: int) -> bool:
    """Whether gemv_fp16 (lite/backends/arm/math/fp16/gemv_fp16.cc) reads behind weights of (outputs, inputs) numbers.

    Each row is read to the next multiple of 16. Of the rows that are no full eight the last one is copied, and zeros put
    behind it; of full eights none is.
    """
    beyond = -inputs % _ROW
    copied = 1 if outputs % _ROWS else 0
    return outputs > copied and beyond > copied * inputs


def _to_fc(draft: Draft) -> int:
    count, readers = 0, draft.readers()
    for op in list(draft.ops("conv2d")):
        x = draft.tensor(op.input("Input"))
        if x is not None and _is_matrix(draft, readers, op) and (len(x.shape) == 2 or _is_wrong(draft, op)):
            _make_fc(draft, readers, op)
            count += 1
    return count


def _is_matrix(draft: Draft, readers: _Readers, op: OpDraft) -> bool:
    """Whether a convolution is a product of all its input by a matrix, which nobody else reads."""
    x, weight = draft.tensor(op.input("Input")), draft.tensor(op.input("Filter"))
    if x is None or weight is None or op.type != "conv2d" or any(_paddings(op)) or op.attr("groups", 1) != 1:
        return False
    return x.shape[2:] in ((1, 1), ()) and weight.shape[2:] == (1, 1) and _reader(readers, weight.name) is not None


def _make_fc(draft: Draft, readers: _Readers, op: OpDraft) -> None:
    """Its two dimensions of 1 go, and those of its bias and activations; `edge.paddle.rewritten.turned` turns the filter."""
    weight, out = draft.tensor(op.input("Filter")), draft.tensor(op.output("Output"))
    assert weight is not None
    assert out is not None
    chain, flat = [op], out.shape[:2]
    while (reader := _next(readers, chain[-1])) is not None and _stays(draft, chain, reader):
        chain.append(reader)
    name = _through(chain[-1])[1]
    if reader is None or not _is_matrix(draft, readers, reader):
        low = draft.new_tensor(name, out.dtype, flat, block=op.block)
        chain[-1].set_output(_SLOTS.get(chain[-1].type, ("X", "Out"))[1], [low])
        back = {"Out": [name], "XShape": [draft.new_tensor(name, out.dtype, (0, *flat), block=op.block)]}
        draft.follow(chain[-1], NewOp("reshape2", {"X": [low]}, back, {"shape": [0, flat[1], 1, 1]}))
    for one in chain:
        draft.set_shape(_through(one)[1], flat)
    draft.set_shape(weight.name, (weight.shape[1], weight.shape[0]))
    x, made = [op.input("Input") or ""], {"Out": [_through(op)[1]]}
    if len(chain) > 1 and chain[1].type == "elementwise_add":  # with which opt makes fc of it, and of a relu behind
        new = NewOp("mul", {"X": x, "Y": [weight.name]}, made, {"x_num_col_dims": 1, "y_num_col_dims": 1})
    else:
        bias = {"Bias": [op.input("Bias") or ""]} if op.input("Bias") else {}
        new = NewOp("fc", {"Input": x, "W": [weight.name], **bias}, made, {"in_num_col_dims": 1})
    draft.replace(op, new)


def _stays(draft: Draft, chain: Sequence[OpDraft], reader: OpDraft) -> bool:
    """Whether an operator behind a convolution works on two dimensions as on four: its bias, or an activation."""
    biased = len(chain) > 1 or chain[0].input("Bias")
    bias = reader.type == "elementwise_add" and not biased and _passes(draft, reader, _through(chain[0])[1])
    return bias or reader.type in _ACTIVATIONS


def _next(readers: _Readers, op: OpDraft) -> OpDraft | None:
    """The only operator that reads what one makes, if it comes behind it in the same block."""
    reader = _reader(readers, _through(op)[1])
    return reader if reader is not None and reader.block == op.block and reader.index > op.index else None


def _reader(readers: _Readers, name: str | None) -> OpDraft | None:
    """The only operator that reads a tensor; None where there are more, or none."""
    found = readers.get(name or "", ())
    return found[0] if len(found) == 1 else None


def _two_positions(draft: Draft) -> int:
    count, readers = 0, draft.readers()
    for op in list(draft.ops("conv2d", "depthwise_conv2d")):
        if _is_wrong(draft, op):  # asked one by one: the one before may have widened this one with it
            _widen(draft, readers, op)
            count += 1
    return count


def _is_wrong(draft: Draft, op: OpDraft) -> bool:
    """Whether a convolution of one position reads past its weights, or loses its input.

    What is no plain 1x1 convolution is copied into the workspace (im2col), which gemv_fp16 makes larger for itself, and reads
    the input from where it was: freed memory, or none (lite/backends/arm/math/fp16/conv_impl_fp16.cc).
    """
    weight, out = draft.tensor(op.input("Filter")), draft.tensor(op.output("Output"))
    if weight is None or out is None or len(out.shape) != 4 or out.shape[2:] != (1, 1):
        return False
    groups, outputs = int(op.attr("groups", 1)), weight.shape[0]
    if op.attr("data_format", "NCHW") not in ("NCHW", "AnyLayout") or (weight.shape[1] == 1 and groups == outputs):
        return False  # depthwise ones have kernels of their own
    return not _is_plain(op, weight.shape) or reads_past(outputs // groups, math.prod(weight.shape[1:]))


def check_convolutions(program: Program) -> None:
    """Refuse a convolution that loses its input for want of workspace, as `_is_wrong` says, at more than one position.

    Of one output a group gemv_fp16 is the kernel there, too; it needs more than im2col only where the product is tiny.
    Raises `ProgramError`, which names the operator.
    """
    for op in program.ops("conv2d", "depthwise_conv2d"):
        weight, out = program.tensor(op.input("Filter") or ""), program.tensor(op.output("Output") or "")
        if weight is None or out is None or weight.shape[0] != op.attr("groups", 1) or _is_plain(op, weight.shape):
            continue
        inner, positions = math.prod(weight.shape[1:]), math.prod(out.shape[2:])
        needed = 2 * (positions + -positions % _ROWS) + inner + -inner % _ROWS
        if weight.shape[1] > 1 and positions > 0 and needed > 2 * inner * positions:
            raise ProgramError(
                f"{op.output('Output')}: in float16 ARM's kernel for a convolution of {inner} numbers to one output a group, "
                f"at {positions} positions, reads its input from memory that it has freed",
                hint="convert this network with --precision fp32",
            )


def _is_plain(op: Op, filter_shape: Sequence[int]) -> bool:
    """Whether a convolution takes its input as it is: 1 x 1, without stride or padding."""
    strides = tuple(op.attr("strides", (1, 1)))
    return tuple(filter_shape[2:]) == (1, 1) and strides == (1, 1) and not any(_paddings(op))


def _widen(draft: Draft, readers: _Readers, op: OpDraft) -> None:
    """Pad the input so that there is a second position to compute, and drop it behind what follows the convolution."""
    top, bottom, left, right = _same(draft, op) or _paddings(op)
    _pad(op, [top, bottom, left, right + int(op.attr("strides", (1, 1))[1])])
    chain = [op, *_behind(draft, readers, op)]
    for one in chain:
        made = draft.tensor(_through(one)[1])
        assert made is not None
        draft.set_shape(made.name, (*made.shape[:3], 2))
    last, name = chain[-1], _through(chain[-1])[1]
    made = draft.tensor(name)
    assert made is not None
    wide = draft.new_tensor(name, made.dtype, made.shape, block=op.block)
    draft.set_shape(name, (*made.shape[:3], 1))
    last.set_output(_SLOTS.get(last.type, ("X", "Out"))[1], [wide])
    draft.follow(last, NewOp("pool2d", {"X": [wide]}, {"Out": [name]}, _FIRST))


def _behind(draft: Draft, readers: _Readers, op: OpDraft) -> list[OpDraft]:
    """The operators that follow one by one, and work on each position by itself."""
    chain: list[OpDraft] = []
    while (reader := _next(readers, op)) is not None and _passes(draft, reader, _through(op)[1]):
        chain.append(reader)
        op = reader
    return chain


def _passes(draft: Draft, op: OpDraft, name: str) -> bool:
    if _through(op)[0] != name:
        return False
    if op.type == "elementwise_add":
        bias = draft.tensor(op.input("Y"))
        return bias is not None and draft.is_weight(bias.name) and len(bias.shape) == 1 and op.attr("axis") == 1
    if op.type == "conv2d":
        weight = draft.tensor(op.input("Filter"))
        plain = tuple(op.attr("strides", ())) == (1, 1) and not any(_paddings(op)) and op.attr("groups", 1) == 1
        return weight is not None and weight.shape[2:] == (1, 1) and plain
    return op.type in _PASSING


def _through(op: OpDraft) -> tuple[str, str]:
    """The tensor that goes into the operator, and the one that comes out."""
    into, out = _SLOTS.get(op.type, ("X", "Out"))
    return op.input(into) or "", op.output(out) or ""


def _same(draft: Draft, op: OpDraft) -> Sequence[int] | None:
    """What SAME pads where the output is one position; without dilations, which it leaves out. None of other paddings."""
    x, weight = draft.tensor(op.input("Input")), draft.tensor(op.input("Filter"))
    if op.attr("padding_algorithm", "EXPLICIT") != "SAME" or x is None or weight is None:
        return None
    op.set_attr("dilations", [1, 1])
    more = [max(kernel - size, 0) for kernel, size in zip(weight.shape[2:], x.shape[2:], strict=True)]
    return [part for one in more for part in (one // 2, one - one // 2)]


def _paddings(op: Op) -> Sequence[int]:
    """At the top, the bottom, the left and the right. SAME pads a convolution of 1 x 1 with none; others `_same` knows."""
    given = [int(size) for size in op.attr("paddings", (0, 0))]
    if op.attr("padding_algorithm", "EXPLICIT") != "EXPLICIT":
        return (0, 0, 0, 0)
    return given if len(given) == 4 else (given[0], given[0], given[1], given[1])


def _pad(op: OpDraft, sizes: list[int]) -> None:
    op.set_attr("paddings", sizes)
    op.set_attr("padding_algorithm", "EXPLICIT")


def _other_max_pool(draft: Draft) -> int:
    count = 0
    for op in draft.ops("pool2d"):
        x, out = draft.tensor(op.input("X")), draft.tensor(op.output("Out"))
        if (
            x is None
            or out is None
            or {len(x.shape), len(out.shape)} != {4}
            or not _is_max_of_four(op)
            or 0 < x.shape[3] <= _NARROW
        ):
            continue
        height, width = x.shape[2:]
        if width > 0 and width % 2 == 0 and not op.attr("ceil_mode"):
            _pad(op, [0, 0, 0, 1])
        elif height > 0 and height % 2 == 0 and not op.attr("ceil_mode"):
            _pad(op, [0, 1, 0, 0])
        else:
            between = draft.new_tensor(out.name, out.dtype, (*x.shape[:3], out.shape[3]), block=op.block)
            draft.replace(op, *(
                NewOp("pool2d", {"X": [a]}, {"Out": [b]},
                      _FIRST | {"pooling_type": "max", "ksize": size, "strides": size, "ceil_mode": bool(op.attr("ceil_mode"))})
                for a, b, size in ((x.name, between, [1, 2]), (between, out.name, [2, 1]))
            ))  # fmt: skip
        count += 1
    return count


def _is_max_of_four(op: OpDraft) -> bool:
    plain = not any(op.attr(name) for name in ("global_pooling", "adaptive")) and not any(op.attr("paddings", ()))
    two = tuple(op.attr("ksize", ())) == (2, 2) and tuple(op.attr("strides", ())) == (2, 2)
    kind = (op.attr("pooling_type"), op.attr("data_format", "NCHW"), op.attr("padding_algorithm", "EXPLICIT"))
    return plain and two and kind in (("max", "NCHW", "EXPLICIT"), ("max", "NCHW", "VALID"))


def _mul_to_matmul_v2(draft: Draft) -> int:
    count, readers = 0, draft.readers()
    for op in draft.ops("mul"):
        x, y = draft.tensor(op.input("X")), draft.tensor(op.input("Y"))
        if x is None or y is None or len(y.shape) != 2 or int(op.attr("x_num_col_dims", 1)) != len(x.shape) - 1:
            continue
        if math.prod(max(size, 1) for size in x.shape[:-1]) > _FEW or _is_biased(draft, readers, op):
            continue
        op.set_type("matmul_v2")  # of matmul opt makes mul
        for name in ("x_num_col_dims", "y_num_col_dims"):
            op.drop_attr(name)
        for name, value in (("trans_x", False), ("trans_y", False), ("alpha", 1.0)):
            op.set_attr(name, value)
        count += 1
    return count


def _is_biased(draft: Draft, readers: _Readers, op: OpDraft) -> bool:
    """Whether opt makes a fully connected layer of it, whose kernel is another."""
    reader = _reader(readers, op.output("Out"))
    return reader is not None and reader.type == "elementwise_add" and draft.is_weight(reader.input("Y"))


def check_products(program: Program) -> None:
    """Refuse a product whose operand gemv_fp16 reads past: nothing can be put behind what is made at run time.

    Raises `ProgramError`, which names the operator.
    """
    for op in program.ops("matmul", "matmul_v2", "mul"):
        x, y = program.tensor(op.input("X") or ""), program.tensor(op.input("Y") or "")
        if x is None or y is None or len(x.shape) < 2 or len(y.shape) < 2:
            continue
        turned = [
            bool(op.attr(old) or op.attr(new)) for old, new in (("transpose_X", "trans_x"), ("transpose_Y", "trans_y"))
        ]
        rows, inner = reversed(x.shape[-2:]) if turned[0] else x.shape[-2:]
        columns = y.shape[-2] if turned[1] else y.shape[-1]
        past = columns == 1 and not turned[0] and reads_past(rows, inner)
        past = past or (rows == 1 and columns != 1 and turned[1] and reads_past(columns, inner))
        if past:
            raise ProgramError(
                f"{op.output('Out')}: in float16 ARM's kernel for {op.type} of {rows} x {inner} by {inner} x {columns} "
                "reads behind its operand, and the result may be no number",
                hint="convert this network with --precision fp32",
            )


CONV_TO_FC = Rule(
    name="conv-to-fc",
    reason="of a convolution with one position of output, ARM's float16 kernel reads behind the weights where the inputs are "
    "no multiple of 16 and the outputs one of 8, and what lies there, times zero, can be no number; a fully connected layer "
    "pads its weights, and is the same product",
    ops=frozenset({"conv2d"}),
    precisions=frozenset({"fp16"}),
    apply=_to_fc,
)

CONV_TWO_POSITIONS = Rule(
    name="conv-two-positions",
    reason="of a convolution with one position of output that no fully connected layer stands for (several groups, a kernel of "
    "more than 1 x 1), ARM's float16 kernel can read behind the weights, too, or its input from memory that it has freed; for "
    "two positions there is another kernel",
    ops=frozenset({"conv2d", "depthwise_conv2d"}),
    precisions=frozenset({"fp16"}),
    apply=_two_positions,
)

MAX_POOL_OTHER_KERNEL = Rule(
    name="max-pool-other-kernel",
    reason="of two rows ARM's float16 kernel for a max pool of 2 x 2 takes half of the second one twice, where the input is "
    "wider than 16; with a padding that changes nothing, or as two pools, other kernels are used",
    ops=frozenset({"pool2d"}),
    precisions=frozenset({"fp16"}),
    apply=_other_max_pool,
)

MUL_TO_MATMUL_V2 = Rule(
    name="mul-to-matmul-v2",
    reason="ARM's float16 kernel for mul of up to four rows writes behind its workspace, and the engine dies or not; "
    "matmul_v2 is the same product (with a bias both become fc)",
    ops=frozenset({"mul"}),
    precisions=frozenset({"fp16"}),
    apply=_mul_to_matmul_v2,
)
