"""Latency by threads, engines beside one another, size against latency."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edge.decide.candidates import published_latency
from edge.report import facts
from edge.report.grid import Column
from edge.report.html.chart.model import Axis, Chart, ChartSeries, Mark
from edge.report.html.figures import dots, wording
from edge.report.html.figures.figure import Figure
from edge.report.html.material import (
    Material,
    device_key,
    device_name,
    engine_name,
    file_key,
    file_names,
    newest_of,
    showable,
)
from edge.results.measurement import Measurement
from edge.zoo.catalogue import catalogue
from edge.zoo.doubts import Doubt


def threads(material: Material) -> list[Figure]:
    """For each device: every network that was measured with several thread counts."""
    cells = newest_of(
        showable(material.measurements), lambda one: (device_key(one), file_key(one), one.engine[0], one.threads)
    )
    made: list[Figure] = []
    for group in dots.by_device(cells):
        counts: dict[object, set[int]] = {}
        for one in group:
            counts.setdefault((file_key(one), one.engine[0]), set()).add(one.threads)
        mine = [one for one in group if len(counts[file_key(one), one.engine[0]]) > 1]
        if not mine:
            continue
        name = _Names(mine, engine=True)
        looks = [_threads(count) for count in sorted({one.threads for one in mine})]
        names, more = dots.rows_of(mine, name)
        chart = dots.latencies(mine, names, name, lambda one: _threads(one.threads), looks)
        made.append(
            Figure(
                dots.numbered("threads", len(made)),
                f"Latency by threads on {device_name(mine[0])}",
                f"Measured on {device_name(mine[0])}; {_MEASURED}",
                _fastest(mine, name),
                (chart,),
                dots.COLUMNS,
                dots.table(mine, name, lambda one: _threads(one.threads)),
                (*dots.left_out(more), *_ignored(mine)),
            )
        )
    return made


def engines(material: Material) -> list[Figure]:
    """For each device: every network that several engines ran with the same precision and number of threads."""
    cells = newest_of(
        showable(material.measurements), lambda one: (device_key(one), file_key(one), one.engine, one.threads)
    )
    made: list[Figure] = []
    for group in dots.by_device(cells):
        found: dict[object, set[object]] = {}
        for one in group:
            found.setdefault((file_key(one), one.threads), set()).add(one.engine)
        mine = [one for one in group if len(found[file_key(one), one.threads]) > 1]
        if not mine:
            continue
        name = _Names(mine, engine=False, threads=True)
        looks = sorted({engine_name(one) for one in mine})
        shown, more = dots.rows_of(mine, name)
        chart = dots.latencies(mine, shown, name, engine_name, looks)
        made.append(
            Figure(
                dots.numbered("engines", len(made)),
                f"Engines beside one another on {device_name(mine[0])}",
                f"Measured on {device_name(mine[0])}, the same network, weights, precision and threads in a row; {_MEASURED}",
                _fastest(mine, name.in_engine),
                (chart,),
                dots.COLUMNS,
                dots.table(mine, name, engine_name),
                (*dots.left_out(more), *_ignored(mine)),
            )
        )
    return made


_SIZES = (
    Column("Model", False),
    Column("Series", False),
    Column("Latency ms"),
    Column("Interval ms"),
    Column("Size"),
    Column("Source", False),
    Column("Status", False),
)


def sizes(material: Material) -> list[Figure]:
    """Size against latency: of the published phone networks, and of every file that was measured at that thread count."""
    count = _threads(material.threads)
    known = [
        (one, latency)
        for one in catalogue()
        if one.published.size_mb is not None and (latency := published_latency(one, material.threads)) is not None
    ]
    where = f"published by PaddleClas: Snapdragon 855, {count}, float32"
    marks = tuple(
        Mark(
            latency.value,
            one.published.size_mb or 0.0,
            (
                one.name,
                f"{latency.value:.2f} ms, {where}",
                f"{one.published.size_mb:g} MB, published as printed (MiB for most)",
                *([latency.note] if latency.note else []),
            ),
            hollow="doubtful" in latency.note,
        )
        for one, latency in known
    )
    series = [ChartSeries("published: Snapdragon 855", 0, marks)]
    rows = [
        (
            one.name,
            "published",
            f"{latency.value:.2f}",
            "-",
            f"{one.published.size_mb:g} (as printed, MiB for most)",
            "published",
            "-",
        )
        for one, latency in known
    ]
    cells = [one for one in showable(material.measurements) if one.threads == material.threads]
    mine = newest_of(cells, lambda one: (device_key(one), file_key(one), one.engine))
    names = file_names(mine, but=("Precision", "Target", "Opt", "Sha256"))
    groups: dict[str, list[Measurement]] = {}
    for one in mine:
        groups.setdefault(
            f"measured: {device_name(one)}, {engine_name(one)}, {one.subject.precision or 'unknown'}", []
        ).append(one)
    for look, (name, group) in enumerate(groups.items(), 1):
        series.append(ChartSeries(name, look, tuple(_sized(one, names[one.id]) for one in group)))
        rows += [
            (
                names[one.id],
                name,
                f"{one.headline_ms:.3f}",
                wording.interval(wording.ends(one), 3),
                f"{one.subject.bytes / 1e6:.2f} MB (the file)",
                f"measurement {one.id}",
                wording.status(one),
            )
            for one in group
        ]
    chart = Chart(
        Axis(f"latency at {count}, ms (logarithmic)", log=True), Axis("size, MB (logarithmic)", log=True), tuple(series)
    )
    caption = (
        f"Published sizes and latencies as {where}; sizes as the table prints them, MiB for most networks. Measured: the bytes"
        " of the file that ran, in MB (1,000,000 bytes), beside its latency; the legend names device, engine and precision."
    )
    summary = f"{len(known)} published networks and {len(mine)} measured files."
    return [Figure("size", "Size against latency", caption, summary, (chart,), _SIZES, tuple(rows))]


def _sized(one: Measurement, name: str) -> Mark:
    mb = one.subject.bytes / 1e6
    words = (name, *wording.latency(one), f"{mb:.2f} MB, the file that ran")
    return Mark(one.headline_ms or 0.0, mb, words, wording.ends(one), label=name, hollow=not one.valid)


_RATIOS = (
    Column("Row", False),
    Column("Threads"),
    Column("Id"),
    Column("Measured ms"),
    Column("Interval ms"),
    Column("Published ms (Snapdragon 855)"),
    Column("Ratio"),
    Column("Status", False),
    Column("Remarks", False),
)


def ratios(material: Material) -> list[Figure]:
    """For each device: what was measured beside what was published of the same network, and the ratio."""
    cells = [one for one in showable(material.measurements) if facts.ratio_to_published(one, anyway=True) is not None]
    cells = newest_of(cells, lambda one: (device_key(one), file_key(one), one.engine[0], one.threads))
    made: list[Figure] = []
    for group in dots.by_device(cells):
        name = _Names(group, engine=True, threads=True)
        names, more = dots.rows_of(group, name)
        places = {shown: float(place) for place, shown in enumerate(names)}
        drawn = [one for one in group if name(one) in places]
        same = facts.is_sd855(group[0].device)
        device = device_name(group[0])
        latencies = dots.latencies(drawn, names, name, lambda _: "measured", ["measured"])
        published = ChartSeries(
            "published: Snapdragon 855", 1, tuple(_reference(one, places[name(one)]) for one in drawn)
        )
        found = [_ratio(one) for one in drawn]
        chart = Chart(
            Axis("latency, ms", log=latencies.x.log), latencies.y, (*latencies.series, published), joined=True
        )
        marks = tuple(_ratio_mark(one, places[name(one)]) for one in drawn)
        far = Chart(
            Axis("measured / published", log=max(found) > 12 * min(found)),
            chart.y,
            (ChartSeries("ratio", 2, marks),),
            reference=1.0,
        )
        caption = (
            f"Measured on {device}, published by PaddleClas for a Snapdragon 855 (Paddle-Lite, float32, mean of one launch). "
            + (
                "The same chip: 1 means the published latency."
                if same
                else "Another chip: the ratio tells how this device compares, not whether a measurement is right."
            )
        )
        made.append(
            Figure(
                dots.numbered("ratio", len(made)),
                f"Measured on {device} against published",
                caption,
                f"{len(drawn)} cells; ratios from {min(found):.2f} to {max(found):.2f}.",
                (chart, far),
                _RATIOS,
                tuple(_ratio_row(one, name(one)) for one in group),
                (*dots.left_out(more), *dict.fromkeys(doubt.reason for one in drawn for doubt in _doubts(one))),
                ("Latency", "Ratio"),
            )
        )
    return made


def _reference_ms(one: Measurement) -> float:
    published = facts.published(one.subject)
    assert published is not None
    return published.sd855_ms[one.threads]


def _doubts(one: Measurement) -> Sequence[Doubt]:
    return facts.doubts(one.subject, f"sd855_{one.threads}")


def _reference(one: Measurement, y: float) -> Mark:
    ms = _reference_ms(one)
    words = (
        one.subject.name,
        f"{ms:.2f} ms, published by PaddleClas: Snapdragon 855, {_threads(one.threads)}, float32",
    )
    return Mark(ms, y, (*words, *(f"doubtful: {doubt.reason}" for doubt in _doubts(one))), hollow=bool(_doubts(one)))


def _ratio(one: Measurement) -> float:
    ratio = facts.ratio_to_published(one, anyway=True)
    assert ratio is not None
    return ratio


def _ratio_mark(one: Measurement, y: float) -> Mark:
    reference, ends = _reference_ms(one), wording.ends(one)
    shares = None if ends is None else (ends[0] / reference, ends[1] / reference)
    words = (
        one.subject.name,
        f"{_ratio(one):.2f} times the published {reference:.2f} ms{wording.between(shares)}",
        *wording.latency(one),
    )
    return Mark(_ratio(one), y, words, shares, hollow=not one.valid or bool(_doubts(one)))


def _ratio_row(one: Measurement, name: str) -> tuple[str, ...]:
    told = [str(reason) for reason in one.reasons] + [
        f"published number doubtful: {doubt.reason}" for doubt in _doubts(one)
    ]
    return (
        name,
        str(one.threads),
        str(one.id),
        f"{one.headline_ms:.3f}",
        wording.interval(wording.ends(one), 3),
        f"{_reference_ms(one):.2f}",
        f"{_ratio(one):.3f}",
        wording.status(one),
        "; ".join(told),
    )


_MEASURED = (
    "a mark is the median over launches with its interval (of the table protocol the mean), hollow where not valid."
)


class _Names:
    """The rows' names: of the file, and of its engine and number of threads where there are several."""

    def __init__(self, cells: Sequence[Measurement], *, engine: bool, threads: bool = False) -> None:
        self._names = file_names(cells, but=("Target", "Opt", "Sha256"))
        self._engine = engine and len({one.engine for one in cells}) > 1
        self._threads = threads and len({one.threads for one in cells}) > 1

    def __call__(self, one: Measurement) -> str:
        engine = f", {one.engine[0] or one.program.name}" if self._engine else ""
        return self._names[one.id] + engine + (f", {one.threads}T" if self._threads else "")

    def in_engine(self, one: Measurement) -> str:
        return f"{self(one)} in {engine_name(one)}"


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count != 1)}"


def _ignored(cells: Sequence[Measurement]) -> Sequence[str]:
    told = "Paddle-Lite's x86 kernels use one thread whatever is asked: its thread counts differ by noise only."
    return [told] if any(not one.program.threads_honoured and one.threads > 1 for one in cells) else []


def _fastest(cells: Sequence[Measurement], name: Callable[[Measurement], str]) -> str:
    best = min(cells, key=lambda one: one.headline_ms or 0.0)
    bad = sum(not one.valid for one in cells)
    return f"{len(cells)} cells; the fastest is {name(best)} with {best.headline_ms:.2f} ms." + (
        f" {bad} are not valid." if bad else ""
    )
