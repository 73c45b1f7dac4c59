"""Latencies on this machine beside the Intel columns of PaddleClas' table: `edgezoo bench --protocol intel-table`."""

from __future__ import annotations

from collections.abc import Sequence

from edge.bench.intel import COLUMNS, MACHINES, THREADS
from edge.report import facts
from edge.report.engines import by_network, engine_of
from edge.report.grid import Column, markdown, text
from edge.report.view import PLAIN, View
from edge.results import words
from edge.results.measurement import Measurement
from edge.results.missing import Missing

_COLUMNS = (
    Column("Model", False, 0),
    Column("Engine", False, 1),
    Column("Threads", rank=1),
    Column("Mean ms", rank=0, key="ms"),
    Column("Published ms*", rank=0, key="published"),
    Column("Ratio", rank=1),
    Column("Published on", False, 2),
    Column("Remarks", False, 1),
)


def render(
    cells: Sequence[Measurement], form: str = "text", view: View = PLAIN, missing: Sequence[Missing] = ()
) -> str:
    """A table (`text` or `markdown`) and what is to be known; ends in a break."""
    remarks: dict[str, None] = {}
    rows = by_network([*(_row(one, remarks) for one in cells), *(_lost(one, remarks) for one in missing)])
    lines = list(dict.fromkeys(facts.device_line(one.device) for one in cells))
    lines += list(dict.fromkeys(f"Protocol {one.protocol.name}, batch 1, input {one.protocol.input}" for one in cells))
    lines += ["", markdown(_COLUMNS, rows, view.columns) if form == "markdown" else text(_COLUMNS, rows, view), ""]
    lines.append(
        f"* published by PaddleClas: batch 1, {THREADS} threads; how many runs they are the mean of is not said."
    )
    lines += [f"{number}: {sentence}" for number, sentence in enumerate(remarks, 1)]
    return "\n".join(lines) + "\n"


def _row(one: Measurement, remarks: dict[str, None]) -> list[str]:
    number, column = published(one)
    told = [*words.remarks(one), *([_threads(one)] if number is not None and one.threads != THREADS else [])]
    if number is None:
        told += [f"no published number: {reason}" for reason in _reasons(one)]
    headline = one.headline_ms
    return [
        one.subject.name,
        engine_of(one),
        str(one.threads),
        "" if headline is None else f"{headline:.2f}" + ("" if one.valid else " !"),
        "-" if number is None else f"{number:.2f}",
        "-" if number is None or headline is None else f"{headline / number:.2f}",
        MACHINES.get(column, "-"),
        _numbers(told, remarks),
    ]


def _lost(one: Missing, remarks: dict[str, None]) -> list[str]:
    return [one.name, one.engine, *[""] * 5, _numbers([one.sentence], remarks)]


def _numbers(told: Sequence[str], remarks: dict[str, None]) -> str:
    """Those of the remarks below the table."""
    remarks.update(dict.fromkeys(told))
    return ", ".join(str(number) for number in sorted({1 + list(remarks).index(sentence) for sentence in told}))


def published(one: Measurement) -> tuple[float | None, str]:
    """The number of the network's column, which is that of the engine where there are two; and which column."""
    numbers = facts.published(one.subject)
    known = {column: numbers.elsewhere_ms[column] for column in COLUMNS if numbers and column in numbers.elsewhere_ms}
    for column, engine in COLUMNS.items():
        if column in known and engine == (one.engine[0] or ""):
            return known[column], column
    return next(((ms, column) for column, ms in known.items()), (None, ""))


def _reasons(one: Measurement) -> Sequence[str]:
    """Why the table's number is none of this network's."""
    found = facts.proven(one.subject)
    return found.reasons if found.published is None and found.reasons else ("PaddleClas published none of it",)


def _threads(one: Measurement) -> str:
    return f"measured with {one.threads} thread{'s' * (one.threads != 1)}, published with {THREADS}"
