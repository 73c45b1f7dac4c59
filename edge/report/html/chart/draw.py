"""A chart as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edge.report.html.chart import palette
from edge.report.html.chart.labels import Box, place, width
from edge.report.html.chart.markup import Markup, join, number, tag, text
from edge.report.html.chart.model import Chart, ChartSeries, Mark
from edge.report.html.chart.scale import Scale, scale

WIDTH = 760.0
ROW = 19.0  # px a category
_TALL, _TOP, _BOTTOM, _RIGHT = 380.0, 10.0, 40.0, 18.0
MOST_LETTERS = 48  # of a category
MOST_DOTS = 4000  # of a cloud


@dataclass(frozen=True, slots=True)
class Picture:
    """The drawing without its <svg>, and its size in px."""

    content: Markup
    width: float
    height: float


def draw(chart: Chart, *, interactive: bool = True) -> Picture:
    """Marks that people point at carry their words for a script (`interactive`), else as a <title>."""
    rows = chart.y.categories
    left = 16 + (max(width(_short(name)) for name in rows) if rows else 52.0)
    tall = chart.height if chart.height is not None else max(2, len(rows)) * ROW + 8 if rows else _TALL
    bottom = _TOP + tall
    x = scale(chart.x, chart.spans("x"), left, WIDTH - _RIGHT, most=6 if chart.x.time else 8)
    y = scale(chart.y, chart.spans("y"), bottom, _TOP, most=max(2, min(8, int(tall / 45))))
    parts = [_axes(chart, x, y, left, bottom)]
    if chart.joined:
        parts.append(_joins(chart.series, x, y))
    parts += [_series(one, x, y, interactive=interactive) for one in chart.series]
    parts.append(_labels(chart.series, x, y, Box(left + 2, _TOP - 6, WIDTH, bottom - 2)))
    return Picture(join(*parts), WIDTH, bottom + _BOTTOM)


def swatch(look: int) -> Markup:
    """How a series looks, for a legend."""
    picture = tag("path", {"class": "path" if look == palette.LINE else "shape", "d": palette.shape(look)})
    return tag(
        "svg",
        {"class": "chart swatch", "viewBox": "-7 -7 14 14", "width": "14", "height": "14", "aria-hidden": "true"},
        tag("g", {"class": palette.colour(look)}, picture),
    )


def _axes(chart: Chart, x: Scale, y: Scale, left: float, bottom: float) -> Markup:
    right = WIDTH - _RIGHT
    vertical = "".join(
        f"M{number(x(value))},{number(_TOP)}V{number(bottom)}"
        for value in [*chart.separators] or [v for v, _ in x.ticks]
    )
    level = "".join(f"M{number(left)},{number(y(value))}H{number(right)}" for value, _ in y.ticks)
    parts = [tag("path", {"class": "grid", "d": vertical + level})]
    parts.append(
        tag("path", {"class": "base", "d": f"M{number(left)},{number(_TOP)}V{number(bottom)}H{number(right)}"})
    )
    if chart.reference is not None:
        rule = number(x(chart.reference))
        parts.append(tag("path", {"class": "reference", "d": f"M{rule},{number(_TOP)}V{number(bottom)}"}))
    last = -math.inf
    for value, words in x.ticks:
        at, half = x(value), width(words) / 2
        if at - half > last + 6:
            last = at + half
            parts.append(tag("text", {"x": at, "y": bottom + 16, "text-anchor": "middle"}, text(words)))
    kind = "name" if chart.y.categories else None
    for value, words in y.ticks:
        parts.append(
            tag("text", {"class": kind, "x": left - 7, "y": y(value) + 4, "text-anchor": "end"}, text(_short(words)))
        )
    middle = (left + right) / 2
    parts.append(
        tag("text", {"class": "title", "x": middle, "y": bottom + 34, "text-anchor": "middle"}, text(chart.x.title))
    )
    if chart.y.title and not chart.y.categories:
        turn = f"translate(13 {number((_TOP + bottom) / 2)}) rotate(-90)"
        parts.append(tag("text", {"class": "title", "transform": turn, "text-anchor": "middle"}, text(chart.y.title)))
    return join(*parts)


def _joins(series: Sequence[ChartSeries], x: Scale, y: Scale) -> Markup:
    rows: dict[float, list[float]] = {}
    for one in series:
        for mark in one.marks:
            rows.setdefault(mark.y, []).append(x(mark.x))
    path = "".join(
        f"M{number(min(found))},{number(y(row))}H{number(max(found))}" for row, found in rows.items() if len(found) > 1
    )
    return tag("path", {"class": "join", "d": path}) if path else Markup("")


def _series(one: ChartSeries, x: Scale, y: Scale, *, interactive: bool) -> Markup:
    parts: list[Markup] = []
    if one.bars:
        path = "".join(
            f"M{number(x(low))},{number(y(0))}V{number(y(height))}H{number(x(high))}V{number(y(0))}z"
            for low, high, height in one.bars
        )
        parts.append(tag("path", {"class": "bar", "d": path}))
    if one.cloud:
        path = _cloud([(round(x(a)), round(y(b))) for a, b in one.cloud])
        parts.append(tag("path", {"class": "cloud", "d": path}))
    if len(one.path) > 1:
        parts.append(tag("path", {"class": "path", "d": _path(one, x, y)}))
    parts += [_mark(mark, one.look, x, y, interactive=interactive) for mark in one.marks]
    return tag("g", {"class": palette.colour(one.look), "data-series": str(one.look)}, *parts)


def _cloud(places: Sequence[tuple[int, int]]) -> str:
    """A dot for each place, or, of very many, a line in each column of pixels from the lowest to the highest of it."""
    if len(places) <= MOST_DOTS:
        return "".join(f"M{at},{level}h0" for at, level in dict.fromkeys(places))
    columns: dict[int, tuple[int, int]] = {}
    for at, level in places:
        low, high = columns.get(at, (level, level))
        columns[at] = (min(low, level), max(high, level))
    return "".join(f"M{at},{low}V{high}" for at, (low, high) in columns.items())


def _path(one: ChartSeries, x: Scale, y: Scale) -> str:
    places = [(number(x(a)), number(y(b))) for a, b in one.path]
    path = f"M{places[0][0]},{places[0][1]}"
    for at, level in places[1:]:
        path += f"H{at}V{level}" if one.steps else f"L{at},{level}"
    return path


def _mark(mark: Mark, look: int, x: Scale, y: Scale, *, interactive: bool) -> Markup:
    at, level = x(mark.x), y(mark.y)
    parts: list[Markup] = []
    ends = ""
    if mark.x_ends is not None:
        low, high = (number(x(end)) for end in mark.x_ends)
        ends += f"M{low},{number(level)}H{high}M{low},{number(level - 3)}v6M{high},{number(level - 3)}v6"
    if mark.y_ends is not None:
        low, high = (number(y(end)) for end in mark.y_ends)
        ends += f"M{number(at)},{low}V{high}M{number(at - 3)},{low}h6M{number(at - 3)},{high}h6"
    if ends:
        parts.append(tag("path", {"class": "ends", "d": ends}))
    place = f"translate({number(at)} {number(level)})"
    shape = tag("path", {"class": "shape", "transform": place, "d": palette.shape(look)})
    words = "\n".join(mark.words)
    kind = "mark hollow" if mark.hollow else "mark"
    if not interactive:
        return tag("g", {"class": kind}, tag("title", {}, text(words)), *parts, shape)
    hit = tag("circle", {"class": "hit", "cx": at, "cy": level, "r": "9"})
    return tag("g", {"class": kind, "role": "img", "tabindex": "-1", "aria-label": words}, *parts, shape, hit)


def _labels(series: Sequence[ChartSeries], x: Scale, y: Scale, room: Box) -> Markup:
    marks = [mark for one in series for mark in one.marks]
    wanted = [(x(mark.x), y(mark.y), mark.label) for mark in marks if mark.label]
    placed = place(wanted, [(x(mark.x), y(mark.y)) for mark in marks], room)
    return join(
        *(
            tag("text", {"class": "label", "x": one.x, "y": one.y, "text-anchor": one.anchor}, text(one.words))
            for one in placed
        )
    )


def _short(words: str) -> str:
    """Without its middle where it is too long: beginnings and ends tell names apart."""
    half = MOST_LETTERS // 2
    return words if len(words) <= MOST_LETTERS else f"{words[:half]}…{words[1 - half :]}"
