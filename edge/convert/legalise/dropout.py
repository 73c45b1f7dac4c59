"""Dropout at inference: nothing, or one factor."""

from __future__ import annotations

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft


def _give_mask(draft: Draft) -> int:
    count = 0
    for op in draft.ops("dropout"):
        if op.attr("dropout_implementation") == "upscale_in_train" and op.output("Mask") is None:
            out = draft.tensor(op.output("Out"))
            if out is not None:
                op.set_output("Mask", [draft.new_tensor(out.name, "uint8", out.shape, block=op.block)])
                count += 1
    return count


def _to_scale(draft: Draft) -> int:
    count = 0
    for op in draft.ops("dropout"):
        if op.attr("dropout_implementation", "downgrade_in_infer") == "downgrade_in_infer" and op.attr("is_test"):
            kept = 1.0 - float(op.attr("dropout_prob", 0.5))
            for name in list(op.attr_kinds):
                op.drop_attr(name)
            op.set_type("scale")
            op.drop_input("Seed")
            op.drop_output("Mask")
            for name, value in (("scale", kept), ("bias", 0.0), ("bias_after_scale", True)):
                op.set_attr(name, value)
            count += 1
    return count


DROPOUT_MASK = Rule(
    name="dropout-mask",
    reason="opt takes out a dropout that does nothing at inference only if it has its Mask output, which Paddle 2.5 and later "
    "leave out; else it copies its input, and in fp16 is two casts beside",
    ops=frozenset({"dropout"}),
    apply=_give_mask,
)

DROPOUT_TO_SCALE = Rule(
    name="dropout-to-scale",
    reason="ARM's dropout has no float16 kernel and costs a cast on either side; one that multiplies at inference is a scale, "
    "which has one",
    ops=frozenset({"dropout"}),
    precisions=frozenset({"fp16"}),
    apply=_to_scale,
)
