"""What a device is like when a session begins is said of what is measured in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edge.bench.clock import Clock
from edge.bench.gate import Gate
from edge.bench.session import measure
from edge.bench.state import LOW_BATTERY, notes_of_clocks, notes_of_state
from edge.device.base import AppliedSettings, Battery, Core, State, Thermal, Zone
from edge.results.protocol import SUSTAINED
from edge.results.store import Store
from tests.bench.scripted import RUNNER, ScriptedDevice
from tests.bench.test_session import FEW, Heard, request

FINE = State(0, (), (), Battery(80, 30_000, charging=False), screen_on=False, battery_saver=False)
UNKNOWN = State(None, (), (), None, None, None)


@pytest.mark.parametrize(
    ("state", "codes"),
    [
        pytest.param(FINE, [], id="fine"),
        pytest.param(UNKNOWN, [], id="unknown"),
        pytest.param(replace(FINE, battery=Battery(LOW_BATTERY - 1, None, None)), ["battery_low"], id="low"),
        pytest.param(replace(FINE, battery=Battery(LOW_BATTERY, None, None)), [], id="not low"),
        pytest.param(replace(FINE, battery=Battery(None, None, charging=True)), ["battery_charging"], id="charging"),
        pytest.param(replace(FINE, battery_saver=True), ["battery_saver"], id="saver"),
        pytest.param(replace(FINE, screen_on=True), ["screen_on"], id="screen"),
    ],
)
def test_what_may_change_how_it_runs(state: State, codes: list[str]) -> None:
    assert [note.code for note in notes_of_state(state)] == codes


def test_every_cell_of_the_session_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = ScriptedDevice()
    monkeypatch.setattr(device, "state", lambda: replace(FINE, battery_saver=True))
    with Store(tmp_path / "results.db") as store:
        cells = measure(device, RUNNER, request("A", "B"), store, Heard(), sleep=lambda _: None)
    assert [[str(note) for note in cell.notes if note.code == "battery_saver"] for cell in cells] == [
        ["battery saver was on: the system lowers its clocks"]
    ] * 2
    assert all(cell.valid for cell in cells)


@pytest.mark.parametrize(
    ("applied", "seen", "said"),
    [
        ("performance", "performance", []),
        ("performance", None, []),
        ("performance", "powersave", ["its cores were under the governor powersave where performance had been set"]),
        (None, "powersave", []),
    ],
)
def test_a_launch_says_under_which_governor_it_was(
    applied: str | None, seen: str | None, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was set when the session began may not hold any more."""
    device = ScriptedDevice()
    device.message = {"governor": seen}
    monkeypatch.setattr(device, "prepared", lambda: prepared(device, AppliedSettings(False, False, applied)))
    for how in (FEW, replace(SUSTAINED, duration_s=0.0)):
        with Store(tmp_path / f"{how.name}.db") as store:
            (cell,) = measure(device, RUNNER, request("A", how=how), store, Heard(), sleep=lambda _: None)
        assert [[one.text for one in launch.reasons] for launch in cell.launches] == [said] * len(cell.launches)
        assert cell.valid is not bool(said)


class Moving:
    """A clock that only pauses move."""

    seconds = 1000.0

    def now(self) -> float:
        return self.seconds

    @property
    def told(self) -> Clock:
        return Clock(self.now, self.now)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_weak_power_supply_is_called_one_and_not_waited_for(at: str, tmp_path: Path) -> None:
    device, clock = ScriptedDevice(), Moving()
    weak, fine = (Thermal(None, (Zone("c", "cpu", 45_000),), limits) for limits in (("under-voltage", "throttled"), ()))
    device.thermals = lambda number: (
        weak if (len(device.launches) % 2 == 0) is (at == "before") and number > 1 else fine
    )
    with Store(tmp_path / "results.db") as store:
        asked = request("A", gate=Gate(limit_seconds=300))
        (cell,) = measure(device, RUNNER, asked, store, Heard(), sleep=clock.sleep, clock=clock.told)
    assert clock.seconds == 1000
    first = [one for launch in cell.launches for one in launch.reasons]
    assert {one.code for one in first} == {"under_voltage"}
    assert "under-voltage: the board's power supply was too weak" in str(first[0])
    assert "stronger power supply" in first[0].advice
    assert not cell.valid


@pytest.mark.parametrize(("hot_for", "lines"), [(4, 0), (30, 1), (130, 3)])
def test_a_log_says_that_a_hot_device_is_waited_for(hot_for: int, lines: int, tmp_path: Path) -> None:
    device, clock, heard = ScriptedDevice(), Moving(), Heard()
    device.thermals = lambda number: Thermal(2 if number > 1 and clock.seconds < 1000 + hot_for else 0, ())
    with Store(tmp_path / "results.db") as store:
        measure(device, RUNNER, request("A"), store, heard, sleep=clock.sleep, clock=clock.told)
    told = [line for line in heard.lines if "cooling" in line]
    assert len(told) == lines
    assert all(line.startswith("ab12: A, ") and "thermal status MODERATE (2); it is waited for, at most 300 s" in line
               for line in told)  # fmt: skip


SET, NOT_SET = (AppliedSettings(False, False, governor) for governor in ("performance", None))
LEFT = "its clocks were left to the governor ondemand, schedutil, for it could not be set to performance"


def with_governors(*names: str | None) -> State:
    return replace(UNKNOWN, cores=tuple(Core(number, True, 1, 1, name) for number, name in enumerate(names)))


@pytest.mark.parametrize(
    ("kind", "applied", "state", "said"),
    [
        pytest.param("linux", SET, with_governors("performance"), [], id="set"),
        pytest.param("linux", NOT_SET, with_governors("schedutil", "ondemand", "schedutil", None), [LEFT], id="left"),
        pytest.param(
            "linux", NOT_SET, with_governors(None),
            ["its governor could be neither read nor set: what held its clocks is not known"], id="unknown",
        ),
        pytest.param("android", NOT_SET, with_governors("schedutil"), [], id="a phone has another mode"),
        pytest.param("host", NOT_SET, with_governors("schedutil"), [], id="this machine is left as it is"),
    ],
)  # fmt: skip
def test_a_governor_that_could_not_be_set_is_said(
    kind: str, applied: AppliedSettings, state: State, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [str(note) for note in notes_of_clocks(kind, applied, state)] == said
    device = ScriptedDevice()
    device.itself = {"kind": kind}
    monkeypatch.setattr(device, "state", lambda: state)
    monkeypatch.setattr(device, "prepared", lambda: prepared(device, applied))
    with Store(tmp_path / "results.db") as store:
        cells = measure(device, RUNNER, request("A"), store, heard := Heard(), sleep=lambda _: None)
    assert heard.launches_kept == len(cells[0].launches)
    assert [str(note) for cell in cells for note in cell.notes if note.code.startswith("governor_")] == said


@contextmanager
def prepared(device: ScriptedDevice, applied: AppliedSettings) -> Iterator[AppliedSettings]:
    with ScriptedDevice.prepared(device):
        yield applied
