"""A file is replaced by another one of its kind, never silently by something else of the same name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import UNSET

from edge.convert.order import Order, Product
from edge.convert.recipe import Recipe
from edge.errors import FormatError, OutputError
from edge.metadata.file import metadata_path, read
from edge.metadata.model import Metadata
from edge.source.checkout import CheckoutNetwork
from edge.zoo.model import Model

# What two recipes may differ in and still be one: what they are called, and the device that they name.
_SAID_ONLY = ("name", "description", "abi")


def check_overwriting(order: Order[Product], out: Path) -> None:
    """Raises `OutputError` where the order's file would replace one that was made by another recipe, or of other weights.

    What is there is judged by the metadata beside it; a file of which nothing is known is refused, too.
    """
    path = out / f"{order.name}.{order.kind}"
    if not path.exists():
        return
    own = ", --name another name" if not isinstance(order.model, Model) else ""
    hint = f"--force replaces it; -o names another folder{own}"
    try:
        there = read(metadata_path(path))
    except FormatError as error:
        raise OutputError(
            f"{path} is there already, and it is not known what it is: {error.message}", hint=hint
        ) from None
    have, want = _of_file(there), _of_order(order)
    apart = [what for what in want if have.get(what) != want[what]]
    if apart:
        told = ", ".join(f"{what} {_word(have.get(what))}" for what in apart)
        asked = ", ".join(f"{what} {_word(want[what])}" for what in apart)
        raise OutputError(f"{path} is there already, and is another: {told}; asked for is {asked}", hint=hint)


def _of_order(order: Order[Product]) -> dict[str, Any]:
    weights = order.weights
    facts: dict[str, Any] = {
        "weights": weights.kind,
        "seed": weights.seed if weights.kind == "random" else None,
        "from": os.path.realpath(weights.path) if weights.path else None,
        "network": order.model.architecture if order.model else None,
        "checkout": order.model.checkout.sha256[:12] if isinstance(order.model, CheckoutNetwork) else None,
    }
    recipe = getattr(order, "recipe", None)
    if isinstance(recipe, Recipe):
        return facts | {"engine": recipe.engine, "target": recipe.target, "precision": recipe.precision,
                       "sparse_threshold": recipe.sparse_threshold, "input_shape": _plain(recipe.input_shape)}  # fmt: skip
    return facts | {"opset": recipe.opset, "batch": recipe.batch} if recipe is not None else facts


def _of_file(metadata: Metadata) -> dict[str, Any]:
    source, recipe = metadata.source, metadata.recipe
    built = source.built_by or None
    facts: dict[str, Any] = {
        "weights": source.kind,
        "seed": source.seed,
        "from": os.path.realpath(source.path) if source.path else None,
        "network": metadata.model.architecture if metadata.model else built.architecture if built else None,
        "checkout": built.sha256[:12] if built else None,
    }
    for name in recipe.__struct_fields__ if recipe else ():
        value = getattr(recipe, name)
        if value is not UNSET and name not in _SAID_ONLY:
            facts[name] = _plain(value)
    return facts


def _plain(value: Any) -> Any:
    """As JSON gives it back."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _word(value: object) -> str:
    return "none" if value is None else str(value)
