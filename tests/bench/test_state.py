"""What a device is like when a session begins is said of what is measured in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.bench.session import measure
from edge.bench.state import LOW_BATTERY, notes_of_state
from edge.device.base import Battery, State
from edge.results.store import Store
from tests.bench.scripted import RUNNER, ScriptedDevice
from tests.bench.test_session import Heard, request

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
