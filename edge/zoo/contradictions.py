"""Finds what in PaddleClas' published table contradicts itself.

What was found in the table's 267 rows stands in doubts.csv, which edge.zoo.doubts reads where the numbers are shown.
`python -m edge.zoo.contradictions TABLE.csv` makes the file anew from the table as CSV, a row a line of the table.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.zoo.catalogue import catalogue
from edge.zoo.doubts import FILE, Doubt
from edge.zoo.model import Published

_THREADS = ((1, 2), (2, 4))


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One row of the table. `architecture` is what builds the network: rows may share it."""

    name: str
    architecture: str
    published: Published
    archive: str | None = None


def contradictions(rows: Sequence[PublishedRow]) -> list[Doubt]:
    """Every number that other numbers of the table contradict."""
    found = [doubt for row in rows for doubt in (*_latencies(row, rows), *_accuracies(row), *_orders(row))]
    return found + list(_shared(rows)) + list(_named_twice(rows))


def _latencies(row: PublishedRow, rows: Sequence[PublishedRow]) -> Iterator[Doubt]:
    """More threads are never slower, and never more times faster than there are more of them (5 % for what is left)."""
    ms = row.published.sd855_ms
    for few, many in _THREADS:
        if few not in ms or many not in ms:
            continue
        gain = ms[few] / ms[many]
        if gain < 1:
            sentence = f"{ms[many]:.2f} ms on {many} threads is slower than {ms[few]:.2f} on {few}"
            yield Doubt(row.name, f"sd855_{many}", sentence)
        if gain > 1.05 * many / few:
            same = [f"{one.name}'s" for one in rows if one is not row and one.published.sd855_ms.get(few) == ms[few]]
            equal = f"; it is also {' and '.join(same)}" if same else ""
            sentence = f"{ms[few]:.2f} ms on {few} thread{'s' * (few > 1)} is {gain:.2f} times that on {many}"
            yield Doubt(row.name, f"sd855_{few}", sentence + equal)


def _accuracies(row: PublishedRow) -> Iterator[Doubt]:
    p = row.published
    if p.top1 is None:
        return
    if p.top1_gain is not None and p.reference_top1 is not None:
        gain = p.top1 - p.reference_top1
        if abs(gain - p.top1_gain) > 0.0015:  # three numbers of three digits
            sentence = f"a gain of {p.top1_gain:.3f} is printed; {p.top1:g} is {gain:.3f} above {p.reference_top1:g}"
            yield Doubt(row.name, "top1_gain", sentence)
    if p.top5 is not None and not p.top1 < p.top5 <= 1:
        yield Doubt(row.name, "top5", f"top-5 {p.top5:g} is not above top-1 {p.top1:g}")


def _orders(row: PublishedRow) -> Iterator[Doubt]:
    """A larger batch takes longer, at most as many times as it is larger."""
    ms = [row.published.elsewhere_ms.get(f"v100_trt_fp32_ms_bs{batch}") for batch in (1, 4, 8)]
    for (few, a), (many, b) in zip(zip((1, 4), ms, strict=False), zip((4, 8), ms[1:], strict=True), strict=True):
        if a is not None and b is not None and not a <= b <= 1.1 * a * many / few:
            sentence = f"{b:.2f} ms for a batch of {many} does not go with {a:.2f} for {few}"
            yield Doubt(row.name, f"v100_trt_fp32_ms_bs{many}", sentence)


def _shared(rows: Sequence[PublishedRow]) -> Iterator[Doubt]:
    """Distilled networks are the same network: its FLOPs and parameters cannot differ."""
    for row in rows:
        for other in rows:
            if other.architecture != row.architecture or not row.name.endswith("_ssld") or other.name.endswith("_ssld"):
                continue
            for number in ("flops", "params"):
                a, b = (getattr(one.published, f"{number}_m") for one in (row, other))
                if a is not None and b is not None and abs(a / b - 1) > 0.01:
                    yield Doubt(row.name, number, f"{a:g} M; the same network as {other.name} has {b:g} M")


def _named_twice(rows: Sequence[PublishedRow]) -> Iterator[Doubt]:
    """Two rows of one name and one archive, with different accuracies: which of them does the archive hold?"""
    first: dict[str, PublishedRow] = {}
    for row in rows:
        one = first.setdefault(row.name, row)
        a, b = one.published.top1, row.published.top1
        if a is not None and b is not None and abs(a - b) > 0.0006 and one.archive == row.archive:
            yield Doubt(row.name, "top1", f"the table has two rows of this name and archive: {a:g} and {b:g}")


def _read(table: Path) -> list[PublishedRow]:
    built = {model.name: model.architecture for model in catalogue()}
    with table.open(encoding="utf-8", newline="") as file:
        return [_row(line, built) for line in csv.DictReader(file)]


def _row(line: dict[str, str], built: dict[str, str]) -> PublishedRow:
    def number(column: str) -> float | None:
        return float(line[column]) if line[column] else None

    latencies = {threads: number(f"sd855_ms_threads{threads}") for threads in (1, 2, 4)}
    elsewhere = {column: number(column) for column in line if column.startswith("v100")}
    published = Published(
        top1=number("top1"),
        top5=number("top5"),
        flops_m=number("flops_m"),
        params_m=number("params_m"),
        size_mb=number("model_size_m"),
        sd855_ms={threads: ms for threads, ms in latencies.items() if ms is not None},
        reference_top1=number("reference_top1"),
        top1_gain=number("top1_gain"),
        elsewhere_ms={column: ms for column, ms in elsewhere.items() if ms is not None},
    )
    return PublishedRow(
        line["model"], built.get(line["model"], line["model"]), published, line["inference_url"] or None
    )


if __name__ == "__main__":
    known = list(dict.fromkeys(contradictions(_read(Path(sys.argv[1])))))
    lines = [",".join(one) for one in known]
    FILE.write_text("\n".join([",".join(Doubt._fields), *lines]) + "\n", encoding="ascii")
