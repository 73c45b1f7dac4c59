#!/usr/bin/env python3
"""Sessions on a simulated phone with a known truth, through the real session, gate, parser, rules and statistics.

    .venv/bin/python scripts/truth.py            # the figures of the page, about three minutes on two cores
    .venv/bin/python scripts/truth.py --part 0.1 # a tenth of the sessions

Prints figures with their standard errors; docs/explanation/measurement.md says what they mean.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edge.bench.request import Job, Request
from edge.bench.session import measure
from edge.results.comparison import compare
from edge.results.measurement import Measurement
from edge.results.protocol import ROBUST, Protocol
from edge.results.store import Store
from tests.bench.examples import SUBJECT
from tests.bench.phone import NOISES, Noise, Phone, Weather, path_of
from tests.bench.scripted import RUNNER

SIX = {"A": 4.0, "B": 7.0, "C": 12.0, "D": 20.0, "E": 31.0, "F": 45.0}
SPREADS = (0.003, 0.01, 0.02, 0.03)
LAUNCH = 2.3  # seconds, about


class Silent:
    """Hears nothing."""

    def line(self, text: str) -> None:
        pass

    def error(self, text: str) -> None:
        pass

    def now(self, text: str) -> None:
        pass


@contextmanager
def store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as directory, Store(Path(directory) / "results.db") as opened:
        opened._database._connection.execute("PRAGMA synchronous = OFF")  # nothing here has to survive
        yield opened


def session(
    phone: Phone, kept: Store, *, threads: tuple[int, ...] = (1,), protocol: Protocol = ROBUST
) -> list[Measurement]:
    jobs = tuple(Job(path_of(name), replace(SUBJECT, name=name, sha256=name)) for name in phone.models)
    request = Request(jobs, threads, protocol, seed=phone.seed, fresh=True)
    return measure(phone, RUNNER, request, kept, Silent(), sleep=phone.pass_time, clock=phone.clock)


@dataclass
class Share:
    """How often something held; the standard error is that of sessions, which are what is drawn."""

    hits: int = 0
    of: int = 0

    def add(self, hits: int, of: int = 1) -> None:
        self.hits += hits
        self.of += of

    def __str__(self) -> str:
        if not self.of:
            return "none"
        p = self.hits / self.of
        return f"{p:6.1%} ± {math.sqrt(max(p * (1 - p), 0.25 / self.of) / self.of):.1%} ({self.of})"


# Coverage: of which cells does the interval hold the truth, and the tolerance that they claim?


def coverage(seed: int, sessions: int, noise: Noise, cells: int) -> dict[str, tuple[int, int]]:
    found = {"covers": [0, 0], "claims": [0, 0], "claims hold": [0, 0], "claims covered": [0, 0], "alarm": [0, 0]}
    groups, alike = [0, 0], [0, 0]
    for number in range(sessions):
        models = dict(list(SIX.items())[:cells])
        phone = Phone(models, seed=seed * 10_000 + number, noise=noise)
        with store() as kept:
            measured = session(phone, kept)
        found["alarm"][0] += any(launch.reasons for cell in measured for launch in cell.launches) or not all(
            cell.valid for cell in measured
        )
        found["alarm"][1] += 1
        for cell in measured:
            statistics, truth = cell.statistics, models[cell.subject.name]
            assert statistics is not None
            assert statistics.interval is not None
            covered = statistics.interval.low <= truth <= statistics.interval.high
            claims = not any("do not show" in str(note) for note in cell.notes)
            _add(found["covers"], covered)
            _add(found["claims"], claims)
            if claims:
                _add(found["claims covered"], covered)
                _add(found["claims hold"], abs(statistics.median / truth - 1) <= cell.protocol.tolerance)
            _add(groups, any("two groups" in str(note) for note in cell.notes))
            _add(alike, any("are alike" in str(note) for note in cell.notes))
    message = {"two groups said": groups, "alike said": alike}
    return {name: (hits, of) for name, (hits, of) in {**found, **message}.items()}


def _add(pair: list[int], hit: bool) -> None:
    pair[0] += bool(hit)
    pair[1] += 1


# Faults: is anything said, and is a cell that is off by more than 5 % ever called valid?

Fault = Callable[[float], Weather]
FAULTS: dict[str, tuple[Fault, tuple[float, ...]]] = {
    "step (no probe sees it)": (lambda s: Weather(slow=lambda t: 1 + s * (t > 0.55)), (0.06, 0.12, 0.3)),
    "slow middle": (lambda s: Weather(slow=lambda t: 1 + s * (0.4 < t < 0.65)), (0.06, 0.12, 0.3)),
    "hot start": (lambda s: Weather(slow=lambda t: 1 + s * (t < 0.25)), (0.06, 0.12, 0.3)),
    "drift": (lambda s: Weather(slow=lambda t: 1 + s * min(t, 2.0)), (0.1, 0.2)),
    "cap that the system tells": (lambda s: Weather(cap=lambda t: 1 - s * (t > 0.5)), (0.05, 0.15, 0.4)),
    "hardware limiter": (lambda s: Weather(clock=lambda t: 1 - s * (t > 0.5)), (0.05, 0.15, 0.4)),
    "hardware limiter, whole session": (lambda s: Weather(clock=lambda _: 1 - s), (0.05, 0.15, 0.4)),
    "oscillation of the clock": (lambda s: Weather(clock=lambda t: 1 - s * ((12 * t) % 1 < 0.5)), (0.05, 0.15, 0.4)),
    "a core lost": (lambda s: Weather(lost=lambda t: frozenset({6}) if t > s else frozenset()), (0.0, 0.3, 0.7)),
    "load on the cores": (lambda s: Weather(load=lambda t: s if 0.3 < t < 0.7 else 0.0), (0.08, 0.25, 0.5)),
    "load, whole session": (lambda s: Weather(load=lambda _: s), (0.08, 0.25, 0.5)),
}


def fault(
    seed: int, sessions: int, name: str, strength: float, fixed: bool = False, spread: float | None = None
) -> dict[str, tuple[int, int]]:
    found, wrong = [0, 0], [0, 0]
    for number in range(sessions):
        phone = Phone(
            SIX,
            seed=seed * 10_000 + number,
            noise=Noise("normal", spread or (0.005, 0.01, 0.015)[number % 3]),
            weather=FAULTS[name][0](strength),
            fixed_performance=fixed,
            expected=6 * 7 * LAUNCH * 2,
        )
        with store() as kept:
            measured = session(phone, kept, threads=(1, 4))
        message = any(launch.reasons for cell in measured for launch in cell.launches) or not all(
            cell.valid for cell in measured
        )
        _add(found, message)
        for cell in measured:
            truth = SIX[cell.subject.name] / cell.threads**0.8 / (0.85 if fixed else 1)
            assert cell.headline_ms is not None
            _add(wrong, cell.valid and abs(cell.headline_ms / truth - 1) > 0.05)
    return {"found": (found[0], found[1]), "valid and off by 5 %": (wrong[0], wrong[1])}


def calm(seed: int, sessions: int, noise: Noise, fixed: bool) -> dict[str, tuple[int, int]]:
    alarms, spoiled = [0, 0], [0, 0]
    for number in range(sessions):
        phone = Phone(SIX, seed=seed * 10_000 + number, noise=noise, fixed_performance=fixed)
        with store() as kept:
            measured = session(phone, kept, threads=(1, 4))
        _add(
            alarms, any(launch.reasons for c in measured for launch in c.launches) or not all(c.valid for c in measured)
        )
        for cell in measured:
            _add(spoiled, not cell.valid)
    return {"alarms": (alarms[0], alarms[1]), "cells invalid": (spoiled[0], spoiled[1])}


# Comparing: two files that are the same, or differ by so much; with a drift that both share.


def comparing(
    seed: int, sessions: int, true: float, launches: int, spread: float, two_sessions: bool, drift: float
) -> dict[str, tuple[int, int]]:
    answers = dict.fromkeys(("faster", "slower", "the same", "undecided"), 0)
    protocol = replace(ROBUST, launches_min=launches, launches_max=launches)
    for number in range(sessions):
        with store() as kept:
            cells = []
            for again in range(2 if two_sessions else 1):
                shift = 1.0
                phone = Phone({}, seed=seed * 10_000 + 2 * number + again, noise=Noise("normal", spread))
                if two_sessions:
                    shift = 1 + 0.01 * phone.random.standard_normal()
                names = ("A", "B") if not two_sessions else ("AB"[again],)
                phone.models = {name: 10 * shift * (1 + true * (name == "B")) for name in names}
                phone.expected = 2 * launches * LAUNCH
                phone.weather = Weather(slow=lambda t: 1 + drift * t)
                cells += session(phone, kept, protocol=protocol)
            answers[compare(cells[0], cells[1]).answer] += 1
    return {name: (count, sessions) for name, count in answers.items()}


def light(seed: int) -> dict[str, tuple[int, int]]:
    import numpy as np

    bases = np.random.default_rng(5).lognormal(math.log(18), 0.7, 55)
    phone = Phone({f"M{i}": float(base) for i, base in enumerate(bases)}, seed=seed, noise=Noise("normal", 0.004))
    with store() as kept:
        cells = session(phone, kept, threads=(1, 2, 4))
    return {"seconds": (round(phone.time), 1), "launches": (phone.count, 1), "valid": (sum(c.valid for c in cells), 1)}


def tables(part: float) -> list[tuple[str, str, Callable[..., Any], tuple[Any, ...], int]]:
    """Group, row, function, its arguments after seed and sessions, sessions."""
    rows: list[tuple[str, str, Callable[..., Any], tuple[Any, ...], int]] = []
    for kind in NOISES:
        for spread in SPREADS:
            rows.append(("coverage", f"{kind} {spread:.1%}, 6 cells", coverage, (Noise(kind, spread), 6), 60))
    for spread in (0.003, 0.006, 0.01, 0.02):
        rows.append(("coverage", f"normal {spread:.1%}, a lone cell", coverage, (Noise("normal", spread), 1), 150))
    rows += [
        ("other", "two clocks 6 %, launches 0.3 %", coverage, (Noise("normal", 0.003, two_clocks=0.06), 6), 25),
        ("other", "neighbours alike 0.6, 1 %, 6 cells", coverage, (Noise("normal", 0.01, alike=0.6), 6), 40),
        ("other", "neighbours alike 0.6, 1 %, lone", coverage, (Noise("normal", 0.01, alike=0.6), 1), 100),
        ("other", "clock of 0.05 ms, 1 %", coverage, (Noise("normal", 0.01, tick_ms=0.05), 6), 40),
    ]
    for name, (_, strengths) in FAULTS.items():
        rows += [("faults", f"{name} {strength:g}", fault, (name, strength), 20) for strength in strengths]
    rows.append(("faults", "hardware limiter 0.15, fixed mode", fault, ("hardware limiter", 0.15, True), 20))
    for name in ("step (no probe sees it)", "slow middle", "hot start"):
        rows.append(("faults", f"{name} 0.12, launches 3 %", fault, (name, 0.12, False, 0.03), 20))
    for kind in ("normal", "heavy-tailed", "skewed"):
        for spread in (0.01, 0.03):
            rows.append(("calm", f"{kind} {spread:.0%}", calm, (Noise(kind, spread), False), 40))
    rows.append(("calm", "normal 1 %, fixed performance", calm, (Noise("normal", 0.01), True), 40))
    for launches in (2, 4, 6, 10):
        for spread in (0.01, 0.03):
            for two in (False, True):
                where = "two sessions" if two else "one session"
                arguments = (0.0, launches, spread, two, 0.0)
                rows.append(("equal", f"{launches} launches, {spread:.0%}, {where}", comparing, arguments, 60))
    rows += [
        ("differing", "3 %, 10 launches, 1 %", comparing, (0.03, 10, 0.01, False, 0.0), 60),
        ("differing", "3 %, 10 launches, 1 %, drift 2 %", comparing, (0.03, 10, 0.01, False, 0.02), 60),
        ("differing", "3 %, 10 launches, 0.5 %, drift 2 %", comparing, (0.03, 10, 0.005, False, 0.02), 60),
        ("differing", "equal, 10 launches, 0.5 %, drift 2 %", comparing, (0.0, 10, 0.005, False, 0.02), 60),
        ("differing", "10 %, two sessions", comparing, (0.10, 10, 0.01, True, 0.0), 60),
    ]
    return [(group, row, make, given, max(2, round(count * part))) for group, row, make, given, count in rows]


def _call(job: tuple[int, Callable[..., Any], tuple[Any, ...], int]) -> dict[str, tuple[int, int]]:
    seed, make, given, sessions = job
    made: dict[str, tuple[int, int]] = make(seed, sessions, *given)
    return made


def run(part: float, *, groups: Sequence[str] = (), workers: int = 2) -> dict[tuple[str, str], dict[str, Share]]:
    """Every row's figures."""
    rows = [row for row in tables(part) if not groups or row[0] in groups]
    jobs = [(seed, make, given, sessions) for seed, (_, _, make, given, sessions) in enumerate(rows)]
    with ProcessPoolExecutor(workers) as pool:
        results = list(pool.map(_call, jobs))
    return {
        (row[0], row[1]): {name: Share(*pair) for name, pair in found.items()}
        for row, found in zip(rows, results, strict=True)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--part", type=float, default=1.0, help="of the sessions")
    parser.add_argument(
        "--only", action="append", default=[], help="coverage, other, faults, calm, equal, differing, light"
    )
    asked = parser.parse_args()
    start = time.monotonic()
    if not asked.only or set(asked.only) != {"light"}:
        group = ""
        for (title, row), figures in run(asked.part, groups=asked.only).items():
            if title != group:
                group = title
                print(f"\n{title}")
            print(f"  {row:<42} " + "  ".join(f"{name} {share}" for name, share in figures.items()))
    if not asked.only or "light" in asked.only:
        found = light(1)
        seconds, launches, valid = (found[name][0] for name in ("seconds", "launches", "valid"))
        print(
            f"\n--light --threads 1,2,4: {seconds / 60:.1f} simulated minutes, {launches} launches, {valid} of 165 valid"
        )
    print(f"\n{time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
