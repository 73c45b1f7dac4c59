"""From names to verified `.nb` files: every model passes the stages in order, several models at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache, CacheEntry
from edge.convert.memory import MemoryBudget, memory_needed
from edge.convert.metadata import NbModel, describe
from edge.convert.onnx.model import OnnxModel
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.output import write_output
from edge.convert.recipe import Recipe
from edge.convert.verify.reference import reference_key
from edge.errors import EdgezooError, OutputError, UsageError, VerificationError
from edge.source.download import Progress
from edge.source.load import load_source
from edge.source.model import InferenceModel
from edge.source.retention import ExportRetention
from edge.source.weights import Weights
from edge.toolchain.engines import WORKERS, engine
from edge.toolchain.toolbox import Toolbox
from edge.zoo.model import Model

if TYPE_CHECKING:
    from edge.convert.calibrated import Calibrated, Calibration


@dataclass(frozen=True, slots=True)
class Order:
    """One model to convert: a catalogue model, or (`model` None) a network of the user's own under a `name`.

    With `onnx` the file to make is an ONNX file, and of `recipe` only the input shape matters. A recipe of int8-static needs
    a `calibration`.
    """

    name: str
    model: Model | None
    weights: Weights
    recipe: Recipe
    onnx: OnnxRecipe | None = None
    calibration: Calibration | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """How one order ended: with `nb` or `onnx`, or with `error`. `reused`: nothing had to be done. Seconds by stage."""

    order: Order
    nb: NbModel | None
    error: EdgezooError | None
    reused: bool
    seconds: dict[str, float] = field(default_factory=dict)
    onnx: OnnxModel | None = None

    @property
    def made(self) -> NbModel | OnnxModel | None:
        """The model, of whichever format; None after an error."""
        return self.nb or self.onnx


def convert_models(
    orders: Sequence[Order],
    out: Path,
    *,
    verify: bool = True,
    jobs: int | None = None,
    done: Callable[[Conversion], None] = lambda _: None,
    progress: Callable[[str], Progress] = lambda _name: lambda _done, _all: None,
    say: Callable[[str], None] = lambda _: None,
    keep: bool = True,
) -> list[Conversion]:
    """Convert every order into `out`; returns the outcomes in the order of `orders`.

    The files are `NAME.nb` and `NAME.json`, or `NAME.onnx` and `NAME.onnx.json`.
    `jobs` models are worked on at once (default: one a core). `done` hears each outcome as it comes, from the calling
    thread; `progress(name)` gives the listener for one model's download; `say` hears of long set-up work. What goes
    wrong with one model is its outcome's `error` and stops no other one. Large models wait until there is memory for them,
    and their exports do not stay in the cache; without `keep`, nothing of any model does but how its verification went.
    Raises `OutputError` when `out` cannot be used.
    """
    _check_place(out)
    jobs = min(jobs or len(os.sched_getaffinity(0)), max(1, len(orders)))
    with Toolbox(say=say) as tools:
        line = _Line(orders, out, verify, tools, progress, keep)
        if jobs == 1:
            outcomes = []
            for order in orders:
                outcomes.append(line.run(order))
                done(outcomes[-1])
            return outcomes
        return _in_parallel(line, orders, jobs, done)


def _in_parallel(
    line: _Line, orders: Sequence[Order], jobs: int, done: Callable[[Conversion], None]
) -> list[Conversion]:
    executor = ThreadPoolExecutor(jobs)
    futures = {executor.submit(line.run, order): order for order in orders}
    waiting: set[Future[Conversion]] = set(futures)
    try:
        while waiting:
            ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ended:
                done(future.result())
    finally:
        # After Ctrl-C the toolbox ends all workers: what the threads wait for then fails, and they end.
        executor.shutdown(wait=False, cancel_futures=True)
    return [future.result() for future in futures]


class _Line:
    """The stages that one order passes through. Used by several threads."""

    def __init__(
        self,
        orders: Sequence[Order],
        out: Path,
        verify: bool,
        tools: Toolbox,
        progress: Callable[[str], Progress],
        keep: bool,
    ) -> None:
        self._out = out
        self._verify = verify
        self._tools = tools
        self._progress = progress
        self._store = Cache(cache_dir() / "nb")
        self._memory = MemoryBudget()
        self._retention = ExportRetention(map(_network, orders), keep_small=keep)
        self._keep = keep

    def run(self, order: Order) -> Conversion:
        watch = _Watch()
        with self._memory.reserve(memory_needed(order.model)):
            try:
                return self._run(order, watch)
            except EdgezooError as error:
                return Conversion(order, None, error, False, watch.seconds)
            finally:
                self._retention.done_with(_network(order))

    def _run(self, order: Order, watch: _Watch) -> Conversion:
        if order.onnx is not None:
            return self._run_onnx(order, order.onnx, watch)
        static = order.recipe.precision == "int8-static"
        original = self._obtain(order, order.model, watch, files=static)
        with self._retention.using(_network(order), original):
            calibrated = self._calibrated(order, original, watch) if static else None
            key = _key(calibrated.model if calibrated else original, order.recipe)
            try:
                with self._store.using(key):  # another model may be the same network
                    return self._run_nb(order, original, calibrated, key, watch)
            finally:
                if not self._keep:
                    self._store.drop(key)

    def _run_nb(
        self, order: Order, original: InferenceModel, calibrated: Calibrated | None, key: str, watch: _Watch
    ) -> Conversion:
        source = calibrated.model if calibrated else original
        entry = self._store.get(key)
        reused = entry is not None and (calibrated is None or calibrated.reused)
        if entry is None:
            source = self._whole(order, source, watch)
            with watch.stage("convert"), self._lend_engine(order.recipe)() as worker:
                worker.start()  # it loads its engine during the import
                from edge.convert.conversion import convert

                entry = convert(source, order.recipe, worker, self._store, key)
        verification, was_known = self._verified(source, order, entry, key, watch)
        if verification["status"] == "failed":
            error = VerificationError(
                f"{order.name}: the converted network computes something else: {verification['reason']}",
                hint="nothing was written; --no-verify writes it all the same, and records that",
            )
            return Conversion(order, None, error, reused, watch.seconds)
        nb, placed = self._place(order, original, entry, verification, calibrated)
        return Conversion(order, nb, None, reused and was_known and not placed, watch.seconds)

    def _calibrated(self, order: Order, source: InferenceModel, watch: _Watch) -> Calibrated:
        if order.calibration is None:
            raise UsageError(
                f"{order.name}: int8-static needs images to calibrate with",
                hint="name a folder of them: --calibrate DIR",
            )
        with watch.stage("calibrate"):
            from edge.convert.calibrated import calibrated

            return calibrated(
                order.name,
                source,
                order.model.preprocessing if order.model else None,
                order.recipe,
                order.calibration,
                lambda: self._tools.lend("paddle", script="quantise_worker.py"),
            )

    def _run_onnx(self, order: Order, recipe: OnnxRecipe, watch: _Watch) -> Conversion:
        from edge.convert.onnx.stage import exportable, make

        source = self._obtain(order, exportable(order.model, order.weights, recipe), watch)
        with self._retention.using(_network(order), source), watch.stage("onnx"):
            onnx, reused = make(
                order.name, order.model, source, recipe, order.recipe, self._tools, self._out, verify=self._verify
            )
        return Conversion(order, None, None, reused, watch.seconds, onnx)

    def _obtain(self, order: Order, model: Model | None, watch: _Watch, *, files: bool = True) -> InferenceModel:
        with watch.stage("source"):
            return load_source(
                model,
                order.weights,
                lambda: self._tools.lend("paddle"),
                progress=self._progress(order.name),
                files=files,
            )

    def _whole(self, order: Order, source: InferenceModel, watch: _Watch) -> InferenceModel:
        """The same with its files, exported again where only the facts had been kept."""
        return source if source.params.exists() else self._obtain(order, order.model, watch)

    def _lend_engine(self, recipe: Recipe) -> Any:
        return lambda: self._tools.lend("paddlelite", recipe.engine)

    def _verified(
        self, source: InferenceModel, order: Order, entry: CacheEntry, key: str, watch: _Watch
    ) -> tuple[dict[str, Any], bool]:
        """The verification's result, and whether it was known before. Kept in a store and under a code of its own."""
        if not self._verify:
            return {"status": "skipped", "reason": "--no-verify"}, True
        store = Cache(cache_dir() / "verified")
        verify_key = key_of({"nb": key, "code": _verify_code(), **reference_key(source)})
        if known := store.get(verify_key):
            return known.facts, True
        source = self._whole(order, source, watch)
        from edge.convert.verify.verify import verify

        with watch.stage("verify"), store.making(verify_key) as part:
            if known := store.get(verify_key):
                return known.facts, True
            result = verify(
                source,
                entry.folder / "model.pdmodel",
                order.recipe,
                part,
                lend_engine=self._lend_engine(order.recipe),
                lend_paddle=lambda: self._tools.lend(source.reference_engine),
            )
            facts = asdict(result)
            for scratch in part.iterdir():
                scratch.unlink()
            store.put(verify_key, part, facts)
        return facts, False

    def _place(
        self,
        order: Order,
        source: InferenceModel,
        entry: CacheEntry,
        verification: dict[str, Any],
        calibrated: Calibrated | None,
    ) -> tuple[NbModel, bool]:
        """Put the two files into `out`; says whether anything had to be written."""
        metadata = describe(
            order.name,
            order.model,
            source,
            order.recipe,
            entry.facts,
            verification,
            calibration=calibrated.facts if calibrated else None,
        )
        path = self._out / f"{order.name}.nb"
        written = write_output(entry.folder / "model.nb", path, path.with_suffix(".json"), metadata)
        return NbModel(path, metadata["sha256"], metadata["bytes"], metadata), written


def _network(order: Order) -> tuple[Any, ...]:
    """What orders that share an export have in common."""
    architecture = order.model.architecture if order.model else order.name
    return architecture, order.model.input_shape if order.model else None, order.weights


def _key(source: InferenceModel, recipe: Recipe) -> str:
    """Everything that can change the `.nb` file."""
    return key_of({"program": source.program_sha256, "params": source.params_sha256, **_conversion(recipe)})


def _conversion(recipe: Recipe) -> dict[str, Any]:
    """What besides the network can change the `.nb` file. The recipe's name and its device's ABI cannot."""
    chosen = {k: v for k, v in asdict(recipe).items() if k not in ("name", "description", "abi")}
    return {
        "recipe": chosen,
        "engine": engine("paddlelite", recipe.engine).lock_hash,
        "code": code_version("edge.convert.conversion", WORKERS / "lite_worker.py"),
    }


def versions(recipe: Recipe) -> dict[str, Any]:
    """What besides the network can change how its conversion and verification end."""
    return {**_conversion(recipe), "verify": _verify_code(), "paddle": engine("paddle").lock_hash}


def _verify_code() -> str:
    workers = ("lite_worker.py", "paddle_worker.py", "pir_worker.py")
    return code_version("edge.convert.verify.verify", *(WORKERS / name for name in workers))


def _check_place(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out} cannot be made: {error.strerror}", hint="name another directory with -o") from error
    if not os.access(out, os.W_OK | os.X_OK):
        raise OutputError(f"{out} is not writable", hint="name another directory with -o")


class _Watch:
    """Wall-clock seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def stage(self, name: str) -> _Stage:
        return _Stage(self, name)


class _Stage:
    def __init__(self, watch: _Watch, name: str) -> None:
        self._watch, self._name = watch, name

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        passed = time.monotonic() - self._began
        self._watch.seconds[self._name] = self._watch.seconds.get(self._name, 0.0) + passed
