"""Which convolutions of a quantised network stay float: those that int8 harms most, by measurement.

A layer goes by the name of its weight. A kept one computes in float32; its weight is stored as all float weights of int8-static
are (`--precision int8`: convolutions rounded to 8 bits, depthwise ones not), and is measured so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.convert.verify.rounded import quantised_weights, rounded
from edge.errors import ConvertError
from edge.paddle.draft import Draft
from edge.paddle.params import tensors
from edge.paddle.program import Program
from edge.toolchain.answers import FloatAgreement

# For each list of layers, the figures of the network with these in float: beside the float network itself; or, on a few images,
# beside the first of these networks.
Measure = Callable[[Sequence[Sequence[str]], bool], Sequence[FloatAgreement]]
_AT_ONCE = 8  # mixtures that are measured in one go


@dataclass(frozen=True, slots=True)
class Layer:
    """`harm`: by how much the mean cosine of the network's output falls when this layer alone computes in int8."""

    layer: str
    harm: float
    kept: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of each of the `layers`, worst first, and the figures of that network beside the float network."""

    layers: tuple[Layer, ...]
    figures: FloatAgreement

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.layer for one in self.layers if one.kept)


def choose(name: str, layers: Sequence[str], wanted: float, measure: Measure) -> Kept:
    """Measure every layer, and keep the `wanted` worst; with `wanted` below 1, as few as bring the network's mean cosine there.

    Raises `ConvertError` where that leaves no layer in int8.
    """
    if wanted >= len(layers):
        raise ConvertError(f"{name}: {wanted:g} of its convolutions are to stay float, and {len(layers)} could compute in int8",
                           hint="keep fewer, or use --precision int8")  # fmt: skip
    alone = [layers, *([x for x in layers if x != one] for one in layers)]
    harms = [1 - figures.mean_cosine for figures in measure(alone, True)[1:]]
    order = sorted(range(len(layers)), key=lambda k: -harms[k])

    kept = [[layers[k] for k in order[:count]] for count in range(len(layers))]
    if wanted >= 1:
        kept = kept[int(wanted) : int(wanted) + 1]
    names, figures = _first(name, kept, wanted if wanted < 1 else -1.0, measure)
    told = tuple(Layer(layers[k], harms[k], layers[k] in names) for k in order)
    return Kept(told, figures)


def _first(
    name: str, kept: Sequence[Sequence[str]], wanted: float, measure: Measure
) -> tuple[Sequence[str], FloatAgreement]:
    """The first of these lists with which the cosine is as great as wanted."""
    best = 0.0
    for start in range(0, len(kept), _AT_ONCE):
        some = kept[start : start + _AT_ONCE]
        for names, figures in zip(some, measure(some, False), strict=True):
            best = max(best, figures.mean_cosine)
            if figures.mean_cosine >= wanted:
                return names, figures
    raise ConvertError(
        f"{name}: the mean cosine is {best:.4f} at most while one convolution or more computes in int8, not {wanted:g}",
        hint="ask for less, or use --precision int8",
    )


def no_nearer(keep: float, without: float, cosine: float) -> str | None:
    """What to know of a number of layers in float that brings nothing: harms of layers do not add up."""
    if keep < 1 or cosine > without:
        return None
    return (
        f"with {keep:g} in float the mean cosine is {cosine:.4f}, with none {without:.4f}: leave out --int8-keep, "
        "or ask for a cosine"
    )


def unquantised(program: Program, layers: Collection[str]) -> Program:
    """The program with these layers float: each takes its input as it is, and its output is the convolution's own.

    Their weights, under the same names, have to be floats then (`float_weights`).
    """
    draft, gone = Draft.of(program), set()
    numbers = {op.output("Out"): op for op in draft.ops() if op.type.startswith("fake_quantize")}
    back = {op.input("X"): op for op in draft.ops("fake_channel_wise_dequantize_max_abs")}
    for conv in list(draft.ops("conv2d", "depthwise_conv2d")):
        whole, made = conv.input("Input"), conv.output("Output")
        if conv.input("Filter") not in layers or whole not in numbers or made not in back:
            continue
        conv.set_input("Input", [numbers[whole].input("X") or ""])
        conv.set_output("Output", [back[made].output("Out") or ""])
        draft.replace(back[made])
        gone.add(whole)
    read = {name for op in draft.ops() for name in op.reads}
    for name in gone - read:
        draft.replace(numbers[name])
    return draft.build()


def float_weights(program: Program, source: Program, source_params: Path) -> dict[str, NDArray[np.float32]]:
    """The floats of each layer of the quantised `program`, of which `source` is the float network, as opt stores them."""
    layers = frozenset(quantised_weights(program).values())
    own = {op.input("Filter") for op in program.ops("depthwise_conv2d")}  # which opt does not round
    exact = ((spec.name, values) for spec, values in tensors(source_params, source.persistables))
    return {
        name: np.array(values) if name in own else rounded(values, axis=0, bits=8)
        for name, values in exact
        if name in layers
    }
