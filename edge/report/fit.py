"""Which columns of a table stand within a width, and how wide each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2  # cells between two columns
_FOLDED = 16  # cells that prose has at least, before a column of less importance is shown


@dataclass(frozen=True, slots=True)
class Need:
    """A column: `natural` cells hold its longest cell; `folds`: it may be narrower. Rank 0 is the most important."""

    natural: int
    rank: int = 1
    folds: bool = False

    @property
    def least(self) -> int:
        return min(self.natural, _FOLDED) if self.folds else self.natural


def fit(needs: Sequence[Need], width: int) -> list[tuple[int, int]]:
    """Places of the columns that are shown, from left to right, each with its cells; together no wider than `width` (>= 1).

    The first column always stands, folded where it must be. Columns are taken by rank, and within a rank from the left; one
    that has no room makes none for those of its rank to its right, but a narrower one of the next rank may still stand.
    """
    if not needs:
        return []
    chosen = {0: min(needs[0].least, width)}
    used = chosen[0]
    for rank in sorted({need.rank for need in needs}):
        for place, need in enumerate(needs):
            if place == 0 or need.rank != rank:
                continue
            if used + GAP + need.least > width:
                break
            chosen[place] = need.least
            used += GAP + need.least
    return _widened(needs, chosen, width - used)


def squeezed(needs: Sequence[Need], width: int) -> list[tuple[int, int]]:
    """All columns, for they were asked for: the widest narrowed, until they fit; those that still do not are left out."""
    kept = len(needs)
    while kept > 1 and kept + GAP * (kept - 1) > width:
        kept -= 1
    cells = [need.natural for need in needs[:kept]]
    room = max(width - GAP * (kept - 1), kept)
    while sum(cells) > room:
        widest = max(range(kept), key=lambda place: cells[place])
        others = sum(cells) - cells[widest]
        second = max((cells[place] for place in range(kept) if place != widest), default=0)
        cells[widest] = max(1, room - others, min(second, cells[widest] - 1))
    return list(enumerate(cells))


def _widened(needs: Sequence[Need], chosen: dict[int, int], room: int) -> list[tuple[int, int]]:
    """What is left goes to the columns that were narrowed, the first of them first."""
    for place in sorted(chosen):
        more = min(room, needs[place].natural - chosen[place])
        chosen[place] += more
        room -= more
    return sorted(chosen.items())
