"""A cell's measurements over time, as a table for a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from edge.report.grid import Column, text
from edge.report.view import PLAIN, View
from edge.results.history import Point, Series
from edge.results.words import launches, remarks

_COLUMNS = (
    *(Column("Id", rank=0), Column("Session", rank=3), Column("When", False, rank=0), Column("ms", rank=0)),
    Column("Interval in its session", False, key="interval", folds=True),
    *(Column("Launches", rank=2), Column("Status", False, rank=0), Column("Change", False, rank=0)),
    Column("Since the one before", False, rank=1, key="since", folds=True),
)
_TITLES = {
    "sha256": "another file",
    "opt": "another opt",
    "engine_version": "another engine version",
    "program": "another program",
    "program_sha256": "another build of the program",
    "build": "another system",
    "input": "other inputs",
}


def render(series: Sequence[Series], view: View = PLAIN) -> str:
    """Each series with what it is of, a row a measurement, and every remark; it ends in a line break."""
    return "\n\n".join("\n".join(_lines(one, view)) for one in series) + "\n"


def _lines(one: Series, view: View) -> Iterator[str]:
    yield view.paragraph(_head(one))
    yield text(_COLUMNS, [_row(point) for point in one.points], view)
    told: dict[str, list[str]] = {}  # what is to be known, and of which points
    for point in one.points:
        for remark in remarks(point):
            told.setdefault(remark, []).append(str(point.id))
    yield from view.prose([f"{', '.join(ids)}: {remark}" for remark, ids in told.items()])


def _head(one: Series) -> str:
    key = dict(one.key)
    known = [f"{name} {value}" for name, value in key.items() if name != "model" and value != "unknown"]
    return f"{key['model']}: {', '.join(known)}"


def _row(point: Point) -> list[str]:
    interval = point.interval
    kind = [interval.level_text] if interval is not None and interval.level < 0.95 else []
    kind += [f"over launches of {point.sessions} sessions"] if point.sessions > 1 else []
    level = f" ({', '.join(kind)})" if kind else ""
    return [
        str(point.id),
        str(point.session),
        time.strftime("%Y-%m-%d %H:%M", time.localtime(point.started)),
        "-" if point.ms is None else f"{point.ms:.3f}",
        "-" if interval is None else f"{interval.low:.3f} to {interval.high:.3f}{level}",
        launches(point.launches, point.launches_made),
        point.status,
        change(point),
        ", ".join(renewed(point)),
    ]


def renewed(point: Point) -> list[str]:
    """What is new since the point before, and what was said of it."""
    return [*(_TITLES[name] for name in point.renewed), *(f"label {label}" for label in point.labels)]


def change(point: Point) -> str:
    """Against the last valid point, by the rule of `results compare`; empty where there is none."""
    if point.answer is None or point.ratio is None:
        return ""
    if point.answer in ("undecided", "the same"):
        return point.answer
    return f"{abs(point.ratio - 1):.1%} {point.answer}"
