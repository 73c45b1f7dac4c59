"""Every column of an export has one type, in CSV files and in workbooks; text stays text."""

from __future__ import annotations

import csv
import io
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from edge.errors import OutputError
from edge.report import csv as csv_report
from edge.report import extra, typed, xlsx
from edge.report import json as json_report
from tests.report.html.cells import HOSTILE, HOSTILE_CELL, MEASURED

_WRITTEN = {
    "whole": r"-?\d+", "number": r"-?\d+(\.\d+)?(e[+-]?\d+)?", "boolean": "true|false",
    "moment": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "text": r"(?s).+",
}  # fmt: skip


def test_the_columns_of_a_csv_file_have_one_type_each() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_report.render(MEASURED))))
    assert len(rows) == len(MEASURED)
    for column in typed.COLUMNS:
        for row in rows:
            assert row[column.name] == "" or re.fullmatch(_WRITTEN[column.kind], row[column.name]), column
    first = rows[0]
    assert first["started"] == "2023-11-14T22:13:20Z"
    assert first["valid"] == "true"
    assert rows[3]["valid"] == "false"
    assert first["top1"] == ""  # not measured
    assert rows[2]["top1"] == "0.7"


def test_no_value_of_the_json_report_is_lost() -> None:
    told = json_report.cell(MEASURED[2])
    row = dict(zip((one.name for one in typed.COLUMNS), typed.line(MEASURED[2]), strict=True))
    single = [name for name, value in told.items() if isinstance(value, str | int | float) and name != "runner_version"]
    assert set(single) - {"verification"} <= set(row)
    for name in single:
        if name not in ("verification", "started", "finished", "protocol"):
            assert row[name] == told[name], name


def book(cells: Any) -> Any:
    from openpyxl import load_workbook

    return load_workbook(io.BytesIO(xlsx.render(cells)))


def test_a_workbook_has_dates_numbers_and_words() -> None:
    sheet = book(MEASURED)["measurements"]
    names = [cell.value for cell in sheet[1]]
    assert names == [one.name for one in typed.COLUMNS]
    values = [dict(zip(names, (cell.value for cell in row), strict=True)) for row in sheet.iter_rows(min_row=2)]
    assert values[0]["started"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC).replace(tzinfo=None)
    assert values[0]["valid"] is True
    assert values[0]["threads"] == 1
    assert values[0]["latency_headline"] == pytest.approx(MEASURED[0].headline_ms)
    assert values[0]["top1"] is None
    assert sheet.auto_filter.ref.startswith("A1:")
    assert sheet.freeze_panes == "C2"


def test_a_workbook_explains_its_columns() -> None:
    told = {row[0].value: row[2].value for row in book(MEASURED)["columns"].iter_rows(min_row=2)}
    assert list(told) == [one.name for one in typed.COLUMNS]
    assert all(told.values())


def test_no_name_is_a_formula() -> None:
    odd = replace(
        HOSTILE_CELL,
        subject=replace(HOSTILE_CELL.subject, name='=HYPERLINK("http://example.org","x")'),
        labels=("=1+1", HOSTILE),
    )
    sheet = book([odd])["measurements"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "b", "d"}
    assert '=HYPERLINK("http://example.org","x")' in [cell.value for cell in sheet[2]]


def test_without_the_package_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(
        OutputError, match="a workbook needs the Python package openpyxl, which is not installed"
    ) as caught:
        xlsx.render(MEASURED)
    assert caught.value.hint == f"{sys.executable} -m pip install 'openpyxl>=3.1'"


def test_the_hint_names_the_version_that_the_project_asks_for() -> None:
    assert extra.requirement("openpyxl") == "openpyxl>=3.1"
    assert extra.requirement("resvg-py").startswith("resvg-py>=")
    assert extra.requirement("nothing") == "nothing"
