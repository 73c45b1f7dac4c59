"""In which engines the networks of the catalogue compute what they should: each made into each engine's file, and judged there.

Random weights. A row is kept under everything that can change it, so that a survey that was cut off goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge.cache.hashing import sha256_of
from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.convert.coverage import networks
from edge.convert.order import Conversion, Product
from edge.convert.pipeline import convert_models
from edge.convert.products.each import order_for
from edge.convert.recipe import choose
from edge.convert.verify.asked import NOTHING_ASKED
from edge.convert.work import Working
from edge.errors import ConvertError, EdgezooError, VerificationError
from edge.source.exported import export_key
from edge.source.weights import Weights
from edge.toolchain.engines import WORKERS, Engine, engine, formats
from edge.zoo.model import Model

# What decides a row, besides exports and engines (edge.cache.keys).
CODE = ("edge.convert.engine_coverage", "edge.convert.ported.convert", WORKERS / "engine_program.py")


@dataclass(frozen=True, slots=True)
class Surveyed:
    """An engine of the survey: `name` is that of `bench --engine`, `form` its files (`edge.convert.products.each`)."""

    name: str
    form: str
    engine: Engine


@dataclass(frozen=True, slots=True)
class EngineRow:
    """What became of one network, which `models` of the catalogue are, in one engine.

    `status`: `verified`; `inconclusive` where the comparison proved nothing; `wrong` where the engine computes something else;
    `failed` where there is no file, or the engine cannot run it. `reason` says why. Sizes in bytes, seconds in all.
    """

    models: tuple[str, ...]
    engine: str
    version: str
    status: str
    reason: str | None = None
    relative_error: float | None = None
    bytes: int | None = None
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """The first of the models."""
        return self.models[0]


def surveyed() -> tuple[Surveyed, ...]:
    """ONNX Runtime, those with files of their own, and Paddle-Lite."""
    return (
        Surveyed("onnxruntime", "onnx", engine("onnx")),
        *(Surveyed(one.kind, name, one) for name, one in formats().items()),
        Surveyed("paddle-lite", "nb", engine("paddlelite")),
    )


def survey_engines(
    models: Iterable[Model],
    weights: Weights,
    *,
    jobs: int | None = None,
    fresh: bool = False,
    done: Callable[[EngineRow, bool], None] = lambda _row, _known: None,
    failed: Callable[[EdgezooError], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
    working: Callable[[str], Working] = lambda _name: lambda _what, _done, _of: None,
) -> list[EngineRow]:
    """A row for every network among the models and every engine, network by network.

    `done` hears of each, and whether it was known before, as it comes; `failed` of each error. What failed for another reason
    than its network (a full disk, an index out of reach) is made again the next time.
    """
    store, wanted = Cache(cache_dir() / "engine-coverage"), networks(models)
    rows: dict[tuple[str, str], EngineRow] = {}
    for same in wanted:
        names = tuple(model.name for model in same)
        missing: list[Surveyed] = []
        for one in surveyed():
            known = None if fresh else store.get(row_key(same[0], one, weights))
            if known is None:
                missing.append(one)
            else:
                row = EngineRow(**{**known.facts, "models": names})
                rows[same[0].name, one.name] = row
                done(row, True)
        if missing:
            for row in _made(same, missing, weights, store, jobs, failed, say, working):
                rows[same[0].name, row.engine] = row
                done(row, False)
    return [rows[same[0].name, one.name] for same in wanted for one in surveyed()]


def row_key(model: Model, one: Surveyed, weights: Weights) -> str:
    """Everything that can change a row."""
    maker = engine(one.engine.format.converter) if one.engine.format else one.engine
    scripts = [one.engine.program, maker.program] if one.engine.format else []
    return key_of(
        {
            "export": export_key(model, weights),
            "engines": [one.name, one.engine.lock_hash, maker.lock_hash, engine("onnx").lock_hash],
            "inputs": NOTHING_ASKED.key(model.preprocessing),
            "scripts": [sha256_of(script) for script in scripts],
            "code": code_version(*CODE),
        }
    )


def _made(
    same: Sequence[Model],
    missing: Sequence[Surveyed],
    weights: Weights,
    store: Cache,
    jobs: int | None,
    failed: Callable[[EdgezooError], None],
    say: Callable[[str], None],
    working: Callable[[str], Working],
) -> list[EngineRow]:
    model, recipe = same[0], choose(target="x86")
    orders = [order_for(one.form, model.name, model, weights, recipe) for one in missing]
    cache_dir().mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="engines-", dir=cache_dir()) as out:
        outcomes = convert_models(orders, Path(out), jobs=jobs, say=say, working=working)
    rows = []
    for one, outcome in zip(missing, outcomes, strict=True):
        row = _row(outcome, same, one)
        rows.append(row)
        if outcome.error is None or isinstance(outcome.error, (ConvertError, VerificationError)):
            key = row_key(model, one, weights)
            with store.making(key) as part:
                store.put(key, part, asdict(row))
        if outcome.error is not None:
            failed(outcome.error)
    return rows


_STATUS = {"passed": "verified", "inconclusive": "inconclusive", "unavailable": "failed"}


def _row(outcome: Conversion[Product], same: Sequence[Model], one: Surveyed) -> EngineRow:
    row = EngineRow(
        tuple(model.name for model in same),
        one.name,
        one.engine.version,
        "wrong" if isinstance(outcome.error, VerificationError) else "failed",
        seconds=round(sum(outcome.seconds.values()), 1),
    )
    if outcome.error is not None or outcome.made is None:
        return replace(row, reason=outcome.error.message if outcome.error else None)
    verification = outcome.made.metadata.verification
    assert verification is not None  # every model made here has one
    error: Any = verification.relative_error
    return replace(
        row,
        status=_STATUS.get(verification.status, "failed"),
        reason=verification.reason,
        relative_error=error if isinstance(error, float) else None,
        bytes=outcome.made.bytes,
    )
