"""The results database: what was written comes back, whatever happened in between."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ResultsError
from edge.results.identity import DeviceIdentity
from edge.results.key import Key
from edge.results.measurement import Extremes
from edge.results.protocol import ROBUST, TABLE, Protocol
from edge.results.reasons import Code
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch

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
    path.write_bytes(b"not a database, and longer than a page " * 200)
    assert "not a database" in refused(path)
    assert path.read_bytes().startswith(b"not a database")


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
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "newer edgezoo" in refused(path)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE places (id INTEGER)")
    connection.close()
    assert "another program" in refused(path)


def test_a_missing_database_is_not_made_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    assert "no results yet" in refused(path, create=False)
    assert not path.exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file" / "results.db")


def test_an_unknown_id(tmp_path: Path) -> None:
    with Store(tmp_path / "results.db") as store, pytest.raises(ResultsError, match="no measurement 5"):
        store.get(5)
