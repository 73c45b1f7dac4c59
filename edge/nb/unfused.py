"""What stands by itself in an optimised program that Paddle-Lite could have run as a part of something else, or cheaper."""

from __future__ import annotations

from collections.abc import Sequence

from edge.nb.program import NbOp, most_first

_CONVOLUTIONS = ("conv2d", "depthwise_conv2d", "conv2d_transpose")
_ACTIVATIONS = ("relu", "relu6", "leaky_relu", "hard_sigmoid", "hard_swish", "sigmoid", "silu", "swish")
# Operators that cost by themselves, whatever stands around them: copies, casts, and one that has a cheaper twin.
_COSTLY = ("slice", "dropout", "calib", "silu", "io_copy", "layout")


def unfused(ops: Sequence[NbOp]) -> dict[str, int]:
    """How often each thing stands unfused, most frequent first; empty where nothing does.

    Variables are used again for other tensors, so an input is what the last operator before wrote there.
    """
    makers: dict[str, NbOp] = {}
    shuffles: dict[str, NbOp] = {}  # the first part of a shuffle of channels, by the variable that the third would read
    found: dict[str, int] = {}

    def count(what: str) -> None:
        found[what] = found.get(what, 0) + 1

    for op in ops:
        read = _first(op, "X")
        maker = makers.get(read)
        if op.type in _COSTLY:
            count(op.type)
        if maker is not None and op.type in _ACTIVATIONS and maker.type in _CONVOLUTIONS:
            count(f"{op.type} behind {maker.type}")
        if maker is not None and op.type == "batch_norm" and maker.type in _CONVOLUTIONS:
            count(f"batch_norm behind {maker.type}")
        if op.type == "reshape2" and read in shuffles and _joins(shuffles[read], op):
            count("channel shuffle: reshape2, transpose2, reshape2")
            del shuffles[read]
        for name in (name for names in op.outputs.values() for name in names):
            makers[name] = op
            shuffles.pop(name, None)
            if maker is not None and maker.type == "reshape2" and _swaps_groups(op):
                shuffles[name] = maker
    return most_first(found)


def _swaps_groups(op: NbOp) -> bool:
    return op.type == "transpose2" and list(op.attrs.get("axis", ())) == [0, 2, 1, 3, 4]


def _joins(parts: NbOp, joins: NbOp) -> bool:
    """Whether the second reshape makes (N, C, H, W) of what the first parted, (N, groups, C / groups, H, W), as far as said."""
    parted, joined = (list(op.attrs.get("shape", ())) for op in (parts, joins))
    if len(parted) != 5 or len(joined) != 4:
        return False
    groups, each, *image = parted[1:]
    both = zip([groups * each if min(groups, each) > 0 else -1, *image], joined[1:], strict=True)
    return all(a == b or min(a, b) < 1 for a, b in both)


def _first(op: NbOp, slot: str) -> str:
    return next(iter(op.inputs.get(slot, ())), "")
