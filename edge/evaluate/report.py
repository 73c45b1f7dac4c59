"""What an evaluation is printed as: a table, JSON, and a CSV file with a line an image."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edge.evaluate.evaluation import Evaluation, remarks
from edge.report import facts
from edge.report.grid import Column, text
from edge.report.view import PLAIN, View
from edge.results.accuracy import Accuracy, Share
from edge.results.measurement import RunnerProgram, Subject
from edge.results.versions import engine_named
from edge.zoo.model import Preprocessing

_COLUMNS = (
    Column("Model", number=False, rank=0), Column("Weights", number=False, rank=2), Column("Precision", number=False),
    Column("Bytes", rank=3), Column("Images", rank=2), Column("Top-1 %", rank=0, key="top1"),
    Column("95 % CI", rank=1, key="top1-interval"), Column("Top-5 %", rank=1, key="top5"),
    Column("95 % CI", rank=3, key="top5-interval"), Column("Published", rank=2),
)  # fmt: skip


SYNTHETIC = "synthetic engine: no accuracy of the network"


@dataclass(frozen=True, slots=True)
class Launched:
    """The benchmark program that judged, its version, and what the device said of itself; `synthetic`: no network ran."""

    program: RunnerProgram
    version: str
    synthetic: bool
    device: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EvaluatedModel:
    """One network, how its images were prepared, where it ran, and what came of it. Seconds in all.

    `device` is a serial, or "host"; `launched` is None where the engine ran in its own interpreter here;
    `stored` is as the results database keeps it.
    """

    subject: Subject
    preprocessing: Preprocessing
    engine: str
    device: str
    evaluation: Evaluation
    seconds: float
    launched: Launched | None = None
    stored: Accuracy | None = None


def table(judged: Sequence[EvaluatedModel], view: View = PLAIN) -> str:
    """The table; `Published` is shown for published weights only: it says nothing of others.

    Above it stands which device and program judged, where a program did, and below how the images were prepared and what is
    to be known of the numbers.
    """
    parts = [text(_COLUMNS, [_row(one) for one in judged], view)]
    if context := dict.fromkeys(line for one in judged for line in _context(one)):
        parts.insert(0, "\n".join(view.prose(list(context))))
    told = [f"{one.subject.name}: {one.preprocessing}" for one in judged]
    told += [f"{one.subject.name}: {remark}" for one in judged for remark in remarks(one.evaluation)]
    told += [f"{one.subject.name}: {reason}." for one in judged for reason in _withheld(one.subject)]
    told += [f"? {one.subject.name}: {doubt.reason}" for one in judged for doubt in facts.doubts(one.subject, "top1")]
    told += [
        f"{one.subject.name}: kept as accuracy {one.stored.id}, of {one.stored.words}" for one in judged if one.stored
    ]
    if told:
        parts.append("\n".join(view.prose(told)))
    if any(one.launched and one.launched.synthetic for one in judged):
        parts.append(f"! {SYNTHETIC}")
    return "\n\n".join(parts)


def as_dict(one: EvaluatedModel) -> dict[str, Any]:
    """The JSON object of one network: counts, shares from 0 to 1 with their intervals, and how they were got."""
    subject, made = one.subject, one.evaluation
    stored = one.stored
    return {
        "id": stored and stored.id,
        "dataset": stored and {"name": stored.dataset, "sha256": stored.dataset_sha256},
        "name": subject.name,
        "sha256": subject.sha256,
        "bytes": subject.bytes,
        "weights": subject.weights,
        "target": subject.target,
        "precision": subject.precision,
        "verification": subject.verification,
        "engine": one.engine,
        "device": one.device,
        **_launched(one.launched),
        "preprocessing": asdict(one.preprocessing),
        "classes": made.classes,
        "images": len(made.predictions),
        "remarks": remarks(made),
        "top1": asdict(made.top1),
        "top5": asdict(made.top5) if made.top5 else None,
        "published": _published(subject),
        "published_withheld": _withheld(subject),
        "unreadable": [{"image": each.image.name, "reason": each.reason} for each in made.unreadable],
        "seconds": round(one.seconds, 3),
    }


def predictions_csv(judged: Sequence[EvaluatedModel]) -> str:
    """`model,image,label,predicted`: one line a network and image, the best classes separated by spaces, best first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["model", "image", "label", "predicted"])
    for one in judged:
        for each in one.evaluation.predictions:
            writer.writerow([one.subject.name, each.image.name, each.image.label, " ".join(map(str, each.top))])
    return out.getvalue()


def _context(one: EvaluatedModel) -> list[str]:
    if one.launched is None:
        return []
    program = f"{one.launched.program.name} {one.launched.version}"
    return [f"Device: {facts.device_line(one.launched.device)}", f"Program: {program}, {engine_named(one.engine)}"]


def _launched(launched: Launched | None) -> dict[str, Any]:
    if launched is None:
        return {"program": None, "synthetic": False, "hardware": None}
    return {
        "program": {
            "name": launched.program.name,
            "sha256": launched.program.sha256,
            "version": launched.version,
        },
        "synthetic": launched.synthetic,
        "hardware": {name: value for name, value in launched.device.items() if name != "cores"},
    }


def _row(one: EvaluatedModel) -> list[str]:
    subject, made = one.subject, one.evaluation
    mark = " !" if one.launched and one.launched.synthetic else ""
    published = (_published(subject) or {}).get("top1")
    return [
        subject.name + mark,
        subject.weights or "-",
        subject.precision or "-",
        f"{subject.bytes:,}",
        f"{len(made.predictions):,}",
        *_share(made.top1),
        *_share(made.top5),
        f"{100 * published:.2f}" + ("?" if facts.doubts(subject, "top1") else "") if published else "-",
    ]


def _share(share: Share | None) -> tuple[str, str]:
    if share is None:
        return "-", "-"
    return f"{100 * share.value:.2f}", f"{100 * share.low:.2f} to {100 * share.high:.2f}"


def _withheld(subject: Subject) -> list[str]:
    """Why a network of the catalogue's name is not compared with the published accuracy."""
    return list(facts.proven(subject).reasons)


def _published(subject: Subject) -> dict[str, float | None] | None:
    """What PaddleClas says of these very weights on ImageNet's validation images."""
    published = facts.published(subject)
    if published is None or published.top1 is None:
        return None
    return {"top1": published.top1, "top5": published.top5}
