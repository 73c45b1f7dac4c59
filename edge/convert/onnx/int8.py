"""Static int8 for ONNX Runtime: the verified ONNX file with roundings in it (QuantizeLinear, DequantizeLinear).

Their ranges are learnt from the images that int8-static of `.nb` files is calibrated with.

Judged is what ONNX Runtime's int8 kernels make of the file, beside the file as it stands: node by node, in float32 between its
roundings. What the rounding costs is measured beside the float file, on the images.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.cache.hashing import sha256_of
from edge.cache.store import CacheEntry
from edge.convert.calibrated import Calibration, write_images
from edge.convert.onnx.convert import Task
from edge.convert.onnx.verify import wanted
from edge.convert.output import NOTHING_WRITTEN
from edge.convert.verify.asked import domains
from edge.convert.verify.compare import LIMITS, Outputs
from edge.convert.verify.engines import load, save
from edge.convert.verify.inputs import Sample
from edge.convert.verify.judge import Judgement, judge_all, judge_coarse
from edge.convert.verify.points import Points, points_of
from edge.convert.verify.verify import SAMPLES
from edge.convert.verify.words import coarse_limit, nothing_to_judge, used
from edge.errors import ConvertError, UsageError, VerificationError, WorkerError, WorkerRequestError
from edge.toolchain.answers import Ran
from edge.toolchain.toolbox import Toolbox
from edge.toolchain.worker import Worker
from edge.zoo.model import Preprocessing

ALGORITHMS = ("avg", "abs_max", "hist", "KL")  # those of edge.convert.calibrated that ONNX Runtime has, too
MODEL = "model.onnx"
_TIMEOUT = 3600.0  # seconds
_DESCRIBED = ("opset", "ir_version", "nodes", "inputs", "outputs")


@dataclass(frozen=True, slots=True)
class Quantisation:
    """What is quantised, and with what: the ONNX file in `onnx`, `how` being its network's own preprocessing.

    Raises `UsageError` for a network with several inputs.
    """

    name: str
    task: Task
    onnx: CacheEntry
    how: Preprocessing
    calibration: Calibration

    def __post_init__(self) -> None:
        if (count := len(self.task.program.feeds)) != 1:
            raise UsageError(f"{self.name} has {count} inputs, and images are for one", hint="convert it in float32")


def quantise(asked: Quantisation, tools: Toolbox, part: Path) -> dict[str, Any]:
    """The facts of the quantised file, which is made in the folder `part`.

    They are those of an ONNX file, `quantised` (what is in it), `calibration` and `verification`. Raises `ImageError` for a
    broken image, `ConvertError` where nothing can be quantised, `VerificationError` where the int8 kernels compute something
    else, or a `ToolchainError`.
    """
    name, task, onnx, calibration = asked.name, asked.task, asked.onnx, asked.calibration
    scratch, made = part / "scratch", part / MODEL
    scratch.mkdir()
    images = scratch / "images.npy"
    write_images(images, calibration.images, asked.how)
    try:
        with tools.lend("onnx", script="onnx_int8_worker.py") as worker:
            facts = worker.call(
                "quantise",
                timeout=_TIMEOUT,
                model=str(onnx.folder / MODEL),
                images=str(images),
                algorithm=calibration.algorithm,
                out=str(made),
            )
    except WorkerRequestError as error:
        said = error.message.strip().splitlines()[0]
        raise ConvertError(f"{name} could not be quantised by ONNX Runtime: {said}") from error
    if not facts["quantised"]:
        raise ConvertError(f"{name} has no operators with weights that ONNX Runtime quantises", hint="leave it float32")
    verification: dict[str, Any] = {"status": "skipped", "reason": "--no-verify"}
    if task.verify:
        verification = _verified(task, made, scratch, tools, f"onnxruntime {onnx.facts['versions']['onnxruntime']}")
    shutil.rmtree(scratch)
    hashes = [sha256_of(path) for path in calibration.images]
    return {
        "sha256": sha256_of(made),
        "bytes": made.stat().st_size,
        **{field: facts[field] for field in _DESCRIBED},
        "simplification": onnx.facts["simplification"],
        "versions": onnx.facts["versions"],
        "quantised": {field: facts[field] for field in ("operators", "kernels")},
        "calibration": {
            "images": len(hashes),
            "images_sha256": sha256_of("".join(hashes).encode()),
            "algorithm": calibration.algorithm,
            "preprocessing": asked.how.as_values(),
            **{field: facts[field] for field in ("quantised", "possible", "same_top", "mean_cosine")},
        },
        "verification": verification,
    }


def _verified(task: Task, made: Path, scratch: Path, tools: Toolbox, engine: str) -> dict[str, Any]:
    points, feeds = points_of(task.program), [spec.name for spec in task.program.feeds]
    kinds = domains(task.program, task.shapes, task.asked, task.preprocessing, SAMPLES)
    try:
        with tools.lend("onnx") as worker:
            answer = worker.call("points", timeout=_TIMEOUT, model=str(made), wanted=wanted(points))
            points = points.among({*answer["values"], *(points.logits[name] for name in answer["logits"])})
            if not points.values:
                return {"status": "inconclusive", "reason": nothing_to_judge(points), "engine": engine, "target": None}

            def kernels(given: Sequence[Sample]) -> Outputs:
                return outputs_of(worker, made, given, feeds, points, scratch)

            def simulation(given: Sequence[Sample]) -> Outputs:
                return outputs_of(worker, made, given, feeds, points, scratch, simulated=True)

            found = judge_all(kinds, lambda draw: judge_coarse(draw, kernels, simulation, LIMITS["int8-static"]))
    except WorkerError as error:
        raise ConvertError(f"ONNX Runtime cannot run the quantised network: {error.message}") from error
    if found.status == "failed":
        raise VerificationError(
            f"ONNX Runtime's int8 kernels compute something else than the quantised network: {found.reason}",
            hint=NOTHING_WRITTEN,
        )
    worst = found.worst
    return {
        "status": found.status,
        "reason": found.reason or told(found),
        "engine": engine,
        "target": None,
        "inputs": worst.samples,
        **used(found, task.asked),
        "cosine": worst.cosine,
        "max_abs_error": worst.max_abs_error,
        "relative_error": worst.relative_error,
        "argmax_agreement": worst.argmax_agreement,
        "spread": worst.spread,
    }


def told(found: Judgement) -> str:
    """What was established of a quantised file that passed, in words."""
    return (
        f"its error beside the same file in float32 between its roundings is {found.worst.relative_error:.2g} of what tells "
        f"inputs apart, within {coarse_limit(found)}"
    )


def outputs_of(
    worker: Worker,
    model: Path,
    given: Sequence[Sample],
    feeds: Sequence[str],
    points: Points,
    scratch: Path,
    *,
    simulated: bool = False,
) -> Outputs:
    """What ONNX Runtime has at the `points`, for these samples: its int8 kernels, or `simulated`. Raises `WorkerError`."""
    inputs, outputs = scratch / "int8-inputs.npz", scratch / "int8-outputs.npz"
    save(inputs, given, feeds)
    worker.ask(
        Ran,
        "run",
        timeout=_TIMEOUT,
        model=str(model),
        inputs_npz=str(inputs),
        outputs_npz=str(outputs),
        wanted=wanted(points),
        simulated=simulated,
    )
    of = {logits: f"{value}/logits" for value, logits in points.logits.items()}
    return load(outputs, [name if name in points.values else of[name] for name in points.names], len(given))
