"""A `.nb` file: legalised, through opt, verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import Any

from edge.cache.files import holds
from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache, CacheEntry
from edge.convert.metadata import NbModel, describe
from edge.convert.order import Order
from edge.convert.output import NOTHING_WRITTEN, write_output
from edge.convert.preparation import Preparation, shapes_of
from edge.convert.recipe import Recipe
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked
from edge.convert.verify.reference import reference_key
from edge.convert.work import Work
from edge.errors import UsageError, VerificationError
from edge.images.overrides import Overrides
from edge.source.model import InferenceModel
from edge.toolchain.engines import WORKERS, engine
from edge.zoo.model import Preprocessing

# What decides a file, and what a verification of it (edge.cache.keys).
CODE = ("edge.convert.conversion", WORKERS / "lite_worker.py")
VERIFY_CODE: tuple[str | Path, ...] = (
    "edge.convert.verify.verify",
    *(WORKERS / name for name in ("lite_worker.py", "paddle_worker.py", "pir_worker.py")),
)


@dataclass(frozen=True, slots=True)
class NbOrder(Order[NbModel]):
    """The network as it is, converted by `recipe`. Raises `UsageError` for int8-static, unless it came `quantised`."""

    recipe: Recipe
    overrides: Overrides = Overrides()  # noqa: RUF009 - it is frozen
    quantised: bool = False

    def __post_init__(self) -> None:
        if self.recipe.precision == "int8-static" and not self.quantised:
            raise UsageError(
                f"{self.name}: int8-static needs images to calibrate with",
                hint="name a folder of them: edgezoo convert --calibrate DIR",
            )

    @property
    def kind(self) -> str:
        return "nb"

    @property
    def runs(self) -> str:
        return f"{self.recipe.target} {self.recipe.precision}"

    def make(self, work: Work) -> tuple[NbModel, bool]:
        """Raises as `make_nb`, or a `SourceError`."""
        source = work.source(self.model, files=False)
        with work.using(source):
            shapes = shapes_of(source, self.model, self.recipe.input_shape)
            source = work.counted(source, shapes)
            preparation = work.preparation(source, shapes, self.overrides, self.kind)
            if self.quantised:
                work, network, doubt = _int8(work, source, shapes, preparation.preprocessing)
            else:
                network, doubt = source, None
            return make_nb(work, self.recipe, source, network, preparation, doubt=doubt)


def _int8(
    work: Work, source: InferenceModel, shapes: Sequence[Sequence[int]], preprocessing: Preprocessing | None
) -> tuple[Work, InferenceModel, str | None]:
    """The network that came quantised, in the form that opt makes int8 kernels of, and what stays doubtful of that.

    Its verification has inputs in its range.

    Raises as `edge.convert.quantised`.
    """
    from edge.convert.quantised import compared, int8_form

    doubt = None
    with work.stage("quantised"):
        form = int8_form(source)
        work.remarks.append(form.told)
        if work.verify:
            if work.inputs == NOTHING_ASKED and preprocessing is None and form.most is not None:
                work = replace(work, inputs=InputsAsked((-form.most, form.most)))
            lend = work.lend(source.reference_engine)
            told, doubt = compared(source, form.network, shapes, lend, work.inputs, preprocessing)
            work.remarks.append(told)
    return work, form.network, doubt


def make_nb(
    work: Work,
    recipe: Recipe,
    source: InferenceModel,
    network: InferenceModel,
    preparation: Preparation,
    calibration: Mapping[str, Any] | None = None,
    *,
    doubt: str | None = None,
) -> tuple[NbModel, bool]:
    """Convert `network`, verify it and put it in place; and whether nothing had to be done.

    `source` is what the metadata tells of; the network may be made from it, by `calibration`; `preparation` is its
    preprocessing; `doubt`, why the network made from it is not proven to be it. Raises `ConvertError`, `ToolchainError` or
    `OutputError`.
    """
    kept = tuple(one["layer"] for one in (calibration or {}).get("layers", ()) if one["kept"])
    store, key = Cache(cache_dir() / "nb"), nb_key(network, recipe, kept)
    try:
        with store.using(key):  # another model may be the same network
            judged = verify_key(network, key, work.inputs.key(preparation.preprocessing))
            entry = store.get(key)
            placed = entry is not None and holds(work.out / f"{work.name}.nb", entry.facts["sha256"])
            if entry is not None and not (placed and (not work.verify or Cache(cache_dir() / "verified").get(judged))):
                entry = store.get(key, content=True)  # its files are to be placed, or verified
            known = entry is not None
            if entry is None:
                network = work.whole(network)
                entry = _convert(work, recipe, network, kept, store, key)
            verification, was_verified = _verified(
                work, recipe, network, entry, judged, preparation.preprocessing, known_file=known
            )
            if verification["status"] == "failed":
                raise VerificationError(
                    f"{work.name}: the converted network computes something else: {verification['reason']}",
                    hint=NOTHING_WRITTEN,
                )
            if doubt is not None and verification["status"] == "passed":
                verification = {**verification, "status": "inconclusive", "reason": doubt}
            nb, written = _place(
                work, recipe, source, entry, verification, preparation, calibration, placed=placed and was_verified
            )
            return nb, known and was_verified and not written
    finally:
        if not work.keep:
            store.drop(key)


def versions(recipe: Recipe) -> dict[str, Any]:
    """What besides the network can change how its conversion and verification end."""
    return {**_conversion(recipe), "verify": code_version(*VERIFY_CODE), "paddle": engine("paddle").lock_hash}


def _convert(
    work: Work, recipe: Recipe, network: InferenceModel, kept: Sequence[str], store: Cache, key: str
) -> CacheEntry:
    with work.stage("convert"), work.lend("paddlelite", recipe.engine)() as worker:
        worker.start()  # it loads its engine during the import
        from edge.convert.conversion import convert

        return convert(
            network, recipe, worker, store, key, work.lend(network.reference_engine), work.lend("paddle"), kept
        )


def _verified(
    work: Work,
    recipe: Recipe,
    network: InferenceModel,
    entry: CacheEntry,
    key: str,
    preprocessing: Preprocessing | None,
    *,
    known_file: bool,
) -> tuple[dict[str, Any], bool]:
    """The verification's result, and whether it was known before. Kept in a store of its own, under its `verify_key`.

    `known_file`: whether the file was; if not, `network` is whole, for it was just converted.
    """
    if not work.verify:
        return {"status": "skipped", "reason": "--no-verify"}, True
    store = Cache(cache_dir() / "verified")
    if known := store.get(key):
        return known.facts, True
    network = work.whole(network) if known_file else network
    from edge.convert.verify.verify import verify

    with work.stage("verify"), store.making(key) as part:
        if known := store.get(key):
            return known.facts, True
        scratch = part / "scratch"
        scratch.mkdir()
        result = verify(
            network,
            entry.folder / "model.pdmodel",
            recipe,
            scratch,
            nb=entry.folder / "model.nb",
            lend_engine=work.lend("paddlelite", recipe.engine),
            lend_paddle=work.lend(network.reference_engine),
            asked=work.inputs,
            preprocessing=preprocessing,
            keep=work.keep,
            tell=work.working,
        )
        facts = asdict(result)
        rmtree(scratch)
        store.put(key, part, facts)
    return facts, False


def _place(
    work: Work,
    recipe: Recipe,
    source: InferenceModel,
    entry: CacheEntry,
    verification: Mapping[str, Any],
    preparation: Preparation,
    calibration: Mapping[str, Any] | None,
    *,
    placed: bool,
) -> tuple[NbModel, bool]:
    """Put the two files into `out`, if the model is not `placed` already; says whether anything had to be written."""
    metadata = describe(
        work.name,
        work.model,
        source,
        recipe,
        entry.facts,
        verification,
        preparation=preparation,
        calibration=calibration,
    )
    path = work.out / f"{work.name}.nb"
    written = write_output(entry.folder / "model.nb", path, metadata, placed=placed)
    return NbModel(path, entry.facts["sha256"], entry.facts["bytes"], metadata), written


def nb_key(network: InferenceModel, recipe: Recipe, kept: Sequence[str] = ()) -> str:
    """Everything that can change the `.nb` file, and what is read back of it: `kept` are the layers that must be float."""
    more = {"kept": list(kept)} if kept else {}
    return key_of({"program": network.program_sha256, "params": network.params_sha256, **_conversion(recipe), **more})


def _conversion(recipe: Recipe) -> dict[str, Any]:
    """What besides the network can change the `.nb` file. The recipe's name and its device's ABI cannot."""
    chosen = {k: v for k, v in asdict(recipe).items() if k not in ("name", "description", "abi")}
    return {
        "recipe": chosen,
        "engine": engine("paddlelite", recipe.engine).lock_hash,
        "code": code_version(*CODE),
    }


def verify_key(network: InferenceModel, nb: str, inputs: Mapping[str, Any]) -> str:
    """Everything that can change the verification of the `.nb` file with that key; `inputs` is `InputsAsked.key`."""
    return key_of({"nb": nb, "inputs": inputs, "code": code_version(*VERIFY_CODE), **reference_key(network)})
