"""Two models in one session, launch by launch in turn, until it is decided which is faster (protocol `compare`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from edge.bench.cell import Cell
from edge.results.comparison import THRESHOLD, decide, pairs, ratio_of_pairs
from edge.results.sequential import LEVEL, is_look


def judge_pairs(cells: Sequence[Cell]) -> None:
    """After a round: mark the two cells of each thread count as decided, where a look is due and tells, or at the limit.

    Only launches that nothing speaks against are paired: one that was spoiled is made again before it is looked. Where
    one of the two failed, or was spoiled too often, there is nothing to decide for the other.
    """
    for two in _by_threads(cells):
        if len(two) < 2 or any(cell.failed or cell.ended for cell in two):
            answered = True
        else:
            found = pairs(two[0].sound, two[1].sound)
            limit = two[0].protocol.launches_max
            if not is_look(len(found), limit):
                continue
            ratio, interval = ratio_of_pairs(found, confidence=LEVEL)
            answered = len(found) >= limit or decide(ratio, interval, THRESHOLD, confidence=LEVEL) != "undecided"
        for cell in two:
            cell.decided |= answered


def reopen_pairs(cells: Sequence[Cell], threads: Collection[int]) -> None:
    """Launches of these thread counts were set aside: what was decided with them is not decided any more."""
    for two in _by_threads(cells):
        if len(two) == 2 and two[0].threads in threads and not any(cell.failed for cell in two):
            for cell in two:
                cell.decided = False


def _by_threads(cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    for threads in dict.fromkeys(cell.threads for cell in cells):
        yield [cell for cell in cells if cell.threads == threads]
