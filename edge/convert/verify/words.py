"""What is said of a verification: its inputs, what was not compared, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.cache.hashing import sha256_of
from edge.convert.auxiliary import given
from edge.convert.recipe import Recipe
from edge.convert.verify.asked import InputsAsked
from edge.convert.verify.compare import LIMITS, Comparison
from edge.convert.verify.judge import COARSE_NUDGE, Judgement
from edge.convert.verify.points import Points
from edge.paddle.program import Program

LOSSY = 0.9  # the cosine with the unrounded network below which a user should hear of it


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


def note(
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
