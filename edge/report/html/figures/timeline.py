"""History: one cell over time, session by session, with the changes that can be told from chance."""

from __future__ import annotations

import time

from edge.report import history
from edge.report.grid import Column
from edge.report.html.chart.model import Axis, Chart, ChartSeries, Mark
from edge.report.html.figures import dots
from edge.report.html.figures.figure import Figure
from edge.report.html.figures.wording import between, interval
from edge.report.html.material import Material
from edge.results.history import Point, Series
from edge.results.history import history as histories
from edge.results.words import launches, remarks

MOST = 8
_COLUMNS = (
    Column("Id"),
    Column("Session"),
    Column("When", False),
    Column("ms"),
    Column("Interval ms"),
    Column("Launches"),
    Column("Status", False),
    Column("Change", False),
    Column("Since the one before", False),
    Column("Remarks", False),
)


def timelines(material: Material) -> list[Figure]:
    """Of every cell that was measured in several sessions, those with the most points first."""
    cells = [one for one in material.measurements if not one.synthetic and one.protocol.base != "sustained"]
    found = [
        one for one in histories(cells) if len({point.session for point in one.points if point.ms is not None}) > 1
    ]
    found.sort(key=lambda one: -len(one.points))
    made = [_figure(one, dots.numbered("history", place)) for place, one in enumerate(found[:MOST])]
    if len(found) > MOST and made:
        last = made[-1]
        note = f"{len(found) - MOST} more cells have a history: `edgezoo results history MODEL` shows each."
        made[-1] = Figure(
            last.id, last.title, last.caption, last.summary, last.charts, last.columns, last.rows, (note,)
        )
    return made


def _figure(series: Series, id: str) -> Figure:
    key = dict(series.key)
    known = [point for point in series.points if point.ms is not None]
    marks = tuple(_mark(point) for point in known)
    sound = [point for point in known if point.status == "valid"]
    line = tuple((point.started, point.ms or 0.0) for point in sound)
    chart = Chart(
        Axis("when it was measured (local time)", time=True),
        Axis("latency, ms (measured)", from_zero=True),
        (ChartSeries("measured", 0, marks, path=line),),
        height=200,
    )
    changes = [point for point in known if point.answer in ("faster", "slower")]
    summary = f"{len(known)} measurements, {len(sound)} valid; " + (
        "; ".join(f"{point.id}: {history.change(point)}" for point in changes)
        if changes
        else "no change that can be told from chance"
    )
    told = ", ".join(f"{name} {value}" for name, value in key.items() if name != "model" and value != "unknown")
    caption = (
        f"Measured: {told}. Intervals are of the median within a session; hollow where not valid. A line joins what is"
        " valid."
    )
    return Figure(
        id, f"History of {key['model']}", caption, summary + ".", (chart,), _COLUMNS, tuple(map(_row, series.points))
    )


def _mark(point: Point) -> Mark:
    ends = None if point.interval is None else (point.interval.low, point.interval.high)
    words = [
        f"measurement {point.id}, session {point.session}, {_when(point.started)}",
        f"{point.ms:.3f} ms{between(ends, 3)}, measured",
    ]
    words += [history.change(point)] if point.answer else []
    words += [*history.renewed(point), *(f"not valid: {reason}" for reason in point.reasons)]
    return Mark(
        point.started,
        point.ms or 0.0,
        tuple(words),
        y_ends=ends,
        hollow=point.status != "valid",
        label=", ".join(point.labels),
    )


def _row(point: Point) -> tuple[str, ...]:
    ends = None if point.interval is None else (point.interval.low, point.interval.high)
    return (
        str(point.id),
        str(point.session),
        _when(point.started),
        "-" if point.ms is None else f"{point.ms:.3f}",
        interval(ends, 3),
        launches(point.launches, point.launches_made),
        point.status,
        history.change(point),
        ", ".join(history.renewed(point)),
        "; ".join(remarks(point)),
    )


def _when(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
