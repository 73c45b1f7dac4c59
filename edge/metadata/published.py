"""Which published numbers a network's metadata may be shown with, decided by `edge.zoo.published`."""

from __future__ import annotations

from collections.abc import Sequence

from edge.metadata.model import Metadata, Origin, Tensor
from edge.zoo.published import Facts, NamedNetwork, facts_of


def of_metadata(metadata: Metadata) -> Facts:
    """Of a converted model."""
    shapes = [tensor.shape for tensor in metadata.inputs]
    return of_origin(metadata, shapes, metadata.params, metadata.flops)


def of_origin(
    origin: Metadata | Origin, shapes: Sequence[Sequence[int]], params: int | None, flops: int | None
) -> Facts:
    """Of what is known of a network that is used with inputs of these shapes. Nothing without a name of the catalogue."""
    from edge.zoo.catalogue import catalogue

    name = origin.model.name if origin.model else None
    model = next((one for one in catalogue() if one.name == name), None)
    if model is None:
        return Facts(None)
    weights = origin.source.kind if origin.source else None
    return facts_of(model, NamedNetwork(weights, shapes, origin.class_num or _classes(origin.outputs), params, flops))


def licence(facts: Facts, weights: str | None) -> str | None:
    """Of a model file: PaddleClas' for its own network without anybody else's weights in it."""
    return "Apache-2.0" if facts.published is not None and weights in ("published", "random") else None


def _classes(outputs: Sequence[Tensor]) -> int | None:
    shape = outputs[0].shape if len(outputs) == 1 else ()
    return shape[1] if len(shape) == 2 and shape[1] > 0 else None
