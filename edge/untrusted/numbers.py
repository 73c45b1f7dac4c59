"""Numbers in text of others: plain decimal ones of a size that any program can hold."""

from __future__ import annotations

import math
import re

_WHOLE = re.compile(r"-?[0-9]{1,18}")  # fits 64 bits; int() also takes other scripts' digits, and refuses long ones
_REAL = re.compile(r"[-+]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,4})?")


def whole(text: str) -> int | None:
    """A whole number of at most 18 digits; None for any other text."""
    return int(text) if _WHOLE.fullmatch(text) else None


def count(text: str) -> int | None:
    """The same without a sign."""
    return None if text.startswith("-") else whole(text)


def real(text: str) -> float | None:
    """A finite number; None for any other text."""
    value = float(text) if _REAL.fullmatch(text) else math.inf
    return value if math.isfinite(value) else None
