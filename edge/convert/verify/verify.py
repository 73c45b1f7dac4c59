"""Does the converted network still compute the same? It is run beside Paddle, on inputs that tell networks apart.

The reference is the original program in Paddle, without graph optimisation. What is run is the file itself with x86 kernels
(`itself.py`), or, where that cannot be or does not pass, its x86 twin: the legalised program, taken through the same opt with
the same recipe, for x86. Both are compared where networks can be (`points.py`), with inputs to which this one reacts
(`asked.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from edge.cache.hashing import sha256_of
from edge.convert.auxiliary import given
from edge.convert.fold import fold
from edge.convert.recipe import Recipe
from edge.convert.shapes import input_shapes
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked, domains
from edge.convert.verify.batches import opened, safe_batch
from edge.convert.verify.closing import by_what_goes_in
from edge.convert.verify.compare import LIMITS, Comparison, Outputs, judge
from edge.convert.verify.engines import Double, Half, Paddle, Twin, TwinDiedError
from edge.convert.verify.half import what_half_does
from edge.convert.verify.inputs import Sample
from edge.convert.verify.itself import Itself, itself_of
from edge.convert.verify.judge import (
    COARSE_NUDGE,
    Draw,
    Judgement,
    Run,
    Verdict,
    judge_all,
    judge_coarse,
    judge_steady,
    worst,
)
from edge.convert.verify.points import Points, at_points, makes, points_of
from edge.convert.verify.rounded import expected as expected_of
from edge.convert.verify.runs import Runs, Tell, within
from edge.convert.verify.x86_int8 import halved, is_quantised, split_hard_swish
from edge.errors import OptError
from edge.paddle.program import Program
from edge.paddle.rewritten import turned
from edge.source.model import InferenceModel
from edge.toolchain.worker import Lend
from edge.zoo.model import Preprocessing

SAMPLES = 8
_LARGE = 30e9  # multiply-accumulates of an input, from which half as many must do: one of these takes seconds
LOSSY = 0.9  # the cosine with the unrounded network below which a user should hear of it


@dataclass(frozen=True, slots=True)
class Verification:
    """The result as it stands in the metadata (docs/reference/metadata.md); None where nothing was measured.

    The figures compare with Paddle's output of the model as it came, so of int8 and int16 they say what rounding the weights
    costs. Judged these are by `rounded`: the same figures beside Paddle with the weights rounded alike. `input_ranges`: what
    the inputs ran over, or `samples_sha256`: the file that they were the user's own in. `ran`: the file itself, or its twin.
    """

    status: Literal["passed", "failed", "inconclusive", "unavailable"]
    reason: str | None = None
    engine: str | None = None
    target: str | None = None
    ran: Literal["file", "twin"] | None = None
    inputs: int | None = None
    input_ranges: tuple[str, ...] | None = None
    samples_sha256: str | None = None
    cosine: float | None = None
    max_abs_error: float | None = None
    relative_error: float | None = None
    argmax_agreement: float | None = None
    spread: float | None = None
    rounded: Comparison | None = None


def verify(
    source: InferenceModel,
    legal: Path,
    recipe: Recipe,
    scratch: Path,
    *,
    nb: Path | None = None,
    lend_engine: Lend,
    lend_paddle: Lend,
    asked: InputsAsked = NOTHING_ASKED,
    preprocessing: Preprocessing | None = None,
    keep: bool = False,
    tell: Tell = lambda _what, _done, _of: None,
) -> Verification:
    """Compare the legalised program `legal`, converted by `recipe` into the file `nb`, with Paddle's own output.

    Without `nb`, or where that cannot run here or does not pass, the program is converted for x86, and that is judged.
    `scratch` is an empty folder for intermediate files; `preprocessing` that of the network, where it is known; with
    `keep`, Paddle's outputs stay in the cache (`references.py`); `tell` hears how far it is. The x86 engine has no float16
    kernels: the twin of a fp16 recipe is float32, and the result says so. Of a program that is quantised with its activations,
    both sides get weights that the x86 engine's int8 kernels can count with (`x86_int8.py`), and the twin as many images at
    once as they round rightly (`batches.py`). An engine that has no kernel, or dies, makes the result "unavailable" with its
    reason. Raises `ToolchainError` when Paddle itself fails, and `UsageError` for samples that do not fit the network.
    """
    began = time.monotonic()
    whole, legal_program = Program.read(source.program), split_hard_swish(Program.read(legal))
    points = points_of(whole).among(makes(legal_program))
    twin = replace(recipe, name=f"{recipe.name}, x86 twin", target="x86", abi="x86_64", sparse_threshold=None,
                   precision="fp32" if recipe.precision == "fp16" else recipe.precision)  # fmt: skip
    engine = f"paddlelite {recipe.engine}"
    if not points.values:
        return Verification("inconclusive", nothing_to_judge(points), engine, "x86")
    count = SAMPLES if (source.flops or 0) < _LARGE else SAMPLES // 2
    shapes = input_shapes(whole.feeds, recipe.input_shape)
    kinds = domains(whole, shapes, asked, preprocessing, count)
    original = at_points(whole, points)
    quantised = is_quantised(whole)
    params = halved(whole, source.params, scratch / "halved.pdiparams")
    limits = LIMITS["int8-static" if quantised else twin.precision]
    computed, expected_from = expected_of(whole, params, twin.precision, recipe.engine, legal.parent, scratch)
    batch = safe_batch(original) if quantised else 1
    runs = Runs(tell, 2 * sum(len(domain.draw(0)) for domain in kinds))

    @cache
    def made() -> Twin:
        program = at_points(legal_program, points)
        program = program if batch == 1 else opened(program)
        plain, folded = fold(whole, params, legal.parent, scratch / "folded.pdiparams")
        read = turned(plain, legal_program, folded, scratch / "turned.pdiparams")
        return Twin(lend_engine, program, read, twin, scratch, batch=batch, runs=runs)

    def lite(given: Sequence[Sample]) -> Outputs:
        return made().run(given)

    unrounded = paddle = Paddle(lend_paddle, source, original, scratch, keep=keep, runs=runs)
    theirs, reference = source, original
    if computed is not whole:  # a weight of it is rounded that was computed: Paddle 3's own form has no place for that
        theirs, reference = replace(source, pir=None, pir_sha256=None), at_points(computed, points)
        (scratch / "computed").mkdir()
        paddle = Paddle(
            lend_paddle, theirs, reference, scratch / "computed", keep=keep and source.pir is None, runs=runs
        )
    exact = Double(lend_paddle, theirs, computed, reference, expected_from, scratch)

    def expected(given: Sequence[Sample]) -> Outputs:
        return paddle.run(expected_from, given)

    def judged(network: Run) -> Judgement:
        def judge_one(draw: Draw) -> Verdict:
            if quantised:
                return judge_coarse(draw, network, expected, limits)
            return judge_steady(draw, network, expected, limits, exact.run)

        return judge_all(kinds, judge_one)

    limited, own = None, None
    if nb is not None and not quantised and asked.seconds is None:
        own = itself_of(lend_engine, nb, recipe, legal_program, points, scratch, runs)
    try:
        if asked.seconds is not None:
            whole_count = sum(len(domain.draw(0)) for domain in kinds)
            kinds = within(asked.seconds - (time.monotonic() - began), kinds, lite, expected, runs)
            if (count := sum(len(domain.draw(0)) for domain in kinds)) < whole_count:
                limited = f"{count} of {whole_count} inputs in the {asked.seconds:g} s of --verify-seconds"
        passed = _passed(own, judged)
        judgement = passed or judged(lite)
        if recipe.target != "x86":
            judgement = by_what_goes_in(judgement, points.names, points.logits, expected, limits)
    except (OptError, TwinDiedError) as error:
        expected(kinds[0].draw(0)[:1])  # where Paddle cannot either, that is not the x86 engine's lack
        return Verification("unavailable", _why(error), engine, "x86")
    rounding_told: list[str] = []
    if recipe.precision == "fp16" and judgement.status == "passed":
        half = Half(lend_paddle, source, original, expected_from, scratch)
        undecided, rounding_told = what_half_does(judgement, expected, half.run)
        if undecided:
            judgement = replace(judgement, status="inconclusive", reason=undecided)
    cost = judgement.worst
    if expected_from != params:
        costs = [judge(unrounded.run(params, v.given), v.made, limits).comparison for _, v in judgement.used]
        cost = worst(costs)
    return Verification(
        judgement.status,
        "; ".join(filter(None, (judgement.reason, judgement.reason and limited)))
        or _note(
            recipe,
            cost,
            judgement,
            [
                *rounding_told,
                *remarks(judgement, points),
                *auxiliary(whole, shapes, asked),
                *([limited] if limited else []),
            ],
            quantised=quantised,
        ),
        engine,
        "x86",
        "file" if passed else "twin",
        **used(judgement, asked),
        inputs=judgement.worst.samples,
        cosine=cost.cosine,
        max_abs_error=cost.max_abs_error,
        relative_error=cost.relative_error,
        argmax_agreement=cost.argmax_agreement,
        spread=cost.spread,
        rounded=None if expected_from == params else judgement.worst,
    )


def _passed(own: Itself | None, judged: Callable[[Run], Judgement]) -> Judgement | None:
    """How the file itself was judged, if it passed: what it fails by may be a lack of the x86 kernels."""
    if own is None:
        return None
    try:
        judgement = judged(own.run)
    except TwinDiedError:
        return None
    return judgement if judgement.status == "passed" else None


def used(judgement: Judgement, asked: InputsAsked) -> dict[str, Any]:
    """The inputs that decided, as the metadata names them: `input_ranges`, or `samples_sha256`."""
    if asked.file is not None:
        return {"samples_sha256": sha256_of(asked.file)}
    return {"input_ranges": tuple(name for name, _ in judgement.used)}


def nothing_to_judge(points: Points) -> str:
    """Why a network without points cannot be judged."""
    if not points.by:
        return "none of its outputs is computed"
    return f"all of its outputs lie behind {', '.join(points.by)}, and nothing before can be compared"


def rounding(judgement: Judgement) -> str | None:
    """What was judged beside float64, and why."""
    if judgement.rounding is None:
        return None
    return (
        "judged beside Paddle in float64: rounding alone moves Paddle's own float32 output by "
        f"{judgement.rounding:.2g} of what tells inputs apart"
    )


def remarks(judgement: Judgement, points: Points) -> list[str]:
    """What was not compared, or not by all inputs, of a verification that passed."""
    made: list[str] = []
    judged, tried = judgement.worst.samples, judgement.tried
    if judged < tried:
        made.append(f"judged by {judged} of {tried} inputs: at the others {' or '.join(judgement.left_out)}")
    if told := rounding(judgement):
        made.append(told)
    if points.remark:
        made.append(points.remark)
    tells = dict(zip(points.names, judgement.telling, strict=True))
    for name in points.values:
        if not tells[name] and not tells.get(points.logits.get(name, ""), False):
            made.append(f"{name} hardly depends on the input: only its size was compared")
    return made


def auxiliary(program: Program, shapes: Sequence[Sequence[int]], asked: InputsAsked) -> list[str]:
    """What inputs beside the image were given, unless the user gave it."""
    told = given(program.feeds, shapes) if asked.file is None else None
    return [told] if told else []


def _note(
    recipe: Recipe, cost: Comparison, judgement: Judgement, remarks: Sequence[str], *, quantised: bool
) -> str | None:
    """What a user should know of a verification that passed."""
    made: list[str] = []
    if quantised:
        made.append(_beside_simulation(judgement))
    elif recipe.precision == "fp16":
        made.append("the twin is fp32: the x86 engine has no fp16 kernels")
    elif recipe.precision in ("int8", "int16") and cost.cosine < LOSSY:
        made.append(f"converted as it should be, but {recipe.precision} weights change what this network computes")
    return "; ".join([*made, *remarks]) or None


def coarse_limit(judgement: Judgement) -> str:
    """What a quantised network that passed was held to, which its own steps may have loosened."""
    if judgement.swing is None:
        return f"the limit of {LIMITS['int8-static'].relative_error:g}"
    return f"twice the {judgement.swing:.2g} that {COARSE_NUDGE:g} of the input moves the simulation itself by"


def _beside_simulation(judgement: Judgement) -> str:
    """What was established of a quantised network, which its simulation is the reference of."""
    return (
        f"its error beside Paddle's int8 simulation is {judgement.worst.relative_error:.2g} of what tells inputs apart, within "
        f"{coarse_limit(judgement)}; both with weights of 7 bits: the x86 engine cannot count with 8"
    )


def _why(error: OptError | TwinDiedError) -> str:
    if isinstance(error, OptError):
        return f"its x86 twin: {error.message}"
    return f"the x86 engine cannot run it: {error}"
