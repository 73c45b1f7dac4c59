"""A measurement as a line of typed values: the columns of CSV files and workbooks, each of one type, with what it means."""

from __future__ import annotations

import math
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from edge.report import json
from edge.report.identity import shapes
from edge.results.measurement import Measurement
from edge.results.protocol import Protocol

Kind = Literal["text", "whole", "number", "boolean", "moment"]
Value = str | int | float | bool | datetime | None
_LATENCY = ("headline", "median", "mean", "min", "p10", "p90", "p99", "max", "mad", "cv", "outliers", "slow_share")
_COUNTS = ("launches", "runs", "bimodal_launches", "interval_level")
_PARAMETERS: dict[str, Kind] = {"warmup_runs": "whole", "repeats": "whole", "launches_min": "whole"}
_PARAMETERS |= {"launches_max": "whole", "power_mode": "whole", "input": "text", "cores": "text"}


class ExportColumn(NamedTuple):
    """A column of an export: its name, the type of every value in it, and what it means, with its unit."""

    name: str
    kind: Kind
    meaning: str


def _columns(kind: Kind, **meanings: str) -> list[ExportColumn]:
    return [ExportColumn(name, kind, meaning) for name, meaning in meanings.items()]


COLUMNS: tuple[ExportColumn, ...] = (
    *_columns("whole", id="of the measurement", session="in which it was begun", sessions="of how many its launches are"),
    *_columns("text", labels="what was said of it, joined by '; '"),
    *_columns("moment", started="when it was begun, UTC", finished="when it ended, UTC"),
    *_columns("text", model="name", weights="published, random, own, checkpoint", target="what opt made it for",
              precision="fp32, fp16, int8, ...", opt_version="of opt", shapes="of the inputs, as 1x3x224x224"),
    *_columns("whole", batch="first axis of the first input"),
    *_columns("text", sha256="of the model file"),
    *_columns("whole", bytes="of the model file", flops="multiply-accumulates", params="parameters"),
    *_columns("text", serial="how the device was reached", serialno="its maker's serial number, or a hash of its machine id",
              build="its system", device_model="its model", soc="its chip"),
    *_columns("whole", threads="asked for"),
    *_columns("boolean", threads_honoured="whether the program uses so many"),
    *_columns("text", protocol="by name"),
    *(ExportColumn(f"protocol_{one.name}", _PARAMETERS.get(one.name, "number"), "a parameter of the protocol")
      for one in fields(Protocol) if one.name != "name"),
    *_columns("text", program="the benchmark program", program_sha256="of all that it is made of"),
    *_columns("whole", contract="number of the device contract"),
    *_columns("text", engine="what ran the network", engine_version="its version"),
    *_columns("boolean", synthetic="whether no network ran"),
    *_columns("text", status="measured, failed, unfinished"),
    *_columns("boolean", valid="measured, and nothing speaks against it"),
    *_columns("text", reason_codes="what makes it invalid, joined by blanks", reasons="the same in words, joined by '; '",
              remark_codes="what else is to be known", remarks="the same in words", error="why it failed"),
    *_columns("number", latency_headline="ms: the median, or the mean of the table protocol",
              latency_median="ms, over launches' medians", latency_mean="ms, over all runs", latency_min="ms",
              latency_p10="ms", latency_p90="ms", latency_p99="ms, from 1000 runs on", latency_max="ms",
              latency_mad="ms, median absolute deviation", latency_cv="standard deviation over mean"),
    *_columns("whole", latency_outliers="runs"),
    *_columns("number", latency_slow_share="of runs, 0 to 1"),
    *_columns("whole", latency_launches="with samples, that count", latency_runs="in them",
              latency_bimodal_launches="whose runs fall in two groups"),
    *_columns("number", latency_interval_level="at which the interval of the median holds, 0 to 1"),
    *_columns("whole", launches_counted="that make the numbers", launches_made="all"),
    *_columns("number", latency_ci95_low="ms, interval of the median, where it holds at 95 %", latency_ci95_high="ms",
              load_ms="ms, median", first_run_ms="ms, median"),
    *_columns("whole", peak_rss_bytes="bytes, largest"),
    *_columns("number", sustained_first_ms="ms, at the start", sustained_steady_ms="ms, at the end",
              sustained_ratio="end over start"),
    *_columns("boolean", sustained_steady="whether it had become steady"),
    *_columns("number", top1="measured share, 0 to 1", top1_low="95 % interval", top1_high="95 % interval",
              top5="measured share, 0 to 1"),
    *_columns("whole", images="judged"),
    *_columns("text", dataset="its folder's name", dataset_sha256="of its images and classes"),
    *_columns("number", published_top1="by PaddleClas, 0 to 1",
              published_sd855_ms="ms, by PaddleClas, on a Snapdragon 855", ratio_to_sd855="measured over published"),
    *_columns("text", published_withheld="why published numbers are not its", published_doubts="what is doubtful of them"),
)  # fmt: skip


def line(one: Measurement, *, ratio: bool = False) -> list[Value]:
    """Its values in the order of `COLUMNS`; None: unknown. Numbers are finite."""
    values = _values(json.cell(one, ratio=ratio))
    return [_typed(values.get(column.name), column.kind) for column in COLUMNS]


def _typed(value: Any, kind: Kind) -> Value:
    if value is None or value == "":
        return None
    if kind == "number":
        return float(value) if math.isfinite(value) else None
    if kind == "text":
        return str(value)
    return bool(value) if kind == "boolean" else value


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)


def _values(cell: dict[str, Any]) -> dict[str, Any]:
    latency, published, device = cell["latency_ms"] or {}, cell["published"] or {}, cell["device"]
    low, high = latency.get("ci95") or (None, None)
    kept = cell["sustained"] or {}
    judged = cell["accuracy"] or {"top1": {}, "top5": None, "dataset": {}}
    return {
        **cell,
        **{name: _moment(cell[name]) for name in ("started", "finished")},
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
