"""The bias of a convolution, which opt takes into the convolution only where it is added as it is."""

from __future__ import annotations

from collections import Counter

from edge.convert.draft import Draft, OpDraft
from edge.convert.legalise.rule import Rule

_CONVOLUTIONS = frozenset({"conv2d", "depthwise_conv2d", "conv2d_transpose"})


def _add_directly(draft: Draft) -> int:
    makers: dict[str, OpDraft] = {}
    readers: Counter[str] = Counter()
    for op in draft.ops():
        makers.update({name: op for names in op.outputs.values() for name in names})
        readers.update(name for names in op.inputs.values() for name in names)
    count = 0
    for op in draft.ops("elementwise_add"):
        maker, reshape = makers.get(op.input("X") or ""), makers.get(op.input("Y") or "")
        if maker is None or maker.type not in _CONVOLUTIONS or reshape is None or not _spreads_channels(draft, reshape):
            continue
        bias, spread = reshape.input("X"), reshape.output("Out")
        assert bias is not None
        assert spread is not None
        op.set_input("Y", [bias])
        op.set_attr("axis", 1)
        readers[spread] -= 1
        if not readers[spread]:
            draft.replace(reshape)
        count += 1
    return count


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
