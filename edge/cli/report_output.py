"""Where a report goes, and as what: checked before it is made, written whole."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cache.files import check_replaceable
from edge.cli import options
from edge.errors import UsageError

if TYPE_CHECKING:
    from edge.report.html.figures.figure import Figure
    from edge.report.html.material import Material

_OF_SUFFIX = {".html": "html", ".htm": "html", ".svg": "svg", ".png": "png"}


@dataclass(frozen=True, slots=True)
class ReportFile:
    """What is to be written: a page (`form` html), a figure alone, or (`figure` None) every figure into the folder `path`."""

    path: Path
    form: str
    figure: str | None
    theme: str | None

    @staticmethod
    def of(output: Path | None, form: str | None, figure: str | None, theme: str | None) -> ReportFile:
        """From the options. Raises `UsageError`, `OutputError`."""
        named = _OF_SUFFIX.get(output.suffix.lower()) if output is not None and not output.is_dir() else None
        if form and named and form != named:
            raise UsageError(
                f"--format {form} -o {output}: the file's name says {named}",
                hint=f"leave out --format {form}, or name another file",
            )
        kind = form or named or "html"
        if kind == "html" and (figure or theme):
            option = "--figure" if figure else "--theme"
            raise UsageError(f"{option} is for a figure alone", hint="--format svg or --format png")
        if kind == "html" or figure is not None:
            path = output or Path("report.html" if kind == "html" else f"{figure}.{kind}")
            _check(path, kind)
        else:
            path = _folder(output, kind)
        return ReportFile(path, kind, figure, theme)


def write(wanted: ReportFile, material: Material) -> dict[str, Any]:
    """Make and write it; returns what was written as JSON values. Raises `UsageError` for an unknown figure, `OutputError`."""
    if wanted.form == "html":
        from edge.report.html.page import render

        page = render(material)
        _put(wanted.path, page.html.encode("utf-8"))
        return _told(material, [(wanted.path, page.figures)], page.left_out)
    from edge.report.html import contents

    if wanted.figure is not None:
        _put(wanted.path, _alone(wanted, contents.named(material, wanted.figure)))
        return _told(material, [(wanted.path, (wanted.figure,))])
    made = []
    for one in contents.figures(material):
        path = wanted.path / f"{one.id}.{wanted.form}"
        content = _alone(wanted, one)
        wanted.path.mkdir(exist_ok=True)
        _check(path, wanted.form)
        _put(path, content)
        made.append((path, (one.id,)))
    return _told(material, made)


def _alone(wanted: ReportFile, figure: Figure) -> bytes:
    from edge.report.html import alone

    return (
        alone.png(figure, theme=wanted.theme)
        if wanted.form == "png"
        else alone.svg(figure, theme=wanted.theme).encode("utf-8")
    )


def _check(path: Path, kind: str) -> None:
    """Raises `UsageError`, `OutputError` where it could not be written, before it is worked for."""
    if kind != "png":
        options.check_output(path)
        return
    options.check_output(path.parent / f".{path.name}.svg")  # the folder; of the file itself below
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="name a file in it, or leave out --figure")
    check_replaceable(path, "picture of edgezoo")


def _folder(output: Path | None, kind: str) -> Path:
    """Where every figure goes: a folder that is there, or can be made. Raises `UsageError`."""
    if output is None or (output.exists() and not output.is_dir()):
        raise UsageError(
            f"every figure as {kind} needs a folder" + ("" if output is None else f", and {output} is none"),
            hint="name one with -o, or name a --figure",
        )
    if not output.absolute().parent.is_dir():
        raise UsageError(f"{output}: there is no folder {output.parent}", hint="make it first, or name another one")
    return output


def _put(path: Path, content: bytes) -> None:
    """Whole or not at all; into a device or a pipe as it is, and through a link."""
    from edge.cache.files import atomic_write
    from edge.errors import foreseen

    if path.is_char_device() or path.is_fifo():
        try:
            path.write_bytes(content)
        except OSError as error:
            raise foreseen(error) from error
        return
    with atomic_write(Path(os.path.realpath(path)), hint="name another place") as part:
        part.write_bytes(content)


def _told(
    material: Material, made: Sequence[tuple[Path, Sequence[str]]], left_out: Sequence[str] = ()
) -> dict[str, Any]:
    return {
        "files": [
            {"path": str(path), "bytes": path.stat().st_size, "figures": list(figures)} for path, figures in made
        ],
        "measurements": len(material.measurements),
        "left_out": list(left_out),
    }
