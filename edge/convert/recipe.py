"""How a model is to be converted: engine version, valid targets, precision. Read from opt_configs/*.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from edge.convert.shapes import InputShape
from edge.errors import RecipeError
from edge.resources import resource
from edge.typed import convert
from edge.untrusted.files import read_text
from edge.untrusted.guard import brief
from edge.untrusted.toml import toml_table
from edge.untrusted.toml_lines import path_of, place_of

Precision = Literal["fp32", "fp16", "int8", "int16", "int8-static"]

# What opt's valid targets may be here; "opencl,arm" runs on the GPU, and on the CPU what the GPU has no kernel for.
TARGETS = ("arm", "x86", "opencl,arm")
ABIS = ("arm64-v8a", "armeabi-v7a", "x86_64")
DEFAULT = "sd855-fp32"
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to convert.

    `target`: opt's valid targets; `precision`: fp16 marks kernels (ARMv8.2 and OpenCL), int8 and int16 quantise the
    weights only, int8-static the activations, too (edge.convert.calibrated); `sparse_threshold`: share of zeros (0 to 1)
    from which a 1x1 convolution is stored sparse, None for never; `abi`: the device the recipe is for; `input_shape`:
    instead of the model's own (edge.convert.shapes).
    Raises `RecipeError` for values that are unknown or contradict one another.
    """

    name: str
    engine: str
    target: str = "arm"
    precision: Precision = "fp32"
    abi: str = "arm64-v8a"
    sparse_threshold: float | None = None
    input_shape: tuple[int, ...] | dict[str, tuple[int, ...]] | None = None
    description: str = ""

    def __post_init__(self) -> None:
        if problem := _problem(self):
            raise RecipeError(f"the recipe {self.name}: {problem[1]}", hint=problem[2])


def recipes() -> dict[str, Path]:
    """The recipes that come with edgezoo, by name."""
    return {path.stem: path for path in sorted(resource("opt_configs").glob("*.toml"))}


def load(path: Path) -> Recipe:
    """Read a recipe file. Raises `RecipeError` naming the file and, where there is one, the line."""
    text = read_text(path, _MOST_BYTES, f"the recipe {path}", error=RecipeError)
    table = toml_table(text, f"the recipe {path}", error=RecipeError)
    known = {field.name for field in fields(Recipe)} - {"name"}
    for key in table:
        if key not in known:
            hint = "known fields: " + ", ".join(sorted(known))
            raise RecipeError(f"{place_of(path, text, (key,))}: there is no field '{brief(key)}'", hint=hint, field=key)
    try:
        unchecked = convert({"name": path.stem, **table}, _Unchecked, str(path), error=RecipeError)
    except RecipeError as error:
        message = error.message.removeprefix(str(path))
        where = place_of(path, text, path_of(error.field))
        hint = 'for instance: engine = "2.13rc0"' if error.field == "engine" else ""
        raise RecipeError(f"{where}{message}", hint=hint, field=error.field) from None
    if problem := _problem(unchecked):
        raise RecipeError(
            f"{place_of(path, text, (problem[0],))}: {brief(problem[1])}", hint=problem[2], field=problem[0]
        )
    return Recipe(**asdict(unchecked))


def choose(
    config: Path | None = None,
    *,
    target: str | None = None,
    precision: str | None = None,
    engine: str | None = None,
    input_shape: InputShape | None = None,
) -> Recipe:
    """The recipe of `config` (edgezoo's default without one), with what the command line overrides.

    Without a config, a recipe that comes with edgezoo for that very target and precision is taken where there is one.
    """
    if config is not None:
        base = load(config)
    else:
        base = load(recipes()[DEFAULT])
        wanted = (target or base.target, precision or base.precision)
        if wanted != (base.target, base.precision):
            fitting = [r for r in map(load, recipes().values()) if (r.target, r.precision) == wanted]
            base = next((r for r in fitting if r.sparse_threshold is None), base)
    changes: dict[str, Any] = {
        name: value
        for name, value in {
            "target": target,
            "precision": precision,
            "engine": engine,
            "input_shape": input_shape,
        }.items()
        if value is not None and value != getattr(base, name)
    }
    if not changes:
        return base
    if (changes.get("target", base.target) == "x86") != (base.abi == "x86_64"):
        changes["abi"] = "x86_64" if changes["target"] == "x86" else "arm64-v8a"
    return replace(base, name="+".join([base.name, *(f for f in changes if f != "abi")]), description="", **changes)


@dataclass(frozen=True, slots=True)
class _Unchecked:
    """A recipe's values as the file has them: of the right types, not yet known to fit together."""

    name: str
    engine: str
    target: str = "arm"
    precision: str = "fp32"
    abi: str = "arm64-v8a"
    sparse_threshold: float | None = None
    input_shape: tuple[int, ...] | dict[str, tuple[int, ...]] | None = None
    description: str = ""


def _problem(recipe: Recipe | _Unchecked) -> tuple[str, str, str] | None:
    """The first field that is wrong, what is wrong with it, and what to do."""
    r = recipe
    if r.target not in TARGETS:
        return "target", f"there is no target {r.target!r}", "targets: " + "; ".join(TARGETS)
    if r.precision not in get_args(Precision):
        return "precision", f"there is no precision {r.precision!r}", "precisions: " + ", ".join(get_args(Precision))
    if r.abi not in ABIS:
        return "abi", f"there is no ABI {r.abi!r}", "ABIs: " + ", ".join(ABIS)
    if (r.target == "x86") != (r.abi == "x86_64"):
        return "abi", f"target {r.target} does not run on {r.abi}", "x86 goes with x86_64, the others with an ARM ABI"
    if r.precision == "fp16" and (r.target == "x86" or r.abi == "armeabi-v7a"):
        return "precision", "fp16 needs arm64-v8a (ARMv8.2) or OpenCL", "use fp32 here"
    if r.sparse_threshold is not None and not 0 <= r.sparse_threshold <= 1:
        return "sparse_threshold", f"{r.sparse_threshold} is no share of zeros", "give a number from 0 to 1"
    if r.sparse_threshold is not None and (r.target != "arm" or r.precision not in ("fp32", "int8")):
        return "sparse_threshold", "sparse kernels exist for target arm in fp32 and int8 only", "leave the field out"
    shapes = r.input_shape.values() if isinstance(r.input_shape, Mapping) else [r.input_shape] if r.input_shape else []
    if wrong := [shape for shape in shapes if min(shape, default=0) < 1]:
        return "input_shape", f"{list(wrong[0])} is no shape", "for instance: input_shape = [1, 3, 224, 224]"
    return None
