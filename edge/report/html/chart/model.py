"""What a chart shows: axes, series, marks. Values only; `edge.report.html.chart.draw` makes a picture of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """`title` carries the unit. `log`: by powers of ten; `time`: seconds since the epoch. `categories`: rows by name, from the
    top, whose positions are 0, 1, 2, ... `ticks`: positions and their words, in place of those that are found.
    `from_zero`: the axis begins there."""

    title: str
    log: bool = False
    time: bool = False
    categories: tuple[str, ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()
    from_zero: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """One number, or a pair, that can be pointed at. `words` say it with source and unit, a line each, its name first.

    `x_ends`, `y_ends`: its interval. `label`: what stands beside it in the chart, where there is room. `hollow`: it is not to
    be trusted (not valid, doubtful, estimated).
    """

    x: float
    y: float
    words: tuple[str, ...]
    x_ends: Ends | None = None
    y_ends: Ends | None = None
    label: str = ""
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """Marks that belong together. `look` chooses colour and shape, the same for the same thing in all charts of a figure.

    `path`: places that a line joins, in `steps` or straight; `cloud`: many points that none points at (x, y); `bars`: from the
    axis to a height (from, to, height).
    """

    name: str
    look: int
    marks: tuple[Mark, ...] = ()
    path: tuple[tuple[float, float], ...] = ()
    steps: bool = False
    cloud: tuple[tuple[float, float], ...] = ()
    bars: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """`joined`: the marks of a row are joined by a thin line. `separators`: where vertical rules stand. `height` in px, without
    the axes; None for what its rows need."""

    x: Axis
    y: Axis
    series: tuple[ChartSeries, ...]
    joined: bool = False
    height: float | None = None
    separators: tuple[float, ...] = ()
    reference: float | None = None  # a rule at this x

    def spans(self, axis: Literal["x", "y"]) -> Iterator[float]:
        """All positions on an axis that must be within it."""
        for one in self.series:
            for mark in one.marks:
                yield getattr(mark, axis)
                yield from getattr(mark, f"{axis}_ends") or ()
            for point in one.cloud:
                yield point[axis == "y"]
            for low, high, height in one.bars:
                yield from (low, high) if axis == "x" else (0.0, height)
        if axis == "x" and self.reference is not None:
            yield self.reference
