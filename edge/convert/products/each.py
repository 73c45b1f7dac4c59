"""The order of a network for the engine that shall run it, whichever that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.order import Order, Product
from edge.convert.products.calibrated import CalibratedOrder
from edge.convert.products.nb import NbOrder
from edge.convert.products.onnx import OnnxOrder
from edge.convert.products.onnx_int8 import OnnxInt8Order
from edge.convert.products.ported import PortedOrder
from edge.convert.recipe import Recipe
from edge.source.weights import Weights
from edge.toolchain.engines import formats
from edge.zoo.model import Model

if TYPE_CHECKING:
    from edge.convert.calibrated import Calibration


def order_for(
    form: str,
    name: str,
    model: Model | None,
    weights: Weights,
    recipe: Recipe,
    calibration: Calibration | None = None,
) -> Order[Product]:
    """`form` is `nb` (made by `recipe`), `onnx`, or an engine's format (edge/toolchain/engines.toml).

    With a `calibration`, which of these the first two can have, it is of int8-static.
    """
    if (to := formats().get(form)) is not None:
        return PortedOrder(name, model, weights, to)
    if calibration is not None:
        if form == "onnx":
            return OnnxInt8Order(name, model, weights, OnnxRecipe(), calibration)
        return CalibratedOrder(name, model, weights, recipe, calibration)
    if form == "onnx":
        return OnnxOrder(name, model, weights, OnnxRecipe())
    return NbOrder(name, model, weights, recipe)
