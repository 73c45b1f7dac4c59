"""The report as CSV: a line a cell, the columns of the JSON report that are single values."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime

from edge.report.typed import COLUMNS, Value, line
from edge.results.measurement import Measurement


def render(measurements: Sequence[Measurement], *, ratio: bool = False) -> str:
    """RFC 4180 with a header line, every column of one type (`edge.report.typed`): `true` and `false`, moments as
    2026-11-18T14:30:00Z; what is unknown is empty.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([one.name for one in COLUMNS])
    writer.writerows([written(value) for value in line(one, ratio=ratio)] for one in measurements)
    return text.getvalue()


def written(value: Value) -> str | float | None:
    """As it stands in a CSV file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value
