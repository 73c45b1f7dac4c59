"""What a device's state at the beginning of a session says of the measurements."""

from __future__ import annotations

from edge.device.base import AppliedSettings, State
from edge.results.reasons import Code, Remark

LOW_BATTERY = 20  # percent; phones save power by themselves below 15 to 20


def notes_of_state(state: State) -> list[Remark]:
    """What the device was like when the session began, where that may change how it runs."""
    notes: list[Remark] = []
    battery = state.battery
    if battery is not None and battery.percent is not None and battery.percent < LOW_BATTERY:
        notes.append(Code.BATTERY_LOW(percent=battery.percent))
    if battery is not None and battery.charging:
        notes.append(Code.BATTERY_CHARGING())
    if state.battery_saver:
        notes.append(Code.BATTERY_SAVER())
    if state.screen_on:
        notes.append(Code.SCREEN_ON())
    return notes


def notes_of_clocks(kind: str, applied: AppliedSettings, state: State) -> list[Remark]:
    """Of a board whose governor edgezoo could not set: which one its clocks were left to."""
    if kind != "linux" or applied.governor is not None:
        return []
    found = sorted({core.governor for core in state.cores if core.governor})
    return [Code.GOVERNOR_LEFT(governor=", ".join(found)) if found else Code.GOVERNOR_UNKNOWN()]
