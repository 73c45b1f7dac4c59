"""An ONNX file: through paddle2onnx, simplified, verified beside Paddle."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edge.cache.files import holds
from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache, CacheEntry
from edge.convert.onnx.model import OnnxModel, describe
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.order import Order
from edge.convert.output import write_output
from edge.convert.shapes import InputShape
from edge.convert.verify.reference import reference_key
from edge.convert.work import Work
from edge.images.overrides import Overrides
from edge.source.weights import Weights
from edge.toolchain.engines import WORKERS, engine
from edge.zoo.model import ClasNetwork

if TYPE_CHECKING:
    from edge.convert.onnx.convert import Task
    from edge.convert.preparation import Preparation
    from edge.source.model import InferenceModel

# What decides a file and its verification (edge.cache.keys).
CODE: tuple[str | Path, ...] = (
    "edge.convert.onnx.convert",
    *(WORKERS / name for name in ("onnx_worker.py", "paddle_worker.py", "pir_worker.py")),
)


@dataclass(frozen=True, slots=True)
class OnnxOrder(Order[OnnxModel]):
    """The network as `recipe` says; `input_shape` where the model leaves it open."""

    recipe: OnnxRecipe
    input_shape: InputShape | None = None
    overrides: Overrides = Overrides()  # noqa: RUF009 - it is frozen

    @property
    def kind(self) -> str:
        return "onnx"

    @property
    def runs(self) -> str:
        return "ONNX Runtime"

    def make(self, work: Work) -> tuple[OnnxModel, bool]:
        """Raises as `edge.convert.onnx.convert.convert`, a `SourceError` or an `OutputError`."""
        source = work.source(exportable(self.model, self.weights, self.recipe))
        with work.using(source), work.stage("onnx"):
            path = work.out / f"{self.name}.onnx"
            task, preparation = task_of(self, work, source, self.kind)
            store, key = _store(), onnx_key(task)
            known = store.get(key)
            if known is not None and not holds(path, known.facts["sha256"]):
                known = store.get(key, content=True)  # it is to be placed
            entry = known or made_entry(task, work)
            metadata = describe(self.name, self.model, task.source, self.recipe, entry.facts, preparation)
            written = write_output(entry.folder / "model.onnx", path, metadata)
            made = OnnxModel(path, entry.facts["sha256"], entry.facts["bytes"], metadata)
            return made, known is not None and not written


class Described(Protocol):
    """What an order of an ONNX file, or of one made from it, says of the file."""

    @property
    def recipe(self) -> OnnxRecipe: ...
    @property
    def input_shape(self) -> InputShape | None: ...
    @property
    def overrides(self) -> Overrides: ...


def task_of(order: Described, work: Work, source: InferenceModel, kind: str) -> tuple[Task, Preparation]:
    """How the ONNX file is made, and what is known of the network's preprocessing. Raises `UsageError`, `ProgramError`."""
    from edge.convert.onnx.convert import Task
    from edge.convert.shapes import input_shapes
    from edge.paddle.program import Program

    program = Program.read(source.program)
    shapes = input_shapes(program.feeds, order.input_shape)
    source = work.counted(source, shapes)
    preparation = work.preparation(source, shapes, order.overrides, kind)
    task = Task(source, program, shapes, order.recipe, work.verify, work.inputs, preparation.preprocessing)
    return task, preparation


def made_entry(task: Task, work: Work) -> CacheEntry:
    """The ONNX file in the store, made if it is not there. Raises as `edge.convert.onnx.convert.convert`."""
    from edge.convert.onnx.convert import convert

    return convert(task, work.tools, _store(), onnx_key(task))


def _store() -> Cache:
    return Cache(cache_dir() / "onnx")


def exportable(model: ClasNetwork | None, weights: Weights, recipe: OnnxRecipe) -> ClasNetwork | None:
    """The model as it must be exported: with an open batch where the file shall have one.

    A catalogue network is exported for one image, which opt prefers; reshapes in it then have that size built in.
    """
    if model is None or recipe.batch == "fixed" or weights.kind not in ("random", "checkpoint"):
        return model
    return replace(model, input_shape=(-1, *model.input_shape[1:]))


def onnx_key(task: Task) -> str:
    """Everything that can change the file, or what is known of it."""
    return key_of(
        {
            **reference_key(task.source),
            "program": task.source.program_sha256,
            "params": task.source.params_sha256,
            "recipe": asdict(task.recipe),
            "shapes": [list(shape) for shape in task.shapes],
            "verify": task.asked.key(task.preprocessing) if task.verify else None,
            "engines": [engine("onnx").lock_hash, engine("paddle").lock_hash],
            "code": code_version(*CODE),
        }
    )
