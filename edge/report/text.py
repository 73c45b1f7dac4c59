"""The report for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from edge.report import grid
from edge.report.table import tables
from edge.report.view import PLAIN, View
from edge.results.measurement import Measurement


def render(measurements: Sequence[Measurement], *, ratio: bool = False, view: View = PLAIN) -> str:
    """Tables with aligned columns; see `edge.report.table.tables`."""
    parts = []
    for table in tables(measurements, ratio=ratio):
        drawn = grid.text(table.columns, table.rows, view)
        parts.append("\n".join([*view.prose(table.context), "", drawn, "", *view.prose(table.remarks)]))
    return "\n\n".join(parts) + "\n"
