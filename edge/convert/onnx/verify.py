"""Does the ONNX file compute what the program computes in Paddle? ONNX Runtime beside Paddle, on the same inputs.

The inputs, the comparison and its limits are those of `edge.convert.verify.verify`, the softmax's input included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.convert.verify.compare import LIMITS, Comparison, judge
from edge.convert.verify.inputs import samples
from edge.convert.verify.reference import write_reference
from edge.convert.verify.verify import SAMPLES
from edge.paddle.draft import with_fetch
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.answers import Ran
from edge.toolchain.worker import Worker

_TIMEOUT = 1800.0


@dataclass(frozen=True, slots=True)
class OnnxVerification:
    """One file compared: `comparison` holds the worst figures over all `batches`, `problem` why it does not pass."""

    comparison: Comparison
    batches: tuple[int, ...]
    problem: str | None

    def figures(self) -> dict[str, Any]:
        """Cosine, errors and agreement; None for the errors of a file that could not even be run."""
        figures = asdict(self.comparison)
        return {k: v if isfinite(v) else None for k, v in figures.items() if k != "samples"}

    def as_metadata(self, runtime: str) -> dict[str, Any]:
        """As `verification` in the metadata; only for an outcome without a problem."""
        return {
            "status": "passed",
            "reason": None,
            "engine": f"onnxruntime {runtime}",
            "target": None,
            "inputs": self.comparison.samples,
            "batches": list(self.batches),
            **self.figures(),
        }


def unusable(problem: str) -> OnnxVerification:
    """The outcome of a file that could not even be run."""
    return OnnxVerification(Comparison(0, 0.0, float("inf"), float("inf"), 0.0, 0.0), (), problem)


class Reference:
    """Paddle's outputs for the samples, and the comparison of files with them. `scratch` holds the intermediate files."""

    def __init__(
        self,
        source: InferenceModel,
        program: Program,
        shapes: Sequence[Sequence[int]],
        scratch: Path,
        *,
        dynamic: bool,
    ) -> None:
        self._source, self._scratch = source, scratch
        self._program = with_fetch(program, program.logits())
        self._own = [spec.name for spec in program.fetches]
        self._given = samples(program.feeds, shapes, SAMPLES)
        # An open batch is tried with one image and with two; two in one batch must not mix.
        self._groups = (1, 2) if dynamic else (1,)
        self._batch = shapes[0][0] if shapes and shapes[0] else 1
        self._outputs: list[NDArray[Any]] = []

    @property
    def engine(self) -> str:
        """The kind of engine that `compute` needs a worker of."""
        return self._source.reference_engine

    def compute(self, worker: Worker) -> None:
        """Run the program in Paddle, each sample by itself."""
        place = write_reference(self._source, self._program, self._scratch)
        inputs = self._save(1)
        worker.call(
            "run",
            timeout=_TIMEOUT,
            program=str(place),
            params=str(self._source.params),
            inputs_npz=str(inputs),
            outputs_npz=str(self._scratch / "reference.npz"),
        )
        with np.load(self._scratch / "reference.npz") as arrays:
            names = [spec.name for spec in self._program.fetches]
            self._outputs = [np.stack([arrays[f"{n}/{name}"] for n in range(SAMPLES)]) for name in names]

    def compare(self, worker: Worker, file: Path) -> OnnxVerification:
        """Run the file in ONNX Runtime, for an open batch in every batch size; raises `WorkerError`."""
        found, problems = [], []
        for group in self._groups:
            made = self._run(worker, file, group)
            comparison, problem = judge(self._outputs[: len(made)], made, LIMITS["fp32"])
            found.append(comparison)
            if problem is not None:
                problems.append(problem + (f" (in a batch of {group})" if len(self._groups) > 1 else ""))
        worst = Comparison(
            samples=SAMPLES,
            cosine=min(c.cosine for c in found),
            max_abs_error=max(c.max_abs_error for c in found),
            relative_error=max(c.relative_error for c in found),
            argmax_agreement=min(c.argmax_agreement for c in found),
            spread=min(c.spread for c in found),
        )
        batches = tuple(group * self._batch for group in self._groups)
        return OnnxVerification(worst, batches, problems[0] if problems else None)

    def _run(self, worker: Worker, file: Path, group: int) -> list[NDArray[Any]]:
        """The outputs in the program's order, then the logits where both sides have them; first axis: samples."""
        inputs, outputs = self._save(group), self._scratch / "made.npz"
        answer = worker.ask(
            Ran, "run", timeout=_TIMEOUT, model=str(file), inputs_npz=str(inputs), outputs_npz=str(outputs)
        )
        both = answer.logits and len(self._outputs) > len(self._own)
        with np.load(outputs) as arrays:
            made = []
            for name in [*answer.names, *(["logits"] if both else [])]:
                parts = [arrays[f"{n}/{name}"] for n in range(SAMPLES // group)]
                made.append(np.stack([one for part in parts for one in _apart(part, group)]))
        return made

    def _save(self, group: int) -> Path:
        """The samples, `group` of them joined to one batch each."""
        path = self._scratch / f"inputs-{group}.npz"
        if not path.is_file():
            joined = [self._given[start : start + group] for start in range(0, SAMPLES, group)]
            arrays = {
                f"{n}/{name}": np.concatenate([sample[name] for sample in several])
                for n, several in enumerate(joined)
                for name in several[0]
            }
            np.savez(path, **arrays)  # type: ignore[arg-type]
        return path


def _apart(array: NDArray[Any], group: int) -> list[NDArray[Any]]:
    """The outputs of each sample in a batch of `group`; an output without such a batch stays whole, and will not fit."""
    return [array] if array.ndim == 0 or array.shape[0] % group else np.split(array, group)
