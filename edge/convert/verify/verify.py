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
from typing import Literal

from edge.convert.fold import fold
from edge.convert.recipe import Recipe
from edge.convert.shapes import input_shapes
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked, domains
from edge.convert.verify.batches import opened, safe_batch
from edge.convert.verify.closing import by_what_goes_in
from edge.convert.verify.compare import LIMITS, Comparison, Outputs, judge
from edge.convert.verify.early import judge_early, remembered
from edge.convert.verify.engines import Double, Half, Paddle, Twin, TwinDiedError
from edge.convert.verify.half import what_half_does
from edge.convert.verify.inputs import Sample
from edge.convert.verify.itself import Itself, itself_of
from edge.convert.verify.judge import (
    Draw,
    Judgement,
    Run,
    Verdict,
    judge_all,
    judge_coarse,
    judge_steady,
    worst,
)
from edge.convert.verify.points import at_points, makes, points_of
from edge.convert.verify.rounded import expected as expected_of
from edge.convert.verify.runs import Runs, Tell, within
from edge.convert.verify.words import auxiliary, note, nothing_to_judge, remarks, used
from edge.convert.verify.x86_int8 import halved, is_quantised, split_hard_swish
from edge.errors import OptError
from edge.paddle.program import Program
from edge.paddle.rewritten import turned
from edge.source.model import InferenceModel
from edge.toolchain.worker import Lend
from edge.zoo.model import Preprocessing

SAMPLES = 8
# Multiply-accumulates of an input: from the first on half as many decide, where they can (`early.py`); from the second on half
# as many must do.
_LONG, _LARGE = 4e9, 30e9


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
    written, reference = source, original
    if computed is not whole:  # a weight of it is rounded that was computed: Paddle 3's own form has no place for that
        written, reference = replace(source, pir=None, pir_sha256=None), at_points(computed, points)
        (scratch / "computed").mkdir()
        paddle = Paddle(
            lend_paddle, written, reference, scratch / "computed", keep=keep and source.pir is None, runs=runs
        )
    exact = Double(lend_paddle, written, computed, reference, expected_from, scratch)

    def expected(given: Sequence[Sample]) -> Outputs:
        return paddle.run(expected_from, given)

    early = _LONG <= (source.flops or 0) < _LARGE and not quantised and recipe.precision != "fp16"
    early = early and asked.file is None and asked.seconds is None
    runs.planned //= 1 + early
    theirs = remembered(expected) if early else expected

    def judged(network: Run) -> Judgement:
        ours = remembered(network) if early else network

        def judge_one(draw: Draw) -> Verdict:
            if quantised:
                return judge_coarse(draw, ours, theirs, limits)
            return judge_steady(draw, ours, theirs, limits, exact.run)

        return judge_all(kinds, lambda draw: judge_early(draw, judge_one, limits) if early else judge_one(draw))

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
            judgement = by_what_goes_in(judgement, points.names, points.logits, theirs, limits)
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
        or note(
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


def _why(error: OptError | TwinDiedError) -> str:
    if isinstance(error, OptError):
        return f"its x86 twin: {error.message}"
    return f"the x86 engine cannot run it: {error}"
