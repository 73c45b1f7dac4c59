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

from edge.cache.hashing import sha256_of
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
            subject = replace(counted, name=name, sha256=sha256_of(name.encode()), metadata=network(name, "random"))
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
    for word in (
        "MobileNetV1",
        "weights random",
        "30.020 ms (93.75 % interval 30.000 to 30.040, within this session)",
        "30.24 ms on a Snapd",
    ):
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
    assert results("export", "--json", "-o", str(tmp_path / "nowhere" / "out.json")) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_raw_needs_json(results: Results) -> None:
    assert results("export", "--csv", "--raw") == 2


def test_compare_gives_the_ratio_with_its_interval(results: Results, capsys: Capture) -> None:
    assert results("compare", "1", "2") == 0
    message = capsys.readouterr().out
    assert "ratio 0.667, 95 % interval 0.66" in message
    assert "The second is 33.3% faster." in message
    assert "Beware" not in message


def test_the_threshold_of_a_comparison_is_practical(results: Results, capsys: Capture) -> None:
    assert results("compare", "1", "2", "--threshold", "60") == 0
    assert "The same within 60.0%: the second is 33.3% faster, which is less." in capsys.readouterr().out


def test_compare_as_json(results: Results, capsys: Capture) -> None:
    assert results("compare", "2", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ratio"] == pytest.approx(30.02 / 20.02)


def test_a_cell_without_launches_cannot_be_compared(results: Results, capsys: Capture) -> None:
    assert results("compare", "1", "3") == 1
    assert "has no launches" in capsys.readouterr().err


def test_an_unknown_id(results: Results, capsys: Capture) -> None:
    assert results("show", "99") == 2
    assert "there is no measurement 99" in capsys.readouterr().err


def test_no_database_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert run(["results", "list", "--db", str(tmp_path / "none.db")]) == 2
    assert "none.db' does not exist" in capsys.readouterr().err
    monkeypatch.setenv("EDGEZOO_DATA_DIR", str(tmp_path))
    assert run(["results", "list"]) == 1
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


@pytest.fixture
def days(tmp_path: Path) -> Results:
    """A database of three sessions of A and B on one phone: 1 2, 3 4 (the same), 5 6 (B 20 % slower)."""
    db = tmp_path / "days.db"
    with Store(db) as store:
        for day, slower in enumerate((1.0, 1.0, 1.2)):
            session = store.new_session(seed=day, device=PHONE)
            for name, pace in (("A", 10.0), ("B", 20.0 * slower)):
                subject = replace(SUBJECT, name=name, sha256=sha256_of(name.encode()))
                cell = store.begin(session, subject=subject, threads=1, protocol=ROBUST, program=PROGRAM)
                for number in range(8):
                    store.add_launch(cell, session, launch(number, *[pace * (1 + 0.0005 * number)] * 3))
                store.finish(cell)

    def command(*arguments: str) -> int:
        return run(["results", *arguments, "--db", str(db)])

    return command


def ids_listed(results: Results, capsys: Capture, *filters: str) -> list[int]:
    capsys.readouterr()
    assert results("list", *filters, "--json") == 0
    return [cell["id"] for cell in json.loads(capsys.readouterr().out)]


def test_the_newest_session_against_a_baseline(days: Results, capsys: Capture) -> None:
    assert days("save-baseline", "first", "1", "2") == 0
    assert capsys.readouterr().out == "The baseline first is 2 measurements.\n"
    assert days("compare", "--baseline", "first") == 0
    message = capsys.readouterr().out.splitlines()
    assert message[0].split() == [
        "Model",
        "Threads",
        "Before",
        "Now",
        "ms",
        "before",
        "ms",
        "now",
        "Ratio",
        "Interval",
        "Answer",
    ]
    assert message[2].split()[:7] == ["A", "1", "1", "5", "10.02", "10.02", "1.000"]
    assert message[2].endswith("undecided")
    assert message[3].split()[:7] == ["B", "1", "2", "6", "20.04", "24.04", "1.200"]
    assert message[3].endswith("slower")
    assert message[4] == "Geometric mean of the ratios: 1.095 (2 cells)."


@pytest.mark.parametrize(("limit", "code"), [("3%", 1), ("10", 1), ("25%", 0)])
def test_a_limit_fails_where_a_cell_is_slower_by_more(limit: str, code: int, days: Results, capsys: Capture) -> None:
    assert days("save-baseline", "first", "--where", "session=1") == 0
    assert days("compare", "--baseline", "first", "--fail-over", limit) == code
    told = capsys.readouterr().err
    assert told == (f"Slower by more than {float(limit.strip('%')):.1f}%: 6 (B, ab12, 1T, robust).\n" if code else "")


def test_a_limit_holds_for_two_measurements_as_well(days: Results) -> None:
    assert days("compare", "2", "6", "--fail-over", "3%") == 1
    assert days("compare", "6", "2", "--fail-over", "3%") == 0
    assert days("compare", "1", "3", "--fail-over", "3%") == 0


def test_a_label_is_compared_with_a_baseline(days: Results, capsys: Capture) -> None:
    assert days("save-baseline", "last") == 0
    assert days("label", "1", "2", "nightly") == 0
    capsys.readouterr()
    assert days("compare", "--baseline", "last", "--where", "label=nightly", "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert [(one["before"], one["now"], one["answer"]) for one in made["cells"]] == [
        (5, 1, "undecided"),
        (6, 2, "faster"),
    ]
    assert made["geometric_mean"] == pytest.approx((1 / 1.2) ** 0.5, rel=1e-3)
    assert made["slower_than_limit"] is None


def test_a_baseline_has_nothing_to_be_compared_with_but_itself(days: Results, capsys: Capture) -> None:
    assert days("save-baseline", "now") == 0
    assert days("compare", "--baseline", "now") == 1
    assert "nothing was measured since it was saved" in capsys.readouterr().err
    assert days("compare", "--baseline", "then") == 2
    assert "there is no baseline then" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["1"], ["1", "2", "3"], ["1", "2", "--model", "A"], ["1", "2", "--across", "threads"], []],
    ids=["one", "three", "filter", "across", "none"],
)
def test_a_comparison_that_makes_no_sense(arguments: list[str], days: Results) -> None:
    assert days("compare", *arguments) == 2


def test_baselines_are_listed_and_forgotten(days: Results, capsys: Capture) -> None:
    assert days("save-baseline", "a", "1") == 0
    assert days("save-baseline", "b", "--model", "B") == 0
    capsys.readouterr()
    assert days("baselines", "--json") == 0
    assert [(one["name"], one["cells"]) for one in json.loads(capsys.readouterr().out)] == [
        ("a", [1]),
        ("b", [2, 4, 6]),
    ]
    assert days("baselines", "--delete", "a") == 0
    assert days("baselines") == 0
    assert "2, 4, 6" in capsys.readouterr().out
    assert days("save-baseline", "c", "--model", "none") == 1


def test_history_shows_the_changes(days: Results, capsys: Capture) -> None:
    assert days("history", "B") == 0
    message = capsys.readouterr().out.splitlines()
    assert message[0].startswith(
        "B: weights random, precision fp32, target arm, shape 1x3x224x224, device ab12, threads 1"
    )
    assert [line.split()[0] for line in message[3:]] == ["2", "4", "6"]
    assert message[4].endswith("undecided")
    assert message[5].endswith("20.0% slower")
    assert days("history", "A", "--json") == 0
    (series,) = json.loads(capsys.readouterr().out)
    assert [point["answer"] for point in series["points"]] == [None, "undecided", "undecided"]


def test_history_since(days: Results, capsys: Capture, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "days.db")
    connection.execute("UPDATE cell SET started = started - 30 * 86400 WHERE id = 2")
    connection.commit()
    connection.close()
    assert days("history", "B", "--since", "last week", "--json") == 0
    (series,) = json.loads(capsys.readouterr().out)
    assert [point["id"] for point in series["points"]] == [4, 6]
    assert days("history", "B", "--since", "soon") == 2
    assert days("history", "B", "--where", "session=3", "--json") == 0
    (series,) = json.loads(capsys.readouterr().out)
    assert [point["id"] for point in series["points"]] == [6]
    assert days("history", "Z") == 0
    assert "No measurement matches." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (["--where", "model=A"], [1, 3, 5]),
        (["--where", "model=A", "--where", "session=2"], [3]),
        (["--where", "session=1", "--where", "session=3", "--where", "model=B"], [2, 6]),
        (["--model", "A", "--where", "threads=4"], []),
        (["--since", "2001-01-01"], [1, 2, 3, 4, 5, 6]),
        (["--since", "2w", "--where", "precision=fp*"], [1, 2, 3, 4, 5, 6]),
    ],
    ids=str,
)
def test_any_column_filters(filters: list[str], ids: list[int], days: Results, capsys: Capture) -> None:
    assert ids_listed(days, capsys, *filters) == ids
    assert days("export", *filters, "--json") == 0
    assert [cell["id"] for cell in json.loads(capsys.readouterr().out)] == ids


def test_an_unknown_column_is_told(days: Results, capsys: Capture) -> None:
    assert days("list", "--where", "thread=4") == 2
    assert "did you mean threads?" in capsys.readouterr().err


def test_ids_and_filters_exclude_each_other(days: Results) -> None:
    assert days("export", "1", "--model", "A") == 2
    assert days("save-baseline", "x", "1", "--where", "model=A") == 2


def test_labels_are_seen(days: Results, capsys: Capture) -> None:
    assert days("label", "3", "4", "warm room") == 0
    assert ids_listed(days, capsys, "--where", "label=warm room") == [3, 4]
    assert days("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "warm room" in lines[4]
    assert "warm room" not in lines[3]
    assert days("show", "3") == 0
    assert "Labels          warm room" in capsys.readouterr().out
    assert days("export", "--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["labels"] for row in rows] == ["", "", "warm room", "warm room", "", ""]
    assert days("label", "3", "warm room", "--remove") == 0
    assert ids_listed(days, capsys, "--where", "label=warm room") == [4]
    assert days("label", "99", "x") == 2
    assert days("label", "1", " ") == 2


def test_delete(days: Results, capsys: Capture) -> None:
    assert days("save-baseline", "first", "1", "2") == 0
    assert days("delete", "3") == 2  # nobody to ask
    assert "give --yes" in capsys.readouterr().err
    assert days("delete", "3", "4", "--yes") == 0
    assert capsys.readouterr().out == "Deleted 2 measurements with 16 launches.\n"
    assert days("delete", "1", "--yes") == 2
    assert "measurement 1 belongs to the baseline first" in capsys.readouterr().err
    assert days("delete", "1", "--yes", "--force") == 0
    assert "The baseline first has lost some." in capsys.readouterr().out
    assert ids_listed(days, capsys) == [2, 5, 6]
    assert days("delete", "99", "--yes") == 2


def test_a_baseline_is_not_compared_with_its_own(days: Results, capsys: Capture) -> None:
    assert days("save-baseline", "first", "1", "2") == 0
    assert days("compare", "--baseline", "first", "2", "6") != 0
    assert "measurement 2 belongs to the baseline first" in capsys.readouterr().err
    assert days("compare", "3", "3") != 0
    assert "compared with itself" in capsys.readouterr().err


@pytest.mark.parametrize("name", [" ", " a", "a ", "\t", "a\nb", "a\x1b[1m"])
def test_a_name_that_no_table_can_show(name: str, days: Results, capsys: Capture) -> None:
    """Refused before anything is kept."""
    assert days("save-baseline", name, "1") != 0
    assert days("label", "1", name) != 0
    capsys.readouterr()
    assert days("baselines", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert ids_listed(days, capsys, "--where", "label=*") == []


@pytest.mark.parametrize("value", ["0", "nan", "-3%", "1e300", "1001%", "x", "inf"])
@pytest.mark.parametrize("option", ["--threshold", "--fail-over"])
def test_a_percentage_that_makes_no_sense(option: str, value: str, days: Results, capsys: Capture) -> None:
    assert days("compare", "1", "2", option, value) == 2
    assert "is no percentage above 0 and up to 1000" in capsys.readouterr().err


def test_a_baseline_that_loses_its_last_measurement_is_said_to_be_gone(days: Results, capsys: Capture) -> None:
    assert days("save-baseline", "one", "1") == 0
    assert days("save-baseline", "two", "1", "2") == 0
    capsys.readouterr()
    assert days("delete", "1", "--yes", "--force") == 0
    told = capsys.readouterr().out
    assert told.endswith("The baseline one had no other and is gone. The baseline two has lost some.\n")
    assert days("baselines", "--json") == 0
    assert [(one["name"], one["cells"]) for one in json.loads(capsys.readouterr().out)] == [("two", [2])]


def test_what_was_not_measured_is_no_baseline(results: Results, capsys: Capture) -> None:
    assert results("save-baseline", "main", "1", "3") != 0
    assert "measurement 3 is failed, and nothing is compared with it" in capsys.readouterr().err
    assert results("baselines", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    "arguments",
    [["compare", "--baseline", "first"], ["save-baseline", "now"], ["show", "1"], ["show", "1", "--json"]],
    ids=" ".join,
)
def test_a_damaged_row_is_told_of_where_it_would_count(
    arguments: list[str], days: Results, tmp_path: Path, capsys: Capture
) -> None:
    """What is left is shown, and the exit code says that it is not all."""
    assert days("save-baseline", "first", "1", "2") == 0
    connection = sqlite3.connect(tmp_path / "days.db", isolation_level=None)
    connection.execute("UPDATE cell SET shapes = 'square' WHERE id = 5")
    connection.close()
    capsys.readouterr()
    assert days(*arguments) == 1
    told = capsys.readouterr()
    assert told.out
    assert "measurement 5 (session 3)" in told.err
