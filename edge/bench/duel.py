"""Two models in one session, launch by launch in turn, until it is decided which is faster (protocol `compare`)."""

from __future__ import annotations

from collections.abc import Sequence

from edge.bench.cell import Cell
from edge.results.comparison import THRESHOLD, decide, pairs, ratio_of_pairs
from edge.results.sequential import LEVEL, is_look


def judge_pairs(cells: Sequence[Cell]) -> None:
    """After a round: mark the two cells of each thread count as decided, where a look is due and tells.

    Where one of the two failed there is nothing to decide for the other.
    """
    for threads in dict.fromkeys(cell.threads for cell in cells):
        two = [cell for cell in cells if cell.threads == threads]
        if len(two) < 2 or any(cell.failed for cell in two):
            answered = True
        else:
            found = pairs(two[0].launches, two[1].launches)
            if not is_look(len(found), two[0].protocol.launches_max):
                continue
            ratio, interval = ratio_of_pairs(found, confidence=LEVEL)
            answered = decide(ratio, interval, THRESHOLD, confidence=LEVEL) != "undecided"
        for cell in two:
            cell.decided |= answered
