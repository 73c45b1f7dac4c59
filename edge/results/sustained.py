"""A model that ran for minutes: its windows, the steady value against the start, the order of models then and now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.results.measurement import Launch, Measurement
from edge.results.statistics import median

FIRST_SECONDS = 60.0  # the start; of a short measurement its first quarter
STEADY_SHARE = 0.25  # the end
CHANGING = 0.02  # what the two halves of the end may differ by


@dataclass(frozen=True, slots=True)
class Window:
    """One launch: `at_s` since the first began; its median in ms; the highest true clock of the cores it used in GHz;
    the hottest CPU and battery zone after it in °C. What was not told is None. `busy`: the share of the window in
    which the model ran, the rest is the program's start and the driver's readings."""

    at_s: float
    ms: float
    runs: int
    clock_ghz: float | None
    cpu_celsius: float | None
    battery_celsius: float | None
    busy: float | None


@dataclass(frozen=True, slots=True)
class Sustained:
    """`first_ms`: the median of the windows begun in the first minute; `steady_ms`: of those in the last quarter.

    `change`: the second half of the last quarter over its first, minus 1; beyond `CHANGING` nothing is steady.
    """

    windows: tuple[Window, ...]
    first_ms: float
    steady_ms: float
    change: float

    @property
    def ratio(self) -> float:
        """Steady over first; above 1 it became slower."""
        return self.steady_ms / self.first_ms

    @property
    def steady(self) -> bool:
        """Whether the end no longer changes."""
        return abs(self.change) <= CHANGING


@dataclass(frozen=True, slots=True)
class Rank:
    """A model's place among those measured in the same way, from 1, by the start and by the steady value."""

    id: int
    at_start: int
    at_end: int


def sustained(one: Measurement) -> Sustained | None:
    """What a measurement of the protocol `sustained` says; None for another one, or with fewer than two windows."""
    return of_launches(one.launches) if one.protocol.base == "sustained" else None


def of_launches(launches: Sequence[Launch]) -> Sustained | None:
    """The same of the launches alone."""
    made = [launch for launch in launches if launch.runs]
    if len(made) < 2:
        return None
    windows = tuple(_window(launch, made[0].started) for launch in made)
    lasted = made[-1].started + made[-1].seconds - made[0].started
    start = min(FIRST_SECONDS, lasted / 4)
    first = [window.ms for window in windows if window.at_s < start] or [windows[0].ms]
    last = [window.ms for window in windows if window.at_s >= lasted * (1 - STEADY_SHARE)][-len(windows) + 1 :]
    last = last if len(last) > 1 else [window.ms for window in windows[-2:]]
    middle = len(last) // 2
    return Sustained(windows, median(first), median(last), median(last[middle:]) / median(last[:middle]) - 1)


def ranking(cells: Sequence[Measurement]) -> list[list[Rank]]:
    """For each device and thread count with several models: their places, in the order of the end."""
    groups: dict[tuple[object, int], list[tuple[Measurement, Sustained]]] = {}
    for one in cells:
        if (found := sustained(one)) is not None:
            groups.setdefault((one.identity, one.threads), []).append((one, found))
    ranks = []
    for group in groups.values():
        if len(group) > 1:
            start = [one.id for one, _ in sorted(group, key=lambda pair: pair[1].first_ms)]
            end = [one.id for one, _ in sorted(group, key=lambda pair: pair[1].steady_ms)]
            ranks.append([Rank(id, start.index(id) + 1, place) for place, id in enumerate(end, 1)])
    return ranks


def _window(launch: Launch, began: float) -> Window:
    clocks = launch.probes.clocks if launch.probes else None
    read = [one.hz for moment in (clocks.between, clocks.after) for one in moment or ()] if clocks else []
    told = [hz for hz in read if hz]
    ran = sum(launch.samples_ms) if launch.samples_ms else launch.runs * (launch.mean_ms or 0)
    return Window(
        at_s=launch.started - began,
        ms=launch.level_ms,
        runs=launch.runs,
        clock_ghz=max(told) / 1e9 if told else None,
        cpu_celsius=_hottest(launch, "cpu"),
        battery_celsius=_hottest(launch, "battery"),
        busy=min(1.0, ran / 1000 / launch.seconds) if launch.seconds > 0 else None,
    )


def _hottest(launch: Launch, kind: str) -> float | None:
    after = (launch.state or {}).get("after") or {}
    zones = [zone["millicelsius"] for zone in after.get("zones") or () if zone.get("kind") == kind]
    return max(zones) / 1000 if zones else None
