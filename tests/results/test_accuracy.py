"""Accuracies: their intervals, two of them compared image by image, kept and found again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ResultsError, UnknownResultError
from edge.results.accuracies import network_id
from edge.results.accuracy import AMONG_FIVE, RIGHT, UNREADABLE, WRONG, compare_accuracies, share
from edge.results.protocol import ROBUST
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, accuracy, launch

COUNTS = st.integers(1, 60_000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


# Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I, method 3.
@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_as_published(hits: int, total: int, low: float, high: float) -> None:
    made = share(hits, total)
    assert (round(made.low, 4), round(made.high, 4)) == (low, high)


@given(COUNTS)
def test_the_interval_holds_the_share_and_is_symmetric_to_the_misses(counts: tuple[int, int]) -> None:
    hits, total = counts
    made, misses = share(hits, total), share(total - hits, total)
    assert 0 <= made.low <= made.value <= made.high <= 1
    assert made.low == pytest.approx(1 - misses.high)


def test_what_images_came_to_makes_the_shares() -> None:
    one = accuracy(bytes([RIGHT, RIGHT, AMONG_FIVE, WRONG, UNREADABLE]))
    assert (one.images, one.unreadable) == (4, 1)
    assert (one.top1.hits, one.top1.total) == (2, 4)
    assert one.top5 is not None
    assert one.top5.hits == 3
    assert replace(one, has_top5=False).top5 is None


def test_two_are_compared_image_by_image() -> None:
    first = accuracy(bytes([RIGHT] * 500 + [WRONG] * 500), id=1)
    second = accuracy(bytes([RIGHT] * 540 + [AMONG_FIVE] * 460), id=2)
    made = compare_accuracies(first, second)
    assert (made.only_first, made.only_second, made.images) == (0, 40, 1000)
    assert made.difference == pytest.approx(0.04)
    assert made.low < 0.04 < made.high
    assert made.verdict == "more accurate"
    assert first.top1.high > second.top1.low  # their own intervals overlap
    back = compare_accuracies(second, first)
    assert back.verdict == "less accurate"
    assert (back.low, back.high) == pytest.approx((-made.high, -made.low))


def test_as_many_changes_to_both_sides_show_no_difference() -> None:
    first, second = bytes([RIGHT] * 20 + [WRONG] * 20), bytes([WRONG] * 20 + [RIGHT] * 20)
    assert compare_accuracies(accuracy(first), accuracy(second)).verdict == "no difference shown"


def test_an_image_that_one_could_not_read_is_in_no_pair() -> None:
    made = compare_accuracies(accuracy(bytes([RIGHT, UNREADABLE, WRONG])), accuracy(bytes([WRONG, RIGHT, RIGHT])))
    assert (made.images, made.only_first, made.only_second) == (2, 1, 1)


def test_other_images_are_not_compared() -> None:
    with pytest.raises(ResultsError, match="of different images"):
        compare_accuracies(accuracy(), accuracy(dataset_sha256="00" * 32))


@pytest.mark.parametrize(("gained", "lost", "images"), [(0.1, 0.06, 200), (0.02, 0.02, 400), (0.3, 0.1, 60)])
def test_the_interval_of_the_difference_holds_nineteen_times_of_twenty(gained: float, lost: float, images: int) -> None:
    random = np.random.default_rng(3)
    held = 0
    for _ in range(2000):
        b, c, _rest = random.multinomial(images, [gained, lost, 1 - gained - lost])
        first = bytes([WRONG] * b + [RIGHT] * c + [RIGHT] * (images - b - c))
        second = bytes([RIGHT] * b + [WRONG] * c + [RIGHT] * (images - b - c))
        made = compare_accuracies(accuracy(first), accuracy(second))
        held += made.low <= gained - lost <= made.high
    assert 0.93 <= held / 2000 <= 0.985


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.db"


NETWORK = {"source": {"kind": "own", "program_sha256": "aa", "params_sha256": "bb"}}


def test_what_is_kept_is_read_back_the_same(path: Path) -> None:
    subject = replace(SUBJECT, metadata=NETWORK)
    one = accuracy(
        subject=subject, network=network_id(subject), remarks=("no image is right",), program={"name": "edgebench"}
    )
    with Store(path) as store:
        id = store.accuracies.add(one)
        assert store.accuracies.get(id) == replace(one, id=id)
        assert store.accuracies.all() == ([replace(one, id=id)], [])


def test_the_same_judgement_stays_one_row_of_the_newer_time(path: Path) -> None:
    one = accuracy(program={"name": "edgebench"})
    with Store(path) as store:
        first = store.accuracies.add(one)
        other = store.accuracies.add(replace(one, outcomes=bytes([WRONG] * 10), finished=1.71e9))
        again = replace(one, finished=1.72e9, seconds=4.0)
        assert store.accuracies.add(again) == first
        assert [kept.id for kept in store.accuracies.all()[0]] == [other, first]
        assert store.accuracies.get(first) == replace(again, id=first)
        assert store.accuracies.of(SUBJECT) == replace(again, id=first)


@pytest.mark.parametrize(
    "change",
    [
        {"dataset_sha256": "ab" * 32}, {"engine": "paddle-lite v2.14-rc"}, {"preprocessing": {"scale": 2.0}},
        {"synthetic": True},
        {"program": {"name": "another"}}, {"device": {"serial": "a", "serialno": "b"}}, {"remarks": ("none",)},
        {"classes": None},
        {"subject": replace(SUBJECT, sha256="cd" * 32)}, {"has_top5": False},
    ],
)  # fmt: skip
def test_another_judgement_is_a_row_of_its_own(path: Path, change: dict[str, Any]) -> None:
    with Store(path) as store:
        assert store.accuracies.add(accuracy()) != store.accuracies.add(replace(accuracy(), **change))


def test_they_are_found_by_model_and_device(path: Path) -> None:
    with Store(path) as store:
        first = store.accuracies.add(accuracy())
        second = store.accuracies.add(
            accuracy(subject=replace(SUBJECT, name="other"), device={**PHONE, "serialno": "8a1b"})
        )
        for asked, found in (
            ({}, [first, second]),
            ({"model": "other"}, [second]),
            ({"device": "8a1b"}, [second]),
            ({"device": "ab12"}, [second]),
            ({"device": "host"}, [first]),
            ({"model": "other", "device": "host"}, []),
        ):
            assert [one.id for one in store.accuracies.all(**asked)[0]] == found
        store.accuracies.delete(first)
        with pytest.raises(UnknownResultError, match=f"no accuracy {first}"):
            store.accuracies.get(first)
        with pytest.raises(UnknownResultError):
            store.accuracies.delete(first)


def test_a_measurement_has_the_newest_accuracy_of_its_file_else_of_its_network(path: Path) -> None:
    host = replace(SUBJECT, sha256="1a" * 32, metadata=NETWORK)
    phone = replace(SUBJECT, sha256="1b" * 32, metadata=NETWORK)
    with Store(path) as store:
        cell = store.begin(
            store.new_session(seed=1, device=PHONE), subject=phone, threads=1, protocol=ROBUST, program=PROGRAM
        )
        store.add_launch(cell, 1, launch(0, 10.0))
        assert store.get(cell).accuracy is None
        store.accuracies.add(accuracy(subject=host, network=network_id(host)))
        newer = store.accuracies.add(accuracy(bytes([WRONG]), subject=host, network=network_id(host)))
        store.accuracies.add(accuracy(subject=phone, network=network_id(phone), synthetic=True))
        store.accuracies.add(accuracy(subject=replace(phone, sha256="0a" * 32, precision="int8"), network="aa bb int8"))
        found = store.get(cell).accuracy
        assert found is not None
        assert found.id == newer
        own = store.accuracies.add(accuracy(subject=phone, network=network_id(phone)))
        store.accuracies.add(accuracy(subject=host, network=network_id(host)))
        found = store.get(cell).accuracy
        assert found is not None
        assert found.id == own


def test_files_of_which_nothing_is_known_are_no_network() -> None:
    assert network_id(SUBJECT) is None
    assert network_id(replace(SUBJECT, metadata={"source": {"program_sha256": "aa"}})) is None
    assert network_id(replace(SUBJECT, metadata={"source": 5})) is None


def test_a_damaged_row_is_named_and_the_others_are_there(path: Path) -> None:
    with Store(path) as store:
        first, second = (store.accuracies.add(accuracy(bytes([what] * 10))) for what in (RIGHT, WRONG))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE accuracy SET outcomes = '' WHERE id = ?", (first,))
    with Store(path) as store:
        found, damaged = store.accuracies.all()
        assert [one.id for one in found] == [second]
        assert len(damaged) == 1
        assert f"accuracy {first} in {path} is damaged" in damaged[0]
        with pytest.raises(ResultsError, match="is damaged"):
            store.accuracies.get(first)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("finished", 1e300),
        ("finished", -1.0),
        ("finished", "now"),
        ("outcomes", bytes([RIGHT, 7])),
        ("outcomes", b"\xff\xff"),
    ],
)
def test_a_cell_that_holds_what_it_cannot_is_damage(path: Path, column: str, value: object) -> None:
    with Store(path) as store:
        id = store.accuracies.add(accuracy())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE accuracy SET {column} = ?", (value,))
    with Store(path) as store:
        assert store.accuracies.all()[0] == []
        with pytest.raises(ResultsError, match="is damaged"):
            store.accuracies.get(id)


def test_the_same_images_in_another_number_are_damage() -> None:
    with pytest.raises(ResultsError, match="tells of 10 images and 2 of 9, though they are of the same ones"):
        compare_accuracies(accuracy(id=1), accuracy(bytes([RIGHT] * 9), id=2))
