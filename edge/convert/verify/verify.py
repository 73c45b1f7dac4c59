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

from edge.convert.opt.messages import cause_of
from edge.convert.opt.optimise import optimise
from edge.convert.recipe import Recipe
from edge.convert.shapes import input_shapes
from edge.convert.verify.compare import LIMITS, Comparison, Limits, Outputs, judge, loosened, moved
from edge.convert.verify.inputs import Sample, samples
from edge.convert.verify.reference import write_reference
from edge.convert.verify.rounded import expected_params
from edge.convert.verify.x86_int8 import halved, is_quantised, split_hard_swish
from edge.errors import OptError, WorkerError
from edge.paddle.draft import with_fetch
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.worker import Worker

SAMPLES = 8
_LARGE = 30e9  # multiply-accumulates of an input, from which half as many must do: one of these takes seconds
_ROUNDS = 3  # of so many samples, at the most
LOSSY = 0.9  # the cosine with the unrounded network below which a user should hear of it
_TIMEOUT = 1800.0  # seconds for one engine to run all samples of the largest network
_NUDGE = 1e-6  # of an input's own size: what float32 rounding does to it
_STEADY = 0.1  # share of the limit that such a nudge may move a steady network's output by


@dataclass(frozen=True, slots=True)
class Verification:
    """The result as it stands in the metadata (docs/reference/metadata.md); None where nothing was measured.

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
    original, program = with_fetch(original, logits), with_fetch(split_hard_swish(Program.read(legal)), logits)
    twin = replace(recipe, name=f"{recipe.name}, x86 twin", target="x86", abi="x86_64", sparse_threshold=None,
                   precision="fp32" if recipe.precision == "fp16" else recipe.precision)  # fmt: skip
    shapes = input_shapes(program.feeds, recipe.input_shape)
    count = SAMPLES if (source.flops or 0) < _LARGE else SAMPLES // 2
    engine = f"paddlelite {recipe.engine}"
    quantised = is_quantised(original)
    params = halved(original, source.params, scratch / "halved.pdiparams")
    limits = LIMITS["int8-static" if quantised else twin.precision]
    rounded = scratch / "rounded.pdiparams"
    expected_from = expected_params(original, params, twin.precision, recipe.engine, rounded)
    lite = _Twin(lend_engine, program, params, twin, scratch)
    paddle = _Paddle(lend_paddle, source, original, scratch)
    try:
        verdict = (_judge_coarse if quantised else _judge_steady)(
            lambda round_: samples(program.feeds, shapes, count, seed=round_),
            lite.run,
            lambda given: paddle.run(expected_from, given),
            limits,
        )
    except (OptError, _TwinDiedError) as error:
        return Verification("unavailable", _why(error), engine, "x86")
    cost, judged = verdict.comparison, verdict.comparison.samples
    if expected_from != params:
        cost, _ = judge(paddle.run(params, verdict.given), verdict.made, limits)
    note = _note(recipe, cost, judged, verdict.tried, quantised=quantised)
    return Verification(
        "failed" if verdict.problem else "unavailable" if verdict.undecided else "passed",
        verdict.problem or verdict.undecided or note,
        engine,
        "x86",
        inputs=judged,
        cosine=cost.cosine,
        max_abs_error=cost.max_abs_error,
        relative_error=cost.relative_error,
        argmax_agreement=cost.argmax_agreement,
        spread=cost.spread,
        rounded=None if expected_from == params else verdict.comparison,
    )


class _TwinDiedError(Exception):
    """The x86 engine could not run the twin."""


class _Twin:
    """The converted network, for x86."""

    def __init__(self, lend: Lend, program: Program, params: Path, recipe: Recipe, scratch: Path) -> None:
        self._lend, self._scratch = lend, scratch
        self._program, self._params, self._recipe = program, params, recipe

    def run(self, given: Sequence[Sample]) -> Outputs:
        made = self._scratch / "twin.nb"
        fetches = [spec.name for spec in self._program.fetches]
        with self._lend() as worker:
            if not made.exists():
                optimise(worker, self._program, self._params, made, self._recipe)
            _save(self._scratch / "inputs.npz", given)
            try:
                worker.call(
                    "run",
                    timeout=_TIMEOUT,
                    nb=str(made),
                    inputs_npz=str(self._scratch / "inputs.npz"),
                    outputs_npz=str(self._scratch / "twin.npz"),
                    feeds=[spec.name for spec in self._program.feeds],
                    fetches=fetches,
                )
            except WorkerError as error:
                raise _TwinDiedError(cause_of(error).sentence) from error
        return _load(self._scratch / "twin.npz", fetches, len(given))


class _Paddle:
    """The original program in Paddle: the one that wrote it, if that was Paddle 3."""

    def __init__(self, lend: Lend, source: InferenceModel, program: Program, scratch: Path) -> None:
        self._lend, self._scratch = lend, scratch
        self._fetches = [spec.name for spec in program.fetches]
        self._program = write_reference(source, program, scratch)

    def run(self, params: Path, given: Sequence[Sample]) -> Outputs:
        _save(self._scratch / "inputs.npz", given)
        with self._lend() as worker:
            worker.call(
                "run",
                timeout=_TIMEOUT,
                program=str(self._program),
                params=str(params),
                inputs_npz=str(self._scratch / "inputs.npz"),
                outputs_npz=str(self._scratch / "reference.npz"),
            )
        return _load(self._scratch / "reference.npz", self._fetches, len(given))


Draw = Callable[[int], Sequence[Sample]]  # the samples of a round
Run = Callable[[Sequence[Sample]], Outputs]


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What came of the samples that judged, `given`, of the `tried` ones; `made`: the twin's outputs for them."""

    given: Sequence[Sample]
    made: Outputs
    comparison: Comparison
    problem: str | None
    tried: int
    undecided: str | None = None


def _judge_steady(draw: Draw, lite: Run, paddle: Run, limits: Limits) -> _Verdict:
    """Judge by all samples; if they do not pass, by those at which the network is steady.

    At the others, Paddle's own output moves too far when the input is nudged by what rounding does to it (attention about
    to change its mind: LeViT; the deepest EfficientNets with random weights): no two float32 engines agree there, whether
    they compute the same or not. More samples are drawn, up to three times as many, until half of a first round are steady.
    """
    given = list(draw(0))
    made, expected = lite(given), paddle(given)
    comparison, problem = judge(expected, made, limits)
    if problem is None:
        return _Verdict(given, made, comparison, None, len(given))
    enough, nudged = len(given) // 2, paddle([_nudged(sample) for sample in given])
    for round_ in range(1, _ROUNDS + 1):
        steps = moved(expected, nudged)
        steady = [k for k, step in enumerate(steps) if step <= _STEADY * limits.relative_error]
        if len(steady) == len(given):
            return _Verdict(given, made, comparison, problem, len(given))
        if len(steady) >= enough or round_ == _ROUNDS:
            break
        more = list(draw(round_))
        given += more
        made, expected = _joined(made, lite(more)), _joined(expected, paddle(more))
        nudged = _joined(nudged, paddle([_nudged(sample) for sample in more]))
    if len(steady) < 2:  # one sample alone tells nothing apart
        return _Verdict(given, made, comparison, problem, len(given))
    chosen, theirs = [given[k] for k in steady], _of(made, steady)
    comparison, problem = judge(_of(expected, steady), theirs, limits)
    few = f"rounding alone changes Paddle's own output at {len(given) - len(steady)} of {len(given)} inputs"
    return _Verdict(chosen, theirs, comparison, problem, len(given), few if len(steady) < enough else None)


def _judge_coarse(draw: Draw, lite: Run, paddle: Run, limits: Limits) -> _Verdict:
    """Judge a network of int8 activations, whose output moves in steps: by how far a nudge of the input moves Paddle's own."""
    given = list(draw(0))
    made, expected = lite(given), paddle(given)
    comparison, problem = judge(expected, made, limits)
    if problem is not None:
        nudged = paddle([_nudged(sample) for sample in given])
        comparison, problem = judge(expected, made, loosened(limits, expected, nudged))
    return _Verdict(given, made, comparison, problem, len(given))


def _joined(one: Outputs, other: Outputs) -> Outputs:
    return [np.concatenate(pair) for pair in zip(one, other, strict=True)]


def _nudged(sample: Sample) -> Sample:
    generator = np.random.default_rng(0)
    return {
        name: (a * (1 + _NUDGE * generator.standard_normal(a.shape))).astype(a.dtype) if a.dtype.kind == "f" else a
        for name, a in sample.items()
    }


def _of(outputs: Outputs, chosen: Sequence[int]) -> Outputs:
    return [output[list(chosen)] for output in outputs]


def _note(recipe: Recipe, cost: Comparison, judged: int, tried: int, *, quantised: bool) -> str | None:
    """What a user should know of a verification that passed."""
    if quantised:
        return "judged with weights of 7 bits: the x86 engine cannot count with 8"
    if recipe.precision == "fp16":
        return "the twin is fp32: the x86 engine has no fp16 kernels"
    if recipe.precision in ("int8", "int16") and cost.cosine < LOSSY:
        return f"converted as it should be, but {recipe.precision} weights change what this network computes"
    if judged < tried:
        return f"judged by {judged} of {tried} inputs: at the others rounding alone changes Paddle's own output"
    return None


def _save(path: Path, given: Sequence[Mapping[str, NDArray[Any]]]) -> None:
    arrays = {f"{number}/{name}": array for number, sample in enumerate(given) for name, array in sample.items()}
    np.savez(path, **arrays)  # type: ignore[arg-type]


def _load(path: Path, names: Sequence[str], count: int) -> Outputs:
    with np.load(path) as arrays:
        return [np.stack([arrays[f"{number}/{name}"] for number in range(count)]) for name in names]


def _why(error: OptError | _TwinDiedError) -> str:
    if isinstance(error, OptError):
        return f"its x86 twin: {error.message}"
    return f"the x86 engine cannot run it: {error}"
