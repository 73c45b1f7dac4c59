"""A network in an engine's own files: through the verified ONNX file, verified beside Paddle in that engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cache.files import holds, put_copy
from edge.cache.hashing import sha256_of
from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache, CacheEntry
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.order import Order
from edge.convert.output import write_output
from edge.convert.ported.model import PortedModel, beside, describe
from edge.convert.products import onnx as products_onnx
from edge.convert.shapes import InputShape
from edge.convert.work import Work
from edge.images.overrides import Overrides
from edge.toolchain.engines import WORKERS, Engine, engine

if TYPE_CHECKING:
    from edge.convert.onnx.convert import Task

# What decides the files and their verification (edge.cache.keys), besides the scripts of the engine and of what makes them.
CODE: tuple[str | Path, ...] = ("edge.convert.ported.convert", WORKERS / "engine_program.py")


@dataclass(frozen=True, slots=True)
class PortedOrder(Order[PortedModel]):
    """The network for the engine `to`, which has a format; `input_shape` where the model leaves it open."""

    to: Engine
    input_shape: InputShape | None = None
    overrides: Overrides = Overrides()  # noqa: RUF009 - it is frozen
    recipe: OnnxRecipe = field(default_factory=OnnxRecipe)

    @property
    def kind(self) -> str:
        assert self.to.format is not None  # it is made for such
        return self.to.format.suffix.removeprefix(".")

    @property
    def runs(self) -> str:
        return f"{self.to.title} {self.to.version}"

    def make(self, work: Work) -> tuple[PortedModel, bool]:
        """Raises as `edge.convert.ported.convert.port`, and as the ONNX file's order."""
        source = work.source(products_onnx.exportable(self.model, self.weights, self.recipe))
        with work.using(source):
            task, preparation = products_onnx.task_of(self, work, source, self.kind)
            with work.stage("onnx"):
                onnx = products_onnx.made_entry(task, work)
            with work.stage(self.to.kind):
                store, key = Cache(cache_dir() / "ported"), ported_key(task, onnx, self.to)
                known = store.get(key, content=True)
                entry = known or self._port(task, onnx, work, store, key)
        metadata = describe(
            self.name, self.model, task.source, self.recipe, onnx.facts["sha256"], self.to, entry.facts, preparation
        )
        written = False
        for part in entry.facts["parts"]:
            place = work.out / beside(part["file"], self.name)
            if not holds(place, part["sha256"]):
                put_copy(entry.folder / part["file"], place)
                written = True
        path = work.out / f"{self.name}.{self.kind}"
        written |= write_output(entry.folder / f"model.{self.kind}", path, metadata)
        size = entry.facts["bytes"] + sum(part["bytes"] for part in entry.facts["parts"])
        made = PortedModel(path, entry.facts["sha256"], size, metadata)
        return made, known is not None and not written

    def _port(self, task: Task, onnx: CacheEntry, work: Work, store: Cache, key: str) -> CacheEntry:
        from edge.convert.ported.convert import port

        return port(task, onnx, self.to, work.tools, store, key, verify=work.verify)


def ported_key(task: Task, onnx: CacheEntry, to: Engine) -> str:
    """Everything that can change the files, or what is known of them."""
    assert to.format is not None
    maker = engine(to.format.converter)
    return key_of(
        {
            "onnx": onnx.facts["sha256"],
            "judged": products_onnx.onnx_key(task),
            "engines": [to.lock_hash, maker.lock_hash],
            "scripts": [sha256_of(to.program), sha256_of(maker.program)],
            "code": code_version(*CODE),
        }
    )
