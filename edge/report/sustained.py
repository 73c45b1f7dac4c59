"""Sustained measurements for a terminal: what each model was at the start and at the end, in which order, and its windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from edge.report import facts
from edge.report.grid import Column, text
from edge.report.view import PLAIN, View
from edge.results import words
from edge.results.measurement import Measurement
from edge.results.sustained import Window, ranking, sustained

_COLUMNS = (
    *(
        Column("Id", rank=0),
        Column("Model", False, rank=0),
        Column("Threads", rank=0),
        Column("Minutes", rank=2),
        Column("Start ms", rank=1),
        Column("Steady ms", rank=0),
    ),
    *(
        Column("Ratio", rank=0),
        Column("Clock GHz", False, rank=2),
        Column("CPU °C", False, rank=3, key="celsius"),
        Column("Place", False, rank=1),
        Column("Status", False, rank=0),
    ),
)
_WINDOWS = (
    *(Column("Second", rank=0), Column("Runs", rank=2), Column("ms", rank=0), Column("Clock GHz", rank=1)),
    *(Column("CPU °C", rank=1, key="celsius"), Column("Battery °C", rank=2, key="battery"), Column("Busy", rank=1)),
)


def render(cells: Sequence[Measurement], view: View = PLAIN) -> str:
    """A table of the models, their places at the start beside those at the end, and what is to be known; ends in a break."""
    parts = []
    for device in dict.fromkeys(facts.device_line(one.device) for one in cells):
        mine = [one for one in cells if facts.device_line(one.device) == device]
        places = {rank.id: f"{rank.at_start} -> {rank.at_end}" for group in ranking(mine) for rank in group}
        lines = [view.paragraph(device), "", text(_COLUMNS, [_row(one, places.get(one.id, "")) for one in mine], view)]
        lines += view.prose(_orders(mine))
        remarks = {one.id: words.remarks(one) for one in mine}
        told = [f"{id}: {sentence}" for id, sentences in remarks.items() for sentence in sentences]
        lines += ["", *view.prose(told)]
        parts.append("\n".join(lines).rstrip())
    return "\n\n".join(parts) + "\n"


def windows(one: Measurement, view: View = PLAIN) -> str | None:
    """Window by window; None where it is no sustained measurement."""
    found = sustained(one)
    return None if found is None else text(_WINDOWS, [_window(window) for window in found.windows], view)


def as_json(one: Measurement) -> dict[str, Any] | None:
    """Its figures and windows as JSON values, times as named; None where it is no sustained measurement."""
    found = sustained(one)
    if found is None:
        return None
    return {**asdict(found), "ratio": found.ratio, "steady": found.steady}


def _row(one: Measurement, place: str) -> list[str]:
    found = sustained(one)
    model = [str(one.id), one.subject.name, str(one.threads)]
    state = one.status if one.status != "measured" else "valid" if one.valid else "not valid"
    if found is None:
        return [*model, *("-",) * 4, "-", "-", place, state]
    first, last = found.windows[0], found.windows[-1]
    return [
        *model,
        f"{(last.at_s - first.at_s) / 60:.1f}",
        f"{found.first_ms:.2f}",
        f"{found.steady_ms:.2f}" + ("" if found.steady else " (still changing)"),
        f"{found.ratio:.3f}",
        _from_to(first.clock_ghz, last.clock_ghz, 2),
        _from_to(first.cpu_celsius, last.cpu_celsius, 0),
        place,
        state,
    ]


def _orders(cells: Sequence[Measurement]) -> list[str]:
    """The order of the models at the start and at the end, a line for each thread count with several."""
    by_id: Mapping[int, Measurement] = {one.id: one for one in cells}
    lines = []
    for group in ranking(cells):
        threads = by_id[group[0].id].threads
        start = ", ".join(by_id[rank.id].subject.name for rank in sorted(group, key=lambda rank: rank.at_start))
        end = ", ".join(by_id[rank.id].subject.name for rank in group)
        count = f"{threads} thread{'s' * (threads > 1)}"
        same = "the same order at the end" if start == end else f"at the end: {end}"
        lines.append(f"Fastest first, {count}: at the start {start}; {same}.")
    return ["", *lines] if lines else []


def _window(window: Window) -> list[str]:
    return [
        f"{window.at_s:.0f}",
        str(window.runs),
        f"{window.ms:.3f}",
        _number(window.clock_ghz, 2),
        _number(window.cpu_celsius, 1),
        _number(window.battery_celsius, 1),
        "-" if window.busy is None else f"{window.busy:.0%}",
    ]


def _from_to(first: float | None, last: float | None, digits: int) -> str:
    return "unknown" if first is None or last is None else f"{first:.{digits}f} -> {last:.{digits}f}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
