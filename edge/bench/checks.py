"""Comparisons of outputs on devices that passed: none is made again, and a session that was cut off goes on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from edge.bench.check_output import OutputCheck
from edge.bench.programs import Runner
from edge.bench.request import Job
from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.convert.verify.asked import InputsAsked
from edge.convert.verify.compare import Comparison
from edge.device.base import Device
from edge.images.overrides import known
from edge.results.identity import DeviceIdentity
from edge.toolchain.engines import engine

CODE = ("edge.bench.check_output",)  # what decides a comparison, besides the engines (edge.cache.keys)
_OF_THE_FILE = ("source", "calibration", "precision", "engine")


def check_key(device: Device, runner: Runner, job: Job, threads: int, asked: InputsAsked) -> str:
    """Everything that can change what a comparison brings."""
    metadata = job.subject.metadata or {}
    return key_of(
        {
            "file": job.subject.sha256,
            "shapes": [list(shape) for shape in job.subject.shapes],
            "made": {field: metadata.get(field) for field in _OF_THE_FILE},
            "device": asdict(DeviceIdentity.of(asdict(device.properties()))),
            "program": runner.program.sha256,
            "threads": threads,
            "inputs": asked.key(known(job.subject)),
            "engines": [engine(kind).lock_hash for kind in ("paddle", "paddle3", "onnx")],
            "code": code_version(*CODE),
        }
    )


def kept_check(key: str) -> OutputCheck | None:
    """The comparison under that key, if one passed."""
    entry = _store().get(key, content=True)
    if entry is None:
        return None
    facts: dict[str, Any] = dict(entry.facts)
    inputs = {name: tuple(value) if isinstance(value, list) else value for name, value in facts["inputs"].items()}
    return OutputCheck(**{**facts, "comparison": Comparison(**facts["comparison"]), "inputs": inputs})


def keep_check(key: str, check: OutputCheck) -> None:
    """Keep it, if it passed."""
    if check.passed and check.comparison is not None:
        store = _store()
        with store.making(key) as part:
            store.put(key, part, asdict(check))


def _store() -> Cache:
    return Cache(cache_dir() / "device-checks")
