"""Networks in engines: for a terminal, as JSON, and as the page docs/reference/engines.md."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType

from edge.convert.engine_coverage import EngineRow
from edge.report import device_outputs
from edge.report.grid import Column, markdown, text
from edge.report.view import PLAIN, View
from edge.results.beside import Place
from edge.results.comparison import LatencyComparison, compare
from edge.results.measurement import Measurement
from edge.results.protocol import ROBUST

_COLUMNS = (
    Column("Network", number=False, rank=0), Column("Engine", number=False, rank=0), Column("Status", number=False, rank=0),
    Column("Relative error", rank=1, key="error"), Column("MiB", rank=3), Column("ms"), Column("Ratio"),
    Column("Interval", number=False, rank=2), Column("Remark", number=False, rank=1, folds=True),
)  # fmt: skip


def counts(rows: Sequence[EngineRow]) -> str:
    """One sentence: of each engine, how many networks are verified in it, and of how many."""
    engines = dict.fromkeys((row.engine, row.version) for row in rows)
    parts = []
    for engine, version in engines:
        mine = [row for row in rows if row.engine == engine]
        parts.append(f"{engine} {version} {sum(row.status == 'verified' for row in mine)} of {len(mine)}")
    return "verified: " + ", ".join(parts)


def sentence(row: EngineRow) -> str:
    """A line of progress."""
    error = f", relative error {row.relative_error:.1e}" if row.relative_error is not None else ""
    return (
        f"{row.name}, {row.engine}: {row.status}{error}{f': {row.reason}' if row.reason else ''}, {row.seconds:.1f} s"
    )


def render(
    rows: Sequence[EngineRow],
    measured: Mapping[Place, Measurement],
    form: str,
    view: View = PLAIN,
    devices: Mapping[Place, Measurement] = MappingProxyType({}),
    *,
    asked: str = "--light",
    seed: int = 0,
) -> str:
    """`text`, `json` (a list, an object a row) or `markdown`, the page; `measured` as `edge.results.beside.latest` has it, for
    the page also `devices`, as `edge.report.device_outputs.latest_on_devices` has it, the words by which the networks were
    `asked` for, and the `seed` of their weights."""
    beside = {(row.name, row.engine): _beside(row, rows, measured) for row in rows}
    if form == "json":
        found = []
        for row in rows:
            ratio, cell = beside[row.name, row.engine], measured.get((row.name, row.engine))
            interval = ratio.interval if ratio else None
            found.append(
                asdict(row)
                | {"ms": cell.headline_ms if cell else None, "valid": cell.valid if cell else None}
                | {"ratio": ratio.ratio if ratio else None, "interval": interval and [interval.low, interval.high]}
                | {"level": interval and interval.level, "paired": ratio.paired if ratio else None}
            )
        return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    cells = [_cells(row, measured.get((row.name, row.engine)), beside[row.name, row.engine]) for row in rows]
    if form == "text":
        return text(_COLUMNS, cells, view) + "\n"
    there = device_outputs.section(list(dict.fromkeys(row.name for row in rows)), devices)
    return (
        "\n".join([*_head(rows, beside, measured, asked, seed), markdown(_COLUMNS, cells), *_same(rows), *there]) + "\n"
    )


def _beside(
    row: EngineRow, rows: Sequence[EngineRow], measured: Mapping[Place, Measurement]
) -> LatencyComparison | None:
    first, mine = measured.get((row.name, rows[0].engine)), measured.get((row.name, row.engine))
    if first is None or mine is None or first.id == mine.id or not (first.counted and mine.counted):
        return None
    return compare(first, mine)


def _cells(row: EngineRow, cell: Measurement | None, beside: LatencyComparison | None) -> list[str]:
    interval = beside.interval if beside else None
    level = f" ({interval.level_text})" if interval and interval.level < 0.95 else ""
    level += " *" if interval and beside and not beside.paired else ""
    return [
        row.name,
        row.engine,
        row.status,
        "-" if row.relative_error is None else f"{row.relative_error:.1e}",
        "-" if row.bytes is None else f"{row.bytes / 2**20:.2f}",
        "-" if cell is None or cell.headline_ms is None else f"{cell.headline_ms:.2f}" + ("" if cell.valid else " !"),
        "-" if beside is None else f"{beside.ratio:.2f}",
        "-" if interval is None else f"{interval.low:.2f} to {interval.high:.2f}{level}",
        row.reason or "",
    ]


def _head(
    rows: Sequence[EngineRow],
    beside: Mapping[Place, LatencyComparison | None],
    measured: Mapping[Place, Measurement],
    asked: str,
    seed: int,
) -> list[str]:
    networks, seeded = dict.fromkeys(row.name for row in rows), f"--seed {seed} " if seed else ""
    engines = ",".join(dict.fromkeys(row.engine for row in rows))
    lines = [
        "# The light networks in six engines" if asked == "--light" else "# Networks in six engines",
        "",
        f"{len(networks)} networks ({sum(map(len, dict.fromkeys(row.models for row in rows)))} models) with random weights "
        f"(seed {seed}), each made into each engine's file (Paddle-Lite's by opt, the others' from the verified ONNX file), "
        "and judged there beside Paddle, as `edgezoo convert` does ([how](../explanation/converting.md)). Made by",
        "```",
        f"edgezoo bench {asked} --weights random --device host --engine {engines} --threads 1{_typed(measured)}",
        f"edgezoo coverage {asked} --engines {seeded}--markdown -o docs/reference/engines.md",
        "```",
        "Both go on where they stopped.",
        "",
        "*Relative error* is the root mean square of the difference from Paddle over what tells inputs apart, worst over "
        "inputs and outputs; 2e-3 is where a file is refused. *Ratio*: the latency with one thread over that of "
        f"{rows[0].engine}, launches of one round laid beside each other, with the 95 % interval (where they are too few for "
        "95 %, the level is said; `*`: fewer than six rounds have both, and the interval is of all launches of each). `!` is a "
        "latency that is not valid, as other work ran on the machine or its clock changed: "
        "its interval shows it; the mean is of the valid ones."
        + (
            f" Protocol: {'; '.join(dict.fromkeys(one.protocol.name for one in measured.values()))}."
            if measured
            else ""
        ),
        "",
    ]
    summary = []
    for engine, version in dict.fromkeys((row.engine, row.version) for row in rows):
        mine = [row for row in rows if row.engine == engine]
        status = Counter(row.status for row in mine)
        errors = [row.relative_error for row in mine if row.status == "verified" and row.relative_error is not None]
        valid = [row for row in mine if all(_valid(measured, row.name, one) for one in (engine, rows[0].engine))]
        ratios = [one.ratio for row in valid if (one := beside[row.name, engine]) is not None]
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None
        summary.append(
            [
                f"{engine} {version}",
                *(str(status.get(word, 0)) for word in ("verified", "inconclusive", "wrong", "failed")),
                f"{max(errors):.1e}" if errors else "-",
                f"{mean:.2f} ({len(ratios)})" if mean is not None else "-",
            ]
        )
    titles = ("Verified", "Inconclusive", "Wrong", "Failed", "Largest error of the verified", "Mean ratio (networks)")
    columns = [Column("Engine", number=False), *(Column(title) for title in titles)]
    return [*lines, markdown(columns, summary), ""]


def _typed(measured: Mapping[Place, Measurement]) -> str:
    """The options that make the protocol of the measurements, where they have one, on a line of their own."""
    protocols = {one.protocol for one in measured.values()}
    if len(protocols) != 1:
        return ""
    (own,) = protocols
    words = {
        f"--warmup {own.warmup_runs}": own.warmup_runs != ROBUST.warmup_runs or own.warmup_ms != ROBUST.warmup_ms,
        f"--repeats {own.repeats}": own.repeats != ROBUST.repeats or own.repeats_ms != ROBUST.repeats_ms,
        f"--launches {own.launches_min}": own.launches_min != ROBUST.launches_min,
        f"--tolerance {own.tolerance * 100:g}": own.tolerance != ROBUST.tolerance,
    }
    typed = [word for word, is_changed in words.items() if is_changed]
    return f" \\\n  {' '.join(typed)}" if typed else ""


def _valid(measured: Mapping[Place, Measurement], name: str, engine: str) -> bool:
    cell = measured.get((name, engine))
    return cell is not None and cell.valid


def _same(rows: Sequence[EngineRow]) -> list[str]:
    shared = [row for row in rows if row.engine == rows[0].engine and len(row.models) > 1]
    named = "; ".join(f"{row.name}: {', '.join(row.models[1:])}" for row in shared)
    return ["", f"Also, with the same network: {named}."] if shared else []
