"""One cell while it is measured: its launches so far, whether they are enough, and what is to be said of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edge.bench import throttling
from edge.bench.request import Job
from edge.results.measurement import Launch, sound_launches
from edge.results.protocol import Protocol
from edge.results.reasons import Code, Remark, over_launches
from edge.results.statistics import median, median_interval, neighbours_alike, two_groups

# A cell alone sees only its own spread, which may be small by luck: its interval must be so many times narrower. With
# more cells luck evens out. Chosen by simulation (docs/decisions/latency-statistics.md).
LUCK = 0.6
_AGAIN = Code.STARTED_AGAIN.value  # of every launch, also of those that do not count
FEWEST_FOR_95 = 6  # launches that have a 95 % interval


@dataclass(slots=True)
class Cell:
    """`earlier`: how many of its launches are from sessions before this one.

    A launch with a reason against it is kept and does not count: it is made again, up to `launches_min` times a cell.
    """

    id: int
    job: Job
    threads: int
    protocol: Protocol
    launches: list[Launch]
    earlier: int
    failed: bool = False
    within: bool = False  # the tolerance was reached
    decided: bool = False  # protocol `compare`: there is an answer, or the limit is reached (edge/bench/duel.py)

    @property
    def name(self) -> str:
        return f"{self.job.label}, {self.threads} thread{'s' if self.threads > 1 else ''}"

    @property
    def sound(self) -> list[Launch]:
        """The launches that nothing speaks against."""
        return [launch for launch in self.launches if not launch.reasons]

    @property
    def counted(self) -> Sequence[Launch]:
        """The launches that make the numbers."""
        return sound_launches(self.launches, self.protocol)

    @property
    def levels(self) -> list[float]:
        """One number a launch that counts, in ms."""
        return [launch.level_ms for launch in self.counted]

    @property
    def half_width(self) -> float:
        """Of the 95 % interval, relative; infinite where the launches are too few for one."""
        interval = median_interval(self.levels)
        if interval is None or interval.level < 0.95:
            return math.inf
        return interval.half_width(median(self.levels))

    @property
    def ended(self) -> bool:
        """No launch more: it has enough, or as many were spoiled as it needs at least."""
        sound = len(self.sound)
        if len(self.launches) - sound >= self.protocol.launches_min:
            return True
        if self.protocol.base == "compare":
            return self.decided
        return sound >= self.protocol.launches_max or (self.within and sound >= self.protocol.launches_min)

    @property
    def ending(self) -> str:
        """Why no launch more is made, in words."""
        made, sound, most = len(self.launches), len(self.sound), self.protocol.launches_max
        count = f"{made} launch{'' if made == 1 else 'es'}"
        if made - sound >= self.protocol.launches_min:
            which = f"{made - sound} of them " if sound else "all " if made > 1 else ""
            return f"{count}, {which}spoiled: no more are made"
        if sound >= most and not self.within and self.protocol.launches_min < most:
            return f"{count}, the most there may be"
        return f"{count} {'is' if made == 1 else 'are'} enough"

    @property
    def reasons(self) -> list[Remark]:
        """Why it cannot be trusted, as far as its own launches tell."""
        found = [*self.job.reasons]
        found += throttling.signs_of_cell([launch.samples_ms for launch in self.counted if launch.samples_ms])
        return found + over_launches([launch.reasons for launch in self.counted])

    @property
    def notes(self) -> list[Remark]:
        """What a reader must know besides."""
        counted = self.counted
        again = over_launches([[one for one in launch.notes if one.code == _AGAIN] for launch in self.launches])
        told = dict.fromkeys(note for launch in counted for note in launch.notes if note.code != _AGAIN)
        found = [*self.job.notes, *again, *told]
        if aside := [launch for launch in self.launches if launch not in counted]:
            why = "; ".join(dict.fromkeys(str(reason) for launch in aside for reason in launch.reasons))
            found.append(Code.SET_ASIDE(count=len(aside), launches=len(self.launches), why=why))
        earlier = sum(launch in counted for launch in self.launches[: self.earlier])
        if 0 < earlier < len(counted):
            found.append(Code.EARLIER_SESSIONS(earlier=earlier, launches=len(counted)))
        if len({launch.digests for launch in counted}) > 1:
            found.append(Code.OUTPUTS_DIFFER())
        if groups := two_groups(self.levels):
            found.append(Code.TWO_GROUPS(lows=groups.lows, low=groups.low, highs=groups.highs, high=groups.high))
        if (alike := neighbours_alike(self.levels, significance=0.05)) is not None:
            found.append(Code.NEIGHBOURS_ALIKE(correlation=alike))
        compared = self.protocol.base == "compare"  # it ends when there is an answer, whatever the tolerance
        if self.protocol.launches_max >= FEWEST_FOR_95 and not self.within and not compared:
            found.append(Code.TOLERANCE_UNSHOWN(tolerance=self.protocol.tolerance))
        return found


def judge_tolerance(cells: Sequence[Cell]) -> None:
    """Mark the cells whose median holds within the tolerance, at the protocol's check points.

    A cell's own interval must be within it, and so must the one that the spread of all cells of the session gives for
    its number of launches: an interval that is narrow by luck is no reason to stop. Of the cells the lower middle one
    counts, so that a noisy network does not hold up a steady one.
    """
    widths = {id(cell): cell.half_width for cell in cells}
    scaled = [width * math.sqrt(len(cell.counted)) for cell in cells if math.isfinite(width := widths[id(cell)])]
    if not scaled:
        return
    typical = sorted(scaled)[(len(scaled) - 1) // 2] * (1 + LUCK / math.sqrt(len(scaled)))
    for cell in cells:
        count = len(cell.counted)
        if count in cell.protocol.check_points or count >= cell.protocol.launches_max:
            cell.within = max(widths[id(cell)], typical / math.sqrt(count)) <= cell.protocol.tolerance
