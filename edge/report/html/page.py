"""The whole report as one HTML file: no network, no more than `MOST_BYTES`."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge import __version__
from edge.report.html import conditions, contents, table
from edge.report.html.chart import draw, palette
from edge.report.html.chart.markup import Markup, join, number, tag, text
from edge.report.html.figures.figure import Figure
from edge.report.html.material import Material, showable

MOST_BYTES = 1_450_000
_FOR_ROWS, _FOR_SESSIONS = 0.5, 0.4  # shares of what is left when their turn comes
_FILES = Path(__file__).parent
KEYS = "Tab goes to a chart, the arrow keys from mark to mark; Escape closes what is shown."


@dataclass(frozen=True, slots=True)
class Page:
    """The document, the ids of its figures, of how many measurements it is, and a sentence for each thing left out."""

    html: str
    figures: tuple[str, ...]
    measurements: int
    left_out: tuple[str, ...]


@dataclass
class _Room:
    """How many bytes are left."""

    left: float
    said: list[str] = field(default_factory=list)

    def takes(self, part: Markup) -> bool:
        """Whether the part goes in; its room is taken then."""
        size = len(part.encode("utf-8"))
        if size > self.left:
            return False
        self.left -= size
        return True

    def some(self, parts: Iterable[Markup], share: float) -> list[Markup]:
        """The first ones, as far as that share of the room goes."""
        mine = _Room(self.left * share)
        taken: list[Markup] = []
        for part in parts:
            if not mine.takes(part):
                break
            taken.append(part)
        self.left -= sum(len(part.encode("utf-8")) for part in taken)
        return taken


def render(material: Material, *, now: float | None = None) -> Page:
    """The page; what would make it too large is left out, and said."""
    room = _Room(MOST_BYTES - 60_000)
    ids: list[str] = []
    overview = _figures(contents.published(material), room, ids)
    together = _figures(contents.measured(material), room, ids)
    rows, sessions, cells = _measurements(material, room, ids)
    sections = [_section("published", "As published, and measured beside it", overview)]
    sections.append(_section("measured", "What was measured", together))
    sections += [_section("all", "All measurements", [_table(rows)])] * bool(rows)
    sections += [_section("how", "How it was measured", sessions)] * bool(sessions)
    sections += [_section("samples", "Every launch and sample", cells)] * bool(cells)
    head = [_header(material, time.time() if now is None else now), _navigation(sections, ids)]
    notes = [tag("p", {"class": "note"}, text(f"Left out to keep this file small: {one}")) for one in room.said]
    body = tag("body", {}, tag("main", {}, *head, *notes, *(one.markup for one in sections)), _script())
    html = "<!doctype html>\n" + tag("html", {"lang": "en"}, _head(), body) + "\n"
    return Page(html, tuple(ids), len(material.measurements), tuple(room.said))


@dataclass(frozen=True, slots=True)
class _Section:
    id: str
    title: str
    markup: Markup


def _section(id: str, title: str, parts: Sequence[Markup]) -> _Section:
    return _Section(id, title, tag("section", {"id": id}, tag("h2", {}, text(title)), *parts))


def _measurements(material: Material, room: _Room, ids: list[str]) -> tuple[list[Markup], list[Markup], list[Markup]]:
    newest = sorted(material.measurements, key=lambda one: one.moment, reverse=True)
    rows = room.some((table.row(one) for one in newest), _FOR_ROWS)
    if len(rows) < len(newest):
        room.said.append(
            f"the table has the newest {len(rows)} of {len(newest)} measurements; --since, --session or --where choose others."
        )
    every = conditions.sections(material)
    sessions = room.some(every, _FOR_SESSIONS)
    if len(sessions) < len(every):
        room.said.append(f"how it was measured is told of the newest {len(sessions)} of {len(every)} sessions.")
    figures = list(contents.cells(material))
    cells: list[Markup] = []
    for figure in figures:
        made = _figure(figure)
        if not room.takes(made):
            room.said.append(
                f"the samples of {len(figures) - len(cells)} of {len(figures)} measurements; --figure {figure.id}"
                " --format svg draws one, --where id=... reports on it."
            )
            break
        cells.append(made)
        ids.append(figure.id)
    return rows, sessions, cells


def _figures(figures: Iterable[Figure], room: _Room, ids: list[str]) -> list[Markup]:
    made = []
    for one in figures:
        markup = _figure(one)
        if room.takes(markup):
            made.append(markup)
            ids.append(one.id)
        else:
            room.said.append(f"the figure {one.id}; --figure {one.id} --format svg draws it.")
    return made


def _figure(one: Figure) -> Markup:
    parts = [tag("h3", {"id": f"{one.id}-title"}, text(one.title))]
    parts.append(tag("figcaption", {}, text(one.caption), tag("p", {}, text(one.summary))))
    if len(one.legend) > 1:
        parts.append(_legend(one))
    for place, chart in enumerate(one.charts):
        title = one.titles[place] if one.titles else ""
        parts += [tag("p", {"class": "subtitle"}, text(title))] * bool(title)
        picture = draw.draw(chart)
        points = any(series.marks for series in chart.series)
        attributes = {
            "class": "chart plot",
            "viewBox": f"0 0 {number(picture.width)} {number(picture.height)}",
            "role": "group" if points else "img",
            "aria-label": f"{one.title}{title and f': {title}'}. {one.summary} The numbers stand in the table below.",
            "data-rows": bool(chart.y.categories),
        }
        parts.append(tag("div", {"class": "scroll"}, tag("svg", attributes, picture.content)))
    if one.notes:
        parts.append(tag("ul", {"class": "note notes"}, *(tag("li", {}, text(note)) for note in one.notes)))
    label = f"The numbers as a table ({len(one.rows)} row{'s' * (len(one.rows) != 1)})"
    numbers = table.grid(one.columns, one.rows, one.title)
    scroll = tag("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": one.title}, numbers)
    parts.append(tag("details", {}, tag("summary", {}, text(label)), scroll))
    return tag("figure", {"id": f"figure-{one.id}", "aria-labelledby": f"{one.id}-title"}, *parts)


def _legend(one: Figure) -> Markup:
    buttons = [
        tag(
            "li",
            {},
            tag(
                "button",
                {"type": "button", "aria-pressed": "true", "data-look": str(look)},
                draw.swatch(look),
                text(name),
            ),
        )
        for look, name in one.legend
    ]
    if len(buttons) > 4:
        buttons.append(
            tag(
                "li",
                {},
                tag("button", {"type": "button", "data-all": True, "data-js": True, "hidden": True}, text("Hide all")),
            )
        )
    return tag("ul", {"class": "legend", "aria-label": "Series: a button switches one off and on"}, *buttons)


def _table(rows: Sequence[Markup]) -> Markup:
    words = tag("input", {"id": "words", "type": "search", "placeholder": "words in a row", "size": "22"})
    controls = tag(
        "div",
        {"class": "controls", "data-js": True, "hidden": True},
        tag("label", {}, text("Filter "), words),
        tag("div", {"id": "picks"}),
        tag("output", {"id": "count", "class": "muted", "aria-live": "polite"}),
    )
    note = tag(
        "p",
        {"class": "muted"},
        text(
            "Latencies and sizes are measured, on the device of the row; published by PaddleClas for a Snapdragon 855,"
            " and set in a ratio only where the"
            " device is one."
            " A heading sorts by its column. On paper the last columns are left out."
        ),
    )
    whole = tag(
        "table", {"id": "measurements", "aria-label": "All measurements"}, table.head(), tag("tbody", {}, *rows)
    )
    return join(
        note,
        controls,
        tag("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": "All measurements"}, whole),
    )


def _header(material: Material, now: float) -> Markup:
    cells = material.measurements
    valid, shown = sum(one.valid for one in cells), len(showable(cells))
    count = f"{len(cells)} measurement{'s' * (len(cells) != 1)}"
    told = f"{count} ({material.chosen}), {valid} valid."
    if shown < len(cells):
        told += (
            f" {len(cells) - shown} of them are not compared in figures: sustained, unfinished, failed or synthetic."
        )
    lines = [
        f"Made {time.strftime('%Y-%m-%d %H:%M', time.localtime(now))} by edgezoo {__version__}.",
        told if cells else f"No measurement: {material.chosen}.",
        "Every number says whether it was measured, published by PaddleClas, or estimated; times are in ms."
        + " "
        + KEYS,
    ]
    return tag(
        "header",
        {},
        tag("h1", {}, text("Latency, accuracy and size of networks")),
        *(tag("p", {"class": "muted"}, text(line)) for line in lines),
    )


def _navigation(sections: Sequence[_Section], ids: Sequence[str]) -> Markup:
    links = [tag("li", {}, tag("a", {"href": f"#{one.id}"}, text(one.title))) for one in sections]
    links += [tag("li", {}, tag("a", {"href": f"#figure-{id}"}, text(id))) for id in ids if not id.startswith("cell-")]
    return tag("nav", {"aria-label": "Contents"}, tag("ul", {}, *links))


def _head() -> Markup:
    css = _style()
    ours = f"style-src '{_hash(css)}'; script-src '{_hash(_read('page.js'))}'"
    policy = f"default-src 'none'; {ours}; base-uri 'none'; form-action 'none'"
    return tag(
        "head",
        {},
        tag("meta", {"charset": "utf-8"}),
        tag("meta", {"http-equiv": "Content-Security-Policy", "content": policy}),
        tag("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        tag("meta", {"name": "color-scheme", "content": "light dark"}),
        tag("title", {}, text("edgezoo report")),
        tag("style", {}, Markup(css)),
    )


def _style() -> str:
    light, dark = (palette.variables(theme) for theme in ("light", "dark"))
    themes = f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    return themes + "@media print{html{color-scheme:light}}\n" + _read("page.css") + _read("chart.css")


def _script() -> Markup:
    return tag("script", {}, Markup(_read("page.js")))


def _read(name: str) -> str:
    return (_FILES / name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")
