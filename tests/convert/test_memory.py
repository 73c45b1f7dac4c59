from __future__ import annotations

import threading
import time

from edge.convert.memory import MemoryBudget, memory_needed
from edge.zoo.catalogue import lookup


def test_what_fits_is_let_in_together_and_what_does_not_waits() -> None:
    room = MemoryBudget(10)
    inside = threading.Event()

    def work() -> None:
        with room.reserve(6):
            inside.set()

    with room.reserve(5):
        with room.reserve(5):
            pass
        other = threading.Thread(target=work)
        other.start()
        assert not inside.wait(0.1)
    other.join(5)
    assert inside.is_set()


def test_what_is_too_large_for_the_room_is_let_in_alone() -> None:
    room = MemoryBudget(10)
    with room.reserve(100):
        pass
    with room.reserve(10):
        pass


def test_nobody_small_slips_past_a_large_one_that_waits() -> None:
    room = MemoryBudget(10)
    order: list[str] = []

    def work(name: str, size: int) -> None:
        with room.reserve(size):
            order.append(name)

    with room.reserve(5):
        large = threading.Thread(target=work, args=("large", 10))
        large.start()
        deadline = time.monotonic() + 10
        while not room._queue.locked():  # the large one waits in it
            assert time.monotonic() < deadline
        small = threading.Thread(target=work, args=("small", 1))
        small.start()
        small.join(0.1)
        assert order == []
    large.join(5)
    small.join(5)
    assert order == ["large", "small"]


def test_the_largest_network_asks_for_several_copies_of_its_parameters() -> None:
    largest = memory_needed(lookup("ResNeXt101_32x48d_wsl"))
    assert 4 * 4 * 829e6 < largest < 10 * 4 * 829e6
    assert memory_needed(lookup("MobileNetV1_x0_25")) < memory_needed(None) < largest
