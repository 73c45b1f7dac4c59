"""Which figures a report has, in their order; each is made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from edge.errors import UsageError
from edge.report.html.figures.figure import Figure
from edge.report.html.figures.measured import engines, ratios, sizes, threads
from edge.report.html.figures.precisions import precisions
from edge.report.html.figures.published import overview
from edge.report.html.figures.samples import samples
from edge.report.html.figures.timeline import timelines
from edge.report.html.material import Material

_MEASURED: tuple[Callable[[Material], list[Figure]], ...] = (sizes, threads, engines, precisions, ratios, timelines)
KINDS = ("server", "mobile", "transformers", "size", "threads", "engines", "precisions", "ratio", "history", "cell-ID")
"""What `--figure` can name; of several of a kind the second is `threads-2`."""


def published(material: Material) -> list[Figure]:
    """The overview, with what was measured beside it."""
    return overview(material)


def measured(material: Material) -> Iterator[Figure]:
    """What the cells show together."""
    for kind in _MEASURED:
        yield from kind(material)


def cells(material: Material) -> Iterator[Figure]:
    """Every cell whole, the newest first."""
    for one in sorted(material.measurements, key=lambda cell: cell.moment, reverse=True):
        if (figure := samples(one)) is not None:
            yield figure


def figures(material: Material) -> Iterable[Figure]:
    """All of them."""
    yield from published(material)
    yield from measured(material)
    yield from cells(material)


def named(material: Material, id: str) -> Figure:
    """The figure of that id. Raises `UsageError` where these measurements make none."""
    known = []
    for one in figures(material):
        if one.id == id:
            return one
        known.append(one.id)
    raise UsageError(f"--figure {id}: these measurements make no such figure", hint=f"there are {', '.join(known)}")
