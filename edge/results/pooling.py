"""One network measured in several sessions: what holds from one day to the next.

An interval over launches holds within its session. A session counts as one value here, whatever its number of launches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.results.key import Key
from edge.results.measurement import Measurement
from edge.results.statistics import Interval, median, median_interval


@dataclass(frozen=True, slots=True)
class Pooled:
    """`median_ms`: the median of the sessions' medians; `interval` is over sessions, at the level it says."""

    sessions: int
    median_ms: float
    interval: Interval

    @property
    def sentence(self) -> str:
        """In words, with the kind of interval."""
        level = self.interval.level_text
        return (
            f"median of {self.sessions} sessions' medians {self.median_ms:.3f} ms ({level} interval over sessions"
            f" {self.interval.low:.3f} to {self.interval.high:.3f})"
        )


def same_cell(one: Measurement, other: Measurement) -> bool:
    """Whether the two measured the same file on the same device in the same way."""
    return _key(one).same(_key(other))


def _key(one: Measurement) -> Key:
    return Key.of(one.subject, one.identity, one.threads, one.protocol, one.program)


def pool(measurements: Sequence[Measurement]) -> Pooled | None:
    """The valid ones of one cell, a session each (the latest of a session counts); None for fewer than two sessions."""
    by_session = {
        one.session: median([launch.level_ms for launch in one.counted])
        for one in measurements
        if one.valid and one.counted
    }
    interval = median_interval(list(by_session.values()))
    if interval is None:
        return None
    return Pooled(len(by_session), median(list(by_session.values())), interval)
