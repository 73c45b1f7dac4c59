#!/usr/bin/env python3
"""Sessions on a simulated phone with a known truth, through the real session, gate, parser, rules and statistics.

    .venv/bin/python scripts/truth.py            # the figures of the page, about three minutes on two quiet cores
    .venv/bin/python scripts/truth.py --part 0.1 # a tenth of the sessions

Prints figures with their standard errors; docs/explanation/measurement.md says what they mean.
"""

from __future__ import annotations

import argparse
import math
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edge.bench.request import Job, Request
from edge.bench.session import measure
from edge.cache.hashing import sha256_of
from edge.results.comparison import compare
from edge.results.measurement import Measurement
from edge.results.protocol import COMPARE, ROBUST, Protocol
from edge.results.store import Store
from tests.bench.examples import SUBJECT
from tests.bench.phone import NOISES, Noise, Phone, Weather, path_of
from tests.bench.scripted import RUNNER, Silent

SIX = {"A": 4.0, "B": 7.0, "C": 12.0, "D": 20.0, "E": 31.0, "F": 45.0}
SPREADS = (0.003, 0.01, 0.02, 0.03)
LAUNCH = 2.3  # seconds, about


@contextmanager
def store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as directory, Store(Path(directory) / "results.db") as opened:
        opened._database._connection.execute("PRAGMA synchronous = OFF")  # nothing here has to survive
        yield opened


def session(
    phone: Phone, kept: Store, *, threads: tuple[int, ...] = (1,), protocol: Protocol = ROBUST
) -> list[Measurement]:
    jobs = tuple(
        Job(path_of(name), replace(SUBJECT, name=name, sha256=sha256_of(name.encode()))) for name in phone.models
    )
    request = Request(jobs, threads, protocol, seed=phone.seed, fresh=True)
    return measure(phone, RUNNER, request, kept, Silent(), sleep=phone.pass_time, clock=phone.clock)


@dataclass
class Share:
    """How often something held. The standard error is that of sessions, which are what is drawn: cells of one are no
    independent trials (Cochran, Sampling Techniques, 3rd ed. (1977), section 9: a ratio over clusters).
    """

    sessions: list[tuple[int, int]] = field(default_factory=list)  # of each, how often it held, and of how many

    def add(self, *held: bool) -> None:
        """What held in one session."""
        if held:
            self.sessions.append((sum(held), len(held)))

    @property
    def hits(self) -> int:
        return sum(hits for hits, _ in self.sessions)

    @property
    def of(self) -> int:
        return sum(of for _, of in self.sessions)

    @property
    def error(self) -> float:
        """Of the share; where it held always or never, that of half a time more."""
        p, n = self.hits / self.of, len(self.sessions)
        spread = sum((hits - p * of) ** 2 for hits, of in self.sessions) * n / max(1, n - 1)
        return max(math.sqrt(spread), 0.5) / self.of

    def __str__(self) -> str:
        return f"{self.hits / self.of:6.1%} ± {self.error:.1%} ({self.of})" if self.of else "none"


Found = dict[str, Share]


def shares(*names: str) -> Found:
    return {name: Share() for name in names}


def alarmed(measured: Sequence[Measurement]) -> bool:
    """Whether anything is said against any launch or cell."""
    return any(launch.reasons for cell in measured for launch in cell.launches) or not all(
        cell.valid for cell in measured
    )


# Coverage: of which cells does the interval hold the truth, and the tolerance that they claim?


def coverage(seed: int, sessions: int, noise: Noise, cells: int) -> Found:
    found = shares("covers", "claims", "claims hold", "claims covered", "alarm", "two groups said", "alike said")
    for number in range(sessions):
        models = dict(list(SIX.items())[:cells])
        phone = Phone(models, seed=seed * 10_000 + number, noise=noise)
        with store() as kept:
            measured = session(phone, kept)
        found["alarm"].add(alarmed(measured))
        covered, claims, within = [], [], []
        for cell in measured:
            statistics, truth = cell.statistics, models[cell.subject.name]
            assert statistics is not None
            assert statistics.interval is not None
            covered.append(statistics.interval.low <= truth <= statistics.interval.high)
            claims.append(not any(note.code == "tolerance_unshown" for note in cell.notes))
            within.append(abs(statistics.median / truth - 1) <= cell.protocol.tolerance)
        found["covers"].add(*covered)
        found["claims"].add(*claims)
        found["claims hold"].add(*(one for one, claim in zip(within, claims, strict=True) if claim))
        found["claims covered"].add(*(one for one, claim in zip(covered, claims, strict=True) if claim))
        for name, codes in (
            ("two groups said", ("two_groups",)),
            ("alike said", ("neighbours_alike", "session_neighbours_alike")),
        ):
            found[name].add(*(any(note.code in codes for note in cell.notes) for cell in measured))
    return found


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
) -> Found:
    found = shares("found", "valid and off by 5 %")
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
        found["found"].add(alarmed(measured))
        wrong = []
        for cell in measured:
            truth = SIX[cell.subject.name] / cell.threads**0.8 / (0.85 if fixed else 1)
            assert cell.headline_ms is not None
            wrong.append(cell.valid and abs(cell.headline_ms / truth - 1) > 0.05)
        found["valid and off by 5 %"].add(*wrong)
    return found


def calm(seed: int, sessions: int, noise: Noise, fixed: bool) -> Found:
    found = shares("alarms", "cells invalid")
    for number in range(sessions):
        phone = Phone(SIX, seed=seed * 10_000 + number, noise=noise, fixed_performance=fixed)
        with store() as kept:
            measured = session(phone, kept, threads=(1, 4))
        found["alarms"].add(alarmed(measured))
        found["cells invalid"].add(*(not cell.valid for cell in measured))
    return found


# Comparing: two files that are the same, or differ by so much; with a drift that both share.


ANSWERS = ("faster", "slower", "the same", "undecided")


def comparing(
    seed: int, sessions: int, true: float, launches: int, spread: float, two_sessions: bool, drift: float
) -> Found:
    found = shares(*ANSWERS)
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
            answer = compare(cells[0], cells[1]).answer
        for name in ANSWERS:
            found[name].add(name == answer)
    return found


def duel(seed: int, sessions: int, true: float, noise: Noise, restless: float) -> Found:
    """`bench A.nb B.nb --compare`. `restless`: how far (standard deviation) the device's speed changes every 15 s."""
    found = shares(*ANSWERS)
    for number in range(sessions):
        phone = Phone({"A": 10.0, "B": 10.0 * (1 + true)}, seed=seed * 10_000 + number, noise=noise, expected=15.0)
        levels = [math.exp(restless * phone.random.standard_normal()) for _ in range(100)]
        phone.weather = Weather(slow=lambda t, levels=levels: levels[int(t) % len(levels)])  # type: ignore[misc]
        with store() as kept:
            answer = compare(*session(phone, kept, protocol=COMPARE)).answer
        for name in ANSWERS:
            found[name].add(name == answer)
    return found


def light(seed: int, sessions: int) -> Found:
    """The light set's size on a quiet phone by its own rules: whether every session takes less than 40 minutes."""
    import numpy as np

    found = shares("within 40 min", "valid")
    for number in range(sessions):
        bases = np.random.default_rng(5).lognormal(math.log(18), 0.7, 55)
        models = {f"M{i}": float(base) for i, base in enumerate(bases)}
        phone = Phone(models, seed=seed + number, noise=Noise("normal", 0.004))
        with store() as kept:
            cells = session(phone, kept, threads=(1, 2, 4))
        found["within 40 min"].add(phone.time < 40 * 60)
        found["valid"].add(*(cell.valid for cell in cells))
        print(f"--light --threads 1,2,4: {phone.time / 60:.1f} simulated minutes, {phone.count} launches")
    return found


def tables(part: float) -> list[tuple[str, str, Callable[..., Found], tuple[Any, ...], int]]:
    """Group, row, function, its arguments after seed and sessions, sessions."""
    rows: list[tuple[str, str, Callable[..., Found], tuple[Any, ...], int]] = []
    for kind in NOISES:
        for spread in SPREADS:
            rows.append(("coverage", f"{kind} {spread:.1%}, 6 cells", coverage, (Noise(kind, spread), 6), 45))
    for spread in (0.003, 0.006, 0.01, 0.02):
        rows.append(("coverage", f"normal {spread:.1%}, a lone cell", coverage, (Noise("normal", spread), 1), 110))
    rows += [
        ("other", "two clocks 6 %, launches 0.3 %", coverage, (Noise("normal", 0.003, two_clocks=0.06), 6), 25),
        ("other", "neighbours alike 0.6, 1 %, 6 cells", coverage, (Noise("normal", 0.01, alike=0.6), 6), 40),
        ("other", "neighbours alike 0.6, 1 %, lone", coverage, (Noise("normal", 0.01, alike=0.6), 1), 100),
        ("other", "clock of 0.05 ms, 1 %", coverage, (Noise("normal", 0.01, tick_ms=0.05), 6), 40),
    ]
    for name, (_, strengths) in FAULTS.items():
        count = 42 // len(strengths)  # sessions of a kind
        rows += [("faults", f"{name} {strength:g}", fault, (name, strength), count) for strength in strengths]
    rows.append(("faults", "hardware limiter 0.15, fixed mode", fault, ("hardware limiter", 0.15, True), 42))
    for name in ("step (no probe sees it)", "slow middle", "hot start"):
        rows.append(("faults", f"{name} 0.12, launches 3 %", fault, (name, 0.12, False, 0.03), 42))
    for kind in ("normal", "heavy-tailed", "skewed"):
        for spread in (0.01, 0.03):
            rows.append(("calm", f"{kind} {spread:.0%}", calm, (Noise(kind, spread), False), 40))
    rows.append(("calm", "normal 1 %, fixed performance", calm, (Noise("normal", 0.01), True), 40))
    for launches in (2, 4, 6, 10):
        for spread in (0.01, 0.03):
            for two in (False, True):
                where = "two sessions" if two else "one session"
                arguments = (0.0, launches, spread, two, 0.0)
                count = 250 if launches >= 6 and spread == 0.03 and not two else 60
                rows.append(("equal", f"{launches} launches, {spread:.0%}, {where}", comparing, arguments, count))
    rows += [
        ("equal", "--compare, 1 %", duel, (0.0, Noise("normal", 0.01), 0.0), 100),
        ("equal", "--compare, heavy-tailed 3 %", duel, (0.0, Noise("heavy-tailed", 0.03), 0.0), 100),
        ("equal", "--compare, 1 %, restless 4 %", duel, (0.0, Noise("normal", 0.01), 0.04), 100),
    ]
    rows += [
        ("differing", "3 %, 10 launches, 1 %", comparing, (0.03, 10, 0.01, False, 0.0), 60),
        ("differing", "3 %, 10 launches, 1 %, drift 2 %", comparing, (0.03, 10, 0.01, False, 0.02), 60),
        ("differing", "3 %, 10 launches, 0.5 %, drift 2 %", comparing, (0.03, 10, 0.005, False, 0.02), 60),
        ("differing", "equal, 10 launches, 0.5 %, drift 2 %", comparing, (0.0, 10, 0.005, False, 0.02), 60),
        ("differing", "10 %, two sessions", comparing, (0.10, 10, 0.01, True, 0.0), 60),
        ("differing", "4 %, --compare, 1 %, restless 4 %", duel, (0.04, Noise("normal", 0.01), 0.04), 60),
        ("light", "--light --threads 1,2,4", light, (), 1),
    ]
    return [
        (group, row, make, given, max(min(2, count), round(count * part))) for group, row, make, given, count in rows
    ]


def _call(job: tuple[int, Callable[..., Found], tuple[Any, ...], int]) -> Found:
    seed, make, given, sessions = job
    return make(seed, sessions, *given)


def run(part: float, *, groups: Sequence[str] = (), workers: int = 2) -> dict[tuple[str, str], Found]:
    """Every row's figures."""
    numbered = [(seed, row) for seed, row in enumerate(tables(part)) if not groups or row[0] in groups]
    with ProcessPoolExecutor(workers) as pool:  # the longest row first, so that no core waits at the end for one
        made = [(row, pool.submit(_call, (seed, *row[2:]))) for seed, row in reversed(numbered)]
        return {(row[0], row[1]): one.result() for row, one in reversed(made)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--part", type=float, default=1.0, help="of the sessions")
    groups = list(dict.fromkeys(row[0] for row in tables(1)))
    parser.add_argument("--only", action="append", default=[], choices=groups, help="these rows")
    asked = parser.parse_args()
    start, group = time.monotonic(), ""
    for (title, row), figures in run(asked.part, groups=asked.only).items():
        if title != group:
            group = title
            print(f"\n{title}")
        print(f"  {row:<42} " + "  ".join(f"{name} {share}" for name, share in figures.items()))
    used = sum(getattr(resource.getrusage(who), name) for who in _WHO for name in ("ru_utime", "ru_stime"))
    print(f"\n{time.monotonic() - start:.0f} s, of which each of 2 cores worked {used / 2:.0f} s")


_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


if __name__ == "__main__":
    main()
