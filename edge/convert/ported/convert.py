"""From a verified ONNX file to an engine's own, which is compared with Paddle in that engine.

Converters end well and leave files that their engine refuses, or that compute something else: only the comparison counts.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.cache.hashing import sha256_of
from edge.cache.store import Cache, CacheEntry
from edge.convert.onnx.convert import Task
from edge.convert.onnx.verify import Reference, RuntimeDiedError
from edge.convert.output import NOTHING_WRITTEN
from edge.errors import ConvertError, VerificationError, WorkerError
from edge.toolchain.engines import Engine, engine
from edge.toolchain.toolbox import Toolbox

TIMEOUT = 1800.0  # seconds, for a conversion or a run of all samples

STEM = "model"


def port(
    task: Task, onnx: CacheEntry, to: Engine, tools: Toolbox, store: Cache, key: str, *, verify: bool = True
) -> CacheEntry:
    """The files of the engine `to` for the ONNX file in `onnx`, unless the store has them.

    Its facts: the files (`sha256`, `bytes`, `parts`), `versions`, `verification`. Raises `ConvertError` where the converter
    refuses or the engine cannot run the file, `VerificationError` where it computes something else than Paddle, or a
    `ToolchainError`.
    """
    if entry := store.get(key, content=True):
        return entry
    with store.making(key) as part:
        return store.get(key, content=True) or _make(task, onnx, to, tools, store, key, part, verify=verify)


def _make(
    task: Task, onnx: CacheEntry, to: Engine, tools: Toolbox, store: Cache, key: str, part: Path, *, verify: bool
) -> CacheEntry:
    assert to.format is not None  # asked for by its format
    made = part / f"{STEM}{to.format.suffix}"
    parts, shapes, versions = _converted(task, onnx, to, tools, made)
    verification: dict[str, Any] = {"status": "skipped", "reason": "--no-verify"}
    if verify:
        verification = _verified(task, to, tools, made, part / "scratch")
    shutil.rmtree(part / "scratch", ignore_errors=True)
    facts = {
        "sha256": sha256_of(made),
        "bytes": made.stat().st_size,
        "parts": [
            {"file": name, "sha256": sha256_of(part / name), "bytes": (part / name).stat().st_size} for name in parts
        ],
        "versions": versions,
        "inputs": [{**one, "shape": shapes.get(one["name"], one["shape"])} for one in onnx.facts["inputs"]],
        "outputs": onnx.facts["outputs"],
        "verification": verification,
    }
    return store.put(key, part, facts)


def _converted(
    task: Task, onnx: CacheEntry, to: Engine, tools: Toolbox, made: Path
) -> tuple[list[str], Mapping[str, Any], Mapping[str, str]]:
    """Make the files; returns the names of those beside the main one, the shapes of inputs that have their own there, and the
    versions of what made them."""
    assert to.format is not None
    inputs = [(spec.name, list(shape)) for spec, shape in zip(task.program.feeds, task.shapes, strict=True)]
    try:
        with tools.lend(to.format.converter) as worker:
            answer = worker.call(
                "convert",
                timeout=TIMEOUT,
                model=str(onnx.folder / "model.onnx"),
                out=str(made),
                inputs=inputs,
                outputs=[one["name"] for one in onnx.facts["outputs"]],
            )
            versions = {k: v for k, v in worker.info.items() if k != "python"}
    except WorkerError as error:
        raise ConvertError(f"no file for {to.title} could be made: {error.message}", hint=error.hint) from error
    shapes = dict(answer["shapes"] or ())
    return (
        list(answer["parts"]),
        shapes,
        {**versions, to.kind: to.version, "converter": engine(to.format.converter).name},
    )


def _verified(task: Task, to: Engine, tools: Toolbox, made: Path, scratch: Path) -> dict[str, Any]:
    scratch.mkdir()
    reference = Reference(
        task.source,
        task.program,
        task.shapes,
        scratch,
        lambda: tools.lend(task.source.reference_engine),
        dynamic=False,
        asked=task.asked,
        preprocessing=task.preprocessing,
        keep=True,
    )
    try:
        with tools.lend(to.kind, to.version) as worker:
            outcome = reference.compare(worker, made)
    except RuntimeDiedError as error:
        raise ConvertError(f"{to.title} cannot run the converted network: {error}") from error
    if outcome.problem is not None:
        raise VerificationError(
            f"the network computes something else in {to.title}: {outcome.problem}",
            hint=NOTHING_WRITTEN,
        )
    return outcome.as_metadata(f"{to.kind} {to.version}")
