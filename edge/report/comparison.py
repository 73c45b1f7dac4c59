"""Two measurements beside one another: the ratio of their medians, and whether chance alone explains it."""

from __future__ import annotations

from dataclasses import dataclass

from edge.errors import ResultsError
from edge.results.measurement import Measurement
from edge.results.statistics import Interval, bootstrap_ratio, mann_whitney, median


@dataclass(frozen=True, slots=True)
class LatencyComparison:
    """`ratio` is second over first, of the medians over launches in ms; `ci95` its bootstrap interval, `p` Mann-Whitney's.

    `ci95` is None where one of the two has a single launch. `remarks`: what makes the two hard to compare.
    """

    first: str
    second: str
    first_ms: float
    second_ms: float
    ratio: float
    ci95: Interval | None
    u: float
    p: float
    remarks: tuple[str, ...]


def compare(first: Measurement, second: Measurement) -> LatencyComparison:
    """Compare two cells, launch by launch. Raises `ResultsError` if one has no launches."""
    for one in (first, second):
        if not one.launches:
            raise ResultsError(f"measurement {one.id} has no launches to compare", hint=one.error or "measure it again")
    a, b = ([launch.level_ms for launch in one.launches] for one in (first, second))
    test = mann_whitney(b, a)
    return LatencyComparison(
        first=_name(first),
        second=_name(second),
        first_ms=median(a),
        second_ms=median(b),
        ratio=median(b) / median(a),
        ci95=bootstrap_ratio(b, a),
        u=test.u,
        p=test.p,
        remarks=tuple(_remarks(first, second)),
    )


def sentences(comparison: LatencyComparison) -> list[str]:
    """The comparison in words."""
    c = comparison
    lines = [f"{c.first}: {c.first_ms:.3f} ms", f"{c.second}: {c.second_ms:.3f} ms"]
    interval = f", 95 % interval {c.ci95.low:.3f} to {c.ci95.high:.3f}" if c.ci95 else ""
    lines.append(f"ratio {c.ratio:.3f}{interval}; Mann-Whitney U = {c.u:g}, p = {c.p:.3g}")
    if c.ci95 is None:
        lines.append("One launch tells nothing of chance: measure both with more launches.")
    elif c.ci95.low <= 1 <= c.ci95.high:
        lines.append("Chance explains the difference: the interval holds 1.")
    else:
        change = c.ratio - 1
        lines.append(
            f"The second is {abs(change):.1%} {'slower' if change > 0 else 'faster'}: the interval is apart from 1."
        )
    return lines + [f"Beware: {remark}." for remark in c.remarks]


def _name(one: Measurement) -> str:
    return f"{one.id} ({one.subject.name}, {one.device['serial']}, {one.threads}T, {one.protocol.name})"


def _remarks(first: Measurement, second: Measurement) -> list[str]:
    said = []
    if first.session != second.session:
        said.append("they were not measured in one session, so their launches were not interleaved")
    if first.identity != second.identity:
        said.append("they were measured on different devices")
    if first.protocol != second.protocol:
        said.append("they were measured under different protocols")
    if first.program != second.program:
        said.append("they were measured with different programs")
    for what in ("precision", "target", "weights", "shapes"):
        if getattr(first.subject, what) != getattr(second.subject, what):
            said.append(f"they differ in {what}")
    said += [f"measurement {one.id} is not valid: {reason}" for one in (first, second) for reason in one.reasons]
    said += [f"measurement {one.id}: {remark}" for one in (first, second) for remark in one.remarks]
    return said
