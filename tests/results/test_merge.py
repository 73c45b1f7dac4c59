"""Databases of several hosts become one: every measurement once, conflicts named, and nothing half."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.cli.main import run
from edge.errors import ResultsError, UsageError
from edge.results.domains import DOMAINS, check_row, is_in
from edge.results.identity import DeviceIdentity
from edge.results.key import Key
from edge.results.merge import Merged, merge
from edge.results.migrations import COLUMNS
from edge.results.protocol import ROBUST
from edge.results.reasons import Code
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, accuracy, launch, new_database

Capture = pytest.CaptureFixture[str]
DATA = Path(__file__).parent / "data"
MI9 = {**PHONE, "serialno": "8a1b2c3d"}  # reached by cable as ab12


def measured(path: Path, model: str, device: dict[str, Any] = MI9, *, launches: int = 3, at: float = 10.0) -> int:
    """A finished measurement."""
    with Store(path) as store:
        session = store.new_session(seed=7, device=device)
        cell = store.begin(session, subject=replace(SUBJECT, name=model), threads=1, protocol=ROBUST, program=PROGRAM)
        for number in range(launches):
            store.add_launch(cell, session, launch(number, at + number, at))
        store.finish(cell)
        return cell


def go_on(path: Path, cell: int, *levels: float, device: dict[str, Any] = MI9) -> None:
    """More launches of it in another session, as `edgezoo bench` adds them."""
    with Store(path) as store:
        session = store.new_session(seed=8, device=device)
        store.reopen(cell)
        first = len(store.get(cell).launches)
        for number, level in enumerate(levels):
            store.add_launch(cell, session, launch(first + number, level, level))
        store.finish(cell)


def changed(path: Path, statement: str) -> None:
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("broken", ["9e999", "'x'", "-1"])
def test_the_numbers_beside_the_samples_are_told_from_these(tmp_path: Path, broken: str) -> None:
    measured(tmp_path / "a.db", "m1")
    before = content(tmp_path / "a.db")
    changed(tmp_path / "a.db", f"UPDATE launch SET level_ms = {broken}")
    assert merge(tmp_path / "b.db", [tmp_path / "a.db"])[0].launches == 3
    assert content(tmp_path / "b.db") == before
    with Store(tmp_path / "b.db") as store:
        (summary,), damaged = store.summaries()
        assert damaged == []
        assert summary.headline_ms == store.get(summary.id).headline_ms


def test_a_measurement_that_lost_samples_stays_behind(tmp_path: Path) -> None:
    measured(tmp_path / "a.db", "m1")
    measured(tmp_path / "a.db", "m2")
    changed(tmp_path / "a.db", "DELETE FROM launch_data WHERE launch = 1")
    (made,) = merge(tmp_path / "b.db", [tmp_path / "a.db"])
    assert made.cells == 1
    assert made.damaged == (f"measurement 1 in {tmp_path / 'a.db'} has launches whose samples are lost",)


def test_a_file_that_lost_a_column_is_a_sentence_and_nothing_is_taken(tmp_path: Path) -> None:
    measured(tmp_path / "a.db", "m1")
    changed(tmp_path / "a.db", "ALTER TABLE session DROP COLUMN soc")
    with pytest.raises(ResultsError, match="its table session has other columns than it was made with"):
        merge(tmp_path / "b.db", [tmp_path / "a.db"])
    assert not (tmp_path / "b.db").exists()


def content(path: Path) -> list[Any]:
    """All that a database says, whatever ids it has."""
    with Store(path) as store:
        cells, damaged = store.measurements(store.ids())
        accuracies, more = store.accuracies.all()
        assert damaged == more == []
        names = {one.id: (one.subject.name, one.started) for one in cells}
        sets = [(one.name, one.saved, sorted(map(str, map(names.get, one.cells)))) for one in store.marks.baselines()]
    told = [
        json.dumps(asdict(replace(one, id=0, session=0, accuracy=None)), default=str, sort_keys=True) for one in cells
    ]
    return [sorted(told), sorted(str(replace(one, id=0)) for one in accuracies), sets]


def counts(made: Sequence[Merged]) -> list[int]:
    (one,) = made
    return [one.sessions, one.cells, one.continued, one.launches, one.accuracies, one.labels, one.baselines]


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    ours, theirs = tmp_path / "ours.db", tmp_path / "theirs.db"
    measured(ours, "mine")
    first = measured(theirs, "yours")
    with Store(theirs) as store:
        store.accuracies.add(accuracy())
        store.marks.label([first], "night")
        store.marks.save_baseline("main", [first])
    return ours, theirs


def test_everything_comes_along_and_the_other_file_stays(two: tuple[Path, Path]) -> None:
    ours, theirs = two
    before = theirs.read_bytes()
    assert counts(merge(ours, [theirs])) == [1, 1, 0, 3, 1, 1, 1]
    with Store(ours) as store, Store(theirs, read_only=True) as other:
        mine, yours = store.measurements(store.ids())[0]
        (there,), _ = other.measurements(other.ids())
        assert replace(yours, id=there.id, session=there.session) == there
        assert yours.labels == ("night",)
        assert store.marks.baseline("main").cells == (yours.id,)
        assert mine.subject.name == "mine"
        assert [one.outcomes for one in store.accuracies.all()[0]] == [accuracy().outcomes]
    assert theirs.read_bytes() == before
    assert sorted(path.name for path in ours.parent.iterdir() if "-" not in path.name) == ["ours.db", "theirs.db"]


def test_a_second_merge_brings_nothing(two: tuple[Path, Path]) -> None:
    ours, theirs = two
    merge(ours, [theirs])
    before = content(ours)
    assert counts(merge(ours, [theirs, theirs])[:1]) == [0] * 7
    assert content(ours) == before


def test_both_ways_come_to_the_same(two: tuple[Path, Path]) -> None:
    ours, theirs = two
    merge(ours, [theirs])
    merge(theirs, [ours])
    assert content(ours) == content(theirs)


def test_a_database_that_is_not_there_yet_is_made(two: tuple[Path, Path], tmp_path: Path) -> None:
    made = merge(tmp_path / "all.db", two)
    assert [one.cells for one in made] == [1, 1]


def test_a_device_is_itself_however_it_was_reached(two: tuple[Path, Path]) -> None:
    """What was measured there over the network counts for the same phone at this machine's cable."""
    ours, theirs = two
    over_network = {**MI9, "serial": "192.168.1.5:5555"}
    measured(theirs, "far", over_network)
    merge(ours, [theirs])
    key = Key.of(replace(SUBJECT, name="far"), DeviceIdentity.of(MI9), 1, ROBUST, PROGRAM)
    with Store(ours) as store:
        found = store.find(key)
        assert found is not None
        assert found.subject.name == "far"
        assert len(store.ids(device="8a1b2c3d")) == 3


def test_of_a_device_without_a_serial_number_the_address_counts(tmp_path: Path) -> None:
    """A session of the same moment and seed at another address is another one."""
    ours, theirs = tmp_path / "ours.db", tmp_path / "theirs.db"
    measured(ours, "one", PHONE)
    shutil.copyfile(ours, theirs)
    change(theirs, "UPDATE session SET address = 'cd34', device = replace(device, 'ab12', 'cd34')")
    assert counts(merge(ours, [theirs]))[:2] == [1, 1]
    with Store(ours) as store:
        assert {one.identity.address for one in store.measurements(store.ids())[0]} == {"ab12", "cd34"}


def test_the_newest_is_that_which_was_measured_last(tmp_path: Path) -> None:
    """Not that which was merged last."""
    ours, theirs = tmp_path / "ours.db", tmp_path / "theirs.db"
    measured(theirs, "old", at=20)
    measured(ours, "new", at=10)
    merge(ours, [theirs])
    key = Key.of(SUBJECT, DeviceIdentity.of(MI9), 1, ROBUST, PROGRAM)
    with Store(ours) as store:
        found = store.find(key)
        assert found is not None
        assert found.subject.name == "new"
        assert [one.subject.name for one in store.summaries()[0]] == ["old", "new"]


def test_devices_of_one_name_are_told_apart(two: tuple[Path, Path], capsys: Capture) -> None:
    """Every host is called host, and addresses are used again: a decision is about one device, and a list names each."""
    ours, theirs = two
    hosts = [
        {"serial": "host", "kind": "host", "soc": "Xeon", "abis": ["x86_64"], "serialno": one} for one in ("5a", "6b")
    ]
    measured(ours, "here", hosts[0])
    merge(ours, [theirs])
    assert run(["results", "list", "--db", str(ours)]) == 0
    assert "Device id" not in capsys.readouterr().out
    measured(theirs, "there", hosts[1])
    merge(ours, [theirs])
    assert run(["results", "list", "--db", str(ours)]) == 0
    listed = capsys.readouterr().out
    assert "Device id" in listed
    assert {"5a", "6b", "8a1b2c3d"} <= set(listed.split())
    assert run(["choose", "--threads", "1", "-s", "host", "--db", str(ours)]) == 2
    assert "name one by its id: 5a, 6b" in capsys.readouterr().err
    assert run(["choose", "--threads", "1", "-s", "6b", "--db", str(ours)]) == 0


def copied(two: tuple[Path, Path]) -> tuple[Path, Path, int]:
    """A measurement that both have."""
    ours, theirs = two
    cell = measured(ours, "shared")
    theirs.unlink()
    shutil.copyfile(ours, theirs)
    return ours, theirs, cell


def test_what_went_on_there_goes_on_here(two: tuple[Path, Path]) -> None:
    ours, theirs, cell = copied(two)
    go_on(theirs, cell, 11.0, 12.0)
    with Store(theirs) as store:
        marked = replace(store.get(cell).launches[0], reasons=(Code.CORE_WENT_OFFLINE(core=7),))
        store.mark_launch(cell, marked)
    assert counts(merge(ours, [theirs])) == [1, 0, 1, 2, 0, 0, 0]
    assert content(ours) == content(theirs)
    with Store(ours) as store:
        assert [one.sound for one in store.summaries()[0][1].launches] == [False, True, True, True, True]


def test_what_went_on_here_only_stays(two: tuple[Path, Path]) -> None:
    ours, theirs, cell = copied(two)
    go_on(ours, cell, 11.0)
    before = content(ours)
    assert counts(merge(ours, [theirs])) == [0] * 7
    assert content(ours) == before
    merge(theirs, [ours])
    assert content(theirs) == before


def test_what_went_on_in_two_ways_is_named_and_stays(two: tuple[Path, Path], capsys: Capture) -> None:
    ours, theirs, cell = copied(two)
    go_on(ours, cell, 11.0)
    go_on(theirs, cell, 12.0, 13.0)
    before = content(ours)
    for _ in range(2):
        assert run(["results", "merge", str(theirs), "--db", str(ours)]) == 1
        said = capsys.readouterr()
        assert f"measurement {cell} of {theirs} is measurement {cell} here" in said.err
        assert "5 launches there, 4 here" in said.err
        assert content(ours) == before
    assert run(["results", "delete", str(cell), "-y", "--db", str(ours)]) == 0
    assert counts(merge(ours, [theirs]))[1] == 1
    with Store(ours) as store:
        assert [one.level_ms for one in store.measurements(store.ids(model="shared"))[0][0].launches][-1] == 13.0


def test_a_baseline_of_other_measurements_is_named(two: tuple[Path, Path], capsys: Capture) -> None:
    ours, theirs = two
    with Store(ours) as store:
        store.marks.save_baseline("main", [1])
    assert run(["results", "merge", str(theirs), "--db", str(ours), "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)[0]["baselines"] == 0
    assert f"the baseline main of {theirs} is of other measurements" in said.err
    with Store(ours) as store:
        assert store.marks.baseline("main").cells == (1,)
        assert len(store.ids()) == 2


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()


def test_a_damaged_measurement_stays_behind_with_its_baseline(two: tuple[Path, Path]) -> None:
    ours, theirs = two
    measured(theirs, "sound")
    change(theirs, "UPDATE launch_data SET facts = 'x' WHERE launch = 2")
    (made,) = merge(ours, [theirs])
    assert (made.cells, made.baselines) == (1, 0)
    assert "measurement 1" in made.damaged[0]
    assert "the baseline main" in made.conflicts[0]
    with Store(ours) as store:
        assert [one.subject.name for one in store.summaries()[0]] == ["mine", "sound"]


@pytest.mark.parametrize("lost", ["session", "launch_data", "launch"])
def test_rows_that_belong_to_nothing_are_told_or_harmless(two: tuple[Path, Path], lost: str) -> None:
    ours, theirs = two
    change(theirs, f"DELETE FROM {lost}")
    (made,) = merge(ours, [theirs])
    assert (made.cells == 0) == (lost != "launch")
    assert bool(made.damaged) == (lost != "launch")
    content(ours)


def newer(path: Path) -> None:
    change(path, "PRAGMA user_version = 99")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def no_database(path: Path) -> None:
    path.write_bytes(b"model,ms\n")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def foreign(path: Path) -> None:
    change(path, "PRAGMA application_id = 7")


@pytest.mark.parametrize(("spoil", "code"), [(newer, 2), (cut, 1), (no_database, 2), (empty, 2), (foreign, 2)])
def test_another_kind_of_file_is_one_sentence_and_nothing_is_written(
    two: tuple[Path, Path], spoil: Any, code: int, capsys: Capture, tmp_path: Path
) -> None:
    ours, theirs = two
    good = tmp_path / "good.db"
    measured(good, "good")
    spoil(theirs)
    before = content(ours)
    assert run(["results", "merge", str(good), str(theirs), "--db", str(ours)]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert str(theirs) in said.err
    assert "Traceback" not in said.err
    assert content(ours) == before


def test_pages_of_zeros_within_leave_nothing_half(two: tuple[Path, Path]) -> None:
    ours, theirs = two
    for number in range(40):
        measured(theirs, f"m{number}", launches=8)
    whole, before = theirs.read_bytes(), content(ours)
    outcomes = set()
    for page in range(1, len(whole) // 4096):
        spoilt = bytearray(whole)
        spoilt[page * 4096 : (page + 1) * 4096] = bytes(4096)
        theirs.write_bytes(spoilt)
        target = ours.with_name("target.db")
        shutil.copyfile(ours, target)
        try:
            (made,) = merge(target, [theirs])
            outcomes.add("merged" if not made.damaged else "without some")
            content(target)
        except ResultsError as error:
            outcomes.add("refused")
            assert str(theirs) in error.message  # noqa: PT017
            assert content(target) == before
    assert {"refused", "merged"} <= outcomes


def test_the_database_itself_is_refused(two: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match="is the database itself"):
        merge(two[0], [two[0]])


def killed_while_it_has_it(path: Path) -> None:
    """A process that was killed with the database open: the last session lies in the log only, the index is left over."""
    code = (
        "import os, signal, sys; from pathlib import Path; from tests.results.test_merge import measured;"
        "from edge.results.store import Store; open_too = Store(Path(sys.argv[1])); open_too.ids();"
        "measured(Path(sys.argv[1]), 'logged', at=30.0); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode == -signal.SIGKILL


def in_one_file(path: Path) -> None:
    pass


def with_log_and_index(path: Path) -> None:
    killed_while_it_has_it(path)


def with_its_log(path: Path) -> None:
    killed_while_it_has_it(path)
    path.with_name(path.name + "-shm").unlink()


def with_an_empty_log(path: Path) -> None:
    path.with_name(path.name + "-wal").touch()


@pytest.mark.parametrize("mode", [0o755, 0o555], ids=["folder", "read-only"])
@pytest.mark.parametrize("lies", [in_one_file, with_its_log, with_log_and_index, with_an_empty_log])
def test_nothing_is_left_beside_the_other_file_and_nothing_of_its_log_is_lost(
    two: tuple[Path, Path], tmp_path: Path, lies: Any, mode: int
) -> None:
    ours, theirs = two
    folder = tmp_path / "theirs"
    folder.mkdir()
    kept = folder / "theirs.db"
    shutil.copyfile(theirs, kept)
    lies(kept)
    logged = (log := kept.with_name("theirs.db-wal")).exists() and log.stat().st_size > 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    folder.chmod(mode)  # as root it can be written to all the same
    try:
        assert merge(ours, [kept])[0].cells == 1 + logged
        assert {path.name for path in folder.iterdir()} == before.keys()
        for path in folder.iterdir():
            if not path.name.endswith("-shm"):  # in which readers note that they read
                assert path.read_bytes() == before[path.name], path
    finally:
        folder.chmod(0o755)


@pytest.mark.parametrize("lies", [in_one_file, with_its_log, with_log_and_index, with_an_empty_log])
def test_ones_own_that_may_not_be_written_to_are_read_with_their_log(
    two: tuple[Path, Path], lies: Any, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    _, path = two
    lies(path)
    before = sorted(path.parent.iterdir())
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.W_OK)  # root may write everywhere
    with Store(path) as store:
        assert len(store.ids()) == 1 + (lies in (with_its_log, with_log_and_index))
    assert run(["results", "label", "1", "day", "--db", str(path)]) == 1
    assert "readonly database" in capsys.readouterr().err
    assert sorted(path.parent.iterdir()) == before


def test_a_file_that_is_written_to_is_merged_as_it_was_at_one_moment(two: tuple[Path, Path]) -> None:
    ours, theirs = two
    with Store(theirs) as writing:
        session = writing.new_session(seed=9, device=MI9)
        writing.begin(session, subject=replace(SUBJECT, name="begun"), threads=1, protocol=ROBUST, program=PROGRAM)
        assert theirs.with_name("theirs.db-wal").stat().st_size > 0
        assert merge(ours, [theirs])[0].cells == 2
        writing.new_session(seed=10, device=MI9)
    assert sorted(path.name for path in theirs.parent.iterdir()) == ["ours.db", "theirs.db"]


@pytest.mark.parametrize("schema", sorted(DATA.glob("schema-*.db")), ids=lambda path: path.stem)
def test_every_earlier_schema_is_merged_and_stays_as_it_is(tmp_path: Path, schema: Path) -> None:
    ours, theirs = tmp_path / "ours.db", tmp_path / schema.name
    shutil.copyfile(schema, theirs)
    (made,) = merge(ours, [theirs])
    assert theirs.read_bytes() == schema.read_bytes()
    assert counts([merge(ours, [theirs])[0]]) == [0] * 7
    with Store(theirs) as store:  # which brings the file to today's schema
        assert made.cells == len(store.ids())
    assert content(ours)[0] == content(theirs)[0]


ANY_VALUE = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-3, 300),
    st.floats(),
    st.none(),
    st.binary(max_size=24),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(
        ["", "yesterday", "{}", "[]", "[1]", '{"serial": 1}', "1x3", "-1x3", "ab" * 32, "AB" * 32, "measured"]
    ),
    st.sampled_from(['{"serial": "x"}', '{"seconds": -1}', '{"code": "other"}', " a", "1e999", "9" * 400]),
)
EVERY_COLUMN = [(table, column) for table, columns in DOMAINS.items() if table != "unreadable" for column in columns]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two measurements, of which one is labelled and a baseline, and an accuracy."""
    path = tmp_path_factory.mktemp("whole") / "whole.db"
    first, _ = (measured(path, model, launches=2) for model in ("m1", "m2"))
    with Store(path) as store:
        store.accuracies.add(accuracy())
        store.marks.label([first], "night")
        store.marks.save_baseline("main", [first])
    return path


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(EVERY_COLUMN), ANY_VALUE)
@example(("cell", "threads"), -3)
@example(("session", "started"), "yesterday")
@example(("cell", "model_sha256"), "")
@example(("launch", "cell"), 9.3e18)
def test_whatever_a_column_of_theirs_holds_ours_hold_what_they_may(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, place: tuple[str, str], value: object
) -> None:
    """What stays behind is told; and what was taken is whole."""
    (table, column), folder = place, tmp_path_factory.mktemp("one")
    theirs, ours = folder / "theirs.db", folder / "ours.db"
    shutil.copyfile(whole, theirs)
    with closing(sqlite3.connect(theirs, isolation_level=None)) as connection:
        first = f"rowid = (SELECT min(rowid) FROM {table})"
        try:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {first}", (value,))
        except (sqlite3.IntegrityError, sqlite3.OperationalError):
            return  # SQLite itself does not take it there
        (held,) = connection.execute(f"SELECT {column} FROM {table} WHERE {first}").fetchone()
    (made,) = merge(ours, [theirs])
    for name in DOMAINS:
        with closing(sqlite3.connect(ours)) as connection:
            connection.row_factory = sqlite3.Row
            for row in connection.execute(f"SELECT * FROM {name}"):
                check_row(name, row)
    content(ours)  # which asserts that all of it can be read
    with Store(ours) as store:
        assert store.summaries()[1] == store.sessions.damaged() == store.marks.damaged() == []
    told_again = table == "launch" and column in ("runs", "sampled", "level_ms", "mean_ms", "sound")
    if not (told_again or is_in(table, column, held)):
        assert made.damaged or made.conflicts
    assert made.cells == 2 or made.damaged


def test_every_column_there_is_has_its_domain() -> None:
    assert {table: ",".join(columns) for table, columns in DOMAINS.items()}.keys() == COLUMNS.keys()
    for table, names in COLUMNS.items():
        assert set(names.split(",")) == DOMAINS[table].keys()


KILLED = """
import os, signal, sys
from pathlib import Path
from edge.results import merge
inserted, real = 0, merge._insert
def dying(execute, table, values):
    global inserted
    inserted += 1
    if inserted == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(execute, table, values)
merge._insert = dying
merge.merge(Path(sys.argv[1]), [Path(sys.argv[2])])
"""


@pytest.mark.parametrize("insert", [1, 2, 5, 9])
def test_kill_9_in_the_middle_leaves_nothing_half(two: tuple[Path, Path], insert: int) -> None:
    ours, theirs = two
    before = content(ours)
    done = subprocess.run([sys.executable, "-c", KILLED, ours, theirs, str(insert)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert content(ours) == before
    assert counts(merge(ours, [theirs])) == [1, 1, 0, 3, 1, 1, 1]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["new", "take 0", "take 1", "take 2", "label"])), max_size=14)
)
def test_hosts_that_take_from_one_another_come_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, steps: Any
) -> None:
    """Whatever was merged in between, at the end all have everything, each once."""
    folder = tmp_path_factory.mktemp("hosts")
    hosts = [folder / f"{number}.db" for number in range(3)]
    for host in hosts:
        new_database(host)
    made = 0
    for place, step in steps:
        if step == "new":
            measured(hosts[place], f"m{made}", launches=2)
            made += 1
        elif step == "label":
            with Store(hosts[place]) as store:
                store.marks.label(store.ids()[:1], "seen")
        elif hosts[int(step[-1])] != hosts[place]:
            merge(hosts[place], [hosts[int(step[-1])]])
    for host in hosts * 2:
        assert [one.conflicts for one in merge(host, [one for one in hosts if one != host])] == [(), ()]
    with Store(hosts[0]) as store:
        assert len(store.ids()) == made
    assert content(hosts[0]) == content(hosts[1]) == content(hosts[2])
