"""The coverage table: for a terminal, and as the page docs/reference/coverage.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from edge.convert.coverage import CoverageRow
from edge.report.grid import Column, markdown, text
from edge.report.view import PLAIN, View

_COLUMNS = (
    Column("Network", number=False, rank=0), Column("Input", rank=4), Column("Params(M)", rank=3, key="params"),
    Column(".nb MiB", rank=2, key="mib"), Column("Ops before", rank=4), Column("Ops", rank=3),
    Column("Status", number=False, rank=0), Column("Inputs", rank=3), Column("Relative error", rank=0, key="error"),
    Column("Same top-1", rank=1), Column("Seconds", rank=2), Column("Remark", number=False, rank=1, folds=True),
)  # fmt: skip


def counts(rows: Sequence[CoverageRow]) -> str:
    """One sentence: how many networks, how many of which status."""
    by_status = Counter(row.status for row in rows)
    models = sum(len(row.models) for row in rows)
    parts = [f"{number} {status}" for status, number in sorted(by_status.items(), key=lambda item: -item[1])]
    return f"{len(rows)} networks ({models} models): " + ", ".join(parts)


def as_text(rows: Sequence[CoverageRow], view: View = PLAIN) -> str:
    """The table for a terminal."""
    return text(_COLUMNS, [_cells(row) for row in rows], view)


def as_markdown(rows: Sequence[CoverageRow], options: Sequence[str] = (), seed: int = 0) -> str:
    """The page: what was done, by the command with these options, what is remarkable, every network by series."""
    rows = sorted(rows, key=lambda row: (row.series.lower(), row.params or 0))
    first = rows[0]
    rules = Counter(rule for row in rows for rule in row.legalised)
    worst = max((row for row in rows if row.status == "verified"), key=_error, default=None)
    same = [f"{row.name}: {', '.join(row.models[1:])}" for row in rows if len(row.models) > 1]
    lines = [
        "# Coverage: every network of the library through the whole pipeline",
        "",
        f"Exported with random weights (seed {seed}), legalised, optimised by opt {first.engine} for {first.target}, and run "
        "beside Paddle with x86 kernels. Made by",
        "```",
        " ".join(["edgezoo coverage", *options, "--markdown -o docs/reference/coverage.md"]),
        "```",
        f"{counts(rows)}. Models that share a network (the `_ssld` ones, for instance) share a row.",
        "",
        "*Relative error* is the root mean square of the difference from Paddle over what tells inputs apart, worst over "
        "inputs and outputs, probabilities and logits; 2e-3 is where a network is refused. *Inputs* is how many judged it, "
        "*Seconds* what export, conversion and verification took together. *Ops before* are the operators of the program that "
        "Paddle wrote, *Ops* those in the file.",
        *([f"The largest is {worst.name}'s, {_error(worst):.1e}."] if worst else []),
        "",
        "Rules of the legaliser, by the number of networks that needed them: "
        + ", ".join(f"`{rule}` {number}" for rule, number in rules.most_common())
        + ".",
        "",
        markdown(_COLUMNS, [_cells(row) for row in rows]),
        *(["", f"Also, with the same network: {'; '.join(same)}."] if same else []),
    ]
    return "\n".join(lines) + "\n"


def _cells(row: CoverageRow) -> list[str]:
    v = row.verification
    return [
        row.name,
        f"{row.input_shape[2]}",
        f"{row.params / 1e6:.2f}" if row.params else "-",
        f"{row.bytes / 2**20:.2f}" if row.bytes else "-",
        str(row.operators_before or "-"),
        str(row.operators or "-"),
        row.status,
        str(v.get("inputs") or "-"),
        f"{v['relative_error']:.1e}" if v.get("relative_error") is not None else "-",
        f"{v['argmax_agreement']:.0%}" if v.get("argmax_agreement") is not None else "-",
        f"{sum(row.seconds.values()):.0f}",
        "; ".join(one for one in (row.reason, _ran_nowhere(row)) if one),
    ]


def _ran_nowhere(row: CoverageRow) -> str:
    kinds = row.verification.get("unproven") or ()
    return f"no {' or '.join(kinds)} kernel ran" if kinds else ""


def _error(row: CoverageRow) -> float:
    return float(row.verification.get("relative_error") or 0.0)
