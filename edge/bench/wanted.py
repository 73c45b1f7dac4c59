"""What the command line names to be measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.bench.host_engines import PADDLE_LITE, HostEngine
from edge.errors import UsageError
from edge.source.weights import Weights


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured: names of the catalogue, converted first if need be, and files as they are.

    `target` None: what the device runs. `shapes` are the input shapes of files that have no metadata. `engine` decides
    the files: .nb, .onnx, or Paddle's own inference programs, for which nothing is converted.
    """

    names: tuple[str, ...]
    weights: Weights
    precision: str | None = None
    target: str | None = None
    engine: HostEngine = PADDLE_LITE
    shapes: tuple[tuple[int, ...], ...] | None = None


def is_file(name: str) -> bool:
    """Whether a name on the command line means a file rather than a model of the catalogue."""
    return name.endswith((".nb", ".onnx")) or "/" in name


def check_weights(weights: Weights, names: Sequence[str]) -> None:
    """Raises `UsageError` where one file shall be the weights of several models."""
    if weights.path is not None and len(names) > 1:
        raise UsageError(f"{weights.path} can be the weights of one model, and {len(names)} are named")
