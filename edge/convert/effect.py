"""Did what the recipe asks for come to pass? Read from the file that opt wrote, never from what opt was asked.

opt accepts options that it then forgets, without a word: float16 kernels when its calls come in another order, sparse
convolutions where no weight is sparse enough, int8 kernels where the target has none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.convert.recipe import Recipe
from edge.errors import ConvertError
from edge.nb.header import NbHeader
from edge.nb.params import read_params
from edge.nb.program import NbOp, count_kernels, read_ops

_CONVOLUTIONS = ("conv2d", "depthwise_conv2d", "conv2d_transpose", "depthwise_conv2d_transpose", "conv3d")
_PRODUCTS = ("fc", "mul", "matmul", "matmul_v2")
# Of an operator, the slots that may hold a weight; what opt's weight quantisation rounds (post_quant_dynamic_pass.cc).
_SLOTS = {**dict.fromkeys(_CONVOLUTIONS, "Filter"), "fc": "W", **dict.fromkeys(_PRODUCTS[1:], "Y")}
_ROUNDED = ("conv2d", "fc", "mul")


@dataclass(frozen=True, slots=True)
class Effect:
    """What a file of these operators, `ops`, holds. `kernels`: operators by kind of kernel; `weights`: elements by type.

    `asked` names what the recipe wants beyond plain float32 ("" where nothing): `done` of `possible` operators have it, and
    `left` counts the others by type, but for those that are `kept` in float, as was asked.
    """

    kernels: Mapping[str, int]
    weights: Mapping[str, int]
    asked: str
    done: int
    possible: int
    left: Mapping[str, int]
    ops: Sequence[NbOp] = ()
    kept: int = 0

    @property
    def sentence(self) -> str:
        """Such as `35 of 36 convolutions and products on float16 kernels (left: 1 conv2d)`; "" where nothing was asked."""
        if not self.asked:
            return ""
        rest = ", ".join(f"{count} {kind}" for kind, count in self.left.items())
        kept = f", {self.kept} kept in float" if self.kept else ""
        return f"{self.done} of {self.possible} {self.asked}{kept}" + (f" (left: {rest})" if rest else "")


def effect_of(nb: Path, header: NbHeader, recipe: Recipe, kept: Collection[str] = ()) -> Effect:
    """Read the file and hold it against its recipe; of int8-static, the convolutions with the weights `kept` are to be float.

    Raises `ConvertError` where the recipe had no effect at all, one of `kept` is not there in float, or the file holds kernels
    for another target.
    """
    ops = read_ops(nb, header, attrs=recipe.sparse_threshold is not None)
    types: dict[str, str] = {}
    weights: dict[str, int] = {}
    for param in read_params(nb, header):
        types[param.name] = param.dtype
        weights[param.dtype] = weights.get(param.dtype, 0) + param.elements
    return judge_effect(ops, types, weights, recipe, kept)


def judge_effect(
    ops: Sequence[NbOp],
    types: Mapping[str, str],
    weights: Mapping[str, int],
    recipe: Recipe,
    kept: Collection[str] = (),
) -> Effect:
    """The same of operators and the types of the weights by name."""
    kernels = count_kernels(tuple(ops))
    _check_target(ops, recipe)
    floats = {_weight(op) for op in ops if op.precision == "fp32"}
    if missing := sorted(set(kept) - floats):
        raise ConvertError(f"the file has no float convolution for {', '.join(missing)}, which was to stay float")
    asked = _asked([op for op in ops if not kept or _weight(op) not in kept], types, recipe)
    left: dict[str, int] = {}
    for op in asked.concerned:
        if not asked.has(op):
            left[op.type] = left.get(op.type, 0) + 1
    possible = len(asked.concerned)
    effect = Effect(kernels, weights, asked.words, possible - sum(left.values()), possible, left, ops, len(set(kept)))
    if asked.words and not effect.done:
        raise ConvertError(f"the recipe {recipe.name} had no effect: {effect.sentence}", hint=asked.hint)
    return effect


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a recipe wants, the operators that could have it, whether one has it, and what to do where none has."""

    words: str
    concerned: Sequence[NbOp]
    has: Callable[[NbOp], bool]
    hint: str = "convert without that option"


def _asked(ops: Sequence[NbOp], types: Mapping[str, str], recipe: Recipe) -> _Asked:
    weighted = [op for op in ops if _weight(op) in types]
    if recipe.sparse_threshold is not None:
        pointwise = [op for op in weighted if op.type == "conv2d" and not any(op.attrs.get("paddings", [1]))]
        sparse = [op for op in ops if op.type == "sparse_conv2d"]
        return _Asked(
            "1x1 convolutions stored sparse",
            [*sparse, *pointwise],
            lambda op: op.type == "sparse_conv2d",
            f"no weight has {recipe.sparse_threshold:.0%} zeros: prune the network, or leave sparse_threshold out",
        )
    if "opencl" in recipe.target:
        moves = ("io_copy", "layout", "calib")
        return _Asked(
            "operators on the GPU", [op for op in ops if op.type not in moves], lambda op: op.target == "opencl"
        )
    if recipe.precision == "fp16":
        return _Asked("convolutions and products on float16 kernels", weighted, lambda op: op.precision == "fp16")
    if recipe.precision == "int8-static":
        convolutions = [op for op in weighted if op.type in _CONVOLUTIONS]
        return _Asked("convolutions on int8 kernels", convolutions, lambda op: op.precision == "int8")
    if recipe.precision in ("int8", "int16"):
        rounded = [op for op in weighted if op.type in _ROUNDED]
        return _Asked(
            f"weights stored as {recipe.precision}", rounded, lambda op: types[_weight(op)] == recipe.precision
        )
    return _Asked("", [], lambda _op: True)


def _weight(op: NbOp) -> str:
    """The variable in the slot where the operator's weight is, if it has one."""
    names = op.inputs.get(_SLOTS.get(op.type, ""), ())
    return names[0] if names else ""


def _check_target(ops: Sequence[NbOp], recipe: Recipe) -> None:
    """Raises `ConvertError` for kernels of a target that the recipe does not name, or another precision than it names."""
    allowed = {*recipe.target.split(","), "host", ""}
    if foreign := sorted({op.target for op in ops} - allowed):
        raise ConvertError(f"opt chose kernels for {', '.join(foreign)}, where {recipe.target} was asked for")
    if recipe.target == "arm" and recipe.precision != "fp16" and any(op.precision == "fp16" for op in ops):
        raise ConvertError(f"opt chose float16 kernels, where {recipe.precision} was asked for")
