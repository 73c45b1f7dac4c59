"""Does the converted network still compute the same? Its x86 twin is run beside Paddle, on inputs that tell networks apart.

The reference is the original program in Paddle, without graph optimisation; the twin is the legalised program, taken through
the same opt with the same recipe, for x86. Both also fetch the logits, because a saturated softmax looks alike whatever
the network computes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from edge.convert.recipe import Recipe
from edge.convert.shapes import input_shapes
from edge.convert.verify.batches import opened, safe_batch
from edge.convert.verify.compare import LIMITS, Comparison, judge
from edge.convert.verify.engines import Lend, Paddle, Twin, TwinDiedError
from edge.convert.verify.inputs import samples
from edge.convert.verify.judge import judge_coarse, judge_steady
from edge.convert.verify.rounded import expected_params
from edge.convert.verify.x86_int8 import halved, is_quantised, split_hard_swish
from edge.errors import OptError
from edge.paddle.draft import with_fetch
from edge.paddle.program import Program
from edge.source.model import InferenceModel

SAMPLES = 8
_LARGE = 30e9  # multiply-accumulates of an input, from which half as many must do: one of these takes seconds
LOSSY = 0.9  # the cosine with the unrounded network below which a user should hear of it


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


def verify(
    source: InferenceModel, legal: Path, recipe: Recipe, scratch: Path, *, lend_engine: Lend, lend_paddle: Lend
) -> Verification:
    """Compare the legalised program `legal`, converted by `recipe` for x86, with Paddle's own output.

    `scratch` is an empty folder for intermediate files. The x86 engine has no float16 kernels: the twin of a fp16 recipe
    is float32, and the result says so. Of a program that is quantised with its activations, both sides get weights that the
    x86 engine's int8 kernels can count with (`x86_int8.py`), and the twin as many images at once as they round rightly
    (`batches.py`). An engine that has no kernel, or dies, makes the result
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
    batch = safe_batch(original) if quantised else 1
    lite = Twin(lend_engine, program if batch == 1 else opened(program), params, twin, scratch, batch=batch)
    paddle = Paddle(lend_paddle, source, original, scratch)
    try:
        verdict = (judge_coarse if quantised else judge_steady)(
            lambda round_: samples(program.feeds, shapes, count, seed=round_),
            lite.run,
            lambda given: paddle.run(expected_from, given),
            limits,
        )
    except (OptError, TwinDiedError) as error:
        return Verification("unavailable", _why(error), engine, "x86")
    cost, judged = verdict.comparison, verdict.comparison.samples
    if expected_from != params:
        cost, _ = judge(paddle.run(params, verdict.given), verdict.made, limits)
    note = _note(recipe, cost, judged, verdict.tried, quantised=quantised)
    return Verification(
        verdict.status,
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


def _why(error: OptError | TwinDiedError) -> str:
    if isinstance(error, OptError):
        return f"its x86 twin: {error.message}"
    return f"the x86 engine cannot run it: {error}"
