"""Networks in several engines, each beside the first that is named: `edgezoo bench --engine A,B`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.bench.host_engines import PADDLE_LITE, HostEngine, engine_meant
from edge.metadata.file import origin_of
from edge.report import facts
from edge.report.grid import Column, markdown, text
from edge.report.view import PLAIN, View
from edge.results import words
from edge.results.comparison import LatencyComparison, compare
from edge.results.measurement import Measurement
from edge.results.missing import Missing
from edge.results.versions import engine_named

_COLUMNS = (
    Column("Model", False, 0),
    Column("Engine", False, 0),
    Column("Threads", rank=0),
    Column("ms", rank=0),
    Column("±", rank=2, key="interval"),
    Column("Ratio", rank=1),
    Column("Interval", False, 2, "ratio-interval"),
    Column("Largest error", rank=3, key="error"),
    Column("Remarks", False, 1),
)


@dataclass(frozen=True, slots=True)
class Beside:
    """A cell, and how it compares with its network's cell in the first named engine; None where there is nothing to compare.

    `first`: it is in that engine itself.
    """

    cell: Measurement
    comparison: LatencyComparison | None
    first: bool = False


def rows(cells: Sequence[Measurement], first: HostEngine) -> list[Beside]:
    """The cells in their order, each beside that of its network, threads and device in the `first` named engine.

    Where that one has no latency there is nothing to compare with: no other engine takes its place.
    """
    bases: dict[tuple[object, ...], Measurement] = {}
    for one in cells:
        if _is_in(one, first):
            bases.setdefault(_group(one), one)
    made = []
    for one in cells:
        base = bases.get(_group(one))
        beside = base is not None and base.id != one.id and bool(base.counted and one.counted)
        made.append(Beside(one, compare(base, one) if beside and base is not None else None, first=base is one))
    return made


def _group(one: Measurement) -> tuple[object, ...]:
    return one.subject.name, one.threads, str(one.device.get("serial"))


def _is_in(one: Measurement, engine: HostEngine) -> bool:
    if engine.name not in (one.engine[0], meant(one)):
        return False
    maker = origin_of(one.subject.metadata, one.subject.name).engine
    if maker is None or maker.name != PADDLE_LITE.kind:  # of which alone several versions can be named
        return True
    return maker.version == engine.environment.version


def engine_of(one: Measurement) -> str:
    """The engine and its version, as the program told them; of a cell that never ran, the one that was meant."""
    name, version = one.engine
    return engine_named(name or meant(one), version)


def meant(one: Measurement) -> str:
    """The engine that a cell was meant for, whether it ran or not."""
    maker = origin_of(one.subject.metadata, one.subject.name).engine
    return engine_meant(one.program.name, maker.name if maker else None)


def largest_error(one: Measurement) -> float | None:
    """The largest relative error beside Paddle of what ran there; None where none was compared.

    Here the verification of its file ran it in that engine; on a device only a comparison of its outputs there did
    (`bench --check-output`), with that program and number of threads.
    """
    if not one.counted:
        return None
    if one.device.get("kind") != "host":
        proof = facts.proof(one)
        return proof.relative_error if proof else None
    verification = origin_of(one.subject.metadata, one.subject.name).verification
    found = verification.relative_error if verification else None
    return found if isinstance(found, float) else None


def render(
    cells: Sequence[Measurement], missing: Sequence[Missing], first: HostEngine, form: str = "text", view: View = PLAIN
) -> str:
    """A table (`text` or `markdown`), what its columns mean, and what is to be known; ends in a break.

    Ratios are to the `first` named engine.
    """
    lines = list(dict.fromkeys(facts.device_line(one.device) for one in cells))
    lines += list(dict.fromkeys(f"Protocol {one.protocol.name}, input {one.protocol.input}" for one in cells))
    remarks: dict[str, None] = {}
    made = rows(cells, first)
    table = [_row(row, remarks, first) for row in made]
    for one in missing:
        remarks.setdefault(one.sentence)
        table.append([one.name, one.engine, *[""] * 6, str(1 + list(remarks).index(one.sentence))])
    table = by_network(table)
    lines += ["", markdown(_COLUMNS, table, view.columns) if form == "markdown" else text(_COLUMNS, table, view), ""]
    lines += [*_legend(made, first), *(f"{number}: {sentence}" for number, sentence in enumerate(remarks, 1))]
    return "\n".join(lines).strip() + "\n"


def by_network(table: Sequence[list[str]]) -> list[list[str]]:
    """The rows of a network, which the first cell names, after one another."""
    places = {name: place for place, name in enumerate(dict.fromkeys(row[0] for row in table))}
    return sorted(table, key=lambda row: places[row[0]])


def _legend(made: Sequence[Beside], first: HostEngine) -> list[str]:
    """What the columns mean, as far as there is something in them."""
    cells = [row.cell for row in made]
    found = [row.comparison for row in made if row.comparison is not None]
    lines = [facts.INTERVAL_LEGEND + "."] * any(map(facts.half_width, cells))
    if found:
        lines.append(f"Ratio: to {first.name}, the first engine named.")
    if any(one.paired for one in found):
        lines.append("Interval: of the ratio, at 95 % or more; launches of one round are laid beside each other.")
    if any(not one.paired and one.interval for one in found):
        lines.append(
            "Interval, unpaired: of the ratio at the level said, all launches of one against all of the other, for fewer than"
            " 6 pairs were made in one session."
        )
    if any(one.interval is None for one in found):
        lines.append("Interval -: too few launches for one.")
    if found and any(one.synthetic for one in cells):
        lines.append("A ratio to a synthetic engine says nothing of the network.")
    here = [one for one in cells if one.device.get("kind") == "host"]
    told = f"beside Paddle{_of_int8(cells)}, of what tells inputs apart."
    if any(largest_error(one) is not None for one in here):
        lines.append(f"Largest error: of the file in that engine {told}")
    if len(here) < len(cells):
        lines.append(f"Largest error on a device: of its outputs there {told}")
        if any(one.counted and largest_error(one) is None for one in cells if one not in here):
            lines.append(
                "Where it is - no outputs were compared there (--check-output); the file was verified on this machine."
            )
    return lines


def _of_int8(cells: Sequence[Measurement]) -> str:
    static = any(one.subject.precision == "int8-static" for one in cells)
    return ", of static int8 beside its own simulation" if static else ""


def _row(row: Beside, remarks: dict[str, None], first: HostEngine) -> list[str]:
    one, beside = row.cell, row.comparison
    told = words.remarks(one)
    median, interval, error = one.headline_ms, "", largest_error(one)
    if median is not None and beside is None and not row.first:
        told.append(_no_ratio(first))
    remarks.update(dict.fromkeys(told))
    numbers = sorted({1 + list(remarks).index(sentence) for sentence in told})
    if beside is not None:
        interval = "-" if beside.interval is None else f"{beside.interval.low:.3f} to {beside.interval.high:.3f}"
        if beside.interval is not None and not beside.paired:
            interval += f" (unpaired, {beside.interval.level_text})"
    return [
        one.subject.name,
        engine_of(one),
        str(one.threads),
        "" if median is None else f"{median:.3f}" + ("" if one.valid else " !"),
        facts.half_width(one),
        "" if median is None else "1" if row.first else "-" if beside is None else f"{beside.ratio:.3f}",
        interval,
        "-" if error is None else f"{error:.1e}",
        ", ".join(map(str, numbers)),
    ]


def _no_ratio(first: HostEngine) -> str:
    return f"no ratio: {first.name}, the first engine named, has no latency for this network and number of threads"
