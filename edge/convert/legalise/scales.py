"""A factor behind a convolution's activation, which opt takes into the weights before it."""

from __future__ import annotations

from edge.convert.legalise.pairs import mark
from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft, OpDraft

_CONVOLUTIONS = frozenset({"conv2d", "depthwise_conv2d"})
_IN_IT = frozenset({"relu", "relu6", "leaky_relu", "hard_swish"})  # activations that opt makes part of a convolution
_THROUGH = frozenset({"relu", "leaky_relu"})  # of these a factor above 0 may be taken before or behind


def _keep_behind(draft: Draft) -> int:
    makers, readers = draft.makers(), draft.readers()

    def before(op: OpDraft, slot: str = "X") -> OpDraft | None:
        """What made its input, for nobody else; a damaged program may go in circles."""
        name = op.input(slot) or ""
        made = makers.get(name) if len(readers.get(name, ())) == 1 else None
        return made if made is not None and (made.block, made.index) < (op.block, op.index) else None

    def is_wrong(scale: OpDraft) -> bool:
        """Whether it changes what an activation in a convolution made, or is not the factor first and the shift behind."""
        maker = before(scale)
        while maker is not None and maker.type == "scale":
            maker = before(maker)
        bias, last = float(scale.attr("bias", 0.0)), bool(scale.attr("bias_after_scale", True))
        if maker is not None and maker.type in _IN_IT:
            if maker.type in _THROUGH and bias == 0 and float(scale.attr("scale", 1.0)) > 0:
                return False
            maker = before(maker)
        elif last or bias == 0:
            return False
        biased = False
        while maker is not None and maker.type in ("batch_norm", "elementwise_add"):
            maker, biased = before(maker), True
        return maker is not None and maker.type in _CONVOLUTIONS and (biased or maker.input("Bias") is not None)

    wrong = sum(is_wrong(op) for op in draft.ops("scale"))
    return wrong if wrong and mark(draft) else 0


SCALE_BEHIND = Rule(
    name="scale-behind-activation",
    reason="opt takes a factor and a shift behind a convolution into its weights and bias, and does not look whether an "
    "activation is in the convolution already: it then comes behind them; a network marked as quantised is left as it is",
    ops=frozenset({"scale"}),
    precisions=frozenset({"fp32", "fp16", "int8", "int16"}),  # with int8 kernels opt leaves it alone
    apply=_keep_behind,
)
