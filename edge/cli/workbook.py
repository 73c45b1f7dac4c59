"""`edgezoo results export --xlsx`: the workbook is checked for before it is made, and written whole."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.results.measurement import Measurement


def check(form: str | None, output: Path | None, *, raw: bool) -> Path:
    """Where it goes. Raises `UsageError`, `OutputError`."""
    from edge.cache.files import check_replaceable
    from edge.errors import UsageError
    from edge.report import xlsx

    if form not in (None, "xlsx"):
        raise UsageError(
            f"--{form} -o {output}: the file's name says xlsx", hint=f"leave out --{form}, or name another file"
        )
    if raw:
        raise UsageError("--raw belongs to --json")
    if output is None or output.suffix.lower() != ".xlsx":
        raise UsageError("--xlsx writes a workbook, whose name ends in .xlsx", hint="name it: -o results.xlsx")
    if output.is_dir():
        raise UsageError(f"{output} is a folder", hint="name a file in it")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"{output}: there is no folder {output.parent}", hint="make it first, or name another file")
    check_replaceable(output, "workbook")
    xlsx.available()
    return output


def write(path: Path, measurements: Sequence[Measurement], *, ratio: bool) -> None:
    """Make and write it. Raises `OutputError`."""
    from edge.cache.files import atomic_write
    from edge.report import xlsx

    content = xlsx.render(measurements, ratio=ratio)
    with atomic_write(Path(os.path.realpath(path)), hint="name another place") as part:
        part.write_bytes(content)
