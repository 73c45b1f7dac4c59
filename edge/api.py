"""The public Python API: what list, show, choose, estimate, convert, bench and results call, without the command line.

Nothing is printed and nothing exits: what cannot be begun raises a child of `edge.errors.EdgezooError`; what goes wrong
with one model is told beside the others' results and stops none of them. Options have the command line's names, meanings
and defaults. Import from `edge`; docs/reference/python-api.md has examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from edge.convert.order import Conversion, Product
    from edge.convert.recipe import Precision
    from edge.convert.shapes import InputShape
    from edge.decide.answer import Answer
    from edge.decide.estimate import Estimate
    from edge.errors import EdgezooError
    from edge.results.measurement import Measurement
    from edge.results.protocol import Name as ProtocolName
    from edge.results.protocol import Protocol
    from edge.zoo.model import Model

Sort = Literal["table", "name", "top1", "flops", "params", "size", "sd855"]


@dataclass(frozen=True, slots=True)
class BenchResult:
    """What `bench_models` or `bench_plan` brought. `errors`: of models that could not be had and of devices whose session ended
    early.

    A cell that could not be measured is a measurement of status "failed"; of a plan it has its error here as well.
    """

    measurements: tuple[Measurement, ...]
    errors: tuple[EdgezooError, ...]


def list_models(
    *,
    series: Sequence[str] = (),
    light: bool = False,
    min_top1: float | None = None,
    max_top1: float | None = None,
    max_flops: float | None = None,
    max_params: float | None = None,
    max_sd855: float | None = None,
    threads: int = 1,
    search: str = "",
    sort: Sort = "table",
    reverse: bool = False,
) -> list[Model]:
    """The models of the catalogue that pass every filter, as `edgezoo list` shows them.

    Units: top-1 as a fraction, FLOPs (multiply-accumulates) and parameters in millions, `max_sd855` in ms at `threads` (1, 2
    or 4); `search`: words of the name or series. Raises `UsageError` for an unknown series or thread count.
    """
    from edge.zoo import catalogue

    models = catalogue.select(
        series_names=series,
        light=light,
        top1_min=min_top1,
        top1_max=max_top1,
        flops_max=max_flops,
        params_max=max_params,
        sd855_max=max_sd855,
        threads=threads,
        words=search,
    )
    if sort == "table":
        return models[::-1] if reverse else models
    return catalogue.ordered(models, sort, threads=threads, descending=reverse)


def list_architectures(paddleclas: Path | str, *, search: str = "") -> list[str]:
    """What `convert_models(paddleclas=...)` can export of a PaddleClas checkout: names with all words of `search`, as its text
    has them, none of which is run. Raises `UsageError` for what is no checkout.
    """
    from edge.source.checkout import read_checkout

    return read_checkout(Path(paddleclas)).search(search)


def show_model(name: str) -> Model:
    """Everything that is known of one model. Raises `UnknownModelError`, with the nearest names as its hint."""
    from edge.zoo.catalogue import lookup

    return lookup(name)


def choose_models(
    *,
    max_ms: float | None = None,
    threads: int = 1,
    min_top1: float | None = None,
    max_mb: float | None = None,
    device: str = "sd855",
    weights: Literal["all", "ssld"] = "all",
    source: Literal["measured", "published", "estimated"] | None = None,
    on: str | None = None,
    db: Path | None = None,
) -> Answer:
    """The networks that fit, best first, every number with its source, as `edgezoo choose` tells them.

    Latencies in ms, top-1 as a share (or in percent), sizes in MB. `on`: the data set whose stored
    accuracies count instead of the published ones. `db`: the results database, None: the user's. Raises
    `UsageError`, and `ResultsError` where measurements are asked for and there are none.
    """
    from edge.decide.answer import ChooseOptions, answer

    return answer(
        ChooseOptions(
            max_ms=max_ms,
            threads=threads,
            min_top1=min_top1,
            max_mb=max_mb,
            device=device,
            weights=weights,
            source=source,
            on=on,
            db=db,
        )
    )


def estimate_latency(
    names: Sequence[str | Path],
    *,
    threads: Sequence[int] = (1, 2, 4),
    calibrate_on: str | None = None,
    input_shape: Sequence[int] | None = None,
    db: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[Estimate]:
    """The latency of catalogue networks, .nb files and inference models on a Snapdragon 855, or on the device
    `calibrate_on`, without running them: an `Estimate` a network and thread count, as `edgezoo estimate` shows them.

    Times in ms. Raises `UsageError`, `UnknownModelError`, `ModelFilesError`, `ResultsError`, and of what is converted first a
    `SourceError` or `ConvertError`.
    """
    from edge.decide.ask import EstimateOptions, ask

    asked = EstimateOptions(
        names=tuple(map(str, names)),
        threads=tuple(threads),
        calibrate_on=calibrate_on,
        input_shape=None if input_shape is None else tuple(input_shape),
        db=db,
    )
    return ask(asked, say)[0]


def convert_models(
    names: Sequence[str],
    *,
    out: Path | str = "models",
    weights: str = "published",
    seed: int = 0,
    format: Literal["nb", "onnx"] = "nb",
    target: str | None = None,
    precision: Precision | None = None,
    engine: str | None = None,
    config: Path | str | None = None,
    input_shape: InputShape | None = None,
    verify: bool = True,
    input_range: tuple[float, float] | None = None,
    inputs: Path | str | None = None,
    verify_seconds: float | None = None,
    paddleclas: Path | str | None = None,
    jobs: int | None = None,
    force: bool = False,
    done: Callable[[Conversion[Product]], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> list[Conversion[Product]]:
    """Convert catalogue models to verified files in `out`; one `Conversion` a name and format, in their order, each name once.

    Each ends with `made` (path, sha256, bytes, metadata) or with `error`. `done` hears of each as it comes, `say` of long
    set-up work; `input_shape`, `input_range`, `inputs`, `verify_seconds` and `paddleclas` (whose code is run, and whose
    architectures the names then are) are those of `edgezoo convert`. int8-static needs images: `edgezoo
    convert --calibrate DIR`. Raises what the command refuses, before anything is begun: `UnknownModelError`, `UsageError`,
    `RecipeError`, and `OutputError` when `out` cannot be used.
    """
    from edge.convert import pipeline
    from edge.convert.options import ConvertOptions
    from edge.source.weights import Weights

    asked = ConvertOptions(
        names=tuple(names),
        weights=Weights.parse(weights),
        seed=seed,
        formats=format,
        target=target,
        precision=precision,
        engine=engine,
        config=None if config is None else Path(config),
        input_shape=input_shape,
        out=Path(out),
        jobs=jobs,
        verify=verify,
        input_range=input_range,
        inputs=None if inputs is None else Path(inputs),
        verify_seconds=verify_seconds,
        paddleclas=None if paddleclas is None else Path(paddleclas),
        force=force,
    )
    return pipeline.convert_models(
        asked.orders,
        asked.out,
        verify=asked.verify,
        inputs=asked.inputs_asked,
        jobs=asked.jobs,
        done=done,
        say=say,
        replace=asked.force,
    )


def bench_models(
    names: Sequence[str | Path],
    *,
    device: str | None = None,
    lab: str | None = None,
    match: Mapping[str, str] | None = None,
    devices: int | None = None,
    threads: Sequence[int] = (1, 2, 4),
    protocol: Literal["robust", "table"] | Protocol = "robust",
    weights: str = "published",
    precision: str | None = None,
    engine: str | None = None,
    runner: str | None = None,
    seed: int | None = None,
    fresh: bool = False,
    keep_invalid: bool = False,
    db: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> BenchResult:
    """Measure the latency of catalogue models (converted first) and of model files on one device or on "all".

    `device`: "host", "ssh:USER@HOST:PORT", a serial, "all", or None for the only one connected; or so many `devices` of the
    `lab` with the coordinator HOST:PORT that have the tags `match`, reserved until it returns or raises. `protocol`:
    "robust", "table", or one of your own (`edge.results.protocol.protocol`, or `sustained(seconds)`). What is measured
    already is taken from `db` (None: the user's results database), unless `fresh`. Raises `UsageError`,
    `UnknownModelError`, `ModelFilesError`, `ResultsError`, `LabError`, and, of a single device, `DeviceError` and
    `BenchError`.
    """
    import secrets
    from contextlib import ExitStack

    from edge.bench.arguments import check_arguments
    from edge.bench.distinct import Distinct, sentence
    from edge.bench.fleet import DeviceRequest, measure_everywhere
    from edge.bench.host_engines import host_engine
    from edge.bench.models import prepare
    from edge.bench.options import BenchOptions
    from edge.bench.programs import find_runner
    from edge.bench.request import Request
    from edge.cache.paths import results_database
    from edge.device.discover import open_device
    from edge.errors import BenchError, DeviceError, LabError, UsageError
    from edge.lab.lease import reserved
    from edge.results.store import Store
    from edge.source.weights import Weights

    check_arguments(names=names, device=device, lab=lab, match=match, devices=devices, threads=threads, protocol=protocol,
                    weights=weights, precision=precision, engine=engine, runner=runner, seed=seed, fresh=fresh,
                    keep_invalid=keep_invalid, db=db, say=say)  # fmt: skip
    runs, chosen = host_engine(engine), _protocol(protocol)
    asked = BenchOptions(
        names=tuple(map(str, names)),
        spec=device,
        lab=lab,
        match=tuple(f"{tag}={value}" for tag, value in (match or {}).items()),
        devices=devices,
        threads=tuple(threads),
        weights=Weights.parse(str(weights)),
        precision=precision,
        engine=None if engine is None else (runs,),
        runner=None if runner is None else str(runner),
        fresh=fresh,
        keep_invalid=keep_invalid,
        db=db,
    )
    if chosen.base == "compare" and len(asked.wanted.names) != 2:
        raise UsageError(f"two models are compared, and {len(asked.wanted.names)} are named")
    wanted = asked.wanted
    order = secrets.randbits(32) if seed is None else seed
    Store(db or results_database()).close()
    places: list[DeviceRequest] = []
    errors: list[EdgezooError] = []
    with ExitStack() as lease:
        if (places_asked := asked.lab_asked) is None:
            found = [(one.serial, one) for one in open_device(device)]
        else:
            leased = reserved(places_asked, line=say, wrong=lambda text: errors.append(LabError(text)))
            found = [(place.place, place.device) for place in lease.enter_context(leased)]
        distinct = Distinct(say)
        for name, one in found:
            try:
                if (first := distinct.twin(one, name)) is not None:
                    say(same := sentence(name, first.name, one))
                    errors += [LabError(same)] if lab is not None else []
                    continue
                known = one.properties()
                asked.check_device(known.kind, len(known.cores), one.serial)
                program = find_runner(one, runner, engine=runs, say=say)
                jobs, failed = prepare(wanted, known, say=say, copies=chosen.base == "compare")
                fitted = program.fit(chosen)
            except (DeviceError, BenchError, UsageError) as error:
                of_place = lab is not None and isinstance(error, DeviceError)
                told = LabError(f"{name}: {error.message}", hint=error.hint) if of_place else error
                if len(found) == 1:
                    raise told from error.__cause__
                errors.append(told)
                continue
            errors += failed
            request = Request(tuple(jobs), tuple(threads), fitted, order, fresh=fresh, keep_invalid=keep_invalid)
            places.append(DeviceRequest(one, program, request))
        ended = measure_everywhere(places, db or results_database(), _Said(say))
    errors += [one.error for one in ended if one.error is not None]
    return BenchResult(tuple(cell for one in ended for cell in one.cells), tuple(errors))


def bench_plan(
    plan: Path | str,
    *,
    seed: int | None = None,
    fresh: bool = False,
    keep_invalid: bool = False,
    db: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> BenchResult:
    """Measure what is missing of a plan, a TOML file: models, engines, precisions, threads, devices, also those of a lab.

    The cells are all of the plan, those that were measured before among them. A device or model that cannot be had is an
    error beside the others' results. Raises `PlanError`, with the line of what is wrong, `UsageError` and `ResultsError`.
    """
    from edge.bench.arguments import check_arguments
    from edge.bench.benchmark import benchmark
    from edge.bench.options import BenchOptions
    from edge.cache.paths import results_database

    check_arguments(plan=plan, seed=seed, fresh=fresh, keep_invalid=keep_invalid, db=db, say=say)
    asked = BenchOptions(plan=Path(plan), seed=seed, fresh=fresh, keep_invalid=keep_invalid, db=db)
    errors: list[EdgezooError] = []
    done = benchmark(asked, db or results_database(), _Said(say), wrong=errors.append)
    return BenchResult(tuple(done.cells), tuple(errors))


def list_results(*, model: str | None = None, device: str | None = None, db: Path | None = None) -> list[Measurement]:
    """What was measured, oldest first, with every raw sample. Raises `ResultsError` where there is no database yet."""
    from edge.cache.paths import results_database
    from edge.results.store import Store

    with Store(db or results_database(), create=False) as store:
        return [store.get(id) for id in store.ids(model=model, device=device)]


def _protocol(wanted: ProtocolName | Protocol) -> Protocol:
    """What a name means, as on the command line: bound to big cores. Raises `UsageError` for a sustained one without length."""
    from edge.results.protocol import protocol, sustained

    if not isinstance(wanted, str):
        if wanted.base == "sustained":
            sustained(wanted.duration_s)  # raises for a length that is none
        return wanted
    return protocol(wanted, power_mode=0)


@dataclass(frozen=True, slots=True)
class _Said:
    """A session's listener that passes on the lines that stay."""

    say: Callable[[str], None]

    def line(self, text: str) -> None:
        self.say(text)

    def error(self, text: str) -> None:
        self.say(text)

    def now(self, text: str, done: int = 0, of: int = 0) -> None:
        """What is being done at the moment is for a terminal."""

    def working(self, name: str) -> Callable[[str, int, int], None]:  # noqa: ARG002
        """So is how far it is."""
        return lambda _what, _done, _of: None

    def kept(self) -> None:
        """The results tell it."""

    def download(self, name: str) -> Callable[[int, int | None], None]:  # noqa: ARG002
        """And how much has come."""
        return lambda _done, _of: None
