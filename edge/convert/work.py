"""What the making of one order works with: engines, the network's source, places, a clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.convert.preparation import Preparation, prepared
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked
from edge.images.overrides import Overrides
from edge.source.checkout import CheckoutNetwork
from edge.source.download import Progress
from edge.source.load import is_sound, load_source
from edge.source.model import InferenceModel
from edge.source.retention import ExportRetention
from edge.source.weights import Weights
from edge.toolchain.toolbox import Toolbox
from edge.toolchain.worker import Lend
from edge.zoo.model import ClasNetwork

Working = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Work:
    """The means for one order, whose `name`, `model`, `weights` and `network` these are.

    The files go to the folder `out`; `verify`, `keep` and `inputs` as `edge.convert.pipeline.convert_models` takes them;
    `working` hears what is being done, how much of it is, and of how much (0: not known); `seconds` collects wall-clock time by
    stage, `remarks` what the user should know of the result.
    """

    name: str
    model: ClasNetwork | None
    weights: Weights
    network: Hashable
    out: Path
    verify: bool
    keep: bool
    tools: Toolbox
    retention: ExportRetention
    progress: Progress
    inputs: InputsAsked = NOTHING_ASKED
    working: Working = lambda _what, _done, _of: None
    seconds: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def preparation(
        self, source: InferenceModel, shapes: Sequence[Sequence[int]], overrides: Overrides, kind: str
    ) -> Preparation:
        """What is known of the preprocessing of the network with inputs of these shapes, for its file of this kind.

        All that needs it has it from here: calibration, verification, metadata. Raises `UsageError`, as
        `edge.images.overrides.fitting`.
        """
        preparation = prepared(self.name, self.model, source, shapes, overrides, self.out / f"{self.name}.{kind}")
        self.remarks.extend(preparation.remarks)
        return preparation

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time that passes inside belongs to this stage."""
        began = time.monotonic()
        self.working(name, 0, 0)
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began

    def source(self, model: ClasNetwork | None, *, files: bool = True) -> InferenceModel:
        """The network, exported as `model` says. Without `files`, what is known of an exported one will do."""
        with self.stage("source"):
            script = (
                "checkout_worker.py" if isinstance(model, CheckoutNetwork) else None
            )  # nobody's code beside our own
            source = load_source(
                model,
                self.weights,
                lambda: self.tools.lend("paddle", script=script),
                progress=self.progress,
                files=files,
            )
        self.remarks.extend(remark for remark in source.remarks if remark not in self.remarks)
        return source

    def counted(self, source: InferenceModel, shapes: Sequence[Sequence[int]]) -> InferenceModel:
        """The same with its FLOPs, if Paddle can tell them: those of one's own network are not known before its shapes are."""
        if source.flops is not None:
            return source
        from edge.source.flops import program_flops

        with self.stage("source"):
            return replace(source, flops=program_flops(source, shapes, self.lend("paddle")))

    def whole(self, source: InferenceModel) -> InferenceModel:
        """The same with its files, exported again where only the facts had been kept, or the files are no longer those."""
        return source if is_sound(source) else self.source(self.model)

    def using(self, source: InferenceModel) -> AbstractContextManager[None]:
        """While the files of the source are needed."""
        return self.retention.using(self.network, source)

    def lend(self, kind: str, version: str | None = None) -> Lend:
        """A function that lends a worker of an engine."""
        return lambda: self.tools.lend(kind, version)
