"""What is true of a session that was cut off: how it goes on."""

from __future__ import annotations


def going_on(base: str, *, fresh: bool) -> str:
    """The half of a sentence about what the next call does; `base` is the protocol's name, `fresh` as in `Request`."""
    if base == "compare":
        return "the same command begins both models anew"
    if fresh:
        return "without --fresh the same command goes on with what was begun, and with it begins anew"
    return "the same command goes on"
