"""The report for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from edge.report import grid
from edge.report.table import tables
from edge.results.measurement import Measurement


def render(measurements: Sequence[Measurement], *, ratio: bool = False) -> str:
    """Tables with aligned columns; see `edge.report.table.tables`."""
    parts = []
    for table in tables(measurements, ratio=ratio):
        parts.append("\n".join([*table.context, "", grid.text(table.columns, table.rows), "", *table.remarks]))
    return "\n\n".join(parts) + "\n"
