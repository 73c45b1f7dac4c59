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


def launches(counted: int, made: int) -> str:
    """How many launches make the numbers, and of how many where others are set aside: `10`, `10 of 12`."""
    return str(counted) if counted == made else f"{counted} of {made}"


def outcome(one: Measurement | Summary) -> str:
    """As a progress line tells it: the number that tables show, of how many launches, and every remark."""
    made = len(one.launches)
    number = "-" if one.headline_ms is None else f"{one.headline_ms:.2f} ms"
    count = f"{launches(len(one.counted), made)} launch{'' if made == 1 else 'es'}"
    return "; ".join([f"{number}, {count}", *remarks(one)])
