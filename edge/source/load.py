"""The one door to inference models: from the published archive, from PaddleClas, or from the user's own files."""

from __future__ import annotations

from edge.cache.files import holds
from edge.errors import UsageError
from edge.source.download import Progress
from edge.source.model import InferenceModel
from edge.source.weights import Weights
from edge.toolchain.worker import Lend
from edge.zoo.model import ClasNetwork, Model


def load_source(
    model: ClasNetwork | None,
    weights: Weights,
    lend: Lend,
    *,
    progress: Progress = lambda _done, _all: None,
    files: bool = True,
) -> InferenceModel:
    """An inference model of a network that PaddleClas builds, or (`model` None) one of the user's own.

    Without `files`, the facts of an exported network will do. `lend` gives a worker of the paddle engine, should one be
    needed (of a checkout's network, one of its own); `progress` hears of downloaded bytes.
    Raises `SourceError` or one of its children.
    """
    if weights.kind == "own":
        assert weights.path is not None
        from edge.source.own import read

        return read(weights.path)
    if model is None:
        raise UsageError(f"{weights.kind} weights belong to a model of the catalogue", hint="name one: edgezoo list")
    if weights.kind in ("random", "checkpoint"):
        from edge.source.exported import export

        return export(model, weights, lend, files=files)
    if not isinstance(model, Model):
        raise UsageError(f"there are no published weights of {model.name}", hint="--weights random, or your checkpoint")
    from edge.source.published import fetch

    return fetch(model, progress=progress)


def is_sound(source: InferenceModel) -> bool:
    """Whether its files are those that it was read from."""
    from edge.source.exported import is_kept

    if (kept := is_kept(source)) is not None:
        return kept
    return holds(source.program, source.program_sha256) and holds(source.params, source.params_sha256)
