"""The report as an Excel workbook: measurements with typed cells, and what the columns mean."""

from __future__ import annotations

import importlib.util
import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from edge.report.extra import needed
from edge.report.typed import COLUMNS, Value, line
from edge.results.measurement import Measurement

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

# What a workbook cannot hold: most control characters, and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
MOST_CHARACTERS = 32_767  # of a cell
_WIDTHS = {"text": 24, "moment": 19}


def available() -> None:
    """Raises `OutputError` without openpyxl, before anything is worked for."""
    if importlib.util.find_spec("openpyxl") is None:
        raise needed("openpyxl", "a workbook")


def render(measurements: Sequence[Measurement], *, ratio: bool = False) -> bytes:
    """The file: dates are dates (UTC, for Excel knows no time zones), numbers numbers, and text is never a formula.

    Raises `OutputError` without openpyxl.
    """
    available()
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet: Worksheet = book.worksheets[0]
    sheet.title = "measurements"
    _fill(sheet, [one.name for one in COLUMNS], [line(one, ratio=ratio) for one in measurements])
    for place, column in enumerate(COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(column.kind, 13)
    columns: Worksheet = book.create_sheet("columns")
    _fill(columns, ["column", "type", "meaning"], [list(one) for one in COLUMNS])
    for letter, wide in (("A", 28), ("B", 10), ("C", 70)):
        columns.column_dimensions[letter].width = wide
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _fill(sheet: Worksheet, head: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
    from openpyxl.styles import Font

    for place, title in enumerate(head):
        sheet.cell(1, place + 1, title).font = Font(bold=True)
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            if value is not None:
                _put(sheet.cell(number + 2, place + 1), value)
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions


def _put(cell: Any, value: Value) -> None:
    if isinstance(value, str):
        cell.value = _UNSTORABLE.sub("\ufffd", value)[:MOST_CHARACTERS]
        cell.data_type = "s"  # what begins with "=" is text, too
    elif isinstance(value, datetime):
        cell.value = value.replace(tzinfo=None)
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
    else:
        cell.value = value
