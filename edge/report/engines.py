"""Networks in several engines, each beside the first: `edgezoo bench --engine A,B`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge.bench.host_engines import engine_meant
from edge.metadata.file import origin_of
from edge.report import facts
from edge.report.grid import Column, markdown, text
from edge.report.json import cell as as_values
from edge.report.view import PLAIN, View
from edge.results import words
from edge.results.comparison import LatencyComparison, compare
from edge.results.measurement import Measurement
from edge.results.missing import Missing

_COLUMNS = (
    Column("Model", False, 0),
    Column("Engine", False, 0),
    Column("Threads", rank=0),
    Column("ms", rank=0),
    Column("±", rank=2, key="interval"),
    Column("Ratio", rank=1),
    Column("Interval", False, 2, "ratio-interval"),
    Column("Largest error", rank=3, key="error"),
    Column("Remarks", False, 1),
)


@dataclass(frozen=True, slots=True)
class Beside:
    """A cell, and how it compares with its network's first engine; None where there is nothing to compare."""

    cell: Measurement
    comparison: LatencyComparison | None


def rows(cells: Sequence[Measurement]) -> list[Beside]:
    """The cells in their order. The first engine of a network is that of its first cell which was measured."""
    first: dict[tuple[object, ...], Measurement] = {}
    made = []
    for one in cells:
        begins = first.setdefault(_group(one), one) if one.counted else first.get(_group(one))
        beside = one.counted and begins is not None and begins.id != one.id
        made.append(Beside(one, compare(begins, one) if beside and begins is not None else None))
    return made


def _group(one: Measurement) -> tuple[object, ...]:
    return one.subject.name, one.threads, str(one.device.get("serial"))


def engine_of(one: Measurement) -> str:
    """The engine and its version, as the program told them; of a cell that never ran, the one that was meant."""
    name, version = one.engine
    return f"{name or _meant(one)} {version or ''}".rstrip()


def _meant(one: Measurement) -> str:
    maker = origin_of(one.subject.metadata, one.subject.name).engine
    return engine_meant(one.program.name, maker.name if maker else None)


def largest_error(one: Measurement) -> float | None:
    """The largest relative error beside Paddle, as the verification of its file found it; None where none was compared."""
    verification = origin_of(one.subject.metadata, one.subject.name).verification
    found = verification.relative_error if verification else None
    return found if isinstance(found, float) else None


def render(cells: Sequence[Measurement], missing: Sequence[Missing], form: str = "text", view: View = PLAIN) -> str:
    """A table (`text` or `markdown`), what its columns mean, and what is to be known; ends in a break."""
    lines = list(dict.fromkeys(facts.device_line(one.device) for one in cells))
    lines += list(dict.fromkeys(f"Protocol {one.protocol.name}, input {one.protocol.input}" for one in cells))
    remarks: dict[str, None] = {}
    table = [_row(row, remarks) for row in rows(cells)]
    for one in missing:
        sentence = f"no verified file: {one.error.message}"
        remarks.setdefault(sentence)
        table.append([one.name, one.engine, *[""] * 6, str(1 + list(remarks).index(sentence))])
    places = {name: place for place, name in enumerate(dict.fromkeys(row[0] for row in table))}
    table.sort(key=lambda row: places[row[0]])
    lines += ["", markdown(_COLUMNS, table, view.columns) if form == "markdown" else text(_COLUMNS, table, view), ""]
    lines += [
        "Ratio: to the network's first engine; the interval of launches of one round laid beside each other (95 %).",
        *(
            ["A ratio to a synthetic engine says nothing of the network."]
            if any(one.synthetic for one in cells)
            else []
        ),
        f"Largest error: of the file in that engine beside Paddle{_of_int8(cells)}, of what tells inputs apart.",
        *(f"{number}: {sentence}" for number, sentence in enumerate(remarks, 1)),
    ]
    return "\n".join(lines).strip() + "\n"


def _of_int8(cells: Sequence[Measurement]) -> str:
    static = any(one.subject.precision == "int8-static" for one in cells)
    return ", of static int8 beside its own simulation" if static else ""


def _row(row: Beside, remarks: dict[str, None]) -> list[str]:
    one, beside, statistics = row.cell, row.comparison, row.cell.statistics
    told = words.remarks(one)
    remarks.update(dict.fromkeys(told))
    numbers = sorted({1 + list(remarks).index(sentence) for sentence in told})
    median, width, interval, error = one.headline_ms, "", "", largest_error(one)
    if statistics is not None and statistics.interval is not None and median:
        width = f"{statistics.interval.half_width(median):.1%}"
    if beside is not None and beside.interval is not None:
        interval = f"{beside.interval.low:.3f} to {beside.interval.high:.3f}"
        interval += "" if beside.interval.level >= 0.95 else f" ({beside.interval.level_text})"
    return [
        one.subject.name,
        engine_of(one),
        str(one.threads),
        "" if median is None else f"{median:.3f}" + ("" if one.valid else " !"),
        width,
        "" if median is None else "1" if beside is None else f"{beside.ratio:.3f}",
        interval,
        "" if error is None else f"{error:.1e}",
        ", ".join(map(str, numbers)),
    ]


def as_json(cells: Sequence[Measurement], missing: Sequence[Missing]) -> str:
    """A list, an object a cell as the JSON report has it (of one that never ran, `engine` is the one that was meant), with
    `beside_first` (null for the first) and `largest_error`; then one for each missing file, with `status` "missing" and
    `error`."""
    found: list[dict[str, Any]] = []
    for row in rows(cells):
        beside, interval = row.comparison, row.comparison.interval if row.comparison else None
        told = None
        if beside is not None:
            told = {"ratio": beside.ratio, "interval": interval and [interval.low, interval.high],
                    "level": interval and interval.level, "paired": beside.paired, "answer": beside.answer}  # fmt: skip
        values = as_values(row.cell)
        values["engine"] = values["engine"] or _meant(row.cell)
        found.append({**values, "beside_first": told, "largest_error": largest_error(row.cell)})
    found += [
        {"model": one.name, "engine": one.engine, "status": "missing", "error": one.error.message} for one in missing
    ]
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
