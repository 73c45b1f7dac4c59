"""A measurement in words: its number, and everything a reader must know of it."""

from __future__ import annotations

from edge.results.history import Point
from edge.results.measurement import Measurement
from edge.results.summary import Summary


def remarks(one: Measurement | Summary | Point) -> list[str]:
    """Everything a reader must know of one cell, the grave things first."""
    notes = [str(note) for note in one.notes]
    grave = [str(remark) for remark in one.remarks if remark not in one.notes]
    return [*grave, *(f"not valid: {reason}" for reason in one.reasons), *notes]


def outcome(one: Measurement | Summary) -> str:
    """As a progress line tells it: the number that tables show, of how many launches, and every remark."""
    count = len(one.launches)
    number = "-" if one.headline_ms is None else f"{one.headline_ms:.2f} ms"
    return "; ".join([f"{number}, {count} launch{'' if count == 1 else 'es'}", *remarks(one)])
