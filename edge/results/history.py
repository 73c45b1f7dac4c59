"""One cell over time: a point a session, and the changes from one to the next that can be told from chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.results.columns import cell_key, columns, status
from edge.results.comparison import THRESHOLD, Answer, compare
from edge.results.measurement import Measurement
from edge.results.reasons import Remark
from edge.results.statistics import Interval

# What may change from one session to the next and explain a change of the latency.
VERSIONS = ("sha256", "opt", "engine_version", "program", "program_sha256", "build", "input")


@dataclass(frozen=True, slots=True)
class Point:
    """A measurement in its series. `ms` is the number that every view shows (of the `table` protocol the mean), of `launches`
    of the `launches_made`; `interval` is of the median over launches of its `sessions` (one, where it was not
    resumed), None where another number is shown.

    `answer` and `ratio` compare it with the last valid point before it; None for the first, and for one that is not
    valid. `renewed`: which of `VERSIONS` are others than at the point before. The last three are the measurement's.
    """

    id: int
    session: int
    started: float
    ms: float | None
    interval: Interval | None
    launches: int
    launches_made: int
    sessions: int
    status: str
    labels: tuple[str, ...]
    answer: Answer | None
    ratio: float | None
    change_interval: Interval | None
    renewed: tuple[str, ...]
    reasons: tuple[Remark, ...]
    remarks: tuple[Remark, ...]
    notes: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """The points of one cell, oldest first."""

    key: tuple[tuple[str, str], ...]
    points: tuple[Point, ...]


def history(measurements: Sequence[Measurement], *, threshold: float = THRESHOLD) -> list[Series]:
    """Every cell's series. A change is called by the rule that compares two measurements, and by no other."""
    cells: dict[tuple[tuple[str, str], ...], list[Measurement]] = {}
    for one in sorted(measurements, key=lambda cell: cell.moment):
        cells.setdefault(cell_key(one), []).append(one)
    return [Series(key, tuple(_points(cells[key], threshold))) for key in sorted(cells)]


def _points(cells: Sequence[Measurement], threshold: float) -> list[Point]:
    points: list[Point] = []
    last: Measurement | None = None  # the last valid one
    before: Measurement | None = None
    for one in cells:
        comparable = one.valid and bool(one.counted)
        found = compare(last, one, threshold=threshold) if comparable and last is not None else None
        points.append(
            Point(
                id=one.id,
                session=one.session,
                started=one.started,
                ms=one.headline_ms,
                interval=one.statistics.interval if one.statistics and one.protocol.headline == "median" else None,
                launches=len(one.counted),
                launches_made=len(one.launches),
                sessions=one.sessions,
                status=status(one),
                labels=one.labels,
                answer=None if found is None else found.answer,
                ratio=None if found is None else found.ratio,
                change_interval=None if found is None else found.interval,
                renewed=() if before is None else _renewed(before, one),
                reasons=one.reasons,
                remarks=one.remarks,
                notes=one.notes,
            )
        )
        before = one
        if comparable:
            last = one
    return points


def _renewed(before: Measurement, now: Measurement) -> tuple[str, ...]:
    old, new = columns(before), columns(now)
    return tuple(name for name in VERSIONS if old[name] and new[name] and old[name] != new[name])
