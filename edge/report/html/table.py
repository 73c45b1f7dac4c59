"""The table of all measurements, which a reader sorts and filters."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from edge.report import facts
from edge.report.grid import Column
from edge.report.html.chart.markup import Markup, join, tag, text
from edge.report.html.figures import wording
from edge.report.html.material import engine_name
from edge.report.identity import shapes
from edge.results import words
from edge.results.measurement import Measurement

_COLUMNS = (
    *(
        Column("Id"),
        Column("Model", False),
        Column("ms"),
        Column("Interval ms"),
        Column("Threads"),
        Column("Precision", False),
    ),
    *(Column("Device", False), Column("Engine", False), Column("Status", False), Column("Reasons and remarks", False)),
    *(
        Column("Published ms (Snapdragon 855)"),
        Column("Measured / published"),
        Column("Size MB"),
        Column("Top-1 % (measured)"),
    ),
    *(
        Column("Launches", False),
        Column("Weights", False),
        Column("Input", False),
        Column("Protocol", False),
        Column("Labels", False),
    ),
    *(Column("Begun", False), Column("Session")),
)
_PICKED = ("Threads", "Precision", "Device", "Engine", "Status", "Protocol", "Weights")


def head() -> Markup:
    """Its first row: a button a column."""
    return tag(
        "thead",
        {},
        tag(
            "tr",
            {},
            *(
                tag(
                    "th",
                    {
                        "scope": "col",
                        "class": "n" if one.number else None,
                        "data-number": one.number,
                        "data-pick": one.title in _PICKED,
                    },
                    tag("button", {"type": "button"}, text(one.title)),
                )
                for one in _COLUMNS
            ),
        ),
    )


def row(one: Measurement) -> Markup:
    """A measurement."""
    cells = []
    for column, words_ in zip(_COLUMNS, _cells(one), strict=True):
        kind = "n" if column.number else "wide" if column.title == "Reasons and remarks" else None
        shown = text(words_)
        cells.append(tag("td", {"class": kind}, tag("div", {}, shown) if kind == "wide" else shown))
    return tag("tr", {}, *cells)


def grid(columns: Sequence[Column], rows: Iterable[Sequence[str]], caption: str) -> Markup:
    """A plain table, a figure's text alternative."""
    titles = (tag("th", {"scope": "col", "class": "n" if one.number else None}, text(one.title)) for one in columns)
    lines = (
        tag(
            "tr",
            {},
            *(
                tag("td", {"class": "n" if column.number else None}, text(cell))
                for column, cell in zip(columns, cells, strict=True)
            ),
        )
        for cells in rows
    )
    return tag(
        "table", {"aria-label": caption}, tag("thead", {}, tag("tr", {}, *titles)), tag("tbody", {}, join(*lines))
    )


def _cells(one: Measurement) -> tuple[str, ...]:
    published = facts.published(one.subject)
    reference = published.sd855_ms.get(one.threads) if published else None
    doubtful = "?" if facts.doubts(one.subject, f"sd855_{one.threads}") else ""
    ratio = facts.ratio_to_published(one)
    accuracy = one.accuracy.top1 if one.accuracy else None
    told = [
        *words.remarks(one),
        *(f"published number doubtful: {doubt.reason}" for doubt in facts.doubts(one.subject, f"sd855_{one.threads}")),
    ]
    return (
        str(one.id),
        one.subject.name,
        _number(one.headline_ms, 3),
        wording.interval(wording.ends(one), 3),
        str(one.threads),
        one.subject.precision or "unknown",
        str(one.device.get("serial") or "unknown"),
        engine_name(one),
        wording.status(one),
        "; ".join(told),
        _number(reference, 2) + doubtful,
        _number(ratio, 2),
        f"{one.subject.bytes / 1e6:.2f}",
        "-"
        if accuracy is None
        else f"{100 * accuracy.value:.2f} ({100 * accuracy.low:.2f} to {100 * accuracy.high:.2f})",
        words.launches(len(one.counted), len(one.launches)),
        one.subject.weights or "unknown",
        shapes(one.subject.shapes),
        one.protocol.name,
        ", ".join(one.labels),
        time.strftime("%Y-%m-%d %H:%M", time.localtime(one.started)),
        str(one.session),
    )


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
