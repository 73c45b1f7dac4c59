"""Stored accuracies: a table, a comparison in words, JSON."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from edge.report.grid import Column, text
from edge.report.view import PLAIN, View
from edge.results.accuracy import Accuracy, AccuracyComparison, Share

_COLUMNS = (
    *(Column("Id", rank=0), Column("When", False, rank=3), Column("Model", False, rank=0)),
    *(Column("Weights", False, rank=3), Column("Precision", False), Column("Device", False, rank=2)),
    *(Column("Data", False, rank=2), Column("Images", rank=2), Column("Top-1 %", rank=0, key="top1")),
    *(Column("95 % CI", key="interval"), Column("Top-5 %", key="top5")),
)


def table(found: Sequence[Accuracy], view: View = PLAIN) -> str:
    """A row an accuracy; what is to be known of one stands below. No line break at its end."""
    rows = [
        [
            str(one.id),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(one.finished)),
            one.subject.name + " !" * one.synthetic,
            one.subject.weights or "unknown",
            one.subject.precision or "unknown",
            str(one.device.get("serial") or "unknown"),
            f"{one.dataset} {one.dataset_sha256[:8]}",
            f"{one.images:,}",
            f"{100 * one.top1.value:.2f}",
            f"{100 * one.top1.low:.2f} to {100 * one.top1.high:.2f}",
            f"{100 * one.top5.value:.2f}" if one.top5 else "-",
        ]
        for one in found
    ]
    lines = [text(_COLUMNS, rows, view)]
    told = [f"{one.id}: {remark}" for one in found for remark in one.remarks]
    told += [
        f"{one.id}: {one.unreadable} images could not be read, and are in no share" for one in found if one.unreadable
    ]
    told += ["! synthetic engine: no accuracy of the network"] * any(one.synthetic for one in found)
    return "\n".join([*lines, *view.prose(told)])


def sentences(made: AccuracyComparison, first: Accuracy, second: Accuracy) -> list[str]:
    """The answer, and what it is of."""
    names = [f"{one.subject.name} ({one.subject.precision or 'unknown'}, {one.id})" for one in (first, second)]
    interval = f"95 % interval {100 * made.low:+.2f} to {100 * made.high:+.2f}"
    lines = [
        f"{names[1]} is {made.verdict} than {names[0]}: "
        if made.verdict != "no difference shown"
        else f"No difference is shown between {names[1]} and {names[0]}: "
    ]
    lines[0] += (
        f"{100 * made.difference:+.2f} points of top-1 ({interval}), image by image over {made.images:,} images."
    )
    lines.append(f"Right in one of them only: {made.only_second:,} and {made.only_first:,} images.")
    if first.preprocessing != second.preprocessing:
        lines.append("Beware: their images were prepared otherwise.")
    return lines


def as_dict(one: Accuracy) -> dict[str, Any]:
    """The JSON object: shares from 0 to 1 with their 95 % intervals, the images, and how they were judged."""
    subject = one.subject
    return {
        "id": one.id,
        "finished": one.finished,
        "seconds": one.seconds,
        "model": subject.name,
        "sha256": subject.sha256,
        "bytes": subject.bytes,
        "weights": subject.weights,
        "target": subject.target,
        "precision": subject.precision,
        "dataset": {"name": one.dataset, "sha256": one.dataset_sha256},
        "images": one.images,
        "unreadable": one.unreadable,
        "classes": one.classes,
        "top1": _share(one.top1),
        "top5": one.top5 and _share(one.top5),
        "preprocessing": dict(one.preprocessing),
        "engine": one.engine,
        "program": one.program,
        "synthetic": one.synthetic,
        "device": one.device.get("serial"),
        "device_identity": asdict(one.identity),
        "remarks": list(one.remarks),
    }


def _share(of: Share) -> dict[str, Any]:
    return asdict(of)
