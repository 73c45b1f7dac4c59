"""An ONNX file of static int8: the verified float file, quantised by ONNX Runtime with the user's images, verified again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cache.files import holds
from edge.cache.hashing import sha256_of
from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.convert.onnx.model import OnnxModel, describe
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.order import Order
from edge.convert.output import write_output
from edge.convert.products import onnx as products_onnx
from edge.convert.recipe import Precision
from edge.convert.shapes import InputShape
from edge.convert.work import Work
from edge.errors import UsageError
from edge.images.overrides import Overrides, fitting
from edge.toolchain.engines import WORKERS

if TYPE_CHECKING:
    from edge.convert.calibrated import Calibration
    from edge.convert.onnx.int8 import Quantisation

# What decides a file and its verification (edge.cache.keys), besides what decides the float file.
CODE: tuple[str | Path, ...] = ("edge.convert.onnx.int8", WORKERS / "onnx_int8_worker.py")


@dataclass(frozen=True, slots=True)
class OnnxInt8Order(Order[OnnxModel]):
    """The network as `recipe` says, quantised with a `calibration`. Raises `UsageError` for what ONNX Runtime cannot."""

    recipe: OnnxRecipe
    calibration: Calibration
    input_shape: InputShape | None = None
    overrides: Overrides = Overrides()  # noqa: RUF009 - it is frozen
    precision: Precision = "int8-static"

    def __post_init__(self) -> None:
        from edge.convert.onnx.int8 import ALGORITHMS

        if self.calibration.algorithm not in ALGORITHMS:
            raise UsageError(
                f"ONNX Runtime's quantisation has no {self.calibration.algorithm}",
                hint=f"--calibration-algorithm: one of {', '.join(ALGORITHMS)}",
            )
        if self.calibration.keep is not None:
            raise UsageError("--int8-keep is for .nb files", hint="leave it out, or convert to nb alone")
        if self.recipe.batch != "fixed":
            raise UsageError("an int8-static ONNX file is verified for a fixed batch", hint="leave --batch out")

    @property
    def kind(self) -> str:
        return "onnx"

    @property
    def runs(self) -> str:
        return "ONNX Runtime int8-static"

    def make(self, work: Work) -> tuple[OnnxModel, bool]:
        """Raises as `edge.convert.onnx.int8.quantise`, and as the float file's order."""
        source = work.source(self.model)
        with work.using(source):
            task, preparation = products_onnx.task_of(self, work, source, self.kind)
            if preparation.preprocessing is None:
                fitting(self.name, task.shapes, None, self.overrides)  # says what is missing
                raise UsageError(f"{self.name}: {'; '.join(preparation.remarks)}", hint="say it with options")
            with work.stage("onnx"):
                onnx = products_onnx.made_entry(task, work)
            with work.stage("calibrate"):
                from edge.convert.onnx.int8 import Quantisation, quantise

                asked = Quantisation(self.name, task, onnx, preparation.preprocessing, self.calibration)
                store, key = Cache(cache_dir() / "onnx-int8"), int8_key(asked)
                known = entry = store.get(key, content=True)
                if entry is None:
                    with store.making(key) as part:
                        entry = store.get(key, content=True) or store.put(key, part, quantise(asked, work.tools, part))
            path = work.out / f"{self.name}.onnx"
            metadata = describe(
                self.name,
                self.model,
                task.source,
                self.recipe,
                entry.facts,
                preparation,
                precision=self.precision,
                onnx_sha256=onnx.facts["sha256"],
            )
            placed = holds(path, entry.facts["sha256"])
            written = write_output(entry.folder / "model.onnx", path, metadata) or not placed
            made = OnnxModel(path, entry.facts["sha256"], entry.facts["bytes"], metadata)
            return made, known is not None and not written


def int8_key(asked: Quantisation) -> str:
    """Everything that can change the file, or what is known of it."""
    return key_of(
        {
            "float": products_onnx.onnx_key(asked.task),
            "images": [sha256_of(path) for path in asked.calibration.images],
            "preprocessing": asdict(asked.how),
            "algorithm": asked.calibration.algorithm,
            "code": code_version(*CODE),
        }
    )
