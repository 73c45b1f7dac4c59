"""What in PaddleClas' published table contradicts itself: each such number, and why, as doubts.csv keeps it.

edge.zoo.contradictions finds them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("doubts.csv")


class Doubt(NamedTuple):  # made in a tenth of a dataclass' time: `edgezoo list` waits for it
    """A published number that cannot be right as it stands: `number` is `sd855_1`, `top1_gain`, `flops` and the like."""

    name: str
    number: str
    reason: str


@cache
def doubts() -> dict[str, tuple[Doubt, ...]]:
    """By the model's name; the file has no quoted fields, as models.csv."""
    found: dict[str, tuple[Doubt, ...]] = {}
    for line in FILE.read_text(encoding="ascii").splitlines()[1:]:
        doubt = Doubt(*line.split(",", 2))
        found[doubt.name] = (*found.get(doubt.name, ()), doubt)
    return found


def doubts_of(name: str, *numbers: str) -> tuple[Doubt, ...]:
    """Of one model; only of these numbers, if some are given."""
    return tuple(one for one in doubts().get(name, ()) if not numbers or one.number in numbers)
