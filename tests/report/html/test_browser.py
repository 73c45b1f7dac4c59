"""The page in a real browser: it asks nobody for anything, no script fails, and everything works by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.report.html.material import Material
from edge.report.html.page import render
from tests.report.html.browser import PROGRAM, Tab, chromium
from tests.report.html.cells import HOSTILE, HOSTILE_CELL, MATERIAL, MEASURED, RECORDS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium is here: sudo apt-get install chromium"),
]
ROWS = "[...document.querySelectorAll('#measurements tbody tr')].filter(row => !row.hidden)"
TIP = "document.getElementById('tip').hidden ? '' : document.getElementById('tip').innerText"


@pytest.fixture(scope="module")
def browser() -> Iterator[Tab]:
    with chromium() as tab:
        yield tab


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render(MATERIAL).html, encoding="utf-8")
    return path


@pytest.fixture
def tab(browser: Tab, page: Path) -> Iterator[Tab]:
    """Opened anew; whatever a test does, no script fails and no request leaves."""
    browser.requests.clear()
    browser.complaints.clear()
    browser.open(page)
    yield browser
    assert browser.complaints == []
    assert {one.partition("#")[0] for one in browser.requests} <= {page.as_uri()}


def column(tab: Tab, place: int) -> list[str]:
    found: list[str] = tab.run(f"{ROWS}.map(row => row.cells[{place}].textContent)")
    return found


def test_every_figure_is_drawn(tab: Tab) -> None:
    sizes = tab.run("[...document.querySelectorAll('svg.plot')].map(one => one.getBoundingClientRect().height)")
    assert len(sizes) > 20
    assert all(height > 60 for height in sizes)
    assert tab.run("document.querySelectorAll('.mark').length") > 250


def test_hover_shows_what_a_mark_says(tab: Tab) -> None:
    tab.run("document.getElementById('figure-mobile').scrollIntoView()")
    tab.settle()  # scrolling away hides it, and is told to the page with the next frame
    find = "[...document.querySelectorAll('#figure-mobile .mark')].find(one => /^MobileNetV1\\n/.test(one.getAttribute('aria-label')) && /measured/.test(one.getAttribute('aria-label')))"  # noqa: E501
    x, y = tab.run(f"(() => {{const box = {find}.querySelector('.hit').getBoundingClientRect();"
                   " return [box.left + box.width / 2, box.top + box.height / 2]})()")  # fmt: skip
    assert tab.run(TIP) == ""
    tab.point(x, y)
    shown = tab.run(TIP)
    assert re.search(r"32\.55 ms \(.+ to .+\), measured on ab12", shown)
    edges = "(({left, top, right, bottom}) => [left, top, right, bottom])"
    box = tab.run(f"{edges}(document.getElementById('tip').getBoundingClientRect())")
    assert box[0] >= 0
    assert box[1] >= 0
    assert box[2] <= 1280
    assert box[3] <= 900
    tab.point(2, 2)
    assert tab.run(TIP) == ""


def test_the_keyboard_reaches_every_mark(tab: Tab) -> None:
    tab.run("document.querySelector('#figure-engines .legend li:last-child button').focus()")
    tab.key("Tab")
    assert tab.run("document.activeElement.closest('figure').id") == "figure-engines"
    first = tab.run(TIP)
    assert "onnxruntime 1.23.2" in first
    tab.key("ArrowRight")
    assert "paddle-lite 2.13rc0" in tab.run(TIP)
    tab.key("Home")
    assert tab.run(TIP) == first
    tab.key("Escape")
    assert tab.run(TIP) == ""
    assert tab.run("document.querySelectorAll('#figure-engines .mark[tabindex=\"0\"]').length") == 1
    tab.key("Tab")
    assert tab.run("document.activeElement.tagName") == "SUMMARY"
    tab.key("Enter")
    assert tab.run("document.querySelector('#figure-engines details').open")


def test_a_series_is_switched_off_and_on(tab: Tab) -> None:
    marks = "[...document.querySelectorAll('#figure-server .mark')]"
    seen = f"{marks}.filter(one => one.getBoundingClientRect().width > 0).length"
    button = (
        "[...document.querySelectorAll('#figure-server .legend button')].find(one => /^ResNet,/.test(one.textContent))"
    )
    before = tab.run(seen)
    tab.run(f"{button}.focus()")
    tab.key("Enter")
    assert tab.run(f"{button}.getAttribute('aria-pressed')") == "false"
    assert tab.run(seen) == before - 15
    tab.key(" ")
    assert tab.run(seen) == before
    tab.run("document.querySelector('#figure-server button[data-all]').click()")
    assert tab.run(seen) == 0
    tab.run("document.querySelector('#figure-server button[data-all]').click()")
    assert tab.run(seen) == before


def test_the_table_is_sorted_by_a_heading(tab: Tab) -> None:
    heading = "document.querySelectorAll('#measurements th')[2]"
    tab.run(f"{heading}.querySelector('button').focus()")
    tab.key("Enter")
    shown = column(tab, 2)
    known = [float(one) for one in shown if one != "-"]
    assert known == sorted(known)
    assert shown[-1] == "-"  # what is unknown comes last
    assert tab.run(f"{heading}.getAttribute('aria-sort')") == "ascending"
    tab.key("Enter")
    shown = column(tab, 2)
    assert [float(one) for one in shown if one != "-"] == known[::-1]
    assert shown[-1] == "-"
    tab.run("document.querySelectorAll('#measurements th')[1].querySelector('button').click()")
    names = [one.lower() for one in column(tab, 1)]
    assert names == sorted(names)


def test_the_table_is_filtered_by_words_and_values(tab: Tab) -> None:
    everything = len(column(tab, 0))
    assert everything == len(MEASURED)
    tab.run("document.getElementById('words').focus()")
    tab.call("Input.insertText", text="mobilenetv3 INT8")
    assert column(tab, 0) == ["5"]
    assert tab.run("document.getElementById('count').textContent") == f"1 of {everything} measurements"
    tab.run(
        "(() => {const words = document.getElementById('words'); words.value = ''; words.dispatchEvent(new Event('input'))})()"
    )
    status = "[...document.querySelectorAll('#picks label')].find(one => /^Status/.test(one.textContent))"
    pick = f"{status}.querySelector('select')"
    tab.run(f"(() => {{const pick = {pick}; pick.value = 'not valid'; pick.dispatchEvent(new Event('change'))}})()")
    assert column(tab, 0) == ["4"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("wide", [1280, 400])
def test_it_fits_the_screen_in_both_themes(browser: Tab, tab: Tab, page: Path, wide: int, theme: str) -> None:  # noqa: ARG001
    browser.open(page, width=wide, theme=theme)
    assert browser.run("document.documentElement.scrollWidth") <= wide
    ground = browser.run("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 24, 28)"}[theme]
    dot = browser.run("getComputedStyle(document.querySelector('.f0 .shape')).fill")
    assert dot == {"light": "rgb(42, 67, 174)", "dark": "rgb(71, 122, 232)"}[theme]


def test_it_prints(tab: Tab) -> None:
    tab.theme("dark")
    printed = tab.pdf()
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") > 3 or len(re.findall(rb"/Type\s*/Page[^s]", printed)) > 3
    tab.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert tab.run("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.run("getComputedStyle(document.querySelector('.controls')).display") == "none"
    tab.call("Emulation.setDeviceMetricsOverride", width=720, height=1000, deviceScaleFactor=1, mobile=False)  # A4
    assert tab.run("document.documentElement.scrollWidth") <= 720
    tab.call("Emulation.setEmulatedMedia", media="")


def test_hostile_names_run_nothing(browser: Tab, tab: Tab, tmp_path: Path) -> None:  # noqa: ARG001
    path = tmp_path / "hostile.html"
    path.write_text(render(Material((*MEASURED, HOSTILE_CELL), RECORDS, chosen=HOSTILE)).html, encoding="utf-8")
    browser.open(path)
    assert browser.run("document.title") == "edgezoo report"
    assert browser.run("document.querySelectorAll('img').length") == 0
    browser.run("document.querySelector('#figure-cell-66 .mark').focus()")
    assert "66" not in browser.run("document.title")
    assert browser.run("document.querySelectorAll('#tip script, #tip img').length") == 0
    assert browser.complaints == []
    assert {one.partition("#")[0] for one in browser.requests if "hostile" in one} == {path.as_uri()}
    browser.requests.clear()
