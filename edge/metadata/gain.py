"""Whether int8-static pays on ARM, in words: counted in an emulator, or expected by what is in the file (edge.convert.gain)."""

from __future__ import annotations

from edge.metadata.model import Int8Gain, Metadata, Origin

UNSURE = 0.10  # shares below are within what the rule can tell: it was off by up to 6 % of fp32's instructions
SAME = 0.01  # a counted share below is none that builds of the engine agree on
OLD_CORES = "without dot product (before Cortex-A55 and A75) int8 was counted slower than fp32 in the one network tried"


def gain_of(metadata: Metadata | Origin) -> Int8Gain | None:
    """What is known of a file's gain; None of files that are not int8-static for ARM, or of unknown sizes."""
    return (metadata.nb.int8_gain or None) if metadata.nb else None


def words(gain: Int8Gain) -> str:
    """Such as `5 % more instructions than fp32 on ARM with dot product (counted)`."""
    share = abs(gain.saved)
    if share < (UNSURE if gain.basis == "expected" else SAME):
        told = "about as many instructions as fp32"
    else:
        told = f"{share:.0%} {'fewer' if gain.saved > 0 else 'more'} instructions than fp32"
    basis = "counted in an emulator" if gain.basis == "counted" else "expected: a rule from ten counted networks"
    return f"{told} on ARM with dot product ({basis})"


def advice(gain: Int8Gain) -> str | None:
    """What to say where int8 does not clearly pay; None where it does."""
    if gain.saved >= (UNSURE if gain.basis == "expected" else 0.02):
        return None
    return (
        f"int8-static: {words(gain)}; {OLD_CORES}. --precision fp16 needs fewer than both in all such networks counted"
    )
