"""Values that several tests need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.results.accuracy import Accuracy
from edge.results.measurement import Launch, Measurement, RunnerProgram, Subject
from edge.results.protocol import ROBUST, Protocol
from edge.results.store import Store

SUBJECT = Subject(
    name="PPLCNet_x1_0", sha256="ab" * 32, bytes=11_885_332, shapes=((1, 3, 224, 224),), weights="random", target="arm",
    precision="fp32", opt_version="v2.13-rc", flops=160_740_000, params=2_960_000, verification="passed",
)  # fmt: skip


def network(name: str, weights: str, *, classes: int = 1000) -> dict[str, Any]:
    """The metadata of a network of the catalogue."""
    return {"model": {"name": name}, "source": {"kind": weights}, "class_num": classes}


PROGRAM = RunnerProgram(name="edgebench", sha256="cd" * 32)
PHONE: dict[str, Any] = {"serial": "ab12", "kind": "android", "model": "MI 9", "soc": "msmnile", "abis": ["arm64-v8a"]}


def new_database(path: Path) -> None:
    """With its tables, and nothing in them."""
    with Store(path) as store, store.database.transaction():
        pass


def launch(number: int, *samples: float, **facts: Any) -> Launch:
    return Launch(number=number, started=1.7e9 + number, seconds=2.0, samples_ms=samples, **facts)


def accuracy(outcomes: bytes = bytes([2] * 7 + [1, 0, 0]), **changes: Any) -> Accuracy:
    values: dict[str, Any] = {
        "id": 0, "finished": 1.7e9, "seconds": 3.0, "subject": SUBJECT, "network": None, "dataset": "val",
        "dataset_sha256": "ef" * 32, "classes": 1000, "preprocessing": {"scale": 1.0}, "engine": "paddle-lite v2.13-rc",
        "program": None, "synthetic": False, "device": {"serial": "host", "kind": "host", "serialno": "5a"},
        "remarks": (), "has_top5": True, "outcomes": outcomes,
    }  # fmt: skip
    return Accuracy(**{**values, **changes})


def measurement(
    *launches: Launch, threads: int = 1, subject: Subject = SUBJECT, protocol: Protocol = ROBUST, **changes: Any
) -> Measurement:
    values: dict[str, Any] = {
        "id": 1, "session": 1, "subject": subject, "device": PHONE, "threads": threads, "protocol": protocol,
        "program": PROGRAM, "status": "measured", "launches": launches, "reasons": (), "notes": (), "error": None,
        "started": 1.7e9, "finished": 1.7e9 + 60,
    }  # fmt: skip
    return Measurement(**{**values, **changes})
