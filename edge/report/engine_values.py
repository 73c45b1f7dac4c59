"""Networks in several engines for machines: the JSON and CSV of `bench --engine A,B` and of `--protocol intel-table`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from edge.bench.host_engines import HostEngine
from edge.bench.intel import MACHINES, THREADS
from edge.report import intel, typed
from edge.report.csv import written
from edge.report.engines import Beside, largest_error, meant, rows
from edge.report.json import cell as as_values
from edge.results.measurement import Measurement
from edge.results.missing import Missing

_RATIO = ("ratio_to_first", "ratio_low", "ratio_high", "ratio_level", "ratio_paired", "largest_error")
_INTEL = ("published_intel_ms", "published_intel_on", "ratio_to_intel")


def as_json(
    cells: Sequence[Measurement], missing: Sequence[Missing], first: HostEngine | None, *, columns: bool = False
) -> str:
    """A list, an object a cell as the JSON report has it (of one that never ran, `engine` is the one that was meant).

    With a `first` named engine each has `beside_first` (null for that engine, and where it has no latency) and
    `largest_error`; with the Intel `columns` it has `published_intel`. Then one for each network that has no cell in an
    engine, with `status` "missing", `error` and `hint`.
    """
    found: list[dict[str, Any]] = []
    for one, beside in _each(cells, first):
        values = as_values(one)
        values["engine"] = values["engine"] or meant(one)
        if beside is not None:
            values |= {"beside_first": _compared(beside), "largest_error": largest_error(one)}
        if columns:
            values["published_intel"] = _published(one)
        found.append(values)
    found += [
        {
            "model": one.name,
            "engine": one.engine,
            "status": "missing",
            "error": one.error.message,
            "hint": one.error.hint,
        }
        for one in missing
    ]
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(
    cells: Sequence[Measurement], missing: Sequence[Missing], first: HostEngine | None, *, columns: bool = False
) -> str:
    """A line a cell as the CSV report has it, with the same in further columns; then one for each network without a cell."""
    names = [one.name for one in typed.COLUMNS] + list(_RATIO) * (first is not None) + list(_INTEL) * columns
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    for one, beside in _each(cells, first):
        values: dict[str, typed.Value] = dict(zip(names, typed.line(one), strict=False))
        values["engine"] = values["engine"] or meant(one)
        if beside is not None:
            told = _compared(beside) or {}
            low, high = told.get("interval") or (None, None)
            ratio = (told.get("ratio"), low, high, told.get("level"), told.get("paired"), largest_error(one))
            values |= dict(zip(_RATIO, ratio, strict=True))
        if columns:
            published = _published(one) or {}
            values |= dict(zip(_INTEL, (published.get(key) for key in ("ms", "on", "ratio")), strict=True))
        writer.writerow({name: written(value) for name, value in values.items()})
    for lost in missing:
        writer.writerow({"model": lost.name, "engine": lost.engine, "status": "missing", "error": lost.sentence})
    return text.getvalue()


def _each(cells: Sequence[Measurement], first: HostEngine | None) -> Iterator[tuple[Measurement, Beside | None]]:
    if first is None:
        yield from ((one, None) for one in cells)
    else:
        yield from ((row.cell, row) for row in rows(cells, first))


def _compared(row: Beside) -> dict[str, Any] | None:
    one = row.comparison
    if one is None:
        return None
    interval = one.interval
    return {"ratio": one.ratio, "interval": interval and [interval.low, interval.high],
            "level": interval and interval.level, "paired": one.paired, "answer": one.answer}  # fmt: skip


def _published(one: Measurement) -> dict[str, Any] | None:
    ms, column = intel.published(one)
    if ms is None:
        return None
    ratio = None if one.headline_ms is None else one.headline_ms / ms
    return {"ms": ms, "on": MACHINES[column], "threads": THREADS, "ratio": ratio}
