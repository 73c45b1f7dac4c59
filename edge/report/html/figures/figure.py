"""A figure: charts, what they are of, and the same numbers as a table."""

from __future__ import annotations

from dataclasses import dataclass

from edge.report.grid import Column
from edge.report.html.chart.model import Chart


@dataclass(frozen=True, slots=True)
class Figure:
    """`id` names it (`--figure`), `caption` says what is shown, of which source and unit, `summary` what is to be seen.

    `columns` and `rows` are its text alternative: every number of the charts. `notes`: what else is to be known. `titles`: of
    its charts, where it has several.
    """

    id: str
    title: str
    caption: str
    summary: str
    charts: tuple[Chart, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()

    @property
    def legend(self) -> list[tuple[int, str]]:
        """Look and name of every series, each once."""
        return list(dict.fromkeys((one.look, one.name) for chart in self.charts for one in chart.series))
