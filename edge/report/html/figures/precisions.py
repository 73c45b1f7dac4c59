"""Precisions: size, latency and accuracy of one network in several."""

from __future__ import annotations

from edge.report.grid import Column
from edge.report.html.chart.model import Axis, Chart, ChartSeries, Mark
from edge.report.html.figures import dots, wording
from edge.report.html.figures.figure import Figure
from edge.report.html.material import Material, device_key, device_name, engine_name, newest_of, showable
from edge.results.measurement import Measurement

_COLUMNS = (
    Column("Row", False),
    Column("Precision", False),
    Column("Id"),
    Column("ms"),
    Column("Interval ms"),
    Column("MB"),
    Column("Top-1 % (measured)"),
    Column("95 % interval"),
    Column("Judged on", False),
    Column("Status", False),
)
_ORDER = ("fp32", "fp16", "int16", "int8", "int8-static")


def precisions(material: Material) -> list[Figure]:
    """For each device: the networks that were measured in several precisions by one engine with one number of threads."""
    cells = newest_of(
        showable(material.measurements),
        lambda one: (device_key(one), one.engine[0], _network(one), one.threads, _precision(one)),
    )
    made: list[Figure] = []
    for group in dots.by_device(cells):
        found: dict[object, set[str]] = {}
        for one in group:
            found.setdefault(_row(one), set()).add(_precision(one))
        mine = [one for one in group if len(found[_row(one)]) > 1]
        if mine:
            made.append(_figure(mine, dots.numbered("precisions", len(made))))
    return made


def _figure(cells: list[Measurement], id: str) -> Figure:
    looks = sorted(
        {_precision(one) for one in cells}, key=lambda one: (_ORDER.index(one) if one in _ORDER else 99, one)
    )
    names, more = dots.rows_of(cells, _row)
    places = {name: float(place) for place, name in enumerate(names)}
    latency = dots.latencies(cells, names, _row, _precision, looks)
    drawn = [one for one in cells if _row(one) in places]
    size = Chart(
        Axis("size of the file, MB", from_zero=True),
        latency.y,
        tuple(
            ChartSeries(name, look, tuple(_sized(one, places[_row(one)]) for one in drawn if _precision(one) == name))
            for look, name in enumerate(looks)
        ),
        joined=True,
    )
    judged = [one for one in drawn if one.accuracy is not None]
    charts, titles = [latency, size], ["Latency", "Size"]
    if judged:
        series = tuple(
            ChartSeries(name, look, tuple(_judged(one, places[_row(one)]) for one in judged if _precision(one) == name))
            for look, name in enumerate(looks)
        )
        charts.append(Chart(Axis("top-1, % (measured by `edgezoo eval`)"), latency.y, series, joined=True))
        titles.append("Accuracy")
    notes = list(dots.left_out(more))
    if len(judged) < len(drawn):
        missing = len(drawn) - len(judged)
        notes.append(f"Of {missing} of {len(drawn)} files no accuracy was measured: edgezoo eval FILE --data DIR.")
    sets = {one.accuracy.dataset_sha256 for one in judged if one.accuracy}
    if len(sets) > 1:
        notes.append("The accuracies are of different sets of images, which the table names: they are not comparable.")
    device = device_name(cells[0])
    caption = (
        f"Measured on {device}: one network in a row, by one engine with one number of threads; hollow where not valid."
    )
    rows = tuple(_told(one) for one in sorted(cells, key=lambda one: (_row(one), looks.index(_precision(one)))))
    title = f"Precisions on {device}: latency, size, accuracy"
    summary = f"{len(names)} networks in {' and '.join(looks)}."
    return Figure(id, title, caption, summary, tuple(charts), _COLUMNS, rows, tuple(notes), tuple(titles))


def _precision(one: Measurement) -> str:
    return one.subject.precision or "unknown"


def _network(one: Measurement) -> tuple[object, ...]:
    return one.subject.name, one.subject.weights, one.subject.shapes


def _row(one: Measurement) -> str:
    weights = f" ({one.subject.weights} weights)" if one.subject.weights != "published" else ""
    return f"{one.subject.name}{weights}, {one.threads}T, {one.engine[0] or one.program.name}"


def _sized(one: Measurement, y: float) -> Mark:
    mb = one.subject.bytes / 1e6
    return Mark(mb, y, (one.subject.name, f"{mb:.2f} MB in {_precision(one)}, the file of measurement {one.id}"))


def _judged(one: Measurement, y: float) -> Mark:
    assert one.accuracy
    top1 = one.accuracy.top1
    ends = (100 * top1.low, 100 * top1.high)
    words = (
        one.subject.name,
        f"top-1 {100 * top1.value:.2f} %{wording.between(ends)} in {_precision(one)}",
        one.accuracy.words,
    )
    return Mark(100 * top1.value, y, words, ends)


def _told(one: Measurement) -> tuple[str, ...]:
    accuracy = one.accuracy
    top1 = accuracy.top1 if accuracy else None
    return (
        _row(one),
        f"{_precision(one)} ({engine_name(one)})",
        str(one.id),
        f"{one.headline_ms:.3f}",
        wording.interval(wording.ends(one), 3),
        f"{one.subject.bytes / 1e6:.2f}",
        f"{100 * top1.value:.2f}" if top1 else "-",
        wording.interval((100 * top1.low, 100 * top1.high)) if top1 else "-",
        accuracy.words if accuracy else "-",
        wording.status(one),
    )
