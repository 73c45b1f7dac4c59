"""The report as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from edge.report import grid
from edge.report.table import tables
from edge.report.view import PLAIN, View
from edge.results.measurement import Measurement


def render(measurements: Sequence[Measurement], *, ratio: bool = False, view: View = PLAIN) -> str:
    """Tables as GitHub shows them, of the view's columns; see `edge.report.table.tables`."""
    parts = []
    for table in tables(measurements, ratio=ratio):
        context = [f"- {line}" for line in table.context]
        remarks = [f"- {line}".replace("- * ", "- \\* ") for line in table.remarks]
        parts.append("\n".join([*context, "", grid.markdown(table.columns, table.rows, view.columns), "", *remarks]))
    return "\n\n".join(parts) + "\n"
