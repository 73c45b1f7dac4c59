"""Linear pairs of convolutions, which opt makes one of: before it rounds weights, that loses what the pair could hold."""

from __future__ import annotations

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft, OpDraft

_MARK = "quantization_type"
_LINEAR = frozenset({"batch_norm", "elementwise_add"})  # what opt folds into the convolution before


def _keep_apart(draft: Draft) -> int:
    """Mark the program as one that opt takes for quantised already: its pass for pairs then leaves all of them alone."""
    origins = _Origins(draft)
    pairs = sum(_is_second(draft, op, origins) for op in draft.ops("conv2d"))
    return pairs if pairs and mark(draft) else 0


def mark(draft: Draft) -> bool:
    """Mark the program as quantised already, of which opt merges less; whether it was not."""
    feed = next(iter(draft.ops("feed")), None)
    if feed is None or feed.has_attr(_MARK):
        return False
    feed.set_attr(_MARK, "none")
    return True


def _is_second(draft: Draft, op: OpDraft, origins: _Origins) -> bool:
    """A 1x1 convolution whose input is another convolution's output, at most shifted and scaled by channel.

    Which pairs opt then merges depends on their sizes (lite/core/optimizer/mir/fusion/conv_conv_fuser.cc).
    """
    weight = draft.tensor(op.input("Filter"))
    if weight is None or tuple(weight.shape[2:]) != (1, 1) or op.attr("groups", 1) != 1:
        return False
    maker = origins.of(op.input("Input") or "")
    return maker is not None and maker.type == "conv2d" and maker.attr("groups", 1) == 1


class _Origins:
    """What made each variable, but for shifts and scales by channel; each is followed once."""

    def __init__(self, draft: Draft) -> None:
        self._draft, self._makers = draft, draft.makers()
        self._known: dict[str, OpDraft | None] = {}

    def of(self, name: str) -> OpDraft | None:
        """None of an input, a parameter, and what is made of itself."""
        passed: list[str] = []
        while name not in self._known:
            self._known[name] = None  # until it is found: so that a circle ends
            passed.append(name)
            maker = self._makers.get(name)
            if maker is None or not self._only_shifts(maker):
                self._known[name] = maker
                break
            name = maker.input("X") or ""
        found = self._known[name]
        self._known |= dict.fromkeys(passed, found)
        return found

    def _only_shifts(self, op: OpDraft) -> bool:
        return op.type in _LINEAR and (op.type == "batch_norm" or self._draft.is_weight(op.input("Y") or ""))


PAIRS_APART = Rule(
    name="pairs-apart",
    reason="opt makes one convolution of two that nothing but a batch norm parts, and rounds the product's weights, whose "
    "range is wider than either's; a network marked as quantised is left as it is, and each weight rounded by itself",
    ops=frozenset({"conv2d"}),
    engines=frozenset({"2.11", "2.12", "2.13rc0", "2.14rc0"}),  # 2.10 merges no pairs
    precisions=frozenset({"int8", "int16"}),
    apply=_keep_apart,
)
