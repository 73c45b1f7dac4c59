"""Does an ONNX file, or one made from it, compute what the program computes in Paddle? Its engine beside Paddle, same inputs.

Inputs, points, judge and limits are those of `edge.convert.verify`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked, domains
from edge.convert.verify.compare import LIMITS, Comparison, Outputs, stacked
from edge.convert.verify.engines import Double, Paddle, save
from edge.convert.verify.inputs import Sample
from edge.convert.verify.judge import Domain, Judgement, judge_all, judge_steady
from edge.convert.verify.points import Points, at_points, points_of
from edge.convert.verify.verify import SAMPLES
from edge.convert.verify.words import auxiliary, nothing_to_judge, remarks, used
from edge.errors import WorkerError
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.answers import Ran
from edge.toolchain.worker import Lend, Worker
from edge.zoo.model import Preprocessing

_TIMEOUT = 1800.0
_NOTHING = Comparison(0, 0.0, float("inf"), float("inf"), None, 0.0)


@dataclass(frozen=True, slots=True)
class OnnxVerification:
    """One file compared: `comparison` holds the worst figures over all `batches`, `problem` why it does not pass, `undecided`
    why it proves nothing; `inputs` those that decided, as the metadata names them."""

    comparison: Comparison
    batches: tuple[int, ...]
    problem: str | None
    undecided: str | None
    remark: str | None
    inputs: dict[str, Any]

    def figures(self) -> dict[str, Any]:
        """Cosine, errors and agreement; None for the errors of a file that could not even be run."""
        figures = asdict(self.comparison)
        return {k: v if v is not None and isfinite(v) else None for k, v in figures.items() if k != "samples"}

    def as_metadata(self, engine: str) -> dict[str, Any]:
        """As `verification` in the metadata, by an engine (its name and version); only for an outcome without a problem."""
        return {
            "status": "inconclusive" if self.undecided else "passed",
            "reason": self.undecided or self.remark,
            "engine": engine,
            "target": None,
            "inputs": self.comparison.samples,
            "batches": list(self.batches),
            **self.inputs,
            **self.figures(),
        }


def unusable(problem: str) -> OnnxVerification:
    """The outcome of a file that could not even be run."""
    return OnnxVerification(_NOTHING, (), problem, None, None, {})


class RuntimeDiedError(Exception):
    """The engine could not run the file."""


class Reference:
    """Paddle's side, and the comparison of files with it. `scratch` holds the intermediate files."""

    def __init__(
        self,
        source: InferenceModel,
        program: Program,
        shapes: Sequence[Sequence[int]],
        scratch: Path,
        lend_paddle: Lend,
        *,
        dynamic: bool,
        asked: InputsAsked = NOTHING_ASKED,
        preprocessing: Preprocessing | None = None,
        keep: bool = False,
    ) -> None:
        """`lend_paddle` lends Paddle; with `keep`, its outputs stay in the cache."""
        self._params, self._scratch, self._asked = source.params, scratch, asked
        self._points, self._feeds = points_of(program), [spec.name for spec in program.feeds]
        self._auxiliary = auxiliary(program, shapes, asked)
        self._domains = [_remembered(d) for d in domains(program, shapes, asked, preprocessing, SAMPLES)]
        whole = at_points(program, self._points)
        self._paddle = Paddle(lend_paddle, source, whole, scratch, keep=keep)
        self._double = Double(lend_paddle, source, program, whole, source.params, scratch)
        # An open batch is tried with one image and with two; two in one batch must not mix.
        self._groups = (1, 2) if dynamic else (1,)
        self._batch = shapes[0][0] if shapes and shapes[0] else 1
        self._known: dict[tuple[int, ...], tuple[Sequence[Sample], Outputs]] = {}

    def compare(self, worker: Worker, file: Path) -> OnnxVerification:
        """Run the file in the engine of `worker`, for an open batch in every batch size. Raises `RuntimeDiedError`, and
        `WorkerError` where Paddle fails."""
        batches = tuple(group * self._batch for group in self._groups)
        points = self._points.among(self._made_by(worker, file))
        if not points.values:
            return OnnxVerification(_NOTHING, batches, None, nothing_to_judge(self._points), None, {})
        judged = [(group, self._judged(worker, file, points, group)) for group in self._groups]
        failed = [one for one in judged if one[1].status == "failed"]
        group, worst = (failed or [one for one in judged if one[1].status != "passed"] or judged)[0]
        reason = worst.reason
        if reason is not None and len(self._groups) > 1:
            reason += f" (in a batch of {group})"
        comparisons = [judgement.worst for _, judgement in judged]
        agreements = [c.argmax_agreement for c in comparisons if c.argmax_agreement is not None]
        comparison = Comparison(
            samples=worst.worst.samples,
            cosine=min(c.cosine for c in comparisons),
            max_abs_error=max(c.max_abs_error for c in comparisons),
            relative_error=max(c.relative_error for c in comparisons),
            argmax_agreement=min(agreements, default=None),
            spread=min(c.spread for c in comparisons),
        )
        status = worst.status
        return OnnxVerification(
            comparison,
            batches,
            reason if status == "failed" else None,
            reason if status == "inconclusive" else None,
            "; ".join([*remarks(worst, points), *self._auxiliary]) or None,
            used(worst, self._asked),
        )

    def _judged(self, worker: Worker, file: Path, points: Points, group: int) -> Judgement:
        places = [self._points.names.index(name) for name in points.names]

        def paddle(given: Sequence[Sample]) -> Outputs:
            outputs = self._expected(given)
            return [outputs[place] for place in places]

        def made(given: Sequence[Sample]) -> Outputs:
            return self._run(worker, file, points, given, group)

        def exact(given: Sequence[Sample]) -> Outputs | None:
            outputs = self._double.run(given)
            return None if outputs is None else [outputs[place] for place in places]

        return judge_all(self._domains, lambda draw: judge_steady(draw, made, paddle, LIMITS["fp32"], exact))

    def _expected(self, given: Sequence[Sample]) -> Outputs:
        """Paddle's outputs, each sample by itself; run once for the same samples."""
        key = tuple(map(id, given))
        if key not in self._known:
            self._known[key] = (given, self._paddle.run(self._params, given))  # kept, so that no id is used again
        return self._known[key][1]

    def _made_by(self, worker: Worker, file: Path) -> frozenset[str]:
        """Which of the points the file has: its outputs, inner variables that kept their names, closing softmaxes' inputs."""
        points = self._points
        with _of_the_engine():
            answer = worker.call("points", timeout=_TIMEOUT, model=str(file), wanted=wanted(points))
        logits = [points.logits[name] for name in answer["logits"]]
        return frozenset([*answer["values"], *logits])

    def _run(
        self, worker: Worker, file: Path, points: Points, given: Sequence[Sample], group: int
    ) -> list[NDArray[Any]]:
        inputs, outputs = self._scratch / "onnx-inputs.npz", self._scratch / "made.npz"
        starts = range(0, len(given), group)
        save(inputs, [_batch(given[start : start + group]) for start in starts], self._feeds)
        with _of_the_engine():
            worker.ask(
                Ran,
                "run",
                timeout=_TIMEOUT,
                model=str(file),
                inputs_npz=str(inputs),
                outputs_npz=str(outputs),
                wanted=wanted(points),
            )
        of = {logits: f"{value}/logits" for value, logits in points.logits.items()}
        made = []
        with np.load(outputs) as arrays:
            for name in points.names:
                key = name if name in points.values else of[name]
                parts = [(arrays[f"{n}/{key}"], len(given[start : start + group])) for n, start in enumerate(starts)]
                made.append(stacked([one for part, size in parts for one in _apart(part, size)]))
        return made


def wanted(points: Points) -> list[dict[str, object]]:
    """The points as the worker is asked for them: values by name, and which is a softmax whose input counts."""
    return [{"name": name, "logits": name in points.logits} for name in points.values]


@contextmanager
def _of_the_engine() -> Iterator[None]:
    """What fails here is the engine, and not Paddle beside it."""
    try:
        yield
    except WorkerError as error:
        raise RuntimeDiedError(error.message) from error


def _remembered(domain: Domain) -> Domain:
    """The same samples, as the same objects, whenever a round is drawn."""
    drawn: dict[int, Sequence[Sample]] = {}

    def draw(round_: int) -> Sequence[Sample]:
        if round_ not in drawn:
            drawn[round_] = domain.draw(round_)
        return drawn[round_]

    return Domain(domain.name, draw)


def _batch(several: Sequence[Sample]) -> Sample:
    """The samples joined to one batch."""
    return {name: np.concatenate([sample[name] for sample in several]) for name in several[0]}


def _apart(array: NDArray[Any], group: int) -> list[NDArray[Any]]:
    """The outputs of each sample in a batch of `group`; an output without such a batch stays whole, and will not fit."""
    if group == 1:
        return [array]
    return [array] * group if array.ndim == 0 or array.shape[0] % group else np.split(array, group)
