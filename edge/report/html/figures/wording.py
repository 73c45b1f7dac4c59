"""Numbers of cells in words, the same in every figure: value, interval, source."""

from __future__ import annotations

from edge.report.html.chart.model import Ends
from edge.report.html.material import device_name, engine_name
from edge.results.measurement import Measurement


def ends(one: Measurement) -> Ends | None:
    """The interval of its median; None where the number shown is another, or too few launches have none."""
    statistics = one.statistics
    if statistics is None or statistics.interval is None or one.protocol.headline != "median":
        return None
    return statistics.interval.low, statistics.interval.high


def interval(of: Ends | None, digits: int = 2) -> str:
    """For a cell of a table."""
    return "-" if of is None else f"{of[0]:.{digits}f} to {of[1]:.{digits}f}"


def between(of: Ends | None, digits: int = 2) -> str:
    """Behind a number."""
    return "" if of is None else f" ({interval(of, digits)})"


def level(one: Measurement) -> str:
    """At which level its interval holds, where it has one."""
    found = one.statistics.interval if one.statistics is not None and ends(one) is not None else None
    return "" if found is None else f"{found.level_text} interval"


def of_cell(one: Measurement) -> str:
    """Which measurement, and what speaks against it."""
    parts = [f"measurement {one.id}", level(one)]
    parts += [f"not valid: {reason}" for reason in one.reasons]
    return "; ".join(part for part in parts if part)


def latency(one: Measurement) -> tuple[str, ...]:
    """The lines of a mark: the number with its interval and source, and what speaks against it."""
    kind = "mean" if one.statistics is None else one.protocol.headline
    threads = f"{one.threads} thread{'s' * (one.threads > 1)}"
    return (
        f"{one.headline_ms:.3f} ms{between(ends(one), 3)}, {kind} measured on {device_name(one)}",
        f"{engine_name(one)}, {threads}, {one.subject.precision or 'unknown'}, protocol {one.protocol.name}",
        of_cell(one),
    )


def status(one: Measurement) -> str:
    """In a word or two."""
    return one.status if one.status != "measured" else "valid" if one.valid else "not valid"
