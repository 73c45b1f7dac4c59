"""Which operators are one kernel on ARM, for a reference that rounds where they do: at the end of each.

As opt fuses them for ARM, read in Paddle-Lite v2.13 (lite/core/optimizer/mir/fusion).
"""

from __future__ import annotations

from edge.convert.verify.half_steps import CONVOLUTIONS
from edge.paddle.draft import Draft, OpDraft

SCRATCH = frozenset(
    {"XShape", "Mask", "MeanOut", "VarianceOut", "SavedMean", "SavedVariance"}
)  # outputs that nobody computes with
_PRODUCTS = ("mul", "matmul", "matmul_v2")
_SCALED = ("batch_norm", "elementwise_add")  # what a kernel computes with its sum before the activation
_ACTIVATIONS = {
    "conv2d": ("relu", "relu6", "leaky_relu", "hard_swish"),
    "depthwise_conv2d": ("relu", "relu6", "leaky_relu"),
    **dict.fromkeys(_PRODUCTS, ("relu", "relu6")),
    **dict.fromkeys(("elementwise_add", "elementwise_sub", "elementwise_mul"), ("relu",)),
}


class Kernels:
    """Of a program as it stands now: which operators opt makes one kernel of for ARM."""

    def __init__(self, draft: Draft) -> None:
        self._draft, self._readers, self._makers = draft, draft.readers(), draft.makers()

    def next(self, first: OpDraft, last: OpDraft) -> OpDraft | None:
        """What the kernel that begins with `first` also computes, behind `last` of its operators; None where it ends."""
        reader = self._only_reader(last)
        if reader is None:
            return None
        begun = last is first or last.type in _SCALED
        scaled = begun and first.type in (*CONVOLUTIONS, *_PRODUCTS) and self._scales(first, last, reader)
        return reader if scaled or (begun and reader.type in _ACTIVATIONS.get(first.type, ())) else None

    def _only_reader(self, op: OpDraft) -> OpDraft | None:
        made = [name for slot, names in op.outputs.items() if slot not in SCRATCH for name in names]
        found = [reader for name in made for reader in self._readers.get(name, ())]
        return found[0] if len(found) == 1 and found[0].block == op.block else None

    def _scales(self, first: OpDraft, last: OpDraft, reader: OpDraft) -> bool:
        if reader.type == "batch_norm":
            return first.type in CONVOLUTIONS
        by_weights = first.type in CONVOLUTIONS or (last is first and self._draft.is_weight(first.input("Y")))
        return reader.type == "elementwise_add" and by_weights and self._bias(reader.input("Y")) is not None

    def _bias(self, name: str | None) -> str | None:
        """The parameter that a tensor is, or of which Paddle makes it by another shape; None for what is computed."""
        maker = self._makers.get(name or "")
        if maker is not None and maker.type == "reshape2":
            name = maker.input("X")
        return name if self._draft.is_weight(name) else None

    def folded(self, first: OpDraft) -> tuple[OpDraft, str] | None:
        """Of a convolution: the batch norm or bias whose shift its sums begin with, and the name of the shift.

        A batch norm's factor is in the weights then, where it may be: nobody else reads them, or the shift.
        """
        behind = self.next(first, first) if first.type in CONVOLUTIONS else None
        if behind is None or behind.type not in _SCALED:
            return None
        if behind.type == "elementwise_add":
            return behind, self._bias(behind.input("Y")) or ""
        shift = behind.input("Bias") or ""
        alone = all(len(self._readers.get(name, ())) == 1 for name in (first.input("Filter") or "", shift))
        return (behind, shift) if alone else None
