"""Marks stand where their numbers say."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.report.html.chart.draw import WIDTH, draw
from edge.report.html.chart.labels import Box, place, width
from edge.report.html.chart.model import Axis, Chart, ChartSeries, Mark
from edge.report.html.chart.scale import scale
from tests.report.html.read import read

NUMBERS = st.floats(1e-3, 1e6)


@given(st.lists(NUMBERS, min_size=1, max_size=20), st.booleans())
def test_every_value_is_within_and_keeps_the_order(values: list[float], log: bool) -> None:
    made = scale(Axis("", log=log), values, 50, 700)
    places = [made(one) for one in sorted(values)]
    assert all(49.99 <= one <= 700.01 for one in places)
    assert all(second >= first for first, second in pairwise(places))
    assert all(50 <= made(value) <= 700 for value, _ in made.ticks)
    assert len(made.ticks) <= 16


@given(st.lists(st.floats(0, 4e9), min_size=1, max_size=9))
def test_moments_have_ticks_within(values: list[float]) -> None:
    made = scale(Axis("", time=True), values, 0, 700)
    assert all(-0.01 <= made(value) <= 700.01 for value, _ in made.ticks)


def test_ticks_say_their_value() -> None:
    assert [words for _, words in scale(Axis(""), [0, 10], 0, 100, most=5).ticks] == [
        "0.0",
        "2.5",
        "5.0",
        "7.5",
        "10.0",
    ]
    assert [words for _, words in scale(Axis("", log=True), [1, 100], 0, 100).ticks] == [
        "1",
        "2",
        "5",
        "10",
        "20",
        "50",
        "100",
    ]


def test_a_mark_stands_at_its_numbers_with_its_interval() -> None:
    mark = Mark(10.0, 50.0, ("it",), x_ends=(5.0, 20.0))
    other = Mark(1.0, 100.0, ("the other",))
    chart = Chart(Axis("x", log=True), Axis("y"), (ChartSeries("one", 0, (mark, other)),))
    x = scale(chart.x, chart.spans("x"), 68, WIDTH - 18)
    drawn = read(draw(chart).content)
    hit = drawn.all("circle", class_="hit")[0].attributes
    assert float(hit["cx"]) == pytest.approx(x(10.0), abs=0.06)
    ends = [
        float(one)
        for one in re.findall(r"M([\d.]+),[\d.]+H([\d.]+)", drawn.all("path", class_="ends")[0].attributes["d"])[0]
    ]
    assert ends == [pytest.approx(x(5.0), abs=0.06), pytest.approx(x(20.0), abs=0.06)]
    assert math.isclose((ends[0] + ends[1]) / 2, float(hit["cx"]), abs_tol=0.2)  # 5 and 20 are as far from 10


def test_rows_are_named_and_a_long_name_keeps_its_ends() -> None:
    name = "beginning" + "x" * 80 + "ending"
    chart = Chart(
        Axis("ms"), Axis("", categories=(name, "b")), (ChartSeries("one", 0, (Mark(1, 0, ("a",)), Mark(2, 1, ("b",)))),)
    )
    words = [one.words for one in read(draw(chart).content).all("text", class_="name")]
    assert words[0].startswith("beginning")
    assert words[0].endswith("ending")
    assert len(words[0]) <= 48


@given(st.lists(st.tuples(st.floats(0, 700), st.floats(0, 300)), max_size=40))
def test_no_label_covers_another(marks: list[tuple[float, float]]) -> None:
    placed = place([(x, y, "a name") for x, y in marks], marks, Box(0, 0, 700, 300))
    wide = width("a name")
    boxes = [
        Box(left, one.y - 10, left + wide, one.y + 3)
        for one in placed
        for left in [{"start": one.x, "end": one.x - wide, "middle": one.x - wide / 2}[one.anchor]]
    ]
    assert not [1 for i, first in enumerate(boxes) for second in boxes[:i] if _overlap(first, second)]


def _overlap(first: Box, second: Box) -> bool:
    little = 1e-6
    return first.meets(second) and min(first.right, second.right) - max(first.left, second.left) > little
