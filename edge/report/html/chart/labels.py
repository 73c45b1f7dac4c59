"""Where words stand beside marks, so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

CHARACTER = 6.9  # px: about the mean width at 12 px


class Box(NamedTuple):
    """A rectangle in px."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two share a point."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


class Placed(NamedTuple):
    """Words with the place of their base line's start or end."""

    words: str
    x: float
    y: float
    anchor: str


def width(words: str) -> float:
    """About how wide words are, in px."""
    return CHARACTER * len(words)


def place(wanted: Sequence[tuple[float, float, str]], taken: Sequence[tuple[float, float]], room: Box) -> list[Placed]:
    """The words of those marks (x, y, words) that find a place: right, left, above or below, the first ones first."""
    boxes = [Box(x - 5, y - 5, x + 5, y + 5) for x, y in taken]
    made: list[Placed] = []
    for x, y, words in wanted:
        wide = width(words)
        for left, base, anchor in (
            (x + 8, y + 4, "start"),
            (x - 8 - wide, y + 4, "end"),
            (x - wide / 2, y - 9, "middle"),
            (x - wide / 2, y + 17, "middle"),
        ):
            box = Box(left, base - 10, left + wide, base + 3)
            inside = (
                room.left <= box.left and box.right <= room.right and room.top <= box.top and box.bottom <= room.bottom
            )
            if inside and not any(box.meets(other) for other in boxes):
                boxes.append(box)
                at = {"start": box.left, "end": box.right, "middle": x}[anchor]
                made.append(Placed(words, at, base, anchor))
                break
    return made
