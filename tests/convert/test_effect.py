"""What a recipe asks for is read back from the operators and weights of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from edge.convert.effect import judge_effect
from edge.convert.pipeline import convert_models
from edge.convert.products.nb import NbOrder
from edge.convert.recipe import Recipe, load, recipes
from edge.errors import ConvertError
from edge.nb.header import read_header
from edge.nb.params import count_types
from edge.nb.program import NbOp, count_kernels, read_ops
from edge.source.weights import Weights
from edge.zoo.catalogue import lookup

RECIPE = Recipe("mine", "2.13rc0")
WEIGHTS = {"w": "float32", "q": "int8"}


def op(kind: str, kernel: str = "arm fp32", weight: str = "", **attrs: object) -> NbOp:
    slot = {"fc": "W", "mul": "Y", "matmul": "Y"}.get(kind, "Filter")
    target, precision = kernel.split()
    return NbOp(kind, target, precision, {"Input": ("x",), slot: (weight,)} if weight else {"X": ("x",)}, {}, attrs)


def sentence(ops: Sequence[NbOp], recipe: Recipe) -> str:
    return judge_effect(ops, WEIGHTS, {"float32": 1}, recipe).sentence


STATIC = replace(RECIPE, precision="int8-static")


def test_what_stays_float_is_read_back_by_name() -> None:
    ops = [op("conv2d", "arm int8", "q"), op("conv2d", weight="w"), op("fc", weight="f")]
    made = judge_effect(ops, {**WEIGHTS, "f": "int8"}, {}, STATIC, ["w"])
    assert (made.sentence, made.left) == ("1 of 1 convolutions on int8 kernels, 1 kept in float", {})
    with pytest.raises(ConvertError, match="no float convolution for q, which was to stay float"):
        judge_effect(ops, WEIGHTS, {}, STATIC, ["w", "q"])


def test_float32_asks_for_nothing_more() -> None:
    assert sentence([op("conv2d", weight="w"), op("relu")], RECIPE) == ""


@pytest.mark.parametrize(
    ("recipe", "ops", "output"),
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
def test_a_part_is_counted(recipe: Recipe, ops: Sequence[NbOp], output: str) -> None:
    assert sentence(ops, recipe) == output


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "kernels", "effect"),
    [
        ("sd855-fp32", {"arm fp32": 55}, None),
        ("arm64-fp16", {"arm fp16": 57}, "33 of 33 convolutions and products on float16 kernels"),
        ("arm64-int8", {"arm fp32": 55}, "20 of 20 weights stored as int8"),
        ("arm64-int16", {"arm fp32": 55}, "20 of 20 weights stored as int16"),
        ("opencl-fp32", {"opencl fp16": 40, "opencl any": 4}, "40 of 40 operators on the GPU"),
    ],
)
def test_every_recipe_has_its_effect_in_a_real_file(
    tmp_path: Path, recipe: str, kernels: dict[str, int], effect: str | None
) -> None:
    order = NbOrder("PPLCNet_x0_25", lookup("PPLCNet_x0_25"), Weights("random"), load(recipes()[recipe]))
    (one,) = convert_models([order], tmp_path, verify=False)
    assert one.made is not None, one.error
    path = one.made.path
    facts = one.made.metadata.nb
    assert facts
    assert count_kernels(read_ops(path, read_header(path))) == kernels == facts.kernels
    assert facts.effect == effect
    assert count_types(path, read_header(path)) == facts.weights


@pytest.mark.slow
def test_a_dense_network_is_not_called_sparse(tmp_path: Path) -> None:
    order = NbOrder("PPLCNet_x0_25", lookup("PPLCNet_x0_25"), Weights("random"), load(recipes()["arm64-sparse"]))
    (one,) = convert_models([order], tmp_path, verify=False)
    assert one.error is not None
    assert "0 of 18 1x1 convolutions stored sparse" in one.error.message
    assert not list(tmp_path.iterdir())
