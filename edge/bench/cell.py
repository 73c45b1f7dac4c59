"""One cell while it is measured: its launches so far, whether they are enough, and what is to be said of it."""

from __future__ import annotations

from dataclasses import dataclass

from edge.bench import throttling
from edge.bench.request import Job
from edge.results.measurement import Launch
from edge.results.protocol import Protocol
from edge.results.reasons import Code, Remark, over_launches
from edge.results.statistics import bootstrap_median, median


@dataclass(slots=True)
class Cell:
    """`earlier`: how many of its launches are from sessions before this one."""

    id: int
    job: Job
    threads: int
    protocol: Protocol
    launches: list[Launch]
    earlier: int
    failed: bool = False
    decided: bool = False  # protocol `compare`: there is an answer (edge/bench/duel.py)

    @property
    def name(self) -> str:
        return f"{self.job.subject.name}, {self.threads} thread{'s' if self.threads > 1 else ''}"

    @property
    def levels(self) -> list[float]:
        """One number a launch, in ms."""
        return [launch.level_ms for launch in self.launches]

    @property
    def enough(self) -> bool:
        """The limit is reached, or the interval of the median is narrow enough."""
        count = len(self.launches)
        if self.protocol.name == "compare":
            return self.decided or count >= self.protocol.launches_max
        return count >= self.protocol.launches_max or (count >= self.protocol.launches_min and self.narrow)

    @property
    def narrow(self) -> bool:
        """The 95 % interval of the median lies within the protocol's tolerance."""
        interval = bootstrap_median(self.levels)
        return interval is not None and interval.half_width(median(self.levels)) <= self.protocol.tolerance

    @property
    def reasons(self) -> list[Remark]:
        """Why it cannot be trusted, as far as its own launches tell."""
        found = [*self.job.reasons]
        found += throttling.signs_of_cell([launch.samples_ms for launch in self.launches if launch.samples_ms])
        return found + over_launches([launch.reasons for launch in self.launches])

    @property
    def notes(self) -> list[Remark]:
        """What a reader must know besides."""
        found = [*self.job.notes, *dict.fromkeys(note for launch in self.launches for note in launch.notes)]
        if len({launch.digests for launch in self.launches}) > 1:
            found.append(Code.OUTPUTS_DIFFER())
        if self.protocol.launches_max > 1 and self.protocol.name != "compare" and not self.narrow:
            found.append(Code.INTERVAL_WIDE(tolerance=self.protocol.tolerance))
        return found
