from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.convert.recipe import DEFAULT, Recipe, choose, load, recipes
from edge.errors import EdgezooError, RecipeError
from edge.toolchain.engines import engine

SOUND = 'engine = "2.13rc0"\ntarget = "arm"\nprecision = "fp32"\nabi = "arm64-v8a"\n'


@pytest.mark.parametrize("name", sorted(recipes()))
def test_recipes_that_come_along_are_sound_and_explained(name: str) -> None:
    path = recipes()[name]
    recipe = load(path)
    assert recipe.name == name
    assert recipe.description
    assert path.read_text().startswith("# ")
    assert engine("paddlelite", recipe.engine).version == recipe.engine


def test_the_default_is_how_the_published_table_was_measured() -> None:
    recipe = load(recipes()[DEFAULT])
    assert (recipe.target, recipe.precision, recipe.abi) == ("arm", "fp32", "arm64-v8a")
    assert choose() == recipe


@pytest.mark.parametrize(
    ("text", "line", "output"),
    [
        (SOUND + 'precison = "int8"\n', 5, "precison"),
        (SOUND.replace("fp32", "fp64"), 3, "fp64"),
        (SOUND.replace('"arm"', '"gpu"'), 2, "gpu"),
        (SOUND.replace('"arm"', '"x86"'), 4, "does not run on arm64-v8a"),
        (SOUND.replace('"arm"', '"x86"').replace("fp32", "fp16").replace("arm64-v8a", "x86_64"), 3, "fp16"),
        (SOUND + "sparse_threshold = 1.5\n", 5, "1.5"),
        (SOUND + 'sparse_threshold = "much"\n', 5, "`sparse_threshold`: expected `float"),
        (SOUND + "# a comment\ninput_shape = [1, 3, 0, 224]\n", 6, r"\[1, 3, 0, 224\]"),
        (SOUND.replace('"arm64-v8a"', '"mips"'), 4, "mips"),
        (SOUND.replace('"2.13rc0"', "2"), 1, "engine"),
        (SOUND + "\n[extra]\n", 6, "extra"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_a_wrong_field_is_refused_with_file_and_line(tmp_path: Path, text: str, line: int, output: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=output) as caught:
        load(path)
    assert f"{path}, line {line}" in caught.value.message


@pytest.mark.parametrize("text", ["engine = ", "", 'target = "arm"'], ids=["no value", "empty", "no engine"])
def test_what_is_no_recipe_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=re.escape(str(path))):
        load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.toml cannot be read"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("target", "precision"),
    [("arm", "int8"), ("arm", "fp16"), ("opencl,arm", "fp16"), ("x86", "fp32"), ("x86", "int8")],
)
def test_the_command_line_chooses_by_target_and_precision(target: str, precision: str) -> None:
    recipe = choose(target=target, precision=precision)
    assert (recipe.target, recipe.precision) == (target, precision)
    assert recipe.sparse_threshold is None
    assert (recipe.abi == "x86_64") == (target == "x86")


def test_what_the_command_line_changes_shows_in_the_name() -> None:
    recipe = choose(engine="2.12", input_shape=(1, 3, 320, 320))
    assert recipe.engine == "2.12"
    assert recipe.input_shape == (1, 3, 320, 320)
    assert recipe.name == "sd855-fp32+engine+input_shape"


def test_a_contradiction_on_the_command_line_is_refused() -> None:
    with pytest.raises(EdgezooError, match="fp16"):
        choose(target="x86", precision="fp16")
    with pytest.raises(RecipeError, match="fp16"):
        Recipe("mine", "2.13rc0", target="x86", precision="fp16", abi="x86_64")
