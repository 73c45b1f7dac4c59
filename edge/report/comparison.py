"""The comparison of two measurements in words."""

from __future__ import annotations

from edge.results.comparison import LatencyComparison
from edge.results.statistics import Interval


def sentences(comparison: LatencyComparison) -> list[str]:
    """The comparison in words."""
    c = comparison
    lines = [f"{c.first}: {c.first_ms:.3f} ms", f"{c.second}: {c.second_ms:.3f} ms"]
    how = f"{c.pairs} pairs of launches of one round each" if c.paired else "launches that are not paired"
    interval = f", {_level(c.interval)} interval {c.interval.low:.3f} to {c.interval.high:.3f}" if c.interval else ""
    lines.append(f"ratio {c.ratio:.3f}{interval}; {how}")
    if c.answer == "undecided":
        more = ""
        if c.launches_needed is not None:
            more = f" About {c.launches_needed} launches of each would decide."
        lines.append(f"Not decided whether they differ by more than {c.threshold:.1%}.{more}")
    elif c.answer == "the same":
        apart = c.interval is not None and not c.interval.low <= 1 <= c.interval.high
        small = f": the second is {_change(c.ratio)}, which is less" if apart else ""
        lines.append(f"The same within {c.threshold:.1%}{small}.")
    else:
        lines.append(f"The second is {_change(c.ratio)}.")
    return lines + [f"Beware: {remark}." for remark in c.remarks]


def _level(interval: Interval) -> str:
    return f"{interval.level * 100:.4g} %"


def _change(ratio: float) -> str:
    return f"{ratio - 1:.1%} slower" if ratio > 1 else f"{1 - ratio:.1%} faster"
