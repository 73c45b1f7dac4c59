"""Files of earlier versions: every number and every sentence is still there, whatever happened on the way."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge.errors import ResultsError
from edge.results import migrations
from edge.results.measurement import Measurement
from edge.results.migrations import SCHEMA_VERSION, step_2
from edge.results.store import Store
from tests.bench.examples import accuracy, new_database
from tests.untrusted.mutations import HOSTILE_JSON

DATA = Path(__file__).with_name("data")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of the file of schema 1."""
    path = tmp_path / "results.db"
    shutil.copy(DATA / "schema-1.db", path)
    return path


def version(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def measured(path: Path) -> list[Measurement]:
    with Store(path) as store:
        found, damaged = store.measurements(store.ids())
    assert damaged == []
    return found


def test_there_is_a_file_of_every_earlier_version() -> None:
    assert [version(DATA / f"schema-{number}.db") for number in range(1, SCHEMA_VERSION)] == list(
        range(1, SCHEMA_VERSION)
    )


def test_the_file_of_schema_1_comes_over_whole(old: Path) -> None:
    cells = measured(old)
    assert version(old) == SCHEMA_VERSION
    assert [cell.id for cell in cells] == list(range(1, 9))
    assert [cell.status for cell in cells] == ["measured"] * 2 + ["failed", "unfinished"] + ["measured"] * 4
    assert [cell.valid for cell in cells] == [True, False, False, False, True, True, True, True]
    assert [cell.session for cell in cells] == [1, 1, 1, 1, 2, 2, 2, 3]
    assert [cell.sessions for cell in cells] == [1, 1, 1, 2, 1, 1, 1, 1]
    assert [cell.program.contract for cell in cells] == [1, 1, 1, 1, None, 1, 1, 1]
    assert [cell.engine for cell in cells[4:7]] == [
        ("paddle-lite", "v2.12"),
        ("paddle-lite", "v2.13-rc"),
        ("synthetic", None),
    ]
    assert cells[0].subject.metadata is not None
    assert cells[0].subject.metadata["engine"] == {"name": "paddlelite", "version": "2.13rc0"}
    assert cells[7].subject.shapes == ((1, 3, 32, 32), (1, 2))
    assert cells[7].subject.metadata is None
    assert not cells[7].program.threads_honoured
    assert cells[3].protocol.cores == (7, 6)
    assert (cells[3].protocol.cooldown_s, cells[3].protocol.tolerance) == (1.0, 0.02)
    assert cells[2].error == "the benchmark program died of SIGSEGV (convert the model again)"


def test_the_file_of_schema_2_comes_over_whole(tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    shutil.copy(DATA / "schema-2.db", path)
    connection = sqlite3.connect(path)
    tables = ("session", "cell", "launch", "launch_data", "unreadable")
    columns = {
        table: ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({table})")) for table in tables
    }
    before = {table: connection.execute(f"SELECT {columns[table]} FROM {table}").fetchall() for table in tables}
    connection.close()
    cells = measured(path)
    assert version(path) == SCHEMA_VERSION
    connection = sqlite3.connect(path)
    assert {table: connection.execute(f"SELECT {columns[table]} FROM {table}").fetchall() for table in tables} == before
    connection.close()
    assert [cell.id for cell in cells] == list(range(1, 11))
    assert [len(cell.launches) for cell in cells[8:]] == [6, 1]
    assert cells[8].identity.serialno == "5f2ab1"
    assert [str(one) for one in cells[8].reasons] == ["thermal status LIGHT (1)"]
    assert cells[8].launches[2].samples_ms == (12.52, 12.6, 12.7)
    assert (cells[9].status, cells[9].protocol.cores) == ("failed", (7, 6))
    with Store(path) as store:
        summaries, _ = store.summaries()
    told = [[launch.sound for launch in summary.launches] for summary in summaries]
    assert told == [[not launch.reasons for launch in cell.launches] for cell in cells]
    assert {sound for one in told for sound in one} == {True, False}
    assert all(cell.labels == () for cell in cells)
    with Store(path) as store:
        store.marks.label([9], "before the update")
        store.marks.save_baseline("old", [9])
        assert store.get(9).labels == ("before the update",)
        assert store.marks.baseline("old").cells == (9,)


def test_the_file_of_schema_3_comes_over_as_that_of_schema_2(tmp_path: Path) -> None:
    cells = []
    for number in (2, 3):
        path = tmp_path / f"{number}.db"
        shutil.copy(DATA / f"schema-{number}.db", path)
        cells.append(measured(path))
        assert version(path) == SCHEMA_VERSION
    assert cells[0] == cells[1]


def test_labels_and_baselines_of_schema_4_stay_and_accuracies_can_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "4.db"
    shutil.copy(DATA / "schema-4.db", path)
    with Store(path) as store:
        assert store.get(9).labels == ("kept",)
        assert store.marks.baseline("old").cells == (9,)
        assert store.accuracies.all() == ([], [])
        store.accuracies.add(accuracy())
        assert len(store.accuracies.all()[0]) == 1


def test_every_number_and_reading_of_schema_1_is_kept(old: Path) -> None:
    connection = sqlite3.connect(old)
    before = connection.execute("SELECT cell, samples_ms, facts FROM launch ORDER BY cell, number").fetchall()
    connection.close()
    after = [(cell.id, launch) for cell in measured(old) for launch in cell.launches]
    assert len(after) == len(before)
    for (cell, samples, facts), (id, launch) in zip(before, after, strict=True):
        message = json.loads(facts)
        assert (id, list(launch.samples_ms)) == (cell, json.loads(samples))
        for name in (
            "number",
            "started",
            "seconds",
            "load_ms",
            "first_run_ms",
            "engine",
            "engine_version",
            "synthetic",
        ):
            assert getattr(launch, name) == message[name]
        assert launch.environment == message["environment"]
        assert launch.state == message["state"]
        assert [str(one) for one in launch.reasons] == message["reasons"]


def test_sentences_of_schema_1_are_other_with_their_text(old: Path) -> None:
    cell = measured(old)[1]
    assert [(one.code, str(one)) for one in cell.reasons] == [
        ("other", "core 7 was limited to 2.42 of 2.84 GHz (in 2 of 5 launches)")
    ]
    assert [(one.code, str(one)) for one in cell.notes] == [("other", "CPU temperature unknown")]


def test_a_device_of_schema_1_is_known_by_its_address_only(old: Path) -> None:
    phone, host = measured(old)[0].identity, measured(old)[7].identity
    assert (phone.serialno, phone.address, phone.soc) == (None, "127.0.0.1:5556", "msmnile")
    assert (host.kind, host.serialno, host.build) == ("host", None, None)
    with Store(old) as store:
        assert store.ids(device="127.0.0.1:5556") == [1, 2, 3, 4, 5, 6, 7]


def test_the_summaries_of_a_migrated_file_are_those_of_its_measurements(old: Path) -> None:
    cells = measured(old)
    with Store(old) as store:
        summaries, damaged = store.summaries()
    assert damaged == []
    for cell, summary in zip(cells, summaries, strict=True):
        assert summary.headline_ms == pytest.approx(cell.headline_ms)
        assert summary.interval == (cell.statistics and cell.statistics.interval)
        assert (summary.reasons, summary.remarks) == (cell.reasons, cell.remarks)


def test_a_new_file_has_the_tables_of_a_migrated_one(old: Path, tmp_path: Path) -> None:
    def tables(path: Path) -> set[tuple[str, str]]:
        Store(path).close()
        connection = sqlite3.connect(path)
        try:
            rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
            return {(name, sql.replace('"', "")) for name, sql in rows}
        finally:
            connection.close()

    new_database(tmp_path / "new.db")
    assert tables(old) == tables(tmp_path / "new.db")


def test_a_migration_that_fails_leaves_the_file_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = old.read_bytes()

    def broken(connection: sqlite3.Connection) -> None:
        step_2.migrate(connection)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(migrations, "STEPS", (migrations.STEPS[0], broken, *migrations.STEPS[2:]))
    with pytest.raises(ResultsError, match="disk I/O error"):
        Store(old)
    assert old.read_bytes() == before
    monkeypatch.undo()
    assert len(measured(old)) == 8


KILLED = """
import os, signal, sys
from pathlib import Path
from edge.results import migrations
from edge.results.store import Store
def cut(connection):
    migrations.step_2.migrate(connection)
    os.kill(os.getpid(), signal.SIGKILL)
migrations.STEPS = (migrations.STEPS[0], cut, *migrations.STEPS[2:])
Store(Path(sys.argv[1]))
"""


def test_kill_9_in_the_middle_of_a_migration_loses_nothing(old: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(old)], check=False)
    assert ended.returncode == -9
    assert len(measured(old)) == 8


OPEN = """
import sys
from pathlib import Path
from edge.results.store import Store
sys.stdin.readline()
with Store(Path(sys.argv[1])) as store, store.database.transaction():
    print(len(store.ids()))
"""


@pytest.mark.parametrize(("name", "cells"), [("results.db", "8"), ("new.db", "0")], ids=["old file", "new file"])
def test_processes_that_open_a_file_at_once_agree(name: str, cells: str, old: Path) -> None:
    path = old.with_name(name)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    message = [process.communicate(timeout=120) for process in processes]
    assert [out.strip() for out, _ in message] == [cells] * 4, message
    assert version(path) == SCHEMA_VERSION


def test_an_old_row_that_makes_no_sense_is_named_and_kept_and_the_others_come_over(old: Path) -> None:
    connection = sqlite3.connect(old)
    connection.execute("UPDATE cell SET subject = 'x{' WHERE id = 2")
    connection.execute("UPDATE launch SET facts = '[]' WHERE cell = 6")
    connection.commit()
    connection.close()
    with Store(old) as store:
        assert store.ids() == [1, 3, 4, 5, 7, 8]
        summaries, damaged = store.summaries()
        with pytest.raises(ResultsError, match=r"measurement 2 \(session 1\)"):
            store.get(2)
    assert len(summaries) == 6
    assert [sentence.partition(" in ")[0] for sentence in damaged] == [
        "measurement 2 (session 1)",
        "measurement 6 (session 2)",
    ]
    connection = sqlite3.connect(old)
    (content,) = connection.execute("SELECT content FROM unreadable WHERE cell = 2").fetchone()
    connection.close()
    kept = json.loads(content)
    assert kept["cell"]["subject"] == "x{"
    assert len(kept["launches"]) == 5


def test_a_newer_file_is_refused_in_a_sentence_and_left_alone(old: Path) -> None:
    Store(old).close()
    connection = sqlite3.connect(old)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(ResultsError, match="written by a newer edgezoo") as caught:
        Store(old)
    assert caught.value.hint == "update edgezoo, or name another file with --db"
    assert version(old) == SCHEMA_VERSION + 1


@pytest.mark.parametrize("place", ["session.device", "cell.subject", "cell.program", "cell.protocol", "cell.reasons",
                                   "launch.facts", "launch.samples_ms"])  # fmt: skip
def test_an_old_row_that_holds_anything_at_all_is_kept_aside(old: Path, tmp_path: Path, place: str) -> None:
    table, _, column = place.partition(".")
    hostile = [*HOSTILE_JSON, '{"shapes": [[1e999]]}', '["\\ud800"]', "[1e400]", "\x1b", "", None, 7, b"\xff", 1e400]
    for value in hostile:
        path = tmp_path / "damaged.db"
        shutil.copy(old, path)
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE id = 2", (value,))
        except sqlite3.IntegrityError:  # what the table itself refuses
            continue
        finally:
            connection.close()
        with Store(path) as store:
            found, damaged = store.measurements(store.ids())
        assert len(found) + len(damaged) + _aside(path) == 8, value
        assert version(path) == SCHEMA_VERSION
        path.unlink()


def test_an_old_cell_of_a_number_beyond_64_bits_is_kept_aside(old: Path) -> None:
    connection = sqlite3.connect(old, isolation_level=None)
    connection.execute(
        "UPDATE cell SET subject = json_set(subject, '$.bytes', json('1' || hex(zeroblob(20)))) WHERE id = 2"
    )
    connection.close()
    assert (len(measured(old)), _aside(old)) == (7, 1)


def _aside(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT count(*) FROM unreadable").fetchone()[0])
    finally:
        connection.close()
