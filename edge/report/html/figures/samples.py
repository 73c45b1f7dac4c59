"""One cell whole: every sample in the order of time, how they are distributed, clock and temperature beside them."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.report.grid import Column
from edge.report.html.chart.model import Axis, Chart, ChartSeries, Mark
from edge.report.html.figures import wording
from edge.report.html.figures.figure import Figure
from edge.report.html.material import device_name, engine_name
from edge.results.measurement import Launch, Measurement
from edge.results.statistics import median

BINS = 48
_COLUMNS = (
    Column("Launch"),
    Column("Begun", False),
    Column("Runs"),
    Column("Median ms"),
    Column("p10"),
    Column("p90"),
    Column("Max"),
    Column("Load ms"),
    Column("First run ms"),
    Column("Peak MiB"),
    Column("Clock GHz", False),
    Column("Hottest °C", False),
    Column("Counts", False),
    Column("Remarks", False),
)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A launch, from where to where on the axis its runs stand."""

    launch: Launch
    start: float
    end: float

    def at(self, moment: str) -> float:
        return self.start if moment == "before" else self.end


def samples(one: Measurement) -> Figure | None:
    """Of a cell that has any sample; None else."""
    placed = list(_places(one.launches))
    if not any(each.launch.samples_ms for each in placed):
        return None
    counted = {launch.number for launch in one.counted}
    clocks, hot = _clocks(placed), _temperatures(placed)
    launches = Axis(
        "launches in the order of time, the runs of each in theirs",
        ticks=tuple(((each.start + each.end) / 2, str(each.launch.number + 1)) for each in placed),
    )
    rules = tuple(each.start for each in placed)
    values = [ms for each in placed for ms in each.launch.samples_ms]
    tall = max(values) > 8 * median(values)
    charts = [
        Chart(launches, Axis("latency, ms", log=tall), _in_time(placed, counted), height=230, separators=rules),
        _distribution(placed, counted),
    ]
    titles = ["Every sample in the order of time", "Distribution of the samples"]
    notes = []
    for title, unit, series in (("Clock", "GHz", clocks), ("Temperature", "°C", hot)):
        if series:
            charts.append(Chart(launches, Axis(unit), series, height=110, separators=rules))
            titles.append(f"{title} beside the launches")
        else:
            notes.append(f"No {title.lower()} could be read there: unknown, and not fine.")
    notes += [f"not valid: {reason}" for reason in one.reasons] + [str(remark) for remark in one.remarks]
    return Figure(
        f"cell-{one.id}",
        f"Measurement {one.id}: {one.subject.name}, {one.threads}T",
        f"Measured on {device_name(one)} by {engine_name(one)}, {one.subject.precision or 'unknown'}, protocol"
        f" {one.protocol.name}, in ms. Samples at one place of the picture fall together; launches that are set"
        " aside are hollow, and in no number.",
        _summary(one, values),
        tuple(charts),
        _COLUMNS,
        tuple(_row(each, counted) for each in placed),
        tuple(notes),
        tuple(titles),
    )


def _places(launches: Sequence[Launch]) -> Iterable[_Placed]:
    ordered = sorted(launches, key=lambda one: (one.started, one.number))
    gap = max(1.0, 0.02 * sum(len(one.samples_ms) for one in ordered) / max(1, len(ordered)))
    start = 0.0
    for one in ordered:
        end = start + max(1, len(one.samples_ms))
        yield _Placed(one, start, end)
        start = end + gap


def _in_time(placed: Sequence[_Placed], counted: set[int]) -> tuple[ChartSeries, ...]:
    sound = tuple(
        (each.start + i, ms)
        for each in placed
        if each.launch.number in counted
        for i, ms in enumerate(each.launch.samples_ms)
    )
    aside = tuple(
        (each.start + i, ms)
        for each in placed
        if each.launch.number not in counted
        for i, ms in enumerate(each.launch.samples_ms)
    )
    marks = tuple(_median(each, counted) for each in placed if each.launch.samples_ms)
    made = [ChartSeries("samples", 0, cloud=sound)]
    made += [ChartSeries("samples of launches set aside", 4, cloud=aside)] * bool(aside)
    return (*made, ChartSeries("median of a launch", 1, marks))


def _median(each: _Placed, counted: set[int]) -> Mark:
    launch = each.launch
    words = [
        f"launch {launch.number + 1}, {_when(launch.started)}",
        f"median {launch.level_ms:.3f} ms of {len(launch.samples_ms)} runs",
    ]
    words += [_clock_words(launch)] * bool(_clock_words(launch)) + [_heat_words(launch)] * bool(_heat_words(launch))
    words += [f"set aside: {reason}" for reason in launch.reasons]
    return Mark((each.start + each.end) / 2, launch.level_ms, tuple(words), hollow=launch.number not in counted)


def _distribution(placed: Sequence[_Placed], counted: set[int]) -> Chart:
    values = sorted(ms for each in placed if each.launch.number in counted for ms in each.launch.samples_ms)
    low, high = values[0], values[-1]
    log = low > 0 and high > 5 * low
    ratio, step = (high / low) ** (1 / BINS) if log else 1.0, (high - low) / BINS or 1.0
    edges = [low * ratio**i if log else low + step * i for i in range(BINS + 1)]
    bars, place = [], 0
    for i in range(BINS):
        end = len(values) if i == BINS - 1 else bisect_left(values, edges[i + 1])
        if end > place:
            bars.append((edges[i], edges[i + 1], float(end - place)))
        place = max(place, end)
    return Chart(
        Axis("latency, ms", log=log),
        Axis("runs", from_zero=True),
        (ChartSeries("samples", 0, bars=tuple(bars)),),
        height=120,
    )


def _clocks(placed: Sequence[_Placed]) -> tuple[ChartSeries, ...]:
    """Of each core, in GHz: as the probes measured it, or (where none did) as the system tells."""
    found: dict[str, list[tuple[float, float]]] = {}
    for each in placed:
        for moment, core, hz, runs, how in _clock_readings(each.launch):
            at = each.start + runs if runs is not None else each.at(moment)
            found.setdefault(f"core {core}, {how}", []).append((at, hz / 1e9))
    return tuple(ChartSeries(name, 6 + look, cloud=tuple(found[name])) for look, name in enumerate(sorted(found)))


def _clock_readings(launch: Launch) -> Iterable[tuple[str, int, float, int | None, str]]:
    clocks = launch.probes.clocks if launch.probes else None
    read = [
        (moment, one.core, float(one.hz), one.runs, "measured")
        for moment in ("before", "between", "after")
        for one in (getattr(clocks, moment, None) or ())
        if one.hz is not None
    ]
    if read:
        return read
    return [
        (moment, int(core["index"]), 1000.0 * core["cur_khz"], None, "as the system tells")
        for moment in ("before", "after")
        for core in _list(launch.environment, moment, "cores")
        if isinstance(core.get("index"), int) and isinstance(core.get("cur_khz"), int | float)
    ]


def _temperatures(placed: Sequence[_Placed]) -> tuple[ChartSeries, ...]:
    """Of each kind of zone the hottest, in °C, before and after each launch."""
    found: dict[str, list[tuple[float, float]]] = {}
    for each in placed:
        for moment in ("before", "after"):
            for kind, celsius in _zones(each.launch, moment).items():
                found.setdefault(kind, []).append((each.at(moment), celsius))
    return tuple(
        ChartSeries(f"hottest {name} zone", 18 + look, cloud=tuple(found[name]), path=tuple(found[name]))
        for look, name in enumerate(sorted(found))
    )


def _zones(launch: Launch, moment: str) -> dict[str, float]:
    hottest: dict[str, float] = {}
    for zone in _list(launch.state, moment, "zones"):
        kind, value = zone.get("kind"), zone.get("millicelsius")
        if isinstance(kind, str) and isinstance(value, int | float):
            hottest[kind] = max(value / 1000, hottest.get(kind, -273.0))
    return hottest


def _list(values: Mapping[str, Any] | None, moment: str, name: str) -> list[Mapping[str, Any]]:
    there = (values or {}).get(moment)
    found = there.get(name) if isinstance(there, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _clock_words(launch: Launch) -> str:
    read = [hz / 1e9 for _, _, hz, _, _ in _clock_readings(launch)]
    return f"{min(read):.2f} to {max(read):.2f} GHz" if read else ""


def _heat_words(launch: Launch) -> str:
    before, after = (max(_zones(launch, moment).values(), default=None) for moment in ("before", "after"))
    return f"{before:.1f} to {after:.1f} °C" if before is not None and after is not None else ""


def _row(each: _Placed, counted: set[int]) -> tuple[str, ...]:
    launch = each.launch
    ordered = sorted(launch.samples_ms)
    tenth = [f"{ordered[int(share * (len(ordered) - 1))]:.3f}" for share in (0.1, 0.9, 1.0)] if ordered else ["-"] * 3
    return (
        str(launch.number + 1),
        _when(launch.started),
        str(launch.runs),
        f"{launch.level_ms:.3f}",
        *tenth,
        _number(launch.load_ms),
        _number(launch.first_run_ms),
        _number(launch.peak_rss_bytes and launch.peak_rss_bytes / 2**20),
        _clock_words(launch) or "unknown",
        _heat_words(launch) or "unknown",
        "yes" if launch.number in counted else "set aside",
        "; ".join(str(one) for one in (*launch.reasons, *launch.notes)),
    )


def _summary(one: Measurement, values: Sequence[float]) -> str:
    statistics = one.statistics
    assert statistics is not None
    return (
        f"{len(values)} samples of {len(one.launches)} launches, of which {len(one.counted)} count: {wording.latency(one)[0]};"
        f" {statistics.outliers} outliers, {statistics.slow_share:.1%} slow runs; {wording.status(one)}."
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _when(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))
