"""The bias of a convolution, which opt takes into the convolution only where it is added as it is."""

from __future__ import annotations

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft, OpDraft

_CONVOLUTIONS = frozenset({"conv2d", "depthwise_conv2d", "conv2d_transpose"})
_DEQUANTISE = "fake_channel_wise_dequantize_max_abs"  # behind a convolution of a quantised program, and fused into it


def _add_directly(draft: Draft) -> int:
    spread = {op.output("Out"): op for op in draft.ops("reshape2") if _spreads_channels(draft, op)}
    convolved = {op.output("Output") for op in draft.ops(*_CONVOLUTIONS)}
    convolved |= {op.output("Out") for op in draft.ops(_DEQUANTISE) if op.input("X") in convolved}
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
