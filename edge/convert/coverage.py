"""Which networks of the catalogue convert, and which of them could be proven right: each taken through the whole pipeline.

Random weights; nothing of a network stays but its row. A network that several models share
(`_ssld` models, for one) is taken once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.convert.metadata import NbModel
from edge.convert.order import Conversion
from edge.convert.pipeline import convert_models
from edge.convert.products.nb import NbOrder, versions
from edge.convert.recipe import Recipe
from edge.convert.verify.asked import NOTHING_ASKED
from edge.convert.work import Working
from edge.errors import EdgezooError, VerificationError
from edge.metadata.file import as_document, metadata_path
from edge.source.exported import export_key
from edge.source.weights import Weights
from edge.zoo.model import Model

CODE = (
    "edge.convert.coverage",
)  # what decides a row, besides exports, conversions and verifications (edge.cache.keys)


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """What became of one network, which `models` of the catalogue are.

    `status`: `verified`; `inconclusive` where the comparison proved nothing; `converted` where this machine could not judge it;
    `wrong` where the converted network computes something else; `failed` where there is none. `reason` says why, or is a remark
    on the verification. Sizes in bytes, seconds by stage; operators in the file, and before, in the program that Paddle wrote;
    the figures are those of the verification
    (`edge.convert.verify.verify.Verification`).
    """

    models: tuple[str, ...]
    series: str
    architecture: str
    input_shape: tuple[int, ...]
    status: str
    reason: str | None
    engine: str
    target: str
    bytes: int | None
    params: int | None
    flops: int | None
    legalised: tuple[str, ...]
    verification: Mapping[str, Any]
    seconds: Mapping[str, float]
    operators_before: int | None = None
    operators: int | None = None

    @property
    def name(self) -> str:
        """The first of the models."""
        return self.models[0]


def networks(models: Iterable[Model]) -> list[tuple[Model, ...]]:
    """The models that are the same network, together; smallest networks first."""
    found: dict[Any, list[Model]] = {}
    for model in models:
        found.setdefault((model.architecture, model.input_shape), []).append(model)
    return [tuple(same) for same in sorted(found.values(), key=lambda same: same[0].published.params_m or 0.0)]


def survey(
    models: Iterable[Model],
    recipe: Recipe,
    weights: Weights,
    *,
    jobs: int | None = None,
    fresh: bool = False,
    done: Callable[[CoverageRow, bool], None] = lambda _row, _known: None,
    failed: Callable[[EdgezooError], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
    working: Callable[[str], Working] = lambda _name: lambda _what, _done, _of: None,
) -> list[CoverageRow]:
    """A row for every network among the models.

    `done` hears of each, and whether it was known before, as it comes; `failed` of each error.

    Rows are kept under everything that can change them, so that a survey that was cut off goes on where it stopped; those of
    networks that failed are made again (a full disk may have been the cause), with `fresh` all are.
    """
    store, wanted = Cache(cache_dir() / "coverage"), networks(models)
    rows: dict[str, CoverageRow] = {}
    missing: dict[str, tuple[Model, ...]] = {}
    for same in wanted:
        known = None if fresh else store.get(row_key(same[0], recipe, weights))
        if known is None or known.facts["status"] == "failed":
            missing[same[0].name] = same
        else:
            rows[same[0].name] = replace(_row_of(known.facts), models=tuple(model.name for model in same))
            done(rows[same[0].name], True)

    def ended(outcome: Conversion[NbModel]) -> None:
        same = missing[outcome.order.name]
        row = _row(outcome, same, recipe)
        if outcome.made is not None:
            for path in (outcome.made.path, metadata_path(outcome.made.path)):
                path.unlink()
        key = row_key(same[0], recipe, weights)
        with store.making(key) as part:
            store.put(key, part, asdict(row))
        rows[row.name] = row
        done(row, False)
        if outcome.error is not None:
            failed(outcome.error)

    orders = [NbOrder(same[0].name, same[0], weights, recipe) for same in missing.values()]
    if orders:
        cache_dir().mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="coverage-", dir=cache_dir()) as out:
            convert_models(orders, Path(out), jobs=jobs, done=ended, say=say, working=working, keep=False)
    return [rows[same[0].name] for same in wanted]


def row_key(model: Model, recipe: Recipe, weights: Weights) -> str:
    inputs = NOTHING_ASKED.key(model.preprocessing)
    return key_of(
        {"export": export_key(model, weights), **versions(recipe), "inputs": inputs, "row": code_version(*CODE)}
    )


_STATUS = {"passed": "verified", "inconclusive": "inconclusive", "unavailable": "converted"}


def _row(outcome: Conversion[NbModel], same: Sequence[Model], recipe: Recipe) -> CoverageRow:
    model = same[0]
    metadata = outcome.made.metadata if outcome.made else None
    document = as_document(metadata) if metadata else {}
    verification: Mapping[str, Any] = document.get("verification") or {}
    nb: Mapping[str, Any] = document.get("nb") or {}
    status = _STATUS.get(verification.get("status", ""), "failed")
    reason = verification.get("reason")
    if outcome.error is not None:
        status = "wrong" if isinstance(outcome.error, VerificationError) else "failed"
        reason = outcome.error.message.removeprefix(f"{model.name}: ")
    return CoverageRow(
        models=tuple(each.name for each in same),
        series=model.series,
        architecture=model.architecture,
        input_shape=model.input_shape,
        status=status,
        reason=reason,
        engine=recipe.engine,
        target=recipe.target,
        bytes=outcome.made.bytes if outcome.made else None,
        params=metadata.params if metadata else None,
        flops=metadata.flops if metadata else None,
        legalised=tuple(one.rule for one in metadata.legalised) if metadata else (),
        verification={k: v for k, v in verification.items() if k not in ("status", "reason")},
        operators_before=nb.get("program_operators"),
        operators=sum(nb["kernels"].values()) if "kernels" in nb else None,
        seconds={stage: round(seconds, 1) for stage, seconds in outcome.seconds.items()},
    )


def _row_of(facts: Mapping[str, Any]) -> CoverageRow:
    tuples = {name: tuple(facts[name]) for name in ("models", "input_shape", "legalised")}
    return CoverageRow(**{**facts, **tuples})
