"""Which of the published numbers belong to a network: a name alone proves nothing.

The table speaks of one architecture, at one input, with ImageNet's 1000 classes and PaddleClas' own weights. A network that
carries a catalogue name is compared with that: its input and classes must be the table's, and so must its parameters and
FLOPs, unless it is the published archive itself. Accuracy and licence belong to the published weights alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edge.zoo.model import TABLE, Model, Published

CLASSES = 1000  # of every network of the table: ImageNet-1k
# Counted by edgezoo as the table counts, all but the networks of docs/reference/flops-and-params.md are within it. Those are
# of another input or other widths than the table's, so that its numbers are not theirs.
TOLERANCE = 0.018
# The documents of single families count otherwise: MobileNetV4's without batch norms, StarNet's another 3 % less.
TOLERANCE_ELSEWHERE = 0.04
# Query, key and value projections are used without being called as layers there, so the table does not count them.
_PARAMETERS_NOT_COUNTED = "SwinTransformerV2"


@dataclass(frozen=True, slots=True)
class NamedNetwork:
    """What is known of a network that carries a catalogue name; None: not known. FLOPs are multiply-accumulates.

    `weights` are published, random, own or checkpoint.
    """

    weights: str | None
    shapes: Sequence[Sequence[int]]
    classes: int | None
    params: int | None
    flops: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """The published numbers that are the network's own, and why others are not."""

    published: Published | None
    reasons: tuple[str, ...] = ()


def facts_of(model: Model, network: NamedNetwork) -> Facts:
    """What of the published row of `model` may be said of `network`: all of it, all but the accuracy, or nothing."""
    if reasons := tuple(_differences(model, network)):
        return Facts(None, reasons)
    if network.weights == "published":
        return Facts(model.published)
    unmeasured = replace(model.published, top1=None, top5=None, reference_top1=None, top1_gain=None)
    return Facts(unmeasured, (f"the published accuracy is of the published weights, and these are {network.weights}",))


def takes_input(model: Model, shapes: Sequence[Sequence[int]]) -> bool:
    """Whether inputs of these shapes are the one that the table speaks of; its channels may be last, as LiteRT has them."""
    batch, channels, height, width = model.input_shape
    return [tuple(shape) for shape in shapes] in ([model.input_shape], [(batch, height, width, channels)])


def _differences(model: Model, network: NamedNetwork) -> Iterator[str]:
    shapes = [tuple(1 if size == -1 and axis == 0 else size for axis, size in enumerate(s)) for s in network.shapes]
    if not takes_input(model, shapes):
        shape_text = " and ".join("x".join(map(str, shape)) for shape in shapes) or "unknown"
        yield f"its input is {shape_text}, and the table's {'x'.join(map(str, model.input_shape))}"
    if network.classes != CLASSES:
        yield f"it has {network.classes or 'an unknown number of'} classes, and the table's network {CLASSES}"
    if network.weights == "published":
        return  # PaddleClas' own archive, which the table speaks of
    if network.weights is None:
        yield "it is not known where its weights come from"
    if not (network.weights == "random" and model.name.startswith(_PARAMETERS_NOT_COUNTED)):
        yield from _far("parameters", network.params, model.published.params_m, model.source)
    yield from _far("FLOPs", network.flops, model.published.flops_m, model.source)


def _far(what: str, counted: int | None, published_m: float | None, source: str) -> Iterator[str]:
    if published_m is None:
        return
    tolerance = TOLERANCE if source == TABLE else TOLERANCE_ELSEWHERE
    if counted is None:
        yield f"its {what} are not known"
    elif abs(counted / 1e6 - published_m) > max(tolerance * published_m, 0.0051):
        told = f"{counted / 1e6:.2f} M" if counted >= 100_000 else f"{counted:,}"
        yield f"it has {told} {what}, and the table says {published_m:g} M"
