"""One measurement as a list shows it: what it is of and its headline, without a single sample."""

from __future__ import annotations

from dataclasses import dataclass

from edge.results.identity import DeviceIdentity
from edge.results.measurement import RunnerProgram, Status, Subject, derived_remarks
from edge.results.protocol import Protocol
from edge.results.reasons import Remark
from edge.results.statistics import Interval, median, median_interval


@dataclass(frozen=True, slots=True)
class LaunchSummary:
    """A launch as one number (`level_ms`, None without runs), its mean, how many runs; `sound`: nothing speaks against it."""

    level_ms: float | None
    mean_ms: float | None
    runs: int
    tells_samples: bool = True
    sound: bool = True


def counted_of(launches: tuple[LaunchSummary, ...], protocol: Protocol) -> tuple[LaunchSummary, ...]:
    """As `edge.results.measurement.sound_launches`."""
    if protocol.base == "sustained":
        return launches
    sound = tuple(one for one in launches if one.sound)
    return sound if len(sound) >= protocol.launches_min else launches


@dataclass(frozen=True, slots=True)
class Summary:
    """As `Measurement`, of which every number here is the same; `subject` has no metadata.

    `address` is how the device was reached.
    """

    id: int
    session: int
    subject: Subject
    device: DeviceIdentity
    address: str
    threads: int
    protocol: Protocol
    program: RunnerProgram
    engine: str | None
    engine_version: str | None
    status: Status
    launches: tuple[LaunchSummary, ...]
    synthetic: bool
    sessions: int
    reasons: tuple[Remark, ...]
    notes: tuple[Remark, ...]
    error: str | None
    started: float
    finished: float | None
    labels: tuple[str, ...] = ()

    @property
    def moment(self) -> tuple[float, int]:
        """What orders measurements in time: the numbers of those that were merged tell nothing of it."""
        return self.started, self.id

    @property
    def valid(self) -> bool:
        """Measured, and nothing speaks against it."""
        return self.status == "measured" and not self.reasons

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What a reader must know beside `reasons`."""
        return (*derived_remarks(self), *self.notes)

    @property
    def counted(self) -> tuple[LaunchSummary, ...]:
        """The launches that make the numbers; see `edge.results.measurement.sound_launches`."""
        return counted_of(self.launches, self.protocol)

    @property
    def headline_ms(self) -> float | None:
        """The number shown; see `Measurement.headline_ms`."""
        if self.protocol.headline == "median" and (levels := self._levels):
            return median(levels)
        counted = [one for one in self.counted if one.runs and one.mean_ms is not None]
        counted = [one for one in counted if one.tells_samples] or counted
        runs = sum(one.runs for one in counted)
        return sum((one.mean_ms or 0.0) * one.runs for one in counted) / runs if runs else None

    @property
    def interval(self) -> Interval | None:
        """The interval of the median over launches; None where there is none."""
        if len(self._levels) < 2 or self.protocol.base == "sustained":
            return None
        return median_interval(self._levels)

    @property
    def median_ms(self) -> float | None:
        """The median over launches of what tells its samples."""
        return median(self._levels) if self._levels else None

    @property
    def _levels(self) -> list[float]:
        return [one.level_ms for one in self.counted if one.tells_samples and one.level_ms is not None]
