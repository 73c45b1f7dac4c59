from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edge.convert.pipeline import convert_models
from edge.convert.products.nb import NbOrder
from edge.convert.recipe import choose
from edge.convert.schedule import Schedule, memory_needed
from edge.source.weights import Weights
from edge.zoo.catalogue import lookup

RANDOM = Weights("random")
SMALL, MIDDLE, LARGE = "MobileNetV1_x0_25", "MobileViT_S", "VGG19"  # by multiply-accumulates, and by parameters
NAMES = (SMALL, LARGE, MIDDLE)


def orders(*names: str) -> list[NbOrder]:
    return [NbOrder(name, lookup(name), RANDOM, choose()) for name in names]


def taken(schedule: Schedule, count: int) -> list[int]:
    return [schedule.take() for _ in range(count)]


def test_the_longest_come_first() -> None:
    assert taken(Schedule(orders(*NAMES), 1 << 60), 3) == [1, 2, 0]


def test_of_what_the_table_does_not_know_nothing_is_longer() -> None:
    unknown = NbOrder("own", None, RANDOM, choose())
    assert taken(Schedule([*orders(*NAMES), unknown], 1 << 60), 4) == [3, 1, 2, 0]


def test_the_same_network_again_comes_when_all_others_have_begun() -> None:
    """`MobileNetV1_ssld` is MobileNetV1 with other published weights."""
    assert taken(Schedule(orders("MobileNetV1", SMALL, "MobileNetV1_ssld", MIDDLE), 1 << 60), 4) == [3, 0, 1, 2]


def test_what_has_no_room_waits_and_lets_shorter_ones_by() -> None:
    needed = {name: memory_needed(lookup(name)) for name in NAMES}
    schedule = Schedule(orders(*NAMES, MIDDLE), needed[LARGE] + needed[SMALL])
    assert taken(schedule, 2) == [1, 0]
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(schedule.take()))
    thread.start()
    thread.join(0.1)
    assert later == []
    schedule.ended(0)
    thread.join(0.1)
    assert later == []
    schedule.ended(1)
    thread.join(10)
    assert later == [2]


def test_what_is_too_large_for_the_room_is_given_out_alone() -> None:
    schedule = Schedule(orders(*NAMES), 10)
    for at in (1, 2, 0):
        assert taken(schedule, 1) == [at]
        schedule.ended(at)


def test_outcomes_are_in_the_order_asked_and_told_in_that_of_their_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(order: NbOrder, _work: object) -> tuple[object, bool]:
        return order.name, False

    monkeypatch.setattr(NbOrder, "make", make)
    heard: list[str] = []
    found = convert_models(orders(*NAMES), tmp_path, jobs=2, done=lambda outcome: heard.append(outcome.order.name))
    assert [str(outcome.made) for outcome in found] == list(NAMES)
    assert sorted(heard) == sorted(NAMES)


def test_the_largest_network_asks_for_several_copies_of_its_parameters() -> None:
    largest = memory_needed(lookup("ResNeXt101_32x48d_wsl"))
    assert 4 * 4 * 829e6 < largest < 10 * 4 * 829e6
    assert memory_needed(lookup(SMALL)) < memory_needed(None) < largest
