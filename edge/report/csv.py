"""The report as CSV: a line a cell, the columns of the JSON report that are single values."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from edge.report import json
from edge.report.identity import shapes
from edge.results.measurement import Measurement
from edge.results.protocol import Protocol

_LATENCY = ("headline", "median", "mean", "min", "p10", "p90", "p99", "max", "mad", "cv", "outliers", "slow_share")
_COUNTS = ("launches", "runs", "bimodal_launches", "interval_level")
_PARAMETERS = tuple(f"protocol_{one.name}" for one in fields(Protocol) if one.name != "name")
_COLUMNS = (
    *(
        "id",
        "session",
        "sessions",
        "labels",
        "started",
        "model",
        "weights",
        "target",
        "precision",
        "opt_version",
        "shapes",
        "batch",
    ),
    *("sha256", "bytes", "flops", "params", "serial", "serialno", "build", "device_model", "soc", "threads"),
    *(
        "threads_honoured",
        "protocol",
        *_PARAMETERS,
        "program",
        "program_sha256",
        "contract",
        "engine",
        "engine_version",
    ),
    *("synthetic", "status", "valid", "reason_codes", "reasons", "remark_codes", "remarks", "error"),
    *(f"latency_{name}" for name in (*_LATENCY, *_COUNTS)),
    *("launches_counted", "launches_made"),
    *("latency_ci95_low", "latency_ci95_high", "load_ms", "first_run_ms", "peak_rss_bytes"),
    *("sustained_first_ms", "sustained_steady_ms", "sustained_ratio", "sustained_steady"),
    *("top1", "top1_low", "top1_high", "top5", "images", "dataset", "dataset_sha256"),
    *("published_top1", "published_sd855_ms", "ratio_to_sd855", "published_withheld", "published_doubts"),
)


def render(measurements: Sequence[Measurement], *, ratio: bool = False) -> str:
    """RFC 4180 with a header line; several reasons are joined by "; ", what is unknown is empty.

    `started` is local time with its offset (ISO 8601), `shapes` as 1x3x224x224, `serial` how the device was reached.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(_line(json.cell(one, ratio=ratio)) for one in measurements)
    return text.getvalue()


def _line(cell: dict[str, Any]) -> dict[str, Any]:
    latency, published, device = cell["latency_ms"] or {}, cell["published"] or {}, cell["device"]
    low, high = latency.get("ci95") or (None, None)
    kept = cell["sustained"] or {}
    judged = cell["accuracy"] or {"top1": {}, "top5": None, "dataset": {}}
    return {
        **cell,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(cell["started"])),
        "shapes": shapes(cell["shapes"]),
        "serial": device.get("serial"),
        "serialno": cell["device_identity"]["serialno"],
        "build": device.get("build"),
        "labels": "; ".join(cell["labels"]),
        "device_model": device.get("model"),
        "soc": device.get("soc_model") or device.get("soc"),
        "protocol": cell["protocol"]["name"],
        **{f"protocol_{name}": _plain(value) for name, value in cell["protocol"].items() if name != "name"},
        **{kind: "; ".join(one["text"] for one in cell[kind]) for kind in ("reasons", "remarks")},
        **{f"{kind}_codes": " ".join(one["code"] for one in cell[f"{kind}s"]) for kind in ("reason", "remark")},
        **{f"latency_{name}": latency.get(name) for name in (*_LATENCY, *_COUNTS)},
        "latency_ci95_low": low,
        "latency_ci95_high": high,
        **{f"sustained_{name}": kept.get(name) for name in ("first_ms", "steady_ms", "ratio", "steady")},
        **{
            name: judged["top1"].get(key)
            for name, key in (("top1", "value"), ("top1_low", "low"), ("top1_high", "high"))
        },
        "top5": (judged["top5"] or {}).get("value"),
        "images": judged.get("images"),
        "dataset": judged["dataset"].get("name"),
        "dataset_sha256": judged["dataset"].get("sha256"),
        "published_top1": published.get("top1"),
        "published_sd855_ms": published.get("sd855_ms"),
        "published_withheld": "; ".join(cell["published_withheld"]),
        "published_doubts": "; ".join(f"{one['number']}: {one['reason']}" for one in cell["published_doubts"]),
    }


def _plain(value: object) -> object:
    """A list of cores as 7,6."""
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else value
