"""`edgezoo results`, as it is typed, over a database with a few cells."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.results.protocol import ROBUST
from edge.results.reasons import Code
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch, network

Capture = pytest.CaptureFixture[str]
Results = Callable[..., int]


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """Run `edgezoo results` on a database: 1 and 2 of one session, 3 of another, on another device."""
    db = tmp_path / "results.db"
    with Store(db) as store:
        session = store.new_session(seed=1, device=PHONE)
        for name, pace in (("MobileNetV1", 30.0), ("MobileNetV2", 20.0)):
            counted = replace(SUBJECT, params=4_250_000, flops=578_880_000)  # MobileNetV1's
            subject = replace(counted, name=name, sha256=name, metadata=network(name, "random"))
            cell = store.begin(session, subject=subject, threads=1, protocol=ROBUST, program=PROGRAM)
            for number in range(5):
                store.add_launch(cell, session, launch(number, pace, pace + 0.01 * number, pace + 0.2))
            store.finish(cell)
        other = store.new_session(seed=2, device={**PHONE, "serial": "cd34"})
        cell = store.begin(other, subject=SUBJECT, threads=4, protocol=ROBUST, program=PROGRAM)
        store.fail(cell, "the benchmark program died of SIGSEGV")

    def command(*arguments: str) -> int:
        return run(["results", *arguments, "--db", str(db)])

    return command


def test_list_shows_every_cell(results: Results, capsys: Capture) -> None:
    assert results("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert "30.02" in lines[2]
    assert lines[2].endswith("valid")
    assert lines[4].endswith("failed")


@pytest.mark.parametrize(
    ("filters", "ids"), [(["--model", "MobileNetV2"], [2]), (["-s", "cd34"], [3]), (["--model", "x"], [])]
)
def test_list_filters(filters: list[str], ids: list[int], results: Results, capsys: Capture) -> None:
    assert results("list", *filters, "--json") == 0
    assert [cell["id"] for cell in json.loads(capsys.readouterr().out)] == ids


def test_show_says_everything(results: Results, capsys: Capture) -> None:
    assert results("show", "1") == 0
    shown = capsys.readouterr().out
    for word in ("MobileNetV1", "weights random", "30.020 ms (95 % interval 30.000 to 30.040)", "30.24 ms on a Snapd"):
        assert word in shown
    assert "ratio 0.99" in shown
    assert len([line for line in shown.splitlines() if line.endswith("2.00")]) == 5  # launches


def test_show_of_a_failed_cell_says_why(results: Results, capsys: Capture) -> None:
    assert results("show", "3") == 0
    assert "failed: the benchmark program died of SIGSEGV" in capsys.readouterr().out


def test_show_as_json_has_every_sample(results: Results, capsys: Capture) -> None:
    assert results("show", "1", "--json") == 0
    (cell,) = json.loads(capsys.readouterr().out)
    assert cell["launches"][1]["samples_ms"] == [30.0, 30.01, 30.2]


def test_export_writes_a_file_whole(results: Results, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert results("export", "1", "2", "--csv", "-o", str(out)) == 0
    assert [row["model"] for row in csv.DictReader(io.StringIO(out.read_text()))] == ["MobileNetV1", "MobileNetV2"]
    assert not list(tmp_path.glob("*.part"))


def test_export_raw(results: Results, capsys: Capture) -> None:
    assert results("export", "--json", "--raw") == 0
    cells = json.loads(capsys.readouterr().out)
    assert [len(cell["launches"]) for cell in cells] == [5, 5, 0]


def test_export_to_a_place_that_cannot_be_written(results: Results, tmp_path: Path, capsys: Capture) -> None:
    assert results("export", "--json", "-o", str(tmp_path / "nowhere" / "out.json")) == 1
    said = capsys.readouterr().err
    assert "could not be written: No such file or directory" in said


def test_raw_needs_json(results: Results) -> None:
    assert results("export", "--csv", "--raw") == 2


def test_compare_gives_the_ratio_with_its_interval(results: Results, capsys: Capture) -> None:
    assert results("compare", "1", "2") == 0
    said = capsys.readouterr().out
    assert "ratio 0.667, 95 % interval 0.66" in said
    assert "p = 0.00794" in said  # 2 of 252 orders
    assert "33.3% faster" in said
    assert "Beware" not in said


def test_compare_as_json(results: Results, capsys: Capture) -> None:
    assert results("compare", "2", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ratio"] == pytest.approx(30.02 / 20.02)


def test_a_cell_without_launches_cannot_be_compared(results: Results, capsys: Capture) -> None:
    assert results("compare", "1", "3") == 1
    assert "has no launches" in capsys.readouterr().err


def test_an_unknown_id(results: Results, capsys: Capture) -> None:
    assert results("show", "99") == 1
    assert "there is no measurement 99" in capsys.readouterr().err


def test_no_database_yet(tmp_path: Path, capsys: Capture) -> None:
    assert run(["results", "list", "--db", str(tmp_path / "none.db")]) == 1
    assert "there are no results yet" in capsys.readouterr().err


def test_rows_that_would_look_alike_get_the_column_that_tells_them_apart(tmp_path: Path, capsys: Capture) -> None:
    db = tmp_path / "results.db"
    with Store(db) as store:
        session = store.new_session(seed=1, device=PHONE)
        for pause in (0.0, 1.0):
            protocol = replace(ROBUST, cooldown_s=pause)
            store.begin(session, subject=SUBJECT, threads=1, protocol=protocol, program=PROGRAM)
    assert run(["results", "list", "--db", str(db)]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert "Parameters" in head
    assert "cooldown_s=0.0" in rows[0]
    assert "cooldown_s=1.0" in rows[1]


def test_csv_has_date_and_session_and_identity(results: Results, capsys: Capture) -> None:
    assert results("export", "--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["session"] for row in rows] == ["1", "1", "2"]
    assert all(row["started"][:2] == "20" for row in rows)
    assert rows[0]["shapes"] == "1x3x224x224"
    assert (rows[0]["batch"], rows[0]["precision"], rows[0]["target"]) == ("1", "fp32", "arm")
    assert rows[0]["protocol_launches_max"] == "10"


def test_a_damaged_row_is_named_and_the_others_are_shown(results: Results, tmp_path: Path, capsys: Capture) -> None:
    connection = sqlite3.connect(tmp_path / "results.db", isolation_level=None)
    connection.execute("UPDATE cell SET shapes = 'square' WHERE id = 2")
    connection.close()
    for arguments in (["list"], ["list", "--json"], ["export", "--csv"]):
        assert results(*arguments) == 1
        told = capsys.readouterr()
        assert "MobileNetV1" in told.out
        assert "MobileNetV2" not in told.out
        assert "measurement 2 (session 1)" in told.err
    assert results("show", "2") == 1
    assert "its shapes are 'square'" in capsys.readouterr().err


def test_remarks_are_in_the_list(tmp_path: Path, capsys: Capture) -> None:
    db = tmp_path / "results.db"
    with Store(db) as store:
        session = store.new_session(seed=1, device=PHONE)
        cell = store.begin(session, subject=SUBJECT, threads=1, protocol=ROBUST, program=PROGRAM)
        store.add_launch(cell, session, launch(0, 1.0, synthetic=True))
        store.finish(cell, reasons=[Code.CORE_WENT_OFFLINE(core=7)], notes=[Code.OUTPUTS_DIFFER()])
    assert run(["results", "list", "--db", str(db)]) == 0
    row = capsys.readouterr().out.splitlines()[2]
    assert row.endswith("not valid  core_went_offline, synthetic, outputs_differ")
    assert run(["results", "show", "1", "--db", str(db)]) == 0
    told = capsys.readouterr().out
    assert "not valid: core 7 went offline" in told
    assert "What to do: measure again." in told
