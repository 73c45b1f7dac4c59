"""What `edgezoo eval` is asked for, checked before anything is begun."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edge.bench.host_engines import ONNXRUNTIME, PADDLE_LITE, HostEngine
from edge.bench.wanted import Wanted, check_engine, check_names, check_program, check_weights, engine_of, is_file
from edge.convert.recipe import choose
from edge.device.discover import named_device
from edge.errors import UsageError
from edge.images.dataset import Dataset, read_folders, read_list
from edge.images.options import PreparingOptions
from edge.images.overrides import fitting
from edge.package.labels import read_labels
from edge.results.database import check_file
from edge.source.weights import Weights
from edge.zoo.catalogue import lookup

_JUDGED_IN = (PADDLE_LITE.name, ONNXRUNTIME.name, "paddle")


@dataclass(frozen=True, kw_only=True)
class EvalOptions(PreparingOptions):
    """The options of the command, as `edgezoo eval --help` explains them. Times in seconds.

    Raises `UsageError`, `UnknownModelError`, `RecipeError`, `ModelFilesError`, `BenchError`, or what reading the list of
    images raises, for what can be refused without a device.
    """

    names: tuple[str, ...]
    data: Path
    listing: Path | None = None
    labels: Path | None = None
    limit: int | None = None
    spec: str = "host"
    adb_server: str | None = None
    runner: str | None = None
    timeout: float | None = None
    allow_synthetic: bool = False
    weights: Weights = Weights("published")  # noqa: RUF009 - it is frozen
    precision: str | None = None
    engine: HostEngine | None = None
    output: str | None = None
    db: Path | None = None

    def __post_init__(self) -> None:
        if self.spec == "all":
            raise UsageError("eval judges on one device at a time", hint="name it with -s SERIAL")
        if self.db is not None:
            check_file(self.db)
        if self.listing is not None and self.labels is not None:
            raise UsageError("--list has the classes in it: --labels is for folders", hint="leave one of them out")
        self._check_runner()
        of_files = [engine_of(Path(name)) for name in self.names if is_file(name)]
        for engine in [*([self.engine.name] if self.engine else []), *of_files]:
            if engine not in _JUDGED_IN:
                raise UsageError(
                    f"eval does not judge in {engine}",
                    hint=f"--engine {', '.join(_JUDGED_IN)}; edgezoo bench measures",
                )
        for name in self.names:
            check_names(self.wanted((name,), self.engine_of(name)))
        named = [name for name in self.names if not is_file(name)]
        check_weights(self.weights, named)
        if not named and self.weights != Weights("published"):
            raise UsageError("--weights is for models of the catalogue, and only files are named")
        named_device(self.spec, self.adb_server)
        if self.here and self.timeout is not None:
            raise UsageError("--timeout is for the benchmark program", hint="--runner edgebench, or a --device")
        if not self.here and not named and self.engine is not None and self.engine.version:
            raise UsageError(
                f"--engine {self.engine.version} is for models of the catalogue: the benchmark program has its own engine",
                hint="leave it out: only files are named",
            )
        if self.precision is not None and not named:
            raise UsageError("--precision is for models of the catalogue, and only files are named")
        if self.engine is not None and self.engine.model != "nb" and self.precision not in (None, "fp32"):
            raise UsageError(f"--precision {self.precision} is for Paddle-Lite: {self.engine.name} runs float32")
        if named and (self.engine or PADDLE_LITE).model == "nb":
            choose(
                target="x86" if self.spec == "host" else "arm",
                precision=self.precision,
                engine=self.engine.version if self.engine else None,
            )
        overrides = self.overrides
        for model in map(lookup, named):
            fitting(model.name, [model.input_shape], model.preprocessing, overrides)
        _ = self.dataset

    @cached_property
    def dataset(self) -> Dataset:
        """The images and their classes."""
        if self.listing is not None:
            dataset = read_list(self.data, self.listing if self.listing.exists() else self.data / self.listing)
        else:
            dataset = read_folders(self.data, read_labels(str(self.labels)) if self.labels else None)
        return dataset.spread(self.limit) if self.limit else dataset

    @property
    def here(self) -> bool:
        """In this machine's engines, rather than by a benchmark program."""
        return self.spec == "host" and self.runner is None

    def engine_of(self, name: str) -> HostEngine:
        """What runs a network: on this machine each kind of file has an engine of its own."""
        if self.engine is not None or not self.here or not name.endswith(".onnx"):
            return self.engine or PADDLE_LITE
        return ONNXRUNTIME

    def wanted(self, names: tuple[str, ...], engine: HostEngine) -> Wanted:
        """Networks of one engine."""
        return Wanted(names, self.weights, precision=self.precision, engine=engine)

    def _check_runner(self) -> None:
        if self.runner not in (None, "edgebench"):
            check_program(Path(str(self.runner)))
        if self.engine is not None:
            check_engine(self.engine, self.runner, self.spec)
