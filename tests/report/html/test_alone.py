"""A figure alone: its words and its source are in it, and it can be drawn."""

from __future__ import annotations

import io
import sys
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from edge.cache.files import check_replaceable
from edge.errors import OutputError, UsageError
from edge.report.html import alone, contents
from edge.report.html.chart.palette import DARK, LIGHT
from edge.report.html.material import Material
from tests.report.html.cells import HOSTILE_CELL, MATERIAL, RECORDS

SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> list[str]:
    return ["".join(one.itertext()) for one in ET.fromstring(svg.encode()).iter(f"{SVG}text")]


def test_every_figure_is_a_document_with_title_legend_and_source() -> None:
    for figure in contents.figures(MATERIAL):
        made = alone.svg(figure)
        told = words(made)
        assert told[0] == figure.title
        assert {name for _, name in figure.legend} <= set(told) or len(figure.legend) < 2
        assert " ".join(figure.caption.split()) in " ".join(" ".join(told).split())
        root = ET.fromstring(made.encode())
        marks = [one for chart in figure.charts for series in chart.series for one in series.marks]
        assert len(list(root.iter(f"{SVG}title"))) == len(marks)


def test_it_follows_the_readers_theme_unless_one_is_asked_for() -> None:
    figure = contents.named(MATERIAL, "mobile")
    both = alone.svg(figure)
    assert "prefers-color-scheme:dark" in both
    assert LIGHT["c0"] in both
    assert DARK["c0"] in both
    dark = alone.svg(figure, theme="dark")
    assert LIGHT["c0"] not in dark
    assert "prefers-color-scheme" not in dark
    assert "var(--" not in both


def test_hostile_names_stay_words() -> None:
    for figure in contents.figures(Material((HOSTILE_CELL,), RECORDS)):
        root = ET.fromstring(alone.svg(figure).encode())
        assert not list(root.iter(f"{SVG}script"))
        assert not list(root.iter(f"{SVG}img"))


@pytest.mark.parametrize("theme", [None, "dark"])
def test_a_png_shows_the_figure_and_may_be_replaced(theme: str | None, tmp_path: object) -> None:
    from pathlib import Path

    drawn = alone.png(contents.named(MATERIAL, "threads"), theme=theme)
    with Image.open(io.BytesIO(drawn)) as image:
        assert image.width == 2 * 784
        ground = DARK["ground"] if theme else LIGHT["ground"]
        corner = image.convert("RGB").getpixel((2, 2))
        assert corner == tuple(int(ground[i : i + 2], 16) for i in (1, 3, 5))
        assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 50
    path = Path(str(tmp_path)) / "drawn.png"
    path.write_bytes(drawn)
    check_replaceable(path, "picture of edgezoo")
    with Image.open(io.BytesIO(drawn)) as image:
        image.save(path)  # without the signature: some other picture
    with pytest.raises(OutputError, match="is there already, and is no picture of edgezoo"):
        check_replaceable(path, "picture of edgezoo")


def test_without_the_package_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(OutputError, match="a PNG needs the Python package resvg-py") as caught:
        alone.png(contents.named(MATERIAL, "threads"))
    assert caught.value.hint.startswith(f"{sys.executable} -m pip install 'resvg-py>=")


def test_an_unknown_figure_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(UsageError, match="these measurements make no such figure") as caught:
        contents.named(Material(()), "cell-9")
    assert caught.value.hint == "there are server, mobile, transformers, size"
