"""The table for people: the published table's columns with our numbers, the published latencies apart from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edge.report import facts, identity
from edge.report.grid import Column
from edge.results import words
from edge.results.measurement import Measurement, Subject
from edge.results.versions import engine_named


@dataclass(frozen=True, slots=True)
class Table:
    """One table: a device, a protocol, a program. `context` stands above, `remarks` below."""

    context: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...]


def tables(measurements: Sequence[Measurement], *, ratio: bool = False) -> list[Table]:
    """One table for each device, protocol and program, a row for each model file, a column for each thread count.

    No two rows, and no two tables, that differ look alike: a column or a line of what tells them apart is added.
    `ratio`: show the ratio to the published Snapdragon 855 latency on other devices too. Of two cells for the same
    place the later one is shown.
    """
    groups: dict[object, list[Measurement]] = {}
    for one in measurements:
        groups.setdefault((one.identity, one.protocol, one.program), []).append(one)
    made = [_table(group, ratio=ratio) for group in groups.values()]
    told = [{**identity.words(group[0]), "": "\n".join(table.context)}
            for group, table in zip(groups.values(), made, strict=True)]  # fmt: skip
    apart = identity.distinguishing(told, [""], identity.OF_RUN)
    if not apart:
        return made
    return [
        replace(table, context=(*table.context, *(f"{title}: {words[title]}" for title in apart)))
        for table, words in zip(made, told, strict=True)
    ]


class _Footnotes:
    """Numbered remarks; what holds for every cell is said once, without a number."""

    def __init__(self, cells: Sequence[Measurement]) -> None:
        self._of_all = [str(one) for one in cells[0].notes if all(one in cell.notes for cell in cells)]
        self._numbers: dict[str, int] = {}

    def mark(self, cell: Measurement) -> str:
        return "".join(self.number(one) for one in words.remarks(cell) if one not in self._of_all)

    def number(self, sentence: str) -> str:
        return f" [{self._numbers.setdefault(sentence, len(self._numbers) + 1)}]"

    def lines(self) -> list[str]:
        return [*self._of_all, *(f"[{number}] {sentence}" for sentence, number in self._numbers.items())]


def _table(cells: Sequence[Measurement], *, ratio: bool) -> Table:
    threads = sorted({cell.threads for cell in cells})
    by_row: dict[object, dict[int, Measurement]] = {}
    for cell in cells:
        file = identity.words(cell)
        by_row.setdefault(tuple(file[title] for title in identity.OF_FILE), {})[cell.threads] = cell
    files = [identity.words(next(iter(row.values()))) for row in by_row.values()]
    apart = identity.distinguishing(files, identity.OF_FILE[:2], identity.OF_FILE[2:])
    ratios = ratio or facts.is_sd855(cells[0].device)
    headline = "mean" if _tells_no_samples(cells) else cells[0].protocol.headline
    judged = any(next(iter(row.values())).accuracy for row in by_row.values())
    columns = [
        Column("Model", number=False, rank=0),
        Column("Weights", number=False, rank=3),
        *(Column(title, number=False, rank=0, key="identity") for title in apart),
        Column("Top-1*", rank=2, key="top1"),
        *[Column("Top-1 % here", rank=1, key="top1-here")] * judged,
        *(Column(f"{count}T {headline} ms", rank=0, key="ms") for count in threads),
        Column("FLOPs(M)", rank=4, key="flops"),
        Column("Params(M)", rank=4, key="params"),
        Column("MB", rank=1),
        Column("MiB", rank=5),
        *(Column(f"SD855 {count}T*", rank=3, key="sd855") for count in threads),
        *(Column(f"{count}T / SD855*", rank=2, key="ratio") for count in threads if ratios),
    ]
    notes = _Footnotes(cells)
    rows = []
    for row, file in zip(by_row.values(), files, strict=True):
        subject = next(iter(row.values())).subject
        published = facts.published(subject)
        rows.append(
            (
                subject.name,
                subject.weights or "unknown",
                *(file[title] for title in apart),
                _number(published.top1 if published else None, "{:.4f}") + _mark(subject, "top1"),
                *[_judged(next(iter(row.values())), notes)] * judged,
                *(_cell(row.get(count), notes) for count in threads),
                _millions(subject.flops),
                _millions(subject.params),
                f"{subject.bytes / 1e6:.2f}",
                f"{subject.bytes / 2**20:.2f}",
                *(
                    _number(published.sd855_ms.get(count) if published else None, "{:.2f}")
                    + _mark(subject, f"sd855_{count}")
                    for count in threads
                ),
                *(_ratio(row.get(count), anyway=ratio) for count in threads if ratios),
            )
        )
    return Table(
        _context(cells), tuple(columns), tuple(rows), (*_legend(cells, ratios), *_of_published(cells), *notes.lines())
    )


def _judged(cell: Measurement, notes: _Footnotes) -> str:
    """The accuracy as `edgezoo eval` found it, with half its 95 % interval; of which images says a note."""
    if (accuracy := cell.accuracy) is None:
        return "-"
    top1 = accuracy.top1
    half = max(top1.value - top1.low, top1.high - top1.value)
    return f"{100 * top1.value:.2f} ±{100 * half:.2f}" + notes.number(f"Top-1 here: {accuracy.words}")


def _mark(subject: Subject, number: str) -> str:
    return "?" if facts.doubts(subject, number) else ""


def _of_published(cells: Sequence[Measurement]) -> list[str]:
    """What is doubtful of the published numbers shown, and why others are not."""
    shown = ["top1", *(f"sd855_{cell.threads}" for cell in cells)]
    lines = [f"? the published number is doubtful: {one.name}: {one.reason}"
             for cell in cells for one in facts.doubts(cell.subject, *shown)]  # fmt: skip
    lines += [f"{cell.subject.name}: {reason}." for cell in cells for reason in facts.proven(cell.subject).reasons]
    return list(dict.fromkeys(lines))


def _cell(cell: Measurement | None, notes: _Footnotes) -> str:
    if cell is None:
        return "-"
    if cell.status == "measured" and cell.headline_ms is not None:
        text = f"{cell.headline_ms:.2f}"
        if width := facts.half_width(cell):
            text += f" ±{width}"
    else:
        text = cell.status
    return text + ("!" if cell.status == "measured" and not cell.valid else "") + notes.mark(cell)


def _ratio(cell: Measurement | None, *, anyway: bool) -> str:
    return _number(facts.ratio_to_published(cell, anyway=anyway) if cell else None, "{:.2f}")


def _number(value: float | None, form: str, unit: float = 1) -> str:
    return "-" if value is None else form.format(value / unit)


def _millions(value: int | None) -> str:
    """Of a small network in thousands, which are told apart by a k."""
    small = value is not None and 0 < value < 100_000
    return _number(value, "{:.2g}k", 1e3) if small else _number(value, "{:.2f}", 1e6)


def _context(cells: Sequence[Measurement]) -> tuple[str, ...]:
    first = cells[0]
    launches = [launch for cell in cells for launch in cell.launches]
    engines = " and ".join(
        dict.fromkeys(engine_named(one.engine, one.engine_version) for one in launches if one.engine)
    )
    protocol = first.protocol
    how = f"{protocol.name}: warm-up {protocol.warmup_runs} runs"
    how += f" and {protocol.warmup_ms:g} ms" if protocol.warmup_ms else ""
    how += f", {protocol.repeats} repeats" + (f" and {protocol.repeats_ms:g} ms" if protocol.repeats_ms else "")
    how += f", {protocol.launches_min}" + (f" to {protocol.launches_max}" if protocol.launches_max > 1 else "")
    how += " launches" if protocol.launches_max > 1 else " launch"
    return (
        f"Device: {facts.device_line(first.device)}",
        f"Program: {first.program.name}" + (f", {engines}" if engines else ""),
        f"Model files: {_distinct(cells, lambda cell: cell.subject.precision)}, "
        + _distinct(cells, lambda cell: facts.maker(cell.subject)),
        f"Inputs: {_distinct(cells, lambda cell: identity.shapes(cell.subject.shapes))}, {protocol.input}",
        f"Protocol {how}" + (f"; cores {','.join(map(str, protocol.cores))}" if protocol.cores else ""),
    )


def _tells_no_samples(cells: Sequence[Measurement]) -> bool:
    return any(cell.headline_ms is not None and cell.statistics is None for cell in cells)


def _legend(cells: Sequence[Measurement], ratios: bool) -> list[str]:
    lines = [
        "* published by PaddleClas: top-1 of the published weights, mean latency of Paddle-Lite on a Snapdragon 855, fp32"
    ]
    if cells[0].protocol.headline == "median" and any(c.statistics and c.statistics.interval for c in cells):
        lines.append(facts.INTERVAL_LEGEND)
    if _tells_no_samples(cells):
        lines.append(f"{cells[0].program.name} tells no samples: means over all launches, without an interval")
    if any(cell.status == "measured" and not cell.valid for cell in cells):
        lines.append("! not valid, for the reason noted")
    if ratios and cells[0].protocol.base != "table":
        lines.append("The published latencies are means of one launch; --protocol table measures the same way.")
    for told in (facts.unproven, facts.int8):
        lines += dict.fromkeys(one for cell in cells if (one := told(cell.subject)))
    if any(cell.subject.weights == "random" for cell in cells):
        lines.append("Weights random: the network's latency and size, not its accuracy.")
    return lines


def _distinct(cells: Sequence[Measurement], value: Callable[[Measurement], str | None]) -> str:
    return " and ".join(dict.fromkeys(value(cell) or "unknown" for cell in cells))
