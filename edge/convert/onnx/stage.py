"""One ONNX order from its inference model to the placed file: what the pipeline calls."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.convert.onnx.convert import Task, convert
from edge.convert.onnx.model import OnnxModel, describe, metadata_path
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.output import write_output
from edge.convert.recipe import Recipe
from edge.convert.shapes import input_shapes
from edge.convert.verify.reference import reference_key
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.source.weights import Weights
from edge.toolchain.engines import WORKERS, engine
from edge.toolchain.toolbox import Toolbox
from edge.zoo.model import Model


def exportable(model: Model | None, weights: Weights, recipe: OnnxRecipe) -> Model | None:
    """The model as it must be exported: with an open batch where the file shall have one.

    A catalogue network is exported for one image, which opt prefers; reshapes in it then have that size built in.
    """
    if model is None or recipe.batch == "fixed" or weights.kind not in ("random", "checkpoint"):
        return model
    return replace(model, input_shape=(-1, *model.input_shape[1:]))


def make(
    name: str,
    model: Model | None,
    source: InferenceModel,
    recipe: OnnxRecipe,
    shape: Recipe,
    tools: Toolbox,
    out: Path,
    *,
    verify: bool,
) -> tuple[OnnxModel, bool]:
    """`NAME.onnx` and `NAME.onnx.json` in `out`, and whether nothing had to be done.

    `shape`: the recipe that says the input's shape. Raises as `edge.convert.onnx.convert.convert`, and `OutputError`.
    """
    program = Program.read(source.program)
    task = Task(source, program, input_shapes(program.feeds, shape), recipe, verify)
    store, key = Cache(cache_dir() / "onnx"), _key(task)
    known = store.get(key)
    entry = known or convert(task, tools, store, key)
    metadata = describe(name, model, source, recipe, entry.facts)
    path = out / f"{name}.onnx"
    written = write_output(entry.folder / "model.onnx", path, metadata_path(path), metadata)
    return OnnxModel(path, metadata["sha256"], metadata["bytes"], metadata), known is not None and not written


def _key(task: Task) -> str:
    """Everything that can change the file, or what is known of it."""
    workers = ("onnx_worker.py", "paddle_worker.py", "pir_worker.py")
    return key_of(
        {
            **reference_key(task.source),
            "program": task.source.program_sha256,
            "params": task.source.params_sha256,
            "recipe": asdict(task.recipe),
            "shapes": [list(shape) for shape in task.shapes],
            "verify": task.verify,
            "engines": [engine("onnx").lock_hash, engine("paddle").lock_hash],
            "code": code_version("edge.convert.onnx.convert", *(WORKERS / name for name in workers)),
        }
    )
