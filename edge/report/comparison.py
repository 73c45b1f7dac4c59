"""Comparisons for people: of two measurements in words, of two sets as a table."""

from __future__ import annotations

from edge.report.grid import Column, text
from edge.report.view import PLAIN, View
from edge.results.columns import OF_CELL
from edge.results.comparison import LatencyComparison
from edge.results.sets import SetComparison


def sentences(comparison: LatencyComparison) -> list[str]:
    """The comparison in words."""
    c = comparison
    lines = [f"{c.first}: {c.first_ms:.3f} ms", f"{c.second}: {c.second_ms:.3f} ms"]
    how = f"{c.pairs} pairs of launches of one round each" if c.paired else "launches that are not paired"
    interval = f", {c.interval.level_text} interval {c.interval.low:.3f} to {c.interval.high:.3f}" if c.interval else ""
    lines.append(f"ratio {c.ratio:.3f}{interval}; {how}")
    if c.answer == "undecided":
        more = ""
        if c.launches_needed is not None:
            more = f" About {c.launches_needed} launches of each would decide."
        lines.append(f"Not decided whether they differ by more than {percent(c.threshold)}.{more}")
    elif c.answer == "the same":
        apart = c.interval is not None and not c.interval.low <= 1 <= c.interval.high
        small = f": the second is {_change(c.ratio)}, which is less" if apart else ""
        lines.append(f"The same within {percent(c.threshold)}{small}.")
    else:
        lines.append(f"The second is {_change(c.ratio)}.")
    return lines + [f"Beware: {remark}." for remark in c.remarks]


def percent(share: float) -> str:
    """A limit as it was given: with one decimal where that tells it, else as many as it has."""
    short = f"{share:.1%}"
    return short if abs(float(short[:-1]) - share * 100) < 1e-9 else f"{share * 100:.6g}%"


def _change(ratio: float) -> str:
    return f"{ratio - 1:.1%} slower" if ratio > 1 else f"{1 - ratio:.1%} faster"


def table(made: SetComparison, view: View = PLAIN) -> str:
    """Two sets as a table, a cell a row, and the geometric mean of the ratios below it; no line break at its end."""
    keys = [dict(pair.key) for pair in made.pairs]
    shown = [name for name in OF_CELL if name in ("model", "threads") or len({key.get(name) for key in keys}) > 1]
    columns = [
        Column(name.capitalize(), name == "threads", 0, "") for name in shown if all(name in key for key in keys)
    ]
    columns += [Column("Before", rank=3), Column("Now", rank=3), Column("ms before", rank=2), Column("ms now", rank=1)]
    columns += [Column("Ratio", rank=0), Column("Interval", False), Column("Answer", False, rank=0, folds=True)]
    rows = []
    for pair, key in zip(made.pairs, keys, strict=True):
        c = pair.comparison
        interval = f"{c.interval.low:.3f} to {c.interval.high:.3f}" if c.interval else "-"
        if c.interval and c.interval.level < 0.95:
            interval += f" ({c.interval.level_text})"
        more = f", about {c.launches_needed} launches would decide" if c.launches_needed is not None else ""
        rows.append(
            [
                *(key[name] for name in shown if name in key),
                *(str(pair.first), str(pair.second), f"{c.first_ms:.2f}", f"{c.second_ms:.2f}", f"{c.ratio:.3f}"),
                *(interval, c.answer + more),
            ]
        )
    lines = [text(columns, rows, view)]
    if made.geometric_mean is not None:
        count = len(made.pairs)
        sentence = f"Geometric mean of the ratios: {made.geometric_mean:.3f} ({count} cell{'s' * (count != 1)})."
        lines.append(view.paragraph(sentence))
    return "\n".join(lines)
