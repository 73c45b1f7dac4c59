"""Networks that answer image tensors with class scores, in the engines of this machine; on a device: `device_network`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.bench.host_engines import Format
from edge.errors import EvaluationError
from edge.toolchain.answers import Ran
from edge.toolchain.worker import Worker

_TIMEOUT = 3600.0  # seconds for one batch of the largest network

Tensors = Sequence[NDArray[np.float32]]


class Network(Protocol):
    """Whatever turns a batch of input tensors, each of shape (1, 3, H, W), into scores of shape (images, classes).

    Raises `EvaluationError`, or the error of what it runs on.
    """

    def classify(self, tensors: Tensors) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class HostNetwork:
    """A network in an engine's own process, loaded anew for each batch.

    `model` is what the engine runs; `input_name` is the variable that takes the image, `lend`
    gives a worker of the engine, `scratch` is a folder for the tensors on their way.
    """

    file: Path
    model: Format
    input_name: str
    lend: Callable[[], AbstractContextManager[Worker]]
    scratch: Path

    def classify(self, tensors: Tensors) -> NDArray[np.float32]:
        inputs, outputs = self.scratch / "inputs.npz", self.scratch / "outputs.npz"
        arrays: dict[str, Any] = {f"{number}/{self.input_name}": tensor for number, tensor in enumerate(tensors)}
        np.savez(inputs, **arrays)
        with self.lend() as worker:
            answer = worker.ask(
                Ran, "run", timeout=_TIMEOUT, inputs_npz=str(inputs), outputs_npz=str(outputs), **self._what()
            )
        name = _SCORES if self.model == "nb" else answer.names[0]
        with np.load(outputs) as answers:
            return stacked([answers[f"{number}/{name}"] for number in range(len(tensors))])

    def _what(self) -> dict[str, Any]:
        """The workers' arguments that say which network is to run."""
        if self.model == "nb":  # it has no names: its inputs and outputs are counted
            return {"nb": str(self.file), "feeds": [self.input_name], "fetches": [_SCORES]}
        if self.model == "onnx":
            return {"model": str(self.file)}
        from edge.paddle.pair import find_pair

        return {"program": str(self.file), "params": str(find_pair(self.file.parent)[1])}


_SCORES = "scores"


def stacked(scores: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The scores of single images as one array. Raises `EvaluationError` if they are no class scores."""
    for each in scores:
        if each.ndim < 2 or each.size != each.shape[1] or each.shape[1] < 2:
            raise EvaluationError(
                f"the network's first output has shape {list(each.shape)}, which is not one score a class",
                hint="eval judges classifiers; other networks' outputs: edgezoo bench --check-output",
            )
    return np.stack([each.reshape(-1) for each in scores])
