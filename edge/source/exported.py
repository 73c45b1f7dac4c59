"""A network built and exported here by PaddleClas itself, or a checkout of it, with random weights or a checkpoint of yours."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from edge.cache.hashing import sha256_of
from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache, CacheEntry
from edge.errors import ExportError, WorkerError, WorkerRequestError
from edge.source.checkout import CheckoutNetwork, content
from edge.source.model import BuiltBy, InferenceModel
from edge.source.weights import Weights
from edge.toolchain.engines import WORKERS, engine
from edge.toolchain.worker import Lend
from edge.zoo.model import ClasNetwork

CODE = (
    "edge.source.exported",
    WORKERS / "paddle_worker.py",
    WORKERS / "checkout_worker.py",
)  # what decides an export (edge.cache.keys)
_TIMEOUT = 1800.0  # seconds; the largest network of the catalogue has 829 M parameters


def export(model: ClasNetwork, weights: Weights, lend: Lend, *, files: bool = True) -> InferenceModel:
    """Export a network, or take it from the cache. `lend` gives a worker of the paddle engine if needed: of a checkout's
    network one that does nothing else.

    Without `files`, one of which the cache has kept no more than the facts will do.
    Raises `ExportError`, or a `ToolchainError` when the engine cannot be had.
    """
    store, key = _store(), export_key(model, weights)
    if (entry := store.get(key, hollow=not files, content=files)) is None:
        with store.making(key) as part:
            entry = store.get(key, content=True) or _make(model, weights, lend, store, key, part)
    return _model(entry, model, weights)


def in_use(source: InferenceModel) -> AbstractContextManager[None]:
    """While this lasts, no process removes the files of an exported network."""
    return _store().using(source.directory.name) if _is_exported(source) else nullcontext()


def is_kept(source: InferenceModel) -> bool | None:
    """Whether the cache has the files of an exported network as they were put there; None of what is no exported one."""
    return _store().get(source.directory.name, content=True) is not None if _is_exported(source) else None


def give_up(source: InferenceModel, *, facts: bool = False) -> None:
    """Remove the files of an exported network that nobody is using, and its `facts` too."""
    if _is_exported(source):
        store, key = _store(), source.directory.name
        store.drop(key) if facts else store.empty(key)


def _is_exported(source: InferenceModel) -> bool:
    return source.directory.parent == _store().root


def _store() -> Cache:
    return Cache(cache_dir() / "exports")


def export_key(model: ClasNetwork, weights: Weights) -> str:
    """Everything that can change what is exported."""
    checkpoint = sha256_of(weights.path) if weights.path else None
    return key_of(
        {
            "architecture": model.architecture,
            "input_shape": model.input_shape,
            "seed": weights.seed,
            "checkpoint": checkpoint,
            "checkout": model.checkout.sha256 if isinstance(model, CheckoutNetwork) else None,
            "code": code_version(*CODE),
            "engine": engine("paddle").lock_hash,
        }
    )


def _make(
    model: ClasNetwork,
    weights: Weights,
    lend: Lend,
    store: Cache,
    key: str,
    part: Path,
) -> CacheEntry:
    checkout = model.checkout if isinstance(model, CheckoutNetwork) else None
    try:
        with lend() as worker:
            facts: dict[str, Any] = worker.call(
                "export",
                timeout=_TIMEOUT,
                architecture=model.architecture,
                input_shape=model.input_shape,
                seed=weights.seed,
                out_dir=str(part),
                checkpoint=str(weights.path) if weights.path else None,
                checkout=str(checkout.ppcls.absolute()) if checkout else None,
            )
            facts["paddle_version"] = worker.info["paddle"]
    except WorkerRequestError as error:
        raise ExportError(f"{model.name} could not be exported: {error.message}") from error
    except WorkerError as error:
        raise ExportError(f"{model.name} could not be exported: {error.message}", hint=error.hint) from error
    if checkout is not None and content(checkout.ppcls) != checkout.sha256:
        raise ExportError(f"{checkout.place} changed while {model.name} was exported from it", hint="convert it again")
    facts["program_sha256"] = sha256_of(part / "inference.pdmodel")
    facts["params_sha256"] = sha256_of(part / "inference.pdiparams")
    return store.put(key, part, facts)


def _model(entry: CacheEntry, model: ClasNetwork, weights: Weights) -> InferenceModel:
    facts = entry.facts
    return InferenceModel(
        directory=entry.folder,
        program=entry.folder / "inference.pdmodel",
        params=entry.folder / "inference.pdiparams",
        program_sha256=facts["program_sha256"],
        params_sha256=facts["params_sha256"],
        kind=weights.kind,
        paddle_version=facts["paddle_version"],
        seed=weights.seed if weights.kind == "random" else None,
        path=weights.path,
        flops=facts["flops"],
        params_count=facts["params"],
        class_num=facts["class_num"],
        built_by=_built_by(model),
        remarks=(
            *(f"{weights.path}: {remark}" for remark in (*facts["remarks"], *_of_suffix(weights))),
            *_of_size(model),
        ),
    )


def _built_by(model: ClasNetwork) -> BuiltBy | None:
    if not isinstance(model, CheckoutNetwork):
        return None
    return BuiltBy(model.architecture, str(model.checkout.place.absolute()), model.checkout.sha256)


def _of_size(model: ClasNetwork) -> tuple[str, ...]:
    if not isinstance(model, CheckoutNetwork) or model.sized:
        return ()
    size = "x".join(map(str, model.input_shape[1:]))
    return (f"exported for images of {size}: no configuration in the checkout says a size (--input-shape does)",)


def _of_suffix(weights: Weights) -> tuple[str, ...]:
    if weights.path is None or weights.path.suffix != ".pdema":
        return ()
    return ("a .pdema file holds the weights as trained, and the .pdparams beside it the averaged ones (EMA)",)
