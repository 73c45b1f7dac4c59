"""The results database: what was written comes back, whatever happened in between."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import ResultsError
from edge.results import rows
from edge.results.identity import DeviceIdentity
from edge.results.key import Key
from edge.results.measurement import Extremes
from edge.results.protocol import ADDED, REMOVED, ROBUST, TABLE, Protocol
from edge.results.reasons import Code
from edge.results.store import Store, asked_for
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch, new_database

KEY = Key.of(SUBJECT, DeviceIdentity.of(PHONE), 2, ROBUST, PROGRAM)

HOT = Code.THERMAL_STATUS(name="LIGHT", status=1)
HEARD = Code.OTHER(text="a door was slammed")


def begin(store: Store, *, protocol: Protocol = ROBUST, threads: int = 2) -> tuple[int, int]:
    session = store.new_session(seed=7, device=PHONE)
    cell = store.begin(session, subject=SUBJECT, threads=threads, protocol=protocol, program=PROGRAM)
    return session, cell


def test_a_cell_comes_back_as_it_was_put(tmp_path: Path) -> None:
    protocol = replace(ROBUST, cores=(7, 6), tolerance=0.02)
    launches = [
        launch(0, 1.25, 1.5, load_ms=3.5, digests=("fnv1a64:0123456789abcdef",), environment={"before": None}),
        launch(
            1,
            extremes=Extremes(30, 1.0, 2.0, 3.0),
            reasons=(Code.CORE_WENT_OFFLINE(core=7),),
            notes=(HEARD,),
            synthetic=True,
        ),
    ]
    with Store(tmp_path / "sub" / "results.db") as store:
        session, cell = begin(store, protocol=protocol)
        for one in launches:
            store.add_launch(cell, session, one)
        store.finish(cell, reasons=[HOT], notes=[HEARD])
    with Store(tmp_path / "sub" / "results.db", create=False) as store:
        read = store.get(cell)
    assert read.subject == SUBJECT
    assert read.program == PROGRAM
    assert read.protocol == protocol
    assert read.device == PHONE
    assert list(read.launches) == launches
    assert (read.status, read.reasons, read.notes, read.error) == ("measured", (HOT,), (HEARD,), None)
    assert not read.valid


@settings(deadline=None)
@given(st.lists(st.floats(min_value=0, max_value=1e9), max_size=50))
def test_samples_keep_every_bit(samples: list[float]) -> None:
    with Store(Path(":memory:")) as store:
        session, cell = begin(store)
        store.add_launch(cell, session, launch(0, *samples))
        assert store.get(cell).launches[0].samples_ms == tuple(samples)


def test_a_cell_is_found_by_its_key_and_by_no_other(tmp_path: Path) -> None:
    with Store(tmp_path / "results.db") as store:
        _, first = begin(store)
        _, second = begin(store)
        found = store.find(KEY)
        assert found is not None
        assert found.id == second > first  # the newest
        others = [
            replace(KEY, model_sha256="00" * 32),
            replace(KEY, shapes=((1, 3, 512, 512),)),
            replace(KEY, shapes=((2, 3, 224, 224),)),
            *(replace(KEY, device=replace(KEY.device, **{name: "x"})) for name in ("kind", "serialno", "build", "soc")),
            replace(KEY, threads=4),
            replace(KEY, protocol=TABLE),
            replace(KEY, protocol=replace(ROBUST, repeats=31)),
            replace(KEY, protocol=replace(ROBUST, input="seed:1")),
            replace(KEY, protocol=replace(ROBUST, power_mode=3)),
            replace(KEY, protocol=replace(ROBUST, cores=(7,))),
            replace(KEY, program=replace(PROGRAM, sha256="00" * 32)),
            replace(KEY, program=replace(PROGRAM, name="benchmark_bin")),
            replace(KEY, program=replace(PROGRAM, contract=2)),
            replace(KEY, precision="int8"),
            replace(KEY, target="opencl,arm"),
            replace(KEY, weights="published"),
            replace(KEY, opt_version="v2.14-rc"),
        ]
        assert [store.find(key) for key in others] == [None] * len(others)


def test_a_failed_cell_can_be_taken_up_again(tmp_path: Path) -> None:
    with Store(tmp_path / "results.db") as store:
        session, cell = begin(store)
        store.add_launch(cell, session, launch(0, 1.0))
        store.fail(cell, "the device did not come back")
        store.reopen(cell)
        read = store.get(cell)
    assert (read.status, read.error, len(read.launches)) == ("unfinished", None, 1)


def test_a_failed_cell_keeps_its_launches_and_its_reason(tmp_path: Path) -> None:
    with Store(tmp_path / "results.db") as store:
        session, cell = begin(store)
        store.add_launch(cell, session, launch(0, 1.0))
        store.fail(cell, "the runner crashed (SIGSEGV)")
        read = store.get(cell)
    assert (read.status, read.error, len(read.launches)) == ("failed", "the runner crashed (SIGSEGV)", 1)


def test_cells_are_selected_by_model_device_and_session(tmp_path: Path) -> None:
    with Store(tmp_path / "results.db") as store:
        session, first = begin(store)
        _, second = begin(store)
        assert store.ids() == [first, second]
        assert store.ids(model=SUBJECT.name, device="ab12") == [first, second]
        assert store.ids(session=session) == [first]
        assert store.ids(model="other") == []


WRITER = """
import sys
from pathlib import Path
from edge.results.store import Store
from tests.results.test_store import begin, launch
store = Store(Path(sys.argv[1]))
session, cell = begin(store)
for number in range(3):
    store.add_launch(cell, session, launch(number, 1.0, 2.0))
print(cell, flush=True)
sys.stdin.read()
"""


def test_kill_9_loses_no_launch_that_ended(tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    cell = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=300)
    with Store(path) as store:
        read = store.get(cell)
    assert read.status == "unfinished"
    assert [one.samples_ms for one in read.launches] == [(1.0, 2.0)] * 3


def test_two_writers_at_once(tmp_path: Path) -> None:
    with Store(tmp_path / "results.db") as one, Store(tmp_path / "results.db") as other:
        session, cell = begin(one)
        other_session, other_cell = begin(other)
        one.add_launch(cell, session, launch(0, 1.0))
        other.add_launch(other_cell, other_session, launch(0, 2.0))
        assert one.ids() == other.ids() == [cell, other_cell]


def refused(path: Path, *, create: bool = True) -> str:
    with pytest.raises(ResultsError) as caught:
        Store(path, create=create)
    assert caught.value.hint
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    for content in (b"not a database, and longer than a page " * 200, b"x", b"SQLite format 3\0", b"{}\n"):
        path.write_bytes(content)
        assert "is no results database" in refused(path)
        assert "is no results database" in refused(path, create=False)
        assert path.read_bytes() == content
        assert [one.name for one in tmp_path.iterdir()] == ["results.db"]


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    assert "is no file" in refused(tmp_path)
    (tmp_path / "text").touch()
    assert "cannot be" in refused(tmp_path / "text" / "results.db")


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    with Store(path) as store:
        begin(store)
    content = bytearray(path.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    path.write_bytes(content)
    assert "cannot be used" in refused(path)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    new_database(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "newer edgezoo" in refused(path)


@pytest.mark.parametrize(
    "made",
    ["CREATE TABLE places (id INTEGER)", "PRAGMA application_id = 7", "PRAGMA user_version = 2"],
)
def test_another_programs_database_is_refused(made: str, tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(made)
    connection.close()
    content = path.read_bytes()
    assert "another program" in refused(path)
    assert path.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == ["places.sqlite"]


def test_an_empty_file_becomes_the_database(tmp_path: Path) -> None:
    """As `mktemp` makes one."""
    path = tmp_path / "results.db"
    path.touch()
    with Store(path) as store:
        assert store.ids() == []
        assert path.read_bytes() == b""
        store.new_session(seed=1, device=PHONE)
    with Store(path, create=False) as store:
        assert len(store.sessions.all()) == 1


def test_a_database_is_made_by_what_is_written_first(tmp_path: Path) -> None:
    """Who only looks, or is refused before anything was measured, leaves nothing behind; nor misses what others write."""
    path = tmp_path / "new" / "results.db"
    assert "no results yet" in refused(path, create=False)
    with Store(path) as looking, Store(path) as measuring:
        assert looking.ids() == []
        assert looking.summaries() == ([], [])
        assert list(tmp_path.iterdir()) == []
        session, cell = begin(measuring)
        measuring.add_launch(cell, session, launch(0, 1.0))
        assert looking.ids() == [cell]
        assert begin(looking)[1] != cell
    path.with_name("empty.db").touch()
    assert "is empty" in refused(path.with_name("empty.db"), create=False)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file" / "results.db")


def test_an_unknown_id(tmp_path: Path) -> None:
    with Store(tmp_path / "results.db") as store, pytest.raises(ResultsError, match="no measurement 5"):
        store.get(5)


def connection_to(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def test_another_phone_at_the_same_address_is_another_device(tmp_path: Path) -> None:
    at = {**PHONE, "serial": "192.168.1.7:5555", "build": "Xiaomi/cepheus"}
    first, second = {**at, "serialno": "aa"}, {**at, "serialno": "bb"}
    moved = {**first, "serial": "192.168.1.9:5555"}
    updated = {**first, "build": "Xiaomi/cepheus, later"}
    with Store(tmp_path / "results.db") as store:
        session = store.new_session(seed=7, device=first)
        cell = store.begin(session, subject=SUBJECT, threads=2, protocol=ROBUST, program=PROGRAM)
        found = [store.find(replace(KEY, device=DeviceIdentity.of(one))) for one in (first, second, moved, updated)]
        assert [one and one.id for one in found] == [cell, None, cell, None]
        assert store.ids(device="aa") == store.ids(device="192.168.1.7:5555") == [cell]


def test_a_file_that_lost_its_metadata_is_found_by_its_bytes(tmp_path: Path) -> None:
    bare = replace(SUBJECT, name="copy", precision=None, target=None, weights=None, metadata=None)
    with Store(tmp_path / "results.db") as store:
        _, cell = begin(store)
        found = store.find(Key.of(bare, DeviceIdentity.of(PHONE), 2, ROBUST, PROGRAM))
    assert found is not None
    assert found.id == cell
    shown = asked_for(found, bare)
    assert (shown.subject.name, shown.subject.precision, shown.subject.weights) == ("copy", "fp32", "random")


def rewrite_protocol(path: Path, **changes: object) -> None:
    """As a version with other parameters would have written it; None takes one away."""
    connection = connection_to(path)
    (text,) = connection.execute("SELECT protocol FROM cell").fetchone()
    values = {name: value for name, value in {**json.loads(text), **changes}.items() if value != "absent"}
    connection.execute("UPDATE cell SET protocol = ?", (json.dumps(values, sort_keys=True),))
    connection.close()
    rows._protocol.cache_clear()


def test_a_parameter_that_was_added_later_keeps_old_cells_findable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results.db"
    with Store(path) as store:
        begin(store)
    rewrite_protocol(path, cooldown_s="absent")  # as if it had been added since
    with Store(path) as store:
        assert store.find(KEY) is None
        assert "cooldown_s is missing" in store.summaries()[1][0]
    monkeypatch.setattr(rows, "ADDED", {"cooldown_s": 0.0})
    with Store(path) as store:
        assert store.find(KEY) is not None
        assert store.find(replace(KEY, protocol=replace(ROBUST, cooldown_s=1.0))) is None
    rows._protocol.cache_clear()


def test_a_parameter_that_is_no_more_parts_cells_unless_it_meant_what_is_done_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results.db"
    with Store(path) as store:
        _, cell = begin(store)
    rewrite_protocol(path, huge_pages=True)
    with Store(path) as store:
        assert store.find(KEY) is None
        assert [one.code for one in store.get(cell).notes] == ["unknown_protocol"]
        assert "huge_pages True" in str(store.summaries()[0][0].notes[0])
    rows._protocol.cache_clear()
    monkeypatch.setattr(rows, "REMOVED", {"huge_pages": True})
    with Store(path) as store:
        assert store.find(KEY) is not None
    rows._protocol.cache_clear()


def test_every_parameter_added_since_schema_2_says_what_was_done_before() -> None:
    then = {"name", "warmup_runs", "warmup_ms", "repeats", "repeats_ms", "launches_min", "launches_max", "tolerance"}
    then |= {"cooldown_s", "input", "power_mode", "cores"}
    now = {one.name for one in fields(Protocol)}
    assert now - then == set(ADDED)
    assert then - now == set(REMOVED)


def test_a_field_of_launch_that_is_unknown_or_new_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    with Store(path) as store:
        session, cell = begin(store)
        store.add_launch(cell, session, launch(0, 1.0, load_ms=3.5))
    connection = connection_to(path)
    connection.execute("UPDATE launch_data SET facts = json_remove(json_set(facts, '$.spins', 4), '$.load_ms')")
    connection.close()
    with Store(path) as store:
        (read,) = store.get(cell).launches
    assert read == launch(0, 1.0)


def test_a_list_reads_no_sample(tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    with Store(path) as store:
        session, cell = begin(store)
        store.add_launch(cell, session, launch(0, 1.0, 3.0))
    connection = connection_to(path)
    connection.execute("UPDATE launch_data SET samples_ms = 'none', facts = 'none'")
    connection.execute("UPDATE cell SET metadata = 'none'")
    connection.close()
    with Store(path) as store:
        ((summary,), damaged) = store.summaries()
    assert (summary.headline_ms, damaged) == (2.0, [])


DAMAGES = {
    "shapes": ("UPDATE cell SET shapes = 'square' WHERE id = 1", "its shapes are 'square'"),
    "protocol": ("UPDATE cell SET protocol = '{}' WHERE id = 1", "its protocol cannot be read: name is missing"),
    "contradiction": (
        "UPDATE cell SET protocol = json_set(protocol, '$.repeats', 0) WHERE id = 1",
        "at least one repeat",
    ),
    "threads": ("UPDATE cell SET threads = 'two' WHERE id = 1", "its threads is 'two', no whole number"),
    "status": ("UPDATE cell SET status = 'done' WHERE id = 1", "its status is 'done'"),
    "reasons": ("UPDATE cell SET reasons = '[1]' WHERE id = 1", "its reasons cannot be read"),
    "level": ("UPDATE launch SET level_ms = 'fast' WHERE cell = 1", "its level_ms is 'fast', no number"),
}


@pytest.mark.parametrize(("damage", "why"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_row_is_named_and_the_others_are_listed(damage: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    with Store(path) as store:
        for _ in range(2):
            session, cell = begin(store)
            store.add_launch(cell, session, launch(0, 1.0))
    connection = connection_to(path)
    connection.execute(damage)
    connection.close()
    with Store(path) as store:
        summaries, damaged = store.summaries()
        found = store.find(KEY)
    assert [one.id for one in summaries] == [2]
    assert len(damaged) == 1
    assert damaged[0].startswith(f"measurement 1 (session 1) in {path} is damaged: ")
    assert why in damaged[0]
    assert found is not None
    assert found.id == 2


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ("UPDATE launch_data SET samples_ms = x'00'", "its samples are cut off"),
        ("UPDATE launch_data SET facts = '{}'", "`started`: it is missing"),
        ("UPDATE launch_data SET facts = json_set(facts, '$.extremes', json('[1]'))", "cannot be read"),
        ("UPDATE session SET device = '[]'", "its device: expected `object`"),
    ],
)
def test_a_measurement_with_damaged_data_is_refused_in_a_sentence(damage: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    with Store(path) as store:
        session, cell = begin(store)
        store.add_launch(cell, session, launch(0, 1.0))
    connection = connection_to(path)
    connection.execute(damage)
    connection.close()
    with Store(path) as store:
        assert store.measurements([cell])[0] == []
        with pytest.raises(ResultsError, match=r"measurement 1 \(session 1\)") as caught:
            store.get(cell)
    assert why in caught.value.message


@settings(deadline=None)  # each makes a database
@given(
    st.lists(st.lists(st.floats(min_value=0.001, max_value=1e6), min_size=1, max_size=5), max_size=6),
    st.sampled_from([ROBUST, TABLE]),
    st.booleans(),
)
def test_a_summary_has_the_numbers_of_its_measurement(
    launches: list[list[float]], protocol: Protocol, synthetic: bool
) -> None:
    with Store(Path(":memory:")) as store:
        session, cell = begin(store, protocol=protocol)
        for number, samples in enumerate(launches):
            store.add_launch(cell, session, launch(number, *samples, synthetic=synthetic, engine="e"))
        store.add_launch(cell, session, launch(99, extremes=Extremes(30, 1.0, 2.0, 3.0)))
        ((summary,), _), whole = store.summaries(), store.get(cell)
    assert summary.headline_ms == pytest.approx(whole.headline_ms)
    assert summary.interval == (whole.statistics and whole.statistics.interval)
    assert (summary.valid, summary.remarks, summary.synthetic) == (whole.valid, whole.remarks, whole.synthetic)
    assert (summary.engine, summary.engine_version) == whole.engine
    assert summary.device == whole.identity
    assert len(summary.launches) == len(whole.launches)
