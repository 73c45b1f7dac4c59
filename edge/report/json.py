"""The report as JSON: a list, one object a cell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from edge.report import accuracy, facts, sustained
from edge.results.measurement import Launch, Measurement
from edge.results.pooling import pool, same_cell
from edge.results.statistics import median


def render(
    measurements: Sequence[Measurement],
    *,
    ratio: bool = False,
    raw: bool = False,
    others: Sequence[Measurement] | None = None,
) -> str:
    """`raw` adds every launch with its samples and readings; `others`: more measurements, from which those of the same
    cell in other sessions are pooled (`all_sessions`, null with fewer than two).
    """
    cells = [cell(one, ratio=ratio, raw=raw) for one in measurements]
    if others is not None:
        for one, values in zip(measurements, cells, strict=True):
            pooled = pool([other for other in others if same_cell(other, one)])
            values["all_sessions"] = pooled and asdict(pooled)
    return json.dumps(cells, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def cell(measurement: Measurement, *, ratio: bool = False, raw: bool = False) -> dict[str, Any]:
    """One cell as JSON values. Times in ms, sizes in bytes; what is unknown is null.

    Its numbers are of `launches_counted` launches; `launches_ms` has all that were made, those set aside as well.
    """
    subject, statistics = measurement.subject, measurement.statistics
    published = facts.published(subject)
    engine, engine_version = measurement.engine
    last = measurement.launches[-1] if measurement.launches else None
    latency = None
    if measurement.headline_ms is not None:
        latency = {"headline": measurement.headline_ms, "headline_is": _headline_is(measurement)}
        if statistics is not None:
            numbers = asdict(statistics)
            interval = statistics.interval
            numbers["interval"] = interval and [interval.low, interval.high]
            numbers["interval_level"] = interval and interval.level
            numbers["ci95"] = statistics.ci95 and [statistics.ci95.low, statistics.ci95.high]
            latency |= numbers
    values: dict[str, Any] = {
        "id": measurement.id,
        "session": measurement.session,
        "sessions": measurement.sessions,
        "labels": list(measurement.labels),
        "model": subject.name,
        "weights": subject.weights,
        "target": subject.target,
        "precision": subject.precision,
        "opt_version": subject.opt_version,
        "sha256": subject.sha256,
        "bytes": subject.bytes,
        "flops": subject.flops,
        "params": subject.params,
        "verification": subject.verification,
        "shapes": [list(shape) for shape in subject.shapes],
        "batch": subject.shapes[0][0] if subject.shapes and subject.shapes[0] else None,
        "device_identity": asdict(measurement.identity),
        "device": dict(measurement.device),
        "threads": measurement.threads,
        "threads_honoured": measurement.program.threads_honoured,
        "protocol": asdict(measurement.protocol),
        "program": measurement.program.name,
        "program_sha256": measurement.program.sha256,
        "contract": measurement.program.contract,
        "runner_version": last and last.runner_version,
        "engine": engine,
        "engine_version": engine_version,
        "synthetic": measurement.synthetic,
        "status": measurement.status,
        "valid": measurement.valid,
        "reasons": [one.as_json() for one in measurement.reasons],
        "remarks": [one.as_json() for one in measurement.remarks],
        "error": measurement.error,
        "latency_ms": latency,
        "load_ms": _median(launch.load_ms for launch in measurement.counted),
        "first_run_ms": _median(launch.first_run_ms for launch in measurement.counted),
        "peak_rss_bytes": max((one.peak_rss_bytes or 0 for one in measurement.counted), default=0) or None,
        "sustained": sustained.as_json(measurement),
        "launches_counted": len(measurement.counted),
        "launches_made": len(measurement.launches),
        "launches_ms": [launch.level_ms for launch in measurement.launches],
        "accuracy": measurement.accuracy and accuracy.as_dict(measurement.accuracy),
        "published": published
        and {
            "top1": published.top1,
            "flops_m": published.flops_m,
            "params_m": published.params_m,
            "size_mb": published.size_mb,
            "sd855_ms": published.sd855_ms.get(measurement.threads),
        },
        "published_withheld": list(facts.proven(subject).reasons),
        "published_doubts": [one._asdict() for one in facts.doubts(subject)],
        "ratio_to_sd855": facts.ratio_to_published(measurement, anyway=ratio),
        "started": measurement.started,
        "finished": measurement.finished,
    }
    if raw:
        values["metadata"] = subject.metadata
        values["launches"] = [_launch(launch) for launch in measurement.launches]
    return values


def _launch(launch: Launch) -> dict[str, Any]:
    remarks = {"reasons": [one.as_json() for one in launch.reasons], "notes": [one.as_json() for one in launch.notes]}
    return asdict(replace(launch, reasons=(), notes=())) | remarks


def _headline_is(measurement: Measurement) -> str:
    return "mean" if measurement.statistics is None else measurement.protocol.headline


def _median(values: Any) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
