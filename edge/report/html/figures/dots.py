"""A chart with a row a network and a mark for each way it was measured: what several figures are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from edge.report.grid import Column
from edge.report.html.chart.model import Axis, Chart, ChartSeries, Mark
from edge.report.html.figures import wording
from edge.report.html.material import device_key
from edge.results.measurement import Measurement

MOST_ROWS = 80
COLUMNS = (
    Column("Row", False),
    Column("Series", False),
    Column("Id"),
    Column("ms"),
    Column("Interval ms"),
    Column("Launches"),
    Column("Status", False),
    Column("Remarks", False),
)


def by_device(cells: Iterable[Measurement]) -> list[list[Measurement]]:
    """Apart for each device: numbers of two devices share no figure without saying so."""
    groups: dict[object, list[Measurement]] = {}
    for one in cells:
        groups.setdefault(device_key(one), []).append(one)
    return list(groups.values())


def numbered(name: str, place: int) -> str:
    """The id of the first, second, ... figure of a kind."""
    return name if place == 0 else f"{name}-{place + 1}"


def rows_of(
    cells: Sequence[Measurement], row: Callable[[Measurement], str], most: int = MOST_ROWS
) -> tuple[list[str], int]:
    """The names of the rows, the fastest first, and how many are too many."""
    best: dict[str, float] = {}
    for one in cells:
        best[row(one)] = min(best.get(row(one), float("inf")), one.headline_ms or 0.0)
    names = sorted(best, key=lambda name: best[name])
    return names[:most], max(0, len(names) - most)


def latencies(
    cells: Sequence[Measurement],
    names: Sequence[str],
    row: Callable[[Measurement], str],
    series: Callable[[Measurement], str],
    looks: Sequence[str],
) -> Chart:
    """The latency of every cell in its row, with its interval; a series for each of `looks`."""
    places = {name: float(place) for place, name in enumerate(names)}
    made = []
    for look, title in enumerate(looks):
        mine = [one for one in cells if series(one) == title and row(one) in places]
        marks = tuple(latency_mark(one, places[row(one)]) for one in mine)
        made.append(ChartSeries(title, look, marks))
    return Chart(
        Axis("latency, ms (measured)", log=spread(cells)), Axis("", categories=tuple(names)), tuple(made), joined=True
    )


def latency_mark(one: Measurement, y: float) -> Mark:
    """At the latency, in the row `y`."""
    words = (one.subject.name, *wording.latency(one))
    return Mark(one.headline_ms or 0.0, y, words, wording.ends(one), hollow=not one.valid)


def spread(cells: Iterable[Measurement]) -> bool:
    """Whether latencies are so far apart that a logarithmic axis is needed."""
    known = [one.headline_ms for one in cells if one.headline_ms]
    return bool(known) and max(known) > 12 * min(known)


def table(
    cells: Sequence[Measurement], row: Callable[[Measurement], str], series: Callable[[Measurement], str]
) -> tuple[tuple[str, ...], ...]:
    """The same numbers, a line a cell; see `COLUMNS`."""
    ordered = sorted(cells, key=lambda one: (row(one).lower(), series(one), one.id))
    return tuple(
        (
            row(one),
            series(one),
            str(one.id),
            f"{one.headline_ms:.3f}",
            wording.interval(wording.ends(one), 3),
            str(len(one.counted)),
            wording.status(one),
            "; ".join(str(reason) for reason in one.reasons),
        )
        for one in ordered
    )


def left_out(count: int) -> tuple[str, ...]:
    """A note on rows that are too many."""
    return (f"{count} more rows are not drawn; their numbers are in the table of all measurements.",) if count else ()
