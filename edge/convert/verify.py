"""Does the converted network still compute the same? Its x86 twin is run beside Paddle, on inputs that tell networks apart.

The reference is the original program in Paddle, without graph optimisation; the twin is the legalised program, taken through
the same opt with the same recipe, for x86. Both also fetch the logits, because a saturated softmax looks alike whatever
the network computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edge.convert.compare import LIMITS, Comparison, Limits, Outputs, judge, loosened, moved
from edge.convert.inputs import Sample, samples
from edge.convert.messages import cause_of
from edge.convert.opt import optimise
from edge.convert.program import Program
from edge.convert.recipe import Recipe
from edge.convert.rounded import expected_params
from edge.convert.shapes import input_shapes
from edge.convert.x86_int8 import halved, is_quantised, split_hard_swish
from edge.errors import OptError, WorkerError
from edge.source.model import InferenceModel
from edge.toolchain.worker import Worker

SAMPLES = 8
LOSSY = 0.9  # the cosine with the unrounded network below which a user should hear of it
_TIMEOUT = 1800.0  # seconds for one engine to run all samples of the largest network
_NUDGE = 1e-6  # of an input's own size: what float32 rounding does to it
_STEADY = 0.1  # share of the limit that such a nudge may move a steady network's output by


@dataclass(frozen=True, slots=True)
class Verification:
    """The result as it stands in the metadata (docs/metadata.md); None where nothing was measured.

    The figures compare with Paddle's output of the model as it came, so of int8 and int16 they say what rounding the weights
    costs. Judged these are by `rounded`: the same figures beside Paddle with the weights rounded alike.
    """

    status: Literal["passed", "failed", "unavailable"]
    reason: str | None = None
    engine: str | None = None
    target: str | None = None
    inputs: int | None = None
    cosine: float | None = None
    max_abs_error: float | None = None
    relative_error: float | None = None
    argmax_agreement: float | None = None
    spread: float | None = None
    rounded: Comparison | None = None


Lend = Callable[[], AbstractContextManager[Worker]]


def verify(
    source: InferenceModel, legal: Path, recipe: Recipe, scratch: Path, *, lend_engine: Lend, lend_paddle: Lend
) -> Verification:
    """Compare the legalised program `legal`, converted by `recipe` for x86, with Paddle's own output.

    `scratch` is an empty folder for intermediate files. The x86 engine has no float16 kernels: the twin of a fp16 recipe
    is float32, and the result says so. Of a program that is quantised with its activations, both sides get weights that the
    x86 engine's int8 kernels can count with (`x86_int8.py`). An engine that has no kernel, or dies, makes the result
    "unavailable" with its reason. Raises `ToolchainError` when Paddle itself fails.
    """
    original = Program.read(source.program)
    logits = original.logits()
    original, program = original.with_fetch(logits), split_hard_swish(Program.read(legal)).with_fetch(logits)
    twin = replace(recipe, name=f"{recipe.name}, x86 twin", target="x86", abi="x86_64", sparse_threshold=None,
                   precision="fp32" if recipe.precision == "fp16" else recipe.precision)  # fmt: skip
    given = samples(program.feeds, input_shapes(program.feeds, recipe), SAMPLES)
    engine = f"paddlelite {recipe.engine}"
    quantised = is_quantised(original)
    params = halved(original, source.params, scratch / "halved.pdiparams")
    limits = LIMITS["int8-static" if quantised else twin.precision]
    try:
        with lend_engine() as worker:
            made = _run_twin(worker, program, params, twin, given, scratch)
    except (OptError, WorkerError) as error:
        return Verification("unavailable", _why(error), engine, "x86")
    rounded = scratch / "rounded.pdiparams"
    expected_from = expected_params(original, params, twin.precision, recipe.engine, rounded)
    with lend_paddle() as worker:
        paddle = _Paddle(worker, original, scratch)
        reference = paddle.run(params, given)
        expected = reference if expected_from == params else paddle.run(expected_from, given)
        chosen, comparison, problem = _judge_steady(
            paddle, expected_from, given, expected, made, limits, coarse=quantised
        )
    cost = comparison
    if expected is not reference:
        cost, _ = judge(_of(reference, chosen), _of(made, chosen), limits)
    return Verification(
        "failed" if problem else "passed",
        problem or _note(recipe, cost, len(chosen), quantised=quantised),
        engine,
        "x86",
        inputs=len(chosen),
        cosine=cost.cosine,
        max_abs_error=cost.max_abs_error,
        relative_error=cost.relative_error,
        argmax_agreement=cost.argmax_agreement,
        spread=cost.spread,
        rounded=None if expected is reference else comparison,
    )


class _Paddle:
    """The original program in Paddle."""

    def __init__(self, worker: Worker, program: Program, scratch: Path) -> None:
        self._worker, self._scratch = worker, scratch
        self._fetches = [spec.name for spec in program.fetches]
        (scratch / "reference.pdmodel").write_bytes(program.serialize())

    def run(self, params: Path, given: Sequence[Sample]) -> Outputs:
        _save(self._scratch / "inputs.npz", given)
        self._worker.call(
            "run",
            timeout=_TIMEOUT,
            program=str(self._scratch / "reference.pdmodel"),
            params=str(params),
            inputs_npz=str(self._scratch / "inputs.npz"),
            outputs_npz=str(self._scratch / "reference.npz"),
        )
        return _load(self._scratch / "reference.npz", self._fetches, len(given))


def _run_twin(
    worker: Worker, program: Program, params: Path, twin: Recipe, given: Sequence[Sample], scratch: Path
) -> Outputs:
    optimise(worker, program, params, scratch / "twin.nb", twin)
    _save(scratch / "inputs.npz", given)
    fetches = [spec.name for spec in program.fetches]
    worker.call(
        "run",
        timeout=_TIMEOUT,
        nb=str(scratch / "twin.nb"),
        inputs_npz=str(scratch / "inputs.npz"),
        outputs_npz=str(scratch / "twin.npz"),
        feeds=[spec.name for spec in program.feeds],
        fetches=fetches,
    )
    return _load(scratch / "twin.npz", fetches, len(given))


def _judge_steady(
    paddle: _Paddle,
    params: Path,
    given: Sequence[Sample],
    expected: Outputs,
    made: Outputs,
    limits: Limits,
    *,
    coarse: bool,
) -> tuple[list[int], Comparison, str | None]:
    """Judge by all samples; if they do not pass, by those at which the network is steady, if these are half of them.

    At the others, Paddle's own output moves too far when the input is nudged by what rounding does to it (attention about
    to change its mind: LeViT): no two float32 engines agree there, whether they compute the same or not.
    """
    every = list(range(len(given)))
    comparison, problem = judge(expected, made, limits)
    if problem is None:
        return every, comparison, None
    nudged = paddle.run(params, [_nudged(sample) for sample in given])
    if coarse:
        return every, *judge(expected, made, loosened(limits, expected, nudged))
    steps = moved(expected, nudged)
    steady = [k for k in every if steps[k] <= _STEADY * limits.relative_error]
    if not len(every) // 2 <= len(steady) < len(every):
        return every, comparison, problem
    return steady, *judge(_of(expected, steady), _of(made, steady), limits)


def _nudged(sample: Sample) -> Sample:
    generator = np.random.default_rng(0)
    return {
        name: (a * (1 + _NUDGE * generator.standard_normal(a.shape))).astype(a.dtype) if a.dtype.kind == "f" else a
        for name, a in sample.items()
    }


def _of(outputs: Outputs, chosen: Sequence[int]) -> Outputs:
    return [output[list(chosen)] for output in outputs]


def _note(recipe: Recipe, cost: Comparison, judged: int, *, quantised: bool) -> str | None:
    """What a user should know of a verification that passed."""
    if quantised:
        return "judged with weights of 7 bits: the x86 engine cannot count with 8"
    if recipe.precision == "fp16":
        return "the twin is fp32: the x86 engine has no fp16 kernels"
    if recipe.precision in ("int8", "int16") and cost.cosine < LOSSY:
        return f"converted as it should be, but {recipe.precision} weights change what this network computes"
    if judged < SAMPLES:
        return f"judged by {judged} of {SAMPLES} inputs: at the others rounding alone changes Paddle's own output"
    return None


def _save(path: Path, given: Sequence[Mapping[str, NDArray[Any]]]) -> None:
    arrays = {f"{number}/{name}": array for number, sample in enumerate(given) for name, array in sample.items()}
    np.savez(path, **arrays)  # type: ignore[arg-type]


def _load(path: Path, names: Sequence[str], count: int) -> Outputs:
    with np.load(path) as arrays:
        return [np.stack([arrays[f"{number}/{name}"] for number in range(count)]) for name in names]


def _why(error: OptError | WorkerError) -> str:
    if isinstance(error, OptError):
        return f"its x86 twin: {error.message}"
    return f"the x86 engine cannot run it: {cause_of(error).sentence}"
