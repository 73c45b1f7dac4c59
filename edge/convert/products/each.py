"""The order of a network for the engine that shall run it, whichever that is."""

from __future__ import annotations

from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.order import Order, Product
from edge.convert.products.nb import NbOrder
from edge.convert.products.onnx import OnnxOrder
from edge.convert.products.ported import PortedOrder
from edge.convert.recipe import Recipe
from edge.source.weights import Weights
from edge.toolchain.engines import formats
from edge.zoo.model import Model


def order_for(form: str, name: str, model: Model | None, weights: Weights, recipe: Recipe) -> Order[Product]:
    """`form` is `nb` (made by `recipe`), `onnx`, or an engine's format (edge/toolchain/engines.toml)."""
    if (to := formats().get(form)) is not None:
        return PortedOrder(name, model, weights, to)
    if form == "onnx":
        return OnnxOrder(name, model, weights, OnnxRecipe())
    return NbOrder(name, model, weights, recipe)
