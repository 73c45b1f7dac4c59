"""A damaged database is named, and what can be read of it is saved; the damaged file stays as it was."""

from __future__ import annotations

import errno
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.errors import ResultsError
from edge.results.protocol import ROBUST
from edge.results.repair import Checked, check, repair
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, accuracy, launch

Capture = pytest.CaptureFixture[str]
PAGE = 4096
COUNT = 12


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Of twelve measurements with eight launches each, some labels, and a baseline."""
    path = tmp_path / "results.db"
    with Store(path) as store:
        session = store.new_session(seed=1, device=PHONE)
        for number in range(COUNT):
            cell = store.begin(
                session, subject=replace(SUBJECT, name=f"m{number}"), threads=1, protocol=ROBUST, program=PROGRAM
            )
            for one in range(8):
                store.add_launch(cell, session, launch(one, *[10.0 + number + 0.01 * one] * 200))
            store.finish(cell)
        store.marks.label([1, 2, 3], "night")
        store.marks.save_baseline("main", [1, 2])
    return path


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()


def test_a_sound_database_is_left_alone(db: Path, capsys: Capture) -> None:
    before = db.read_bytes()
    assert check(db).damaged == ()
    assert run(["results", "check", "--repair", "--db", str(db)]) == 0
    assert "12 measurements can be read; it is sound" in capsys.readouterr().out
    assert db.read_bytes() == before
    assert [path.name for path in db.parent.iterdir()] == ["results.db"]


def test_a_damaged_row_is_told_and_taken_out(db: Path, capsys: Capture) -> None:
    change(db, "UPDATE launch_data SET facts = 'x' WHERE launch = 9")  # of measurement 2
    assert run(["results", "check", "--db", str(db)]) == 1
    said = capsys.readouterr()
    assert "11 measurements can be read" in said.out
    assert "measurement 2 (session 1)" in said.err
    assert "--repair" in said.err
    damaged = db.read_bytes()
    assert run(["results", "check", "--repair", "--db", str(db)]) == 0
    assert "measurement 2 (session 1)" in capsys.readouterr().err
    assert db.with_name("results.db.damaged").read_bytes() == damaged
    with Store(db) as store:
        assert store.ids() == [1, *range(3, COUNT + 1)]
        assert store.get(1).launches[7].samples_ms == (10.07,) * 200
        assert store.marks.labels() == {1: ("night",), 3: ("night",)}
        assert store.marks.baseline("main").cells == (1,)
    assert check(db).damaged == ()


@pytest.mark.parametrize("seed", range(12))
def test_pages_of_zeros_take_only_what_was_on_them(db: Path, seed: int) -> None:
    with Store(db) as store:
        whole = {one.id: one for one in store.measurements(store.ids())[0]}
    content = bytearray(db.read_bytes())
    pages = range(1, len(content) // PAGE)  # the first one has the tables' names
    for page in random.Random(seed).sample(pages, 1 + seed % 3):
        content[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    db.write_bytes(content)
    if not check(db).damaged:
        return  # a page that nothing is on
    try:
        saved = repair(db)
    except ResultsError as error:
        assert "cannot be read at all" in error.message  # noqa: PT017
        return
    assert saved.kept.read_bytes() == content
    assert check(db).damaged == ()
    with Store(db) as store:
        for one in store.measurements(store.ids())[0]:
            before = whole[one.id]
            if one.status == "measured":
                assert one == replace(before, labels=one.labels)
            else:  # some of its launches may be lost
                assert all(launch in before.launches for launch in one.launches)
        store.new_session(seed=1, device=PHONE)


def test_a_damaged_accuracy_is_told_and_taken_out(db: Path) -> None:
    with Store(db) as store:
        kept, hurt = (store.accuracies.add(accuracy(bytes([what]))) for what in (0, 2))
    change(db, f"UPDATE accuracy SET remarks = 'x' WHERE id = {hurt}")
    assert len(check(db).damaged) == 1
    assert f"accuracy {hurt} in {db} is damaged" in repair(db).lost[0]
    with Store(db) as store:
        assert [one.id for one in store.accuracies.all()[0]] == [kept]
    assert check(db) == Checked(COUNT, ())


@pytest.mark.parametrize("broken", ["9e999", "'x'"])
def test_numbers_beside_the_samples_are_told_again_from_these(db: Path, broken: str) -> None:
    with Store(db) as store:
        before = [one.launches for one in store.summaries()[0]]
    change(db, f"UPDATE launch SET level_ms = {broken} WHERE cell = 3")
    assert "measurement 3 " in check(db).damaged[0]
    assert repair(db).measurements == COUNT
    assert check(db).damaged == ()
    with Store(db) as store:
        assert [one.launches for one in store.summaries()[0]] == before


def test_the_way_out_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "of a rig.db"
    path.write_bytes(b"SQLite format 3\0" + b"\1" * 5000)
    path.write_bytes(path.read_bytes()[:68] + (0x45645A6F).to_bytes(4, "big") + path.read_bytes()[72:])
    with pytest.raises(ResultsError) as caught:
        Store(path)
    assert caught.value.hint == f"`edgezoo results check --repair --db '{path}'` saves what can be read"


def test_a_second_repair_keeps_both_damaged_files(db: Path) -> None:
    for _ in range(2):
        change(db, "UPDATE cell SET started = 'x' WHERE id = (SELECT max(id) FROM cell)")
        repair(db)
    assert sorted(path.name for path in db.parent.iterdir()) == [
        "results.db",
        "results.db.damaged",
        "results.db.damaged-2",
    ]


def test_a_database_that_somebody_has_open_is_not_repaired(db: Path) -> None:
    change(db, "UPDATE cell SET started = 'x' WHERE id = 1")
    with Store(db) as store:
        store.ids()
        with pytest.raises(ResultsError, match="in use by another process"):
            repair(db)
    assert sorted(path.name for path in db.parent.iterdir()) == ["results.db"]


def test_a_damaged_database_is_named_with_the_way_out(db: Path, capsys: Capture) -> None:
    content = bytearray(db.read_bytes())
    content[PAGE:] = bytes(len(content) - PAGE)
    db.write_bytes(content)
    assert run(["results", "list", "--db", str(db)]) == 1
    assert "edgezoo results check --repair" in capsys.readouterr().err


def test_what_cannot_be_read_at_all_is_left_as_it_was(db: Path, capsys: Capture) -> None:
    content = db.read_bytes()[:100] + b"\xff" * 5000
    db.write_bytes(content)
    assert run(["results", "check", "--repair", "--db", str(db)]) == 1
    assert "cannot be read at all" in capsys.readouterr().err
    assert [path.name for path in db.parent.iterdir()] == ["results.db"]
    assert db.read_bytes() == content


def test_a_repair_that_the_disk_has_no_room_for_leaves_nothing(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(db, "UPDATE cell SET started = 'x' WHERE id = 1")

    def full(_: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space"):
        repair(db)
    assert [path.name for path in db.parent.iterdir()] == ["results.db"]


DAMAGED_COLUMNS = {
    "session": ("UPDATE session SET started = 'yesterday', soc = x'00'", "session 1 in"),
    "threads": ("UPDATE cell SET threads = -3 WHERE id = 1", "its threads is -3, no whole number from 1"),
    "sha": ("UPDATE cell SET model_sha256 = '' WHERE id = 1", "its model_sha256 is '', no SHA-256"),
    "label": ("UPDATE label SET text = ' ' WHERE cell = 1", "label 1 in"),
    "baseline": ("UPDATE baseline SET saved = -1", "baseline 1 in"),
}


@pytest.mark.parametrize(("damage", "why"), DAMAGED_COLUMNS.values(), ids=DAMAGED_COLUMNS.keys())
def test_a_column_that_holds_what_it_may_not_is_told_and_mended(
    db: Path, damage: str, why: str, capsys: Capture
) -> None:
    change(db, damage)
    assert run(["results", "check", "--db", str(db)]) == 1
    assert why in capsys.readouterr().err
    assert run(["results", "check", "--repair", "--db", str(db)]) == 0
    assert why in capsys.readouterr().err
    found = check(db)
    assert found.damaged == ()
    assert found.measurements == COUNT - ("UPDATE cell" in damage)
    with Store(db) as store:
        (session,) = store.database.rows("SELECT started, soc FROM session")
        assert session["soc"] == "msmnile"
        assert session["started"] <= min(one.started for one in store.measurements(store.ids())[0])


def test_a_repair_that_was_killed_is_done_by_the_next(db: Path) -> None:
    change(db, "UPDATE cell SET started = 'x' WHERE id = 1")
    db.with_name("results.db.repaired").write_bytes(b"half")
    assert repair(db).measurements == COUNT - 1
    assert not db.with_name("results.db.repaired").exists()


LOCKED = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print(flush=True)
time.sleep(2.5)
"""


def test_it_is_said_that_another_program_is_waited_for(db: Path, capsys: Capture) -> None:
    with subprocess.Popen([sys.executable, "-c", LOCKED, db], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert run(["results", "label", "1", "day", "--db", str(db)]) == 0
    assert capsys.readouterr().err.count("waiting for another program that writes to") == 1


def test_a_database_that_stays_locked_is_a_sentence(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from edge.results import database

    monkeypatch.setattr(database, "_TRY_SECONDS", 0.01)
    said: list[str] = []
    with (
        Store(db) as holder,
        Store(db, say=said.append) as store,
        holder._database.transaction(),
        pytest.raises(ResultsError, match="locked") as caught,
    ):
        store.new_session(seed=1, device=PHONE)
    assert "another program writes to it" in caught.value.hint
    assert len(said) == 1


def _flipped(path: Path, name: str) -> list[bytes]:
    """The file with a bit of the name flipped, once for each place where it stands: in a table, an index, a view."""
    content, found, at = path.read_bytes(), [], -1
    while (at := content.find(name.encode(), at + 1)) >= 0:
        found.append(content[: at + 2] + bytes([content[at + 2] ^ 2]) + content[at + 3 :])
    assert found
    return found


@pytest.mark.parametrize("name", ["status", "finished", "level_ms", "launch_data", "baseline"])
def test_a_name_flipped_in_the_schema_is_named_and_mended(db: Path, capsys: Capture, name: str) -> None:
    for damaged in _flipped(db, name):
        db.write_bytes(damaged)
        for command in (["list"], ["show", "1"], ["history", "m1"], ["check"], ["label", "1", "day"]):
            code = run(["results", *command, "--db", str(db)])
            said = capsys.readouterr()
            assert code in (0, 1), (command, said.err)
            assert code == 0 or "results check --repair" in said.out + said.err, command
        assert run(["results", "check", "--repair", "--db", str(db)]) == 0, capsys.readouterr().err
        with Store(db) as store:
            assert len(store.measurements(store.ids())[0]) == COUNT
            assert "night" in store.get(1).labels


_FOR_EVER = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0"


@pytest.mark.parametrize(
    "made",
    [
        f"CREATE VIEW endless AS {_FOR_EVER}",
        f"CREATE TRIGGER endless BEFORE INSERT ON label BEGIN {_FOR_EVER}; END",
        f"CREATE TRIGGER endless AFTER UPDATE ON cell BEGIN {_FOR_EVER}; END",
    ],
)
def test_what_would_compute_for_ever_is_refused_and_left_out_by_a_repair(db: Path, capsys: Capture, made: str) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute(made)
    for command in (["list"], ["label", "1", "day"], ["check"]):
        assert run(["results", *command, "--db", str(db)]) == 1
        said = capsys.readouterr()
        assert "which no edgezoo makes" in said.err
        assert "results check --repair" in said.err
    assert run(["results", "check", "--repair", "--db", str(db)]) == 0
    assert run(["results", "label", "1", "day", "--db", str(db)]) == 0
    with Store(db) as store:
        assert len(store.measurements(store.ids())[0]) == COUNT
        assert {"night", "day"} <= set(store.get(1).labels)


def test_what_is_looked_for_is_what_a_new_database_has() -> None:
    from edge.results.migrations import COLUMNS, STEPS, columns

    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    for step in STEPS:
        step(connection)
    assert columns(connection) == COLUMNS
