"""A remark is a property of the measurement: every view shows it, of whichever side it is."""

from __future__ import annotations

import csv
import io
import json
import string
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.report import csv as csv_report
from edge.report import details, markdown, text
from edge.report import history as history_report
from edge.report import json as json_report
from edge.report.comparison import sentences
from edge.results import words
from edge.results.comparison import compare
from edge.results.history import history
from edge.results.measurement import Measurement
from edge.results.protocol import ROBUST, TABLE, Protocol, sustained
from edge.results.reasons import Code, Remark
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch

FROM_STATE = {Code.FAILED, Code.UNFINISHED, Code.SYNTHETIC, Code.THREADS_IGNORED, Code.SEVERAL_SESSIONS}


def filled(code: Code) -> Remark:
    """With a value in each blank that its form can take."""
    blanks = [(name, form) for _, name, form, _ in string.Formatter().parse(code.template) if name]
    return code(**{name: 0.25 if form else 3 for name, form in blanks})


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "results.db"


def cell(db: Path, code: Code | None, *, as_reason: bool) -> int:
    """One measurement of two threads with that remark, as a session would keep it; returns its id."""
    with Store(db) as store:
        session = store.new_session(seed=1, device=PHONE)
        program = replace(PROGRAM, threads_honoured=code is not Code.THREADS_IGNORED)
        id = store.begin(session, subject=SUBJECT, threads=2, protocol=ROBUST, program=program)
        for number in range(7):
            store.add_launch(id, session, launch(number, 10.0, 10.0 + number / 10, synthetic=code is Code.SYNTHETIC))
        if code is Code.SEVERAL_SESSIONS:
            other = store.new_session(seed=2, device=PHONE)
            store.add_launch(id, other, launch(7, 10.0))
        if code is Code.FAILED:
            store.fail(id, "the runner crashed")
        elif code in FROM_STATE or code is None:
            if code is not Code.UNFINISHED:
                store.finish(id)
        else:
            remark = filled(code)
            store.finish(id, reasons=[remark] if as_reason else [], notes=[] if as_reason else [remark])
    return id


Capture = pytest.CaptureFixture[str]


def views(one: Measurement, other: Measurement) -> Iterator[tuple[str, str]]:
    yield "text", text.render([one])
    yield "markdown", markdown.render([one])
    yield "details", details.render(one)
    yield "progress", words.outcome(one)
    yield "comparison, first", "\n".join(sentences(compare(one, other)))
    yield "comparison, second", "\n".join(sentences(compare(other, one)))
    yield "text, beside another", text.render([other, one])
    yield "history", history_report.render(history([other, one]))


CASES = [(code, as_reason) for code in Code for as_reason in (False, True) if not (as_reason and code in FROM_STATE)]


@pytest.mark.parametrize(
    ("code", "as_reason"), CASES, ids=lambda value: value.value if isinstance(value, Code) else str(value)
)
def test_no_view_loses_it(code: Code, as_reason: bool, db: Path, capsys: Capture) -> None:
    first, second = cell(db, code, as_reason=as_reason), cell(db, None, as_reason=False)
    with Store(db) as store:
        one, other = store.get(first), store.get(second)
    (remark,) = [remark for remark in (*one.remarks, *one.reasons) if remark.code == code.value]
    sentence = str(remark)
    assert sentence
    for view, shown in views(one, other):
        assert sentence in shown, view
        assert not as_reason or "not valid" in shown or "!" in shown, view
    (row,) = csv.DictReader(io.StringIO(csv_report.render([one])))
    kind = "reason" if as_reason else "remark"
    assert sentence in row[f"{kind}s"]
    assert code.value in row[f"{kind}_codes"].split()
    (told,) = json.loads(json_report.render([one]))
    assert sentence in [each["text"] for each in told[f"{kind}s"]]
    assert run(["results", "history", one.subject.name, "--db", str(db), "--json"]) == 0
    points = [point for series in json.loads(capsys.readouterr().out) for point in series["points"]]
    (point,) = [point for point in points if point["id"] == first]
    assert sentence in [each["text"] for each in point[f"{kind}s"]]
    assert run(["results", "list", "--db", str(db)]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.split()[0] == str(first))
    assert code.value in line


def test_a_summary_says_what_its_measurement_says(db: Path) -> None:
    for code, as_reason in CASES:
        cell(db, code, as_reason=as_reason)
    with Store(db) as store:
        summaries, damaged = store.summaries()
        assert not damaged
        assert len(summaries) == len(CASES)
        for summary in summaries:
            one = store.get(summary.id)
            assert words.remarks(summary) == words.remarks(one)
            assert words.outcome(summary).partition(";")[0] == words.outcome(one).partition(";")[0]


def test_every_export_tells_the_identity(db: Path) -> None:
    """Of what was measured, how, by what and on what: text and Markdown around the table, CSV and JSON by field."""
    with Store(db) as store:
        session = store.new_session(seed=1, device={**PHONE, "serialno": "8a1b"})
        subject = replace(SUBJECT, shapes=((2, 3, 224, 224),), precision="fp16", target="opencl,arm", weights="own")
        how = replace(TABLE, input="seed:5", launches_min=3, launches_max=3)
        id = store.begin(session, subject=subject, threads=2, protocol=how, program=PROGRAM)
        for number in range(3):
            store.add_launch(id, session, launch(number, 10.0, engine="paddle-lite", engine_version="v2.12"))
        store.finish(id)
        one = store.get(id)
    for shown in (text.render([one]), markdown.render([one]), details.render(one)):
        for said_of_it in ("own", "fp16", "opencl,arm", "2.13rc0", "2x3x224x224", "seed:5", "edgebench", "paddle-lite 2.12",
                           "table, changed: launches 3, input seed:5", "8a1b", "ab12"):  # fmt: skip
            assert said_of_it in shown
    (row,) = csv.DictReader(io.StringIO(csv_report.render([one])))
    expected = {
        "weights": "own", "precision": "fp16", "target": "opencl,arm", "opt_version": "v2.13-rc", "shapes": "2x3x224x224",
        "batch": "2", "protocol_input": "seed:5", "program": "edgebench", "engine": "paddle-lite", "engine_version": "v2.12",
        "protocol": "table, changed: launches 3, input seed:5", "serialno": "8a1b", "serial": "ab12", "session": "1",
        "threads": "2",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert row["started"][:2] == "20"
    (cell,) = json.loads(json_report.render([one]))
    assert cell["protocol"]["name"] == "table, changed: launches 3, input seed:5"
    assert (cell["shapes"], cell["batch"], cell["session"], cell["engine_version"]) == (
        [[2, 3, 224, 224]],
        2,
        1,
        "v2.12",
    )
    assert (cell["weights"], cell["precision"], cell["target"], cell["device_identity"]["serialno"]) == (
        "own",
        "fp16",
        "opencl,arm",
        "8a1b",
    )


def stored(db: Path, protocol: Protocol, *levels: float, spoiled: int = 0) -> Measurement:
    """A launch of three runs for each level, one of them slow; something speaks against the last `spoiled`."""
    with Store(db) as store:
        session = store.new_session(seed=1, device=PHONE)
        id = store.begin(session, subject=SUBJECT, threads=1, protocol=protocol, program=PROGRAM)
        for number, level in enumerate(levels):
            reasons = (Code.LOAD_ON_CORES(share=0.25),) if number >= len(levels) - spoiled else ()
            runs = (level, level, level * 1.5)
            store.add_launch(id, session, launch(number, *runs, reasons=reasons, load_ms=level * 10))
        store.finish(id)
        return store.get(id)


def row_of(shown: str, id: int) -> str:
    return next(line for line in shown.splitlines() if line.split()[:1] == [str(id)])


def test_every_view_counts_the_same_launches(db: Path, capsys: Capture) -> None:
    """Those that make the numbers, and of how many where some are set aside."""
    one = stored(db, ROBUST, *(10.0 + number / 10 for number in range(8)), 30.0, 31.0, spoiled=2)
    assert "Launches        8 of 10 make the numbers; set aside: 9, 10\n" in details.render(one)
    assert words.outcome(one).startswith("10.35 ms, 8 of 10 launches")
    assert " 8 of 10  valid" in row_of(history_report.render(history([one])), one.id)
    assert run(["results", "list", "--db", str(db)]) == 0
    assert " 8 of 10  valid" in row_of(capsys.readouterr().out, one.id)
    (row,) = csv.DictReader(io.StringIO(csv_report.render([one])))
    assert (row["latency_launches"], row["launches_counted"], row["launches_made"]) == ("8", "8", "10")
    (told,) = json.loads(json_report.render([one]))
    assert (told["latency_ms"]["launches"], told["launches_counted"], told["launches_made"]) == (8, 8, 10)
    assert len(told["launches_ms"]) == 10
    assert told["load_ms"] == pytest.approx(103.5)
    assert run(["results", "history", SUBJECT.name, "--db", str(db), "--json"]) == 0
    (series,) = json.loads(capsys.readouterr().out)
    assert [(point["launches"], point["launches_made"]) for point in series["points"]] == [(8, 10)]


def test_where_none_is_set_aside_there_is_one_count(db: Path) -> None:
    one = stored(db, ROBUST, *(10.0 + number / 10 for number in range(8)))
    assert "Launches        8\n" in details.render(one)
    assert words.outcome(one) == "10.35 ms, 8 launches"


@pytest.mark.parametrize("launches", [1, 3, 7])
def test_the_mean_of_a_table_is_the_number_of_every_view(launches: int, db: Path, capsys: Capture) -> None:
    """And an interval of the median stands beside no mean."""
    how = replace(TABLE, launches_min=launches, launches_max=launches)
    one = stored(db, how, *(9.0 + number / 10 for number in range(launches)))
    mean = one.headline_ms
    assert mean is not None
    assert one.statistics is not None
    assert mean > one.statistics.median + 1
    assert f"{mean:.3f}  -  " in row_of(history_report.render(history([one])), one.id)
    assert f"{mean:.2f}!" in text.render([one]) or f"{mean:.2f} " in text.render([one])
    assert run(["results", "list", "--db", str(db)]) == 0
    assert row_of(capsys.readouterr().out, one.id).split()[-4:] == [f"{mean:.2f}", "-", str(launches), "valid"]


@pytest.mark.parametrize(("count", "level"), [(3, "75 %"), (4, "87.5 %"), (5, "93.75 %")])
def test_every_view_says_the_level_alike(count: int, level: str, db: Path, capsys: Capture) -> None:
    one = stored(db, ROBUST, *(10.0 + number / 10 for number in range(count)))
    assert run(["results", "list", "--db", str(db)]) == 0
    for shown in (
        capsys.readouterr().out,
        text.render([one]),
        details.render(one),
        history_report.render(history([one])),
    ):
        assert f" {level}" in shown or f"({level}" in shown


def test_every_window_of_a_sustained_measurement_counts(db: Path) -> None:
    """None is made again, so one that had to share its core is not left out of the number either."""
    one = stored(db, sustained(60), 10.0, 10.0, 20.0, 20.0, 20.0, spoiled=3)
    assert one.headline_ms == 20.0
    with Store(db) as store:
        (summary,), _ = store.summaries()
    assert (summary.headline_ms, len(summary.counted)) == (20.0, 5)
    assert "Launches        5\n" in details.render(one)
    assert words.outcome(one) == words.outcome(summary) == "20.00 ms, 5 launches"


def test_every_view_names_the_kind_of_interval(db: Path, capsys: Capture) -> None:
    """Within one session, over launches of several, over sessions."""
    for first in (10.0, 10.1, 10.2):
        stored(db, ROBUST, *(first + number / 100 for number in range(7)))
    with Store(db) as store:
        store.add_launch(3, store.new_session(seed=9, device=PHONE), launch(7, 10.3))
        cells = [store.get(id) for id in (1, 2, 3)]
    shown = history_report.render(history(cells))
    assert "Interval in its session" in shown
    assert "sessions" not in row_of(shown, 1)
    assert "(over launches of 2 sessions)" in row_of(shown, 3)
    assert cells[0].statistics is not None
    interval = cells[0].statistics.interval
    assert interval is not None
    assert f"interval {interval.low:.3f} to {interval.high:.3f}, within this session)" in details.render(cells[0])
    assert "over launches of 2 sessions)" in details.render(cells[2])
    assert [one["sessions"] for one in json.loads(json_report.render(cells))] == [1, 1, 2]
    assert [row["sessions"] for row in csv.DictReader(io.StringIO(csv_report.render(cells)))] == ["1", "1", "2"]
    assert run(["results", "show", "1", "--db", str(db), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["all_sessions"]["sessions"], told["all_sessions"]["interval"]["level"]) == (3, 0.75)
    assert run(["results", "show", "1", "--db", str(db)]) == 0
    sentence = f"median of 3 sessions' medians {told['all_sessions']['median_ms']:.3f} ms (75 % interval over sessions"
    assert sentence in capsys.readouterr().out


def test_one_session_is_not_pooled(db: Path, capsys: Capture) -> None:
    stored(db, ROBUST, *(10.0 + number / 100 for number in range(7)))
    assert run(["results", "show", "1", "--db", str(db), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["all_sessions"] is None
