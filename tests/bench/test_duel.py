"""Two models in one session: measured in turn until it is decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

import pytest

from edge.bench.clock import Clock
from edge.bench.gate import Gate
from edge.bench.request import Job, Request
from edge.bench.session import measure
from edge.device.base import Thermal
from edge.errors import RunnerError
from edge.results.comparison import LatencyComparison, compare
from edge.results.measurement import Measurement
from edge.results.protocol import COMPARE
from edge.results.sequential import LEVEL, LOOKS
from edge.results.store import Store
from tests.bench.examples import SUBJECT
from tests.bench.scripted import RUNNER, ScriptedDevice, Silent


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "results.db") as opened:
        yield opened


def duel(
    device: ScriptedDevice, store: Store, *, limit: int = 40, threads: tuple[int, ...] = (1,), wait: float = 300
) -> list[Measurement]:
    jobs = tuple(Job(Path(f"{name}.nb"), replace(SUBJECT, name=name)) for name in ("A", "B"))  # the same bytes
    asked = Request(jobs, threads, replace(COMPARE, launches_max=limit), seed=3, gate=Gate(limit_seconds=wait))
    return measure(
        device, RUNNER, asked, store, Silent(), sleep=lambda _: None, clock=Clock(now=partial(next, count(1e9)))
    )


def noisy(ratio: float, noise: float) -> ScriptedDevice:
    random = Random(8)
    return ScriptedDevice(lambda model, *_: (ratio if model == "B.nb" else 1.0) * 10 * random.gauss(1, noise))


def answer(cells: list[Measurement]) -> LatencyComparison:
    first, second = cells
    return compare(first, second)


@pytest.mark.parametrize(("ratio", "message"), [(1.1, "slower"), (0.9, "faster"), (1.0, "the same")])
def test_it_stops_when_it_is_decided(ratio: float, message: str, store: Store) -> None:
    cells = duel(noisy(ratio, 0.002), store)
    made = answer(cells)
    assert made.answer == message
    assert made.pairs == LOOKS[0]
    assert made.interval is not None
    assert made.interval.level == LEVEL
    assert [(cell.subject.name, cell.protocol.name, cell.status) for cell in cells] == [
        ("A", "compare", "measured"),
        ("B", "compare", "measured"),
    ]
    assert cells[0].session == cells[1].session


def test_it_stays_undecided_at_the_limit(store: Store) -> None:
    device = noisy(1.0, 0.08)
    made = answer(duel(device, store, limit=12))
    assert (made.answer, made.pairs) == ("undecided", 12)


def test_the_two_are_measured_in_turn(store: Store) -> None:
    device = noisy(1.1, 0.002)
    duel(device, store)
    rounds = [device.launches[place : place + 2] for place in range(0, 16, 2)]
    assert all({model for model, _ in one} == {"A.nb", "B.nb"} for one in rounds)


def test_each_thread_count_is_decided_for_itself(store: Store) -> None:
    random = Random(2)

    def pace(model: str, threads: int, _: int) -> float:
        return 10 * (1.1 if model == "B.nb" else 1) * random.gauss(1, 0.002 if threads == 1 else 0.06)

    cells = duel(ScriptedDevice(pace), store, limit=16, threads=(1, 4))
    a1, a4, b1, b4 = cells
    assert compare(a1, b1).pairs == LOOKS[0]
    assert compare(a4, b4).pairs == 16


def test_what_is_measured_already_is_measured_again(store: Store) -> None:
    first = duel(noisy(1.1, 0.002), store)
    second = duel(noisy(1.1, 0.002), store)
    assert {cell.id for cell in first}.isdisjoint(cell.id for cell in second)


def test_where_one_fails_the_other_is_not_measured_to_the_limit(store: Store) -> None:
    device = noisy(1.1, 0.002)

    def trouble(_: int) -> None:
        if device.launches and device.launches[-1][0] == "A.nb":
            raise RunnerError("B.nb cannot be loaded", kind="load")

    device.trouble = trouble
    cells = duel(device, store)
    assert sum(cell.status == "failed" for cell in cells) == 1
    assert len(device.launches) <= 4


def test_a_launch_that_something_speaks_against_is_made_again_before_it_is_looked(store: Store) -> None:
    device = noisy(1.1, 0.002)
    cool = device.thermals
    # hot when the first launch of the second round begins, and no more when it has ended
    device.thermals = lambda _: Thermal(3, cool(0).zones) if len(device.launches) == 2 else cool(0)
    cells = duel(device, store, wait=0)
    spoiled = [sum(bool(launch.reasons) for launch in cell.launches) for cell in cells]
    assert spoiled == [1, 1]  # the one before it saw the status rise
    assert [len(cell.launches) for cell in cells] == [LOOKS[0] + 1] * 2
    made = answer(cells)
    assert (made.answer, made.pairs) == ("slower", LOOKS[0])
    assert all(cell.valid for cell in cells)


def test_where_launches_of_one_are_spoiled_the_limit_counts_pairs(store: Store) -> None:
    device = noisy(1.0, 0.08)
    cool, spoiled = device.thermals, [3, 8, 13]  # of all launches; hot only before them

    def thermals(_: int) -> Thermal:
        return Thermal(3, cool(0).zones) if len(device.launches) in spoiled else cool(0)

    device.thermals = thermals
    cells = duel(device, store, limit=12, wait=0)
    assert [sum(bool(launch.reasons) for launch in cell.launches) for cell in cells] != [0, 0]
    assert min(sum(not launch.reasons for launch in cell.launches) for cell in cells) == 12
    assert answer(cells).pairs == 12


def test_what_is_set_aside_at_the_end_is_made_again_by_both(store: Store) -> None:
    random = Random(8)

    def pace(model: str, _: int, number: int) -> float:
        slow = 1.3 if 2 <= number < 5 else 1.0  # both, for three rounds
        return (1.1 if model == "B.nb" else 1.0) * slow * 10 * random.gauss(1, 0.002)

    cells = duel(ScriptedDevice(pace), store)
    assert [[one.code for launch in cell.launches for one in launch.reasons] for cell in cells] == [["stretch"] * 3] * 2
    assert [sum(not launch.reasons for launch in cell.launches) for cell in cells] == [LOOKS[0]] * 2
    assert [cell.status for cell in cells] == ["measured"] * 2
    made = answer(cells)
    assert (made.answer, made.pairs) == ("slower", LOOKS[0])
    assert made.ratio == pytest.approx(1.1, rel=0.01)
