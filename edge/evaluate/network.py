"""Networks that answer image tensors with class scores, in the engines of this machine; on a device: `device_network`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.bench.host_engines import Format
from edge.errors import EvaluationError
from edge.toolchain.answers import Ran
from edge.toolchain.worker import Lend

_TIMEOUT = 3600.0  # seconds for one batch of the largest network

Tensors = Sequence[NDArray[np.float32]]
Answers = NDArray[np.float32] | NDArray[np.int64]


class Classifier(Protocol):
    """Whatever turns a batch of input tensors, an image each, into scores of shape (images, classes).

    Of a network that ends in its best classes themselves it is those, as integers, best first. Raises `EvaluationError`, or
    the error of what it runs on.
    """

    def classify(self, tensors: Tensors) -> Answers: ...


@dataclass(frozen=True, slots=True)
class HostNetwork:
    """A network in an engine's own process, loaded anew for each batch.

    `model` is what the engine runs; `input_name` is the variable that takes the image, `output` the place of the output that
    is judged, `lend` gives a worker of the engine, `scratch` is a folder for the tensors on their way.
    """

    file: Path
    model: Format
    input_name: str
    lend: Lend
    scratch: Path
    output: int = 0

    def classify(self, tensors: Tensors) -> Answers:
        inputs, outputs = self.scratch / "inputs.npz", self.scratch / "outputs.npz"
        arrays: dict[str, Any] = {f"{number}/{self.input_name}": tensor for number, tensor in enumerate(tensors)}
        np.savez(inputs, **arrays)
        with self.lend() as worker:
            answer = worker.ask(
                Ran, "run", timeout=_TIMEOUT, inputs_npz=str(inputs), outputs_npz=str(outputs), **self._what()
            )
        names = self._fetches() if self.model == "nb" else answer.names
        if self.output >= len(names):
            raise EvaluationError(f"{self.file.name} has {len(names)} outputs, and not {self.output + 1}")
        name = names[self.output]
        with np.load(outputs) as answers:
            return stacked([answers[f"{number}/{name}"] for number in range(len(tensors))])

    def _what(self) -> dict[str, Any]:
        """The workers' arguments that say which network is to run."""
        if self.model == "nb":  # it has no names: its inputs and outputs are counted
            return {"nb": str(self.file), "feeds": [self.input_name], "fetches": self._fetches()}
        if self.model == "onnx":
            return {"model": str(self.file)}
        from edge.paddle.pair import find_pair

        return {"program": str(self.file), "params": str(find_pair(self.file)[1])}

    def _fetches(self) -> list[str]:
        """Names of the outputs, as far as that which is judged."""
        return [f"output{place}" for place in range(self.output + 1)]


def stacked(scores: Sequence[NDArray[Any]]) -> Answers:
    """The answers for single images as one array: scores, or integers, which are the best classes themselves.

    Raises `EvaluationError` if they are neither.
    """
    for each in scores:
        if each.dtype.kind in "iu":
            if each.size < 1 or each.size != each.shape[-1]:
                raise EvaluationError(
                    f"the network's output of integers has shape {list(each.shape)}: no list of classes"
                )
        elif each.ndim < 2 or each.size != each.shape[1] or each.shape[1] < 2:
            raise EvaluationError(
                f"the network's output has shape {list(each.shape)}, which is not one score a class",
                hint="eval judges classifiers; other networks' outputs: edgezoo bench --check-output",
            )
    answers = np.stack([each.reshape(-1) for each in scores])
    return answers.astype(np.int64) if answers.dtype.kind in "iu" else answers
