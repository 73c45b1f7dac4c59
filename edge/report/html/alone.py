"""A figure alone: SVG with its title, legend and source in it, or PNG."""

from __future__ import annotations

import importlib.util
import textwrap
from pathlib import Path

from edge.errors import OutputError
from edge.report.extra import needed
from edge.report.html.chart import draw, palette
from edge.report.html.chart.labels import width
from edge.report.html.chart.markup import Markup, join, number, tag, text
from edge.report.html.figures.figure import Figure

_MARGIN = 12.0
_LINE = 17.0
_STYLE = Path(__file__).parent / "chart.css"
_OWN = ".ground{fill:var(--ground)}.chart .head{font-size:15px;font-weight:600;fill:var(--text)}\n"


def svg(figure: Figure, *, theme: str | None = None) -> str:
    """A document of its own. `theme`: light or dark; None: as the reader's system asks for. Hovering a mark shows its words."""
    parts, height = _laid_out(figure)
    css = _OWN + _STYLE.read_text(encoding="utf-8")
    style = palette.resolved(css, theme or "light")
    if theme is None:
        style += f"@media (prefers-color-scheme:dark){{{palette.resolved(css, 'dark')}}}"
    size = {"width": number(draw.WIDTH + 2 * _MARGIN), "height": number(height)}
    root = {
        "xmlns": "http://www.w3.org/2000/svg",
        **size,
        "viewBox": f"0 0 {size['width']} {size['height']}",
        "class": "chart",
        "role": "img",
        "aria-label": f"{figure.title}. {figure.summary}",
    }
    ground = tag("rect", {"class": "ground", "width": "100%", "height": "100%"})
    return tag("svg", root, tag("style", {}, Markup(style)), ground, parts) + "\n"


def png(figure: Figure, *, theme: str | None = None) -> bytes:
    """The same, in pixels, at twice the size. Raises `OutputError` without resvg-py, or where it finds no font."""
    if importlib.util.find_spec("resvg_py") is None:
        raise needed("resvg-py", "a PNG")
    import resvg_py

    if not resvg_py.svg_to_bytes(svg_string=_letter("A")) != resvg_py.svg_to_bytes(svg_string=_letter("")):
        raise OutputError(
            "no font is found on this machine, so that a PNG would have no words",
            hint="install one (Debian: fonts-dejavu-core), or use --format svg",
        )
    return _signed(bytes(resvg_py.svg_to_bytes(svg_string=svg(figure, theme=theme or "light"), zoom=2)))


def _signed(drawn: bytes) -> bytes:
    """With the name of who drew it, so that it may be replaced by another (`edge.cache.files.check_replaceable`)."""
    import io

    from PIL import Image, PngImagePlugin

    signature, made = PngImagePlugin.PngInfo(), io.BytesIO()
    signature.add_text("Software", "edgezoo")
    with Image.open(io.BytesIO(drawn)) as image:
        image.save(made, "png", pnginfo=signature, optimize=True)
    return made.getvalue()


def _letter(words: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="15">{words}</text></svg>'


def _laid_out(figure: Figure) -> tuple[Markup, float]:
    parts = [tag("text", {"class": "head", "x": _MARGIN, "y": _MARGIN + 14}, text(figure.title))]
    y = _MARGIN + 28
    if len(figure.legend) > 1:
        legend, y = _legend(figure, y)
        parts.append(legend)
    for place, chart in enumerate(figure.charts):
        if figure.titles:
            parts.append(tag("text", {"class": "title", "x": _MARGIN, "y": y + 12}, text(figure.titles[place])))
            y += 18
        picture = draw.draw(chart, interactive=False)
        parts.append(tag("g", {"transform": f"translate({number(_MARGIN)} {number(y)})"}, picture.content))
        y += picture.height + 4
    for line in textwrap.wrap(figure.caption, 122):
        y += _LINE
        parts.append(tag("text", {"x": _MARGIN, "y": y}, text(line)))
    return join(*parts), y + _MARGIN


def _legend(figure: Figure, y: float) -> tuple[Markup, float]:
    parts, x = [], _MARGIN
    for look, name in figure.legend:
        wide = width(name) + 34
        if x + wide > draw.WIDTH and x > _MARGIN:
            x, y = _MARGIN, y + _LINE
        kind = "path" if look == palette.LINE else "shape"
        shape = tag(
            "path",
            {"class": kind, "transform": f"translate({number(x + 7)} {number(y + 6)})", "d": palette.shape(look)},
        )
        parts.append(tag("g", {"class": palette.colour(look)}, shape))
        parts.append(tag("text", {"class": "name", "x": x + 18, "y": y + 10}, text(name)))
        x += wide
    return join(*parts), y + _LINE + 6
