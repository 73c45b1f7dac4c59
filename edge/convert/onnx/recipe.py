"""How an ONNX file is to be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.errors import RecipeError

# What paddle2onnx 1.3 writes; most networks need 11 or later for their operators, and paddle2onnx says which.
OPSETS = range(7, 20)
OPEN_BATCH = "batch"  # the name of the open dimension
Batch = Literal["fixed", "dynamic"]


@dataclass(frozen=True, slots=True)
class OnnxRecipe:
    """`opset` of the file; `batch` fixed (as the input shape says, usually 1) or dynamic (open). Raises `RecipeError`."""

    opset: int = 17
    batch: Batch = "fixed"

    def __post_init__(self) -> None:
        if self.opset not in OPSETS:
            raise RecipeError(
                f"paddle2onnx cannot write opset {self.opset}", hint=f"choose one from {OPSETS[0]} to {OPSETS[-1]}"
            )
