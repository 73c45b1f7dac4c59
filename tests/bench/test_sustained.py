"""Models that run for minutes on a device with a made-up clock: windows, heat, and what is kept when it is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.bench.clock import Clock
from edge.bench.request import Job, Request
from edge.bench.sustained import measure_sustained
from edge.device.base import Battery, State, Thermal, Zone
from edge.errors import AbortedError, RunnerError
from edge.results.measurement import Measurement
from edge.results.protocol import sustained
from edge.results.store import Store
from tests.bench.examples import SUBJECT
from tests.bench.scripted import RUNNER, ScriptedDevice, Silent


class Time:
    """Ten seconds a launch."""

    now = 1e9

    def time(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "results.db") as opened:
        yield opened


@pytest.fixture
def clock() -> Time:
    return Time()


def run(device: ScriptedDevice, store: Store, clock: Time, *names: str, minutes: float = 10) -> list[Measurement]:
    before = device.trouble

    def trouble(number: int) -> None:
        before(number)
        clock.now += 10

    device.trouble = trouble
    jobs = tuple(Job(Path(f"{name}.nb"), replace(SUBJECT, name=name)) for name in names)
    asked = Request(jobs, (1,), sustained(60 * minutes), seed=1)
    todo = [(job, 1) for job in jobs]
    made_up = Clock(now=clock.time, monotonic=clock.time)
    try:
        measure_sustained(device, RUNNER, asked, store, Silent(), todo, sleep=lambda _: None, clock=made_up, coolest={})
    finally:
        cells = [store.get(id) for id in store.ids()]
    return cells


def test_windows_follow_one_another_for_the_time(store: Store, clock: Time) -> None:
    device = ScriptedDevice(lambda _, __, number: 100.0 if number < 30 else 130.0)
    cells = run(device, store, clock, "A", "B")
    assert [len(cell.launches) for cell in cells] == [60, 60]
    assert device.launches == [("A.nb", 1)] * len(cells[0].launches) + [("B.nb", 1)] * len(cells[1].launches)
    assert all(cell.valid for cell in cells)
    assert "steady 130.000 ms, 1.300 times the 100.000 ms of its start" in [str(note) for note in cells[0].notes]
    assert cells[0].protocol.duration_s == 600


def test_heat_is_what_is_measured_and_speaks_against_nothing(store: Store, clock: Time) -> None:
    device = ScriptedDevice(100.0)
    device.thermals = lambda number: Thermal(min(3, number // 10), (Zone("cpu-1-7", "cpu", 30_000 + 1000 * number),))
    (cell,) = run(device, store, clock, "A", minutes=5)
    assert len(cell.launches) == 30
    assert cell.valid
    assert any(note.code == "measured_hot" for note in cell.notes)


def test_what_the_device_was_like_is_noted(store: Store, clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    device = ScriptedDevice(100.0)
    monkeypatch.setattr(device, "state", lambda: State(0, (), (), Battery(50, 30_000, True), True, True))
    (cell,) = run(device, store, clock, "A", minutes=1)
    assert {"battery_charging", "battery_saver", "screen_on"} <= {note.code for note in cell.notes}


def test_what_is_cut_off_keeps_its_windows(store: Store, clock: Time) -> None:
    device = ScriptedDevice(100.0)

    def cut(number: int) -> None:
        if number == 12:
            raise AbortedError("the session was ended on request")

    device.trouble = cut
    with pytest.raises(AbortedError):
        run(device, store, clock, "A", "B")
    (cell,) = [store.get(id) for id in store.ids()]
    assert (cell.status, cell.valid, len(cell.launches)) == ("measured", False, 12)
    assert [reason.code for reason in cell.reasons] == ["cut_short"]
    assert dict(cell.reasons[0].parameters)["wanted"] == 600


def test_what_is_cut_off_before_its_first_window_leaves_nothing(store: Store, clock: Time) -> None:
    device = ScriptedDevice(100.0)

    def cut(_: int) -> None:
        raise AbortedError("the session was ended on request")

    device.trouble = cut
    with pytest.raises(AbortedError):
        run(device, store, clock, "A")
    assert store.ids() == []


def test_one_that_fails_fails_alone(store: Store, clock: Time) -> None:
    device = ScriptedDevice(100.0)

    failed: list[int] = []

    def broken(number: int) -> None:
        if number == 3 and not failed:
            failed.append(number)
            raise RunnerError("the model cannot be loaded", kind="load")

    device.trouble = broken
    first, second = run(device, store, clock, "A", "B", minutes=1)
    assert (first.status, len(first.launches)) == ("failed", 3)
    assert (second.status, len(second.launches)) == ("measured", 6)
