"""What a recipe asks for is read back from the operators and weights of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from edge.convert.effect import judge_effect
from edge.convert.recipe import Recipe
from edge.errors import ConvertError
from edge.nb.program import NbOp

RECIPE = Recipe("mine", "2.13rc0")
WEIGHTS = {"w": "float32", "q": "int8"}


def op(kind: str, kernel: str = "arm fp32", weight: str = "", **attrs: object) -> NbOp:
    slot = {"fc": "W", "mul": "Y", "matmul": "Y"}.get(kind, "Filter")
    target, precision = kernel.split()
    return NbOp(kind, target, precision, {"Input": ("x",), slot: (weight,)} if weight else {"X": ("x",)}, {}, attrs)


def sentence(ops: Sequence[NbOp], recipe: Recipe) -> str:
    return judge_effect(ops, WEIGHTS, {"float32": 1}, recipe).sentence


def test_float32_asks_for_nothing_more() -> None:
    assert sentence([op("conv2d", weight="w"), op("relu")], RECIPE) == ""


@pytest.mark.parametrize(
    ("recipe", "ops", "said"),
    [
        (
            replace(RECIPE, precision="fp16"),
            [op("conv2d", "arm fp16", "w"), op("fc", "arm fp32", "w"), op("softmax")],
            "1 of 2 convolutions and products on float16 kernels (left: 1 fc)",
        ),
        (
            replace(RECIPE, precision="int8"),
            [op("conv2d", weight="q"), op("conv2d", weight="w"), op("depthwise_conv2d", weight="w")],
            "1 of 2 weights stored as int8 (left: 1 conv2d)",
        ),
        (
            replace(RECIPE, precision="int8-static"),
            [op("conv2d", "arm int8", "q"), op("depthwise_conv2d", weight="w"), op("fc", weight="w")],
            "1 of 2 convolutions on int8 kernels (left: 1 depthwise_conv2d)",
        ),
        (
            replace(RECIPE, sparse_threshold=0.6),
            [op("sparse_conv2d"), op("conv2d", weight="w", paddings=[0, 0]), op("conv2d", weight="w", paddings=[1, 1])],
            "1 of 2 1x1 convolutions stored sparse (left: 1 conv2d)",
        ),
        (
            replace(RECIPE, target="opencl,arm"),
            [op("conv2d", "opencl fp16", "w"), op("io_copy", "opencl any"), op("argmax")],
            "1 of 2 operators on the GPU (left: 1 argmax)",
        ),
    ],
)
def test_a_part_is_counted(recipe: Recipe, ops: Sequence[NbOp], said: str) -> None:
    assert sentence(ops, recipe) == said


@pytest.mark.parametrize(
    "recipe",
    [
        *(replace(RECIPE, precision=precision) for precision in ("fp16", "int8", "int16", "int8-static")),
        replace(RECIPE, sparse_threshold=0.6),
        replace(RECIPE, target="opencl,arm"),
    ],
    ids=lambda recipe: f"{recipe.target} {recipe.precision} {recipe.sparse_threshold}",
)
def test_a_recipe_without_effect_is_an_error(recipe: Recipe) -> None:
    with pytest.raises(ConvertError, match="had no effect: 0 of 1"):
        sentence([op("conv2d", weight="w", paddings=[0, 0])], recipe)


@pytest.mark.parametrize(
    ("recipe", "kernel"),
    [
        (RECIPE, "x86 fp32"),
        (RECIPE, "opencl fp16"),
        (RECIPE, "arm fp16"),
        (replace(RECIPE, target="x86", abi="x86_64"), "arm fp32"),
    ],
)
def test_kernels_that_nobody_asked_for_are_an_error(recipe: Recipe, kernel: str) -> None:
    with pytest.raises(ConvertError, match="opt chose"):
        sentence([op("conv2d", kernel, "w")], recipe)
