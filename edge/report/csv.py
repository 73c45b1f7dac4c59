"""The report as CSV: a line a cell, the columns of the JSON report that are single values."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from edge.report import json
from edge.results.measurement import Measurement

_LATENCY = ("headline", "median", "mean", "min", "p10", "p90", "p99", "max", "mad", "cv", "outliers", "slow_share")
_COUNTS = ("launches", "runs", "bimodal_launches", "interval_level")
_COLUMNS = (
    *("id", "model", "weights", "target", "precision", "opt_version", "sha256", "bytes", "flops", "params"),
    *("serial", "device_model", "soc", "threads", "threads_honoured", "protocol", "program", "engine_version"),
    *("synthetic", "status", "valid", "reasons", "notes", "error"),
    *(f"latency_{name}" for name in (*_LATENCY, *_COUNTS)),
    *("latency_ci95_low", "latency_ci95_high", "load_ms", "first_run_ms", "peak_rss_bytes"),
    *("published_top1", "published_sd855_ms", "ratio_to_sd855"),
)


def render(measurements: Sequence[Measurement], *, ratio: bool = False) -> str:
    """RFC 4180 with a header line; several reasons are joined by "; ", what is unknown is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(_line(json.cell(one, ratio=ratio)) for one in measurements)
    return text.getvalue()


def _line(cell: dict[str, Any]) -> dict[str, Any]:
    latency, published, device = cell["latency_ms"] or {}, cell["published"] or {}, cell["device"]
    low, high = latency.get("ci95") or (None, None)
    return {
        **cell,
        "serial": device["serial"],
        "device_model": device.get("model"),
        "soc": device.get("soc_model") or device.get("soc"),
        "protocol": cell["protocol"]["name"],
        "reasons": "; ".join(cell["reasons"]),
        "notes": "; ".join(cell["notes"]),
        **{f"latency_{name}": latency.get(name) for name in (*_LATENCY, *_COUNTS)},
        "latency_ci95_low": low,
        "latency_ci95_high": high,
        "published_top1": published.get("top1"),
        "published_sd855_ms": published.get("sd855_ms"),
    }
