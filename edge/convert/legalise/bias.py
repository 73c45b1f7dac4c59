"""The bias of a convolution, which opt takes into the convolution only where it is added as it is."""

from __future__ import annotations

from collections.abc import Sequence

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft, NewOp, OpDraft

_CONVOLUTIONS = frozenset({"conv2d", "depthwise_conv2d", "conv2d_transpose"})
_MOST = 1 << 20  # channels: a damaged program may say any number, and zeros are written for it
_DEQUANTISE = "fake_channel_wise_dequantize_max_abs"  # behind a convolution of a quantised program, and fused into it


def _add_directly(draft: Draft) -> int:
    spread = {op.output("Out"): op for op in draft.ops("reshape2") if _spreads_channels(draft, op)}
    convolved = _convolved(draft)
    additions = [op for op in draft.ops("elementwise_add") if op.input("X") in convolved and op.input("Y") in spread]
    for op in additions:
        bias = spread[op.input("Y")].input("X")
        assert bias is not None
        op.set_input("Y", [bias])
        op.set_attr("axis", 1)
    if additions:
        read = {name for op in draft.ops() for name in op.reads}
        for name, reshape in spread.items():
            if name not in read:
                draft.replace(reshape)
    return len(additions)


def _convolved(draft: Draft) -> set[str | None]:
    """What convolutions make; of quantised ones, in float again."""
    convolved = {op.output("Output") for op in draft.ops(*_CONVOLUTIONS)}
    return convolved | {op.output("Out") for op in draft.ops(_DEQUANTISE) if op.input("X") in convolved}


def _spreads_channels(draft: Draft, op: OpDraft) -> bool:
    """Whether the operator turns a parameter of shape (C,) into (1, C, 1, 1)."""
    bias, spread = draft.tensor(op.input("X")), draft.tensor(op.output("Out"))
    if op.type != "reshape2" or bias is None or spread is None or not draft.is_weight(bias.name):
        return False
    return len(bias.shape) == 1 and spread.shape == (1, *bias.shape, 1, 1)


CONV_BIAS_DIRECT = Rule(
    name="conv-bias-direct",
    reason="Paddle 2.6 reshapes a convolution's bias before it adds it, and opt then leaves both operators to run beside the "
    "convolution; added along the channels, as older versions did, it is fused into it, as in the published models",
    ops=frozenset({"reshape2"}),
    apply=_add_directly,
)


def _tell_biases(draft: Draft) -> int:
    """Put a bias of zeros behind a convolution where what is added to it is a parameter, but no bias: opt takes the zeros."""
    convolved = _convolved(draft)
    count, readers = 0, draft.readers()
    for op in list(draft.ops("elementwise_add")):
        out, added = draft.tensor(op.input("X")), draft.tensor(op.input("Y"))
        if out is None or out.name not in convolved or added is None or not draft.is_weight(added.name):
            continue
        if len(out.shape) != 4 or not 1 <= out.shape[1] <= _MOST or _is_bias(op, added.shape, out.shape):
            continue
        alone = len(readers[added.name]) == 1
        if alone and added.shape == (1, out.shape[1], 1, 1):  # it is one, in another shape
            draft.set_shape(added.name, out.shape[1:2])
            op.set_attr("axis", 1)
            count += 1
            continue
        if added.shape == out.shape[1:2]:  # a row: as one number a channel opt would add it to the zeros
            if not alone or op.attr("axis", -1) not in (-1, 3):
                continue
            draft.set_shape(added.name, (1, 1, 1, *added.shape))
        zeros = draft.new_tensor(added.name, "float32", (out.shape[1],), block=op.block, persistable=True)
        same = draft.new_tensor(out.name, out.dtype, out.shape, block=op.block)
        draft.precede(op, NewOp("elementwise_add", {"X": [out.name], "Y": [zeros]}, {"Out": [same]}, {"axis": 1}))
        op.set_input("X", [same])
        count += 1
    return count


def _is_bias(op: OpDraft, added: Sequence[int], out: Sequence[int]) -> bool:
    """Whether a number is added to each channel."""
    return tuple(added) == (out[1],) and op.attr("axis", -1) == 1


CONV_BIAS_ZEROS = Rule(
    name="conv-bias-zeros",
    reason="opt takes any parameter that is added to a convolution without a bias for its bias: it aborts on a map of "
    "positions, one row, or one number, and where a row has as many numbers as there are channels the network is another one",
    ops=_CONVOLUTIONS,
    engines=frozenset({"2.11", "2.12", "2.13rc0", "2.14rc0"}),  # 2.10 takes one number a channel only
    apply=_tell_biases,
)
