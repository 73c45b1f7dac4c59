"""What a session as a whole says against single launches: a stretch at another speed, a core at a lower clock than it had
in the others. Pure functions; what could not be read gives no sign.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.bench.stretch import find_stretch
from edge.bench.throttling import MAX_CLOCK_SHORTFALL
from edge.results.measurement import Launch
from edge.results.reasons import Code, Remark
from edge.results.statistics import median, neighbours_alike

# Of the CPU time a cell's launch gets for its wall time, against the cell's best launch.
MAX_CPU_SHORTFALL = 0.05


def signs_of_session(cells: Sequence[int], launches: Sequence[Launch], *, seed: int) -> dict[int, Remark]:
    """The places of the launches that something speaks against, and what; `launches` in the order of time.

    `cells[i]` is the cell of `launches[i]`. What the probes tell is taken out first, so that a stretch is looked for in
    what is left.
    """
    found = {**_slow_clocks(launches)}
    for place, sign in _short_of_cpu(cells, launches).items():
        found.setdefault(place, sign)
    left = [place for place in range(len(launches)) if place not in found]
    stretch = find_stretch([cells[i] for i in left], [launches[i].level_ms for i in left], seed=seed)
    if stretch is not None:
        pace = f"{abs(stretch.shift):.0%} {'slower' if stretch.shift > 0 else 'faster'}"
        sign = Code.STRETCH(count=len(stretch.concerned), pace=pace)
        found |= {left[place]: sign for place in stretch.concerned}
    return found


def note_of_session(cells: Sequence[int], launches: Sequence[Launch], *, seed: int) -> Remark | None:
    """Whether launches that follow one another are alike, whichever cells they are of, and so tell less than they seem."""
    levels: dict[int, list[float]] = {}
    for cell, launch in zip(cells, launches, strict=True):
        levels.setdefault(cell, []).append(launch.level_ms)
    middle = {cell: median(values) for cell, values in levels.items()}
    if len(middle) < 2:  # a cell alone says it of itself
        return None
    relative = [launch.level_ms / middle[cell] for cell, launch in zip(cells, launches, strict=True)]
    alike = neighbours_alike(relative, seed=seed)
    if alike is None:
        return None
    return Code.SESSION_NEIGHBOURS_ALIKE(correlation=alike)


def _slow_clocks(launches: Sequence[Launch]) -> dict[int, Remark]:
    """Launches with a core more than 3 % below the clock it had in the session's fastest launches.

    In fixed performance mode nobody says which clock is meant, but it is one and the same for all launches.
    """
    clocks = [_clocks(launch) for launch in launches]
    best: dict[int, float] = {}
    for core in {core for one in clocks for core in one}:
        readings = sorted((one[core] for one in clocks if core in one), reverse=True)
        best[core] = readings[min(1, len(readings) - 1)]  # the second: one reading alone may be wrong
    found = {}
    for place, one in enumerate(clocks):
        for core, hz in one.items():
            if hz < (1 - MAX_CLOCK_SHORTFALL) * best[core]:
                found[place] = Code.CLOCK_BELOW_BEST(core=core, ghz=hz / 1e9, best_ghz=best[core] / 1e9)
    return found


def _clocks(launch: Launch) -> dict[int, float]:
    """By core, the lower of the median before and between the runs and the one after."""
    if launch.probes is None:
        return {}
    clocks = launch.probes.clocks
    found: dict[int, float] = {}
    for part in (clocks.before, clocks.between, clocks.after):
        by_core: dict[int, list[float]] = {}
        for reading in part or ():
            if reading.hz:
                by_core.setdefault(reading.core, []).append(reading.hz)
        for core, values in by_core.items():
            found[core] = min(median(values), found.get(core, median(values)))
    return found


def _short_of_cpu(cells: Sequence[int], launches: Sequence[Launch]) -> dict[int, Remark]:
    """Launches that had more than 5 % less CPU time for their wall time than their cell's best ones."""
    shares = [
        launch.probes.measured.cpu_ms / launch.probes.measured.wall_ms
        if launch.probes is not None and launch.probes.measured.wall_ms > 0
        else None
        for launch in launches
    ]
    best: dict[int, float] = {}
    for cell in set(cells):
        known = sorted((share for one, share in zip(cells, shares, strict=True) if one == cell and share), reverse=True)
        if len(known) >= 2:
            best[cell] = known[1]
    found = {}
    for place, (cell, share) in enumerate(zip(cells, shares, strict=True)):
        if share is not None and cell in best and share < (1 - MAX_CPU_SHORTFALL) * best[cell]:
            found[place] = Code.SHORT_OF_CPU(share=1 - share / best[cell])
    return found
