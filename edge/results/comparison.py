"""Two measurements beside one another: how many times slower the second is, and whether that can be told from the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edge.errors import ResultsError
from edge.results.measurement import Launch, Measurement
from edge.results.sequential import LEVEL
from edge.results.statistics import Interval, median, paired_ratio, shift_ratio, two_groups
from edge.results.versions import engine_named

THRESHOLD = 0.02  # what is less makes no difference in practice
# From one session to another a device may change by itself; two official tables of one phone are 4 to 7 % apart.
SESSION_SHIFT = 0.04
MOST_LAUNCHES = 200  # more are no advice

SUSTAINED = "sustained"  # the protocol whose launches are windows of one run

Answer = Literal["faster", "slower", "the same", "undecided"]


@dataclass(frozen=True, slots=True)
class LatencyComparison:
    """`ratio` is second over first; `interval` holds at its own level, and within the session where there is one.

    `paired`: launches of one round were laid against each other, so that what the device did to both cancels out;
    `pairs` is their number, else 0. `answer` is of the second, at the practical `threshold`. `launches_needed`: about
    how many launches of each would decide, where that can be said. `remarks`: what makes the two hard to compare.
    """

    first: str
    second: str
    first_ms: float
    second_ms: float
    ratio: float
    interval: Interval | None
    paired: bool
    pairs: int
    threshold: float
    answer: Answer
    launches_needed: int | None
    remarks: tuple[str, ...]
    apart: bool = False  # the interval tells the two apart, whatever the threshold


def compare(first: Measurement, second: Measurement, *, threshold: float = THRESHOLD) -> LatencyComparison:
    """Compare two cells, launch by launch. Raises `ResultsError` if one has no launches, or both are one measurement."""
    if first.id == second.id:
        raise ResultsError(f"measurement {first.id} is compared with itself", hint="name another one")
    for one in (first, second):
        if not one.counted:
            raise ResultsError(f"measurement {one.id} has no launches to compare", hint=one.error or "measure it again")
    a, b = ([launch.level_ms for launch in one.counted] for one in (first, second))
    # a cell that was resumed alone has launches of another session than the other one
    together = first.session == second.session and first.sessions == second.sessions
    found = pairs(first.counted, second.counted) if together else []
    paired = len(found) >= 6  # fewer have no 95 % interval
    confidence = LEVEL if together and first.protocol.base == second.protocol.base == "compare" else 0.95
    ratio, interval = ratio_of_pairs(found, confidence=confidence) if paired else shift_ratio(b, a)
    groups = any(two_groups(levels) is not None for levels in (a, b)) and not paired
    shift = 0.0 if together else SESSION_SHIFT
    answer = decide(ratio, interval, threshold, shift=shift, confidence=confidence)
    windows = SUSTAINED in (first.protocol.base, second.protocol.base)
    told = decide(ratio, interval, 0.0, shift=shift, confidence=confidence)
    if groups or windows:
        answer = told = "undecided"
    count = len(found) if paired else min(len(a), len(b))
    return LatencyComparison(
        first=_name(first, second),
        second=_name(second, first),
        first_ms=median(a),
        second_ms=median(b),
        ratio=ratio,
        interval=interval,
        paired=paired,
        pairs=len(found) if paired else 0,
        threshold=threshold,
        answer=answer,
        launches_needed=_needed(ratio, interval, threshold, count)
        if answer == "undecided" and together and not windows
        else None,
        remarks=tuple(_remarks(first, second, groups=groups, together=together)),
        apart=told in ("slower", "faster"),
    )


def over(comparison: LatencyComparison, limit: float) -> bool:
    """Decided to be slower, by more than `limit` (0.03: 3 %): the whole interval lies above it.

    A limit below the threshold counts as well: what is the same in practice may be slower than the limit.
    """
    interval = comparison.interval
    return comparison.apart and interval is not None and interval.low > 1 + limit


def pairs(first: Sequence[Launch], second: Sequence[Launch]) -> list[tuple[float, float]]:
    """The latencies in ms of launches that belong together: as many as the fewer have, in the order of time.

    Of all ways to lay the fewer beside as many of the others, in order, the one with the least time between the two of
    a pair, summed. A round gives every cell one launch, so these are the rounds', and a launch whose partner was set
    aside is left alone. (The nearest two first, then the next, would leave pairs of launches from both ends of a session.)
    """
    few, many = (sorted(one, key=lambda x: (x.started, x.number)) for one in (first, second))
    if swapped := len(few) > len(many):
        few, many = many, few
    spare = len(many) - len(few)
    # cost[k]: the least for the launches so far, of which the last has the k-th of the places that are left for it
    cost, took = [0.0] * (spare + 1), []
    for i, one in enumerate(few):
        best, chosen = 0, []
        for k in range(spare + 1):
            best = k if cost[k] < cost[best] else best
            chosen.append(best)
        cost = [cost[chosen[k]] + abs(one.started - many[i + k].started) for k in range(spare + 1)]
        took.append(chosen)
    k = min(range(spare + 1), key=cost.__getitem__)
    found = []
    for i in reversed(range(len(few))):
        found.append((few[i].level_ms, many[i + k].level_ms))
        k = took[i][k]
    found.reverse()
    return [(y, x) for x, y in found] if swapped else found


def ratio_of_pairs(found: Sequence[tuple[float, float]], *, confidence: float = 0.95) -> tuple[float, Interval | None]:
    """The ratio second over first of `pairs`, with its interval."""
    return paired_ratio([y for _, y in found], [x for x, _ in found], confidence=confidence)


def decide(
    ratio: float, interval: Interval | None, threshold: float, *, shift: float = 0.0, confidence: float = 0.95
) -> Answer:
    """Different: the interval is apart from 1 and the ratio beyond the threshold; the same: the interval is within it.

    `shift` is what a device may change by from one session to the other: the interval must be apart by that, too.
    """
    if interval is None or interval.level < confidence - 1e-9:
        return "undecided"
    if interval.low > 1 + shift and ratio > 1 + threshold:
        return "slower"
    if interval.high < 1 / (1 + shift) and ratio < 1 / (1 + threshold):
        return "faster"
    if shift == 0 and interval.low >= 1 / (1 + threshold) and interval.high <= 1 + threshold:
        return "the same"
    return "undecided"


def _needed(ratio: float, interval: Interval | None, threshold: float, launches: int) -> int | None:
    """Intervals narrow with the root of the launches; how many bring it clear of 1, or within the threshold."""
    if interval is None:
        return 6
    width = max(math.log(interval.high / ratio), math.log(ratio / interval.low))
    away, limit = abs(math.log(ratio)), math.log(1 + threshold)
    room = away if away > limit else limit - away
    if room <= 0 or width <= 0:
        return None
    needed = max(6, launches + 1, math.ceil(launches * (width / room) ** 2))
    return needed if needed <= MOST_LAUNCHES else None


def _name(one: Measurement, other: Measurement) -> str:
    """With its engine, where that of the other is another one."""
    engine = f"{engine_named(*one.engine) or one.program.name}, " if one.engine != other.engine else ""
    return f"{one.id} ({one.subject.name}, {engine}{one.device['serial']}, {one.threads}T, {one.protocol.name})"


def _remarks(first: Measurement, second: Measurement, *, groups: bool, together: bool) -> Sequence[str]:
    remarks = []
    if not together:
        remarks.append(
            "they were not measured in one session: a device may change by itself from one to the other, so that less"
            f" than {SESSION_SHIFT:.0%} tells nothing; measure both in one"
        )
    if SUSTAINED in (first.protocol.base, second.protocol.base):
        remarks.append("windows of a sustained measurement follow from one another: no interval holds over them")
    if groups:
        remarks.append("the launches of one fall in two groups, as on two clocks")
    means = [str(one.id) for one in (first, second) if one.protocol.headline == "mean"]
    if means:
        remarks.append(
            f"medians of launches are compared; the number shown elsewhere of {' and '.join(means)} is the mean"
        )
    if first.identity != second.identity:
        remarks.append("they were measured on different devices")
    if first.protocol != second.protocol:
        remarks.append("they were measured under different protocols")
    if first.program != second.program:
        remarks.append("they were measured with different programs")
    for what in ("precision", "target", "weights", "shapes"):
        if getattr(first.subject, what) != getattr(second.subject, what):
            remarks.append(f"they differ in {what}")
    remarks += [f"measurement {one.id} is not valid: {reason}" for one in (first, second) for reason in one.reasons]
    remarks += [f"measurement {one.id}: {remark}" for one in (first, second) for remark in one.remarks]
    return remarks
