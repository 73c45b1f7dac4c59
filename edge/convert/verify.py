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

from edge.convert.inputs import samples
from edge.convert.opt import optimise
from edge.convert.program import Program
from edge.convert.recipe import Precision, Recipe
from edge.convert.rounded import expected_params
from edge.convert.shapes import input_shapes
from edge.errors import ConvertError, OptError, WorkerCrashedError, WorkerError, WorkerTimeoutError
from edge.source.model import InferenceModel
from edge.toolchain.worker import Worker

SAMPLES = 8
_TIMEOUT = 1800.0  # seconds for one engine to run all samples of the largest network

# A spread (see `Comparison`) below this share of the outputs' size tells nothing: float32 networks differ between two
# engines by about 1e-6 of the outputs' size, and a difference must stand well above that.
MIN_SPREAD = 1e-3

LOSSY = 0.9  # the cosine with the unrounded network below which a user should hear of it


@dataclass(frozen=True, slots=True)
class Limits:
    """What passes. `relative_error` is of the spread; `agreement` is the share of samples with the same top class."""

    relative_error: float
    cosine: float
    agreement: float


# How far a network may be from Paddle with the parameters it should have (edge.convert.rounded).
# float32: engines fuse and order operations differently, which was seen to cost up to 4e-4 of the spread (GhostNet); a
# swapped, dropped or misread operator costs 0.1 and more.
# int8, int16: hardly more (8e-3 and 2e-4 over the light models), but where opt rounds a merged pair of convolutions instead
# of each (int8 0.2, cosine 0.973, MobileNetV3_small); weights misread have a cosine of 0.
# float16, on a device: 11 bits instead of 24 in every operation.
LIMITS: dict[Precision, Limits] = {
    "fp32": Limits(relative_error=2e-3, cosine=0.9999, agreement=1.0),
    "fp16": Limits(relative_error=0.2, cosine=0.98, agreement=0.0),
    "int16": Limits(relative_error=2e-2, cosine=0.999, agreement=1.0),
    "int8": Limits(relative_error=0.7, cosine=0.9, agreement=0.0),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far two networks' outputs are apart, worst over all outputs and samples.

    With r[s] the reference's output for sample s, m its mean over the samples and t[s] the twin's: `spread` is the root mean
    square of r[s] - m, over that of r; `cosine` is the least of cos(r[s] - m, t[s] - m); `max_abs_error` the greatest
    |t - r|; `relative_error` the greatest root mean square of t[s] - r[s], over that of r - m (the greatest single
    difference would say more of one confident probability than of the network); `argmax_agreement` the share of samples whose
    greatest class is the same, ties within the error not counted against it.
    """

    samples: int
    cosine: float
    max_abs_error: float
    relative_error: float
    argmax_agreement: float
    spread: float


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
    is float32, and the result says so. An engine that has no kernel, or dies, makes the result "unavailable" with its
    reason. Raises `ToolchainError` when Paddle itself fails.
    """
    original = Program.read(source.program).with_logits_fetch()
    program = Program.read(legal).with_logits_fetch()
    twin = replace(recipe, name=f"{recipe.name}, x86 twin", target="x86", abi="x86_64", sparse_threshold=None,
                   precision="fp32" if recipe.precision == "fp16" else recipe.precision)  # fmt: skip
    given = samples(program.feeds, input_shapes(program.feeds, recipe), SAMPLES)
    _save(scratch / "inputs.npz", given)
    engine = f"paddlelite {recipe.engine}"
    try:
        with lend_engine() as worker:
            made = _run_twin(worker, program, source.params, twin, scratch)
    except (OptError, WorkerError) as error:
        return Verification("unavailable", _why(error), engine, "x86")
    expected_from = expected_params(
        original, source.params, twin.precision, recipe.engine, scratch / "rounded.pdiparams"
    )
    with lend_paddle() as worker:
        reference = _run_paddle(worker, original, source.params, scratch)
        rounds = expected_from != source.params
        expected = _run_paddle(worker, original, expected_from, scratch) if rounds else reference
    comparison, problem = judge(expected, made, LIMITS[twin.precision])
    cost = judge(reference, made, LIMITS[twin.precision])[0] if rounds else comparison
    note = None
    if recipe.precision == "fp16":
        note = "the twin is fp32: the x86 engine has no fp16 kernels"
    elif rounds and cost.cosine < LOSSY:
        note = f"converted as it should be, but {recipe.precision} weights change what this network computes"
    return Verification(
        "failed" if problem else "passed",
        problem or note,
        engine,
        "x86",
        inputs=len(given),
        cosine=cost.cosine,
        max_abs_error=cost.max_abs_error,
        relative_error=cost.relative_error,
        argmax_agreement=cost.argmax_agreement,
        spread=cost.spread,
        rounded=comparison if rounds else None,
    )


Outputs = Sequence[NDArray[Any]]  # one array an output, its first axis the samples


def judge(reference: Outputs, made: Outputs, limits: Limits) -> tuple[Comparison, str | None]:
    """Compare all outputs; returns the worst figures and, if they do not pass, the reason in words."""
    comparisons = []
    for number, (r, t) in enumerate(zip(reference, made, strict=True)):
        if r.shape != t.shape:
            worst = Comparison(len(r), 0.0, float("inf"), float("inf"), 0.0, 0.0)
            return worst, f"output {number} has shape {list(t.shape[1:])} instead of {list(r.shape[1:])}"
        if not np.isfinite(r).all():
            worst = Comparison(len(r), 0.0, float("inf"), float("inf"), 0.0, 0.0)
            return worst, "this check cannot tell: Paddle's own outputs are not finite numbers"
        comparisons.append(compare(r, t))
    # Probabilities of a confident network hardly move; the logits beside them do, and are judged the harder for it.
    telling = [c for c in comparisons if c.spread >= MIN_SPREAD]
    worst = Comparison(
        samples=comparisons[0].samples,
        cosine=min(c.cosine for c in telling or comparisons),
        max_abs_error=max(c.max_abs_error for c in comparisons),
        relative_error=max(c.relative_error for c in telling or comparisons),
        argmax_agreement=min(c.argmax_agreement for c in telling or comparisons),
        spread=max(c.spread for c in comparisons),
    )
    if not np.isfinite(worst.max_abs_error):
        return worst, "the outputs are not finite numbers"
    if not telling:
        return worst, f"this check cannot tell: the outputs hardly depend on the input (spread {worst.spread:.1e})"
    if worst.relative_error > limits.relative_error:
        return worst, f"outputs differ by {worst.relative_error:.2g} of what tells inputs apart"
    if worst.cosine < limits.cosine:
        return worst, f"the cosine of the outputs is {worst.cosine:.4f}"
    if worst.argmax_agreement < limits.agreement:
        return worst, f"the top class is the same for only {worst.argmax_agreement:.0%} of the inputs"
    return worst, None


def compare(reference: NDArray[Any], made: NDArray[Any]) -> Comparison:
    """Compare one output over all samples: both arrays have the samples as their first axis."""
    r = reference.reshape(len(reference), -1).astype(np.float64)
    t = made.reshape(len(made), -1).astype(np.float64)
    mean = r.mean(axis=0)
    centred, others = r - mean, t - mean
    spread = float(np.sqrt((centred**2).mean()))
    size = float(np.sqrt((r**2).mean()))
    error = float(np.abs(t - r).max()) if np.isfinite(r).all() and np.isfinite(t).all() else float("inf")
    apart = float(np.sqrt(((t - r) ** 2).mean(axis=1)).max())
    if not np.isfinite(error):
        return Comparison(len(r), 0.0, error, error, 0.0, 0.0)
    return Comparison(
        samples=len(r),
        cosine=_least_cosine(centred, others),
        max_abs_error=error,
        relative_error=apart / spread if spread else (0.0 if error == 0 else float("inf")),
        argmax_agreement=_agreement(r, t, error),
        spread=spread / size if size else 0.0,
    )


def _least_cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    products = (a * b).sum(axis=1)
    return float(np.divide(products, norms, out=np.ones_like(norms), where=norms > 0).min())


def _agreement(r: NDArray[np.float64], t: NDArray[np.float64], error: float) -> float:
    rows = np.arange(len(r))
    chosen = r[rows, t.argmax(axis=1)]
    # The reference's own value of the class that the twin chose: a tie, if it is as great within what rounding explains.
    rounding = min(error, 1e-5 * float(np.abs(r).max()))
    return float((chosen >= r.max(axis=1) - rounding).mean())


def _run_twin(worker: Worker, program: Program, params: Path, twin: Recipe, scratch: Path) -> Outputs:
    (scratch / "twin.pdmodel").write_bytes(program.serialize())
    optimise(worker, scratch / "twin.pdmodel", params, scratch / "twin.nb", twin)
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
    return _load(scratch / "twin.npz", fetches)


def _run_paddle(worker: Worker, program: Program, params: Path, scratch: Path) -> Outputs:
    (scratch / "reference.pdmodel").write_bytes(program.serialize())
    worker.call(
        "run",
        timeout=_TIMEOUT,
        program=str(scratch / "reference.pdmodel"),
        params=str(params),
        inputs_npz=str(scratch / "inputs.npz"),
        outputs_npz=str(scratch / "reference.npz"),
    )
    return _load(scratch / "reference.npz", [spec.name for spec in program.fetches])


def _save(path: Path, given: Sequence[Mapping[str, NDArray[Any]]]) -> None:
    arrays = {f"{number}/{name}": array for number, sample in enumerate(given) for name, array in sample.items()}
    np.savez(path, **arrays)  # type: ignore[arg-type]


def _load(path: Path, names: Sequence[str]) -> Outputs:
    with np.load(path) as arrays:
        return [np.stack([arrays[f"{number}/{name}"] for number in range(SAMPLES)]) for name in names]


def _why(error: ConvertError | WorkerError) -> str:
    if isinstance(error, OptError):
        return f"opt for x86: {error.message}"
    what = "died on" if isinstance(error, WorkerCrashedError) else "did not end in time on"
    if isinstance(error, WorkerCrashedError | WorkerTimeoutError):
        return f"the x86 engine {what} this network ({error.message})"
    return f"the x86 engine: {error.message}"
