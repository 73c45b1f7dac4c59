"""Labels, baselines and deletion: what is said of measurements later, and what is left of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import ResultsError
from edge.results.protocol import ROBUST
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Cells 1 and 2 of session 1, 3 of session 2; two launches each."""
    with Store(tmp_path / "results.db") as made:
        for cells in (2, 1):
            session = made.new_session(seed=1, device=PHONE)
            for threads in range(1, cells + 1):
                cell = made.begin(session, subject=SUBJECT, threads=threads, protocol=ROBUST, program=PROGRAM)
                for number in range(2):
                    made.add_launch(cell, session, launch(number, 1.0, 2.0))
                made.finish(cell)
        yield made


def rows(store: Store, table: str) -> int:
    return int(store._database.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])


def test_labels_are_kept_shown_and_taken_back(store: Store) -> None:
    store.marks.label([1, 3], "warm room")
    store.marks.label([1], "a")
    store.marks.label([1], "a")  # again: as it was
    assert store.marks.labels() == {1: ("a", "warm room"), 3: ("warm room",)}
    assert store.get(1).labels == ("a", "warm room")
    assert [one.labels for one in store.summaries()[0]] == [("a", "warm room"), (), ("warm room",)]
    assert store.marks.unlabel([1, 2], "warm room") == 1
    assert store.get(1).labels == ("a",)


def test_a_label_of_an_unknown_measurement_is_refused_whole(store: Store) -> None:
    with pytest.raises(ResultsError, match="there is no measurement 9"):
        store.marks.label([1, 9], "x")
    assert store.marks.labels() == {}


def test_a_baseline_is_kept_by_name_and_replaced(store: Store) -> None:
    assert not store.marks.save_baseline("main", [2, 1, 2])
    assert store.marks.baseline("main").cells == (1, 2)
    assert store.marks.save_baseline("main", [3])
    assert [(one.name, one.cells) for one in store.marks.baselines()] == [("main", (3,))]
    store.marks.delete_baseline("main")
    assert store.marks.baselines() == []
    assert len(store.ids()) == 3


def test_an_unknown_baseline_is_told_with_those_that_there_are(store: Store) -> None:
    store.marks.save_baseline("main", [1])
    with pytest.raises(ResultsError, match="there is no baseline mian") as caught:
        store.marks.baseline("mian")
    assert caught.value.hint == "there are main"
    with pytest.raises(ResultsError, match="no measurement is chosen"):
        store.marks.save_baseline("empty", [])


def test_a_deleted_measurement_leaves_nothing(store: Store) -> None:
    store.marks.label([3], "x")
    gone = store.marks.delete([3])
    assert (gone.cells, gone.launches, gone.baselines) == (1, 2, ())
    assert store.ids() == [1, 2]
    counts = {name: rows(store, name) for name in ("cell", "launch", "launch_data", "label", "session")}
    assert counts == {"cell": 2, "launch": 4, "launch_data": 4, "label": 0, "session": 1}


def test_a_session_stays_while_one_of_its_measurements_does(store: Store) -> None:
    store.marks.delete([1])
    assert rows(store, "session") == 2
    assert store.get(2).session == 1


def test_what_a_baseline_needs_is_deleted_by_force_only(store: Store) -> None:
    store.marks.save_baseline("main", [1, 2])
    with pytest.raises(ResultsError, match="measurement 2 belongs to the baseline main"):
        store.marks.delete([3, 2])
    assert store.ids() == [1, 2, 3]
    assert store.marks.delete([2], force=True).baselines == ("main",)
    assert store.marks.baseline("main").cells == (1,)
    store.marks.delete([1], force=True)
    assert store.marks.baselines() == []


def test_deleting_an_unknown_measurement_deletes_nothing(store: Store) -> None:
    with pytest.raises(ResultsError, match="there is no measurement 9"):
        store.marks.delete([1, 9])
    assert store.ids() == [1, 2, 3]
