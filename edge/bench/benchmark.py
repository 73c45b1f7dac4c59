"""`edgezoo bench` as one call: from its options to the cells that were measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol as Interface

from edge.bench.fleet import DeviceRequest, measure_everywhere
from edge.bench.gate import Gate
from edge.bench.models import prepare
from edge.bench.options import BenchOptions
from edge.bench.programs import Runner, find_runner
from edge.bench.request import Job, Listener, Request
from edge.bench.wanted import Wanted
from edge.convert.order import Conversion, Product
from edge.device.base import Device
from edge.device.discover import open_device
from edge.errors import EdgezooError, foreseen
from edge.results.measurement import Measurement
from edge.results.missing import Missing
from edge.results.store import Store


class DownloadListener(Listener, Interface):
    """Hears of downloads, too."""

    def download(self, name: str) -> Callable[[int, int | None], None]: ...


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The cells, and whether any model, thread count or device failed; `missing`: what has no file in an engine."""

    cells: list[Measurement]
    failed: bool
    missing: tuple[Missing, ...] = ()


def benchmark(
    options: BenchOptions, db: Path, listener: DownloadListener, wrong: Callable[[EdgezooError], None] = lambda _: None
) -> Benchmark:
    """Convert what is named, and measure it on every device; `db` is the results database.

    `wrong` hears of each error that ended a model, a cell or a device alone, beside the listener's line; from any thread.

    Raises `ResultsError` before any work; a device's or program's error, and `UsageError` for what it cannot do, if there is
    only one device.
    """
    names = options.wanted.names
    apart = len(options.engines) > 1 or (options.protocol_name == "intel-table" and not options.engines)
    if apart and len(names) > 1:  # launches that are compared follow one another
        several = [
            benchmark(replace(options, names=(one,), series=(), light=False, everything=False), db, listener, wrong)
            for one in names
        ]
        return Benchmark(
            [cell for one in several for cell in one.cells],
            any(one.failed for one in several),
            tuple(lost for one in several for lost in one.missing),
        )
    Store(db, say=listener.line).close()
    devices = open_device(options.spec, options.adb_server)
    seed = options.order_seed
    failed, places = False, []
    missing: list[Missing] = []
    for device in devices:
        try:
            place, errors, lacking = _place(device, options, seed, listener, wrong)
        except Exception as unforeseen:
            if len(devices) == 1:
                raise
            error = foreseen(unforeseen)
            wrong(error)
            listener.error(f"{device.serial}: {_sentence(error)}")
            failed = True
            continue
        for lost in errors:
            listener.error(_sentence(lost))
            wrong(lost)
            failed = True
        places.append(place)
        missing += lacking
    results = measure_everywhere(places, db, listener, check_outputs=options.check_output, inputs=options.inputs_asked)
    for result in results:
        if result.error is not None:
            wrong(result.error)
            listener.error(f"{result.place.device.serial}: {_sentence(result.error)}")
    cells = [cell for result in results for cell in result.cells]
    failed |= any(cell.status == "failed" for cell in cells)
    failed |= any(result.error is not None or bool(result.differ) for result in results)
    return Benchmark(cells, failed, tuple(missing))


def _place(
    device: Device,
    options: BenchOptions,
    seed: int,
    listener: DownloadListener,
    wrong: Callable[[EdgezooError], None],
) -> tuple[DeviceRequest, list[EdgezooError], list[Missing]]:
    """What to measure on one device, the errors of models that could not be had, and in which of several engines."""
    known = device.properties()
    options.check_device(known.kind, len(known.cores), device.serial)
    runner: Runner | None = None
    jobs: list[Job] = []
    errors: list[EdgezooError] = []
    lacking: list[Missing] = []
    several = len(options.each) > 1
    for wanted in options.each:
        try:
            mine, found, failed = _in_engine(wanted, device, options, listener)
        except EdgezooError as error:
            if not several:
                raise
            errors.append(error)
            lacking += [Missing(name, wanted.engine.name, error) for name in wanted.names]
            continue
        runner = runner or mine
        errors += failed
        if several:
            found = [replace(job, runner=mine, engine=wanted.engine.name) for job in found]
            left = [name for name in wanted.names if name not in {job.subject.name for job in found}]
            lacking += [Missing(name, wanted.engine.name, error) for name, error in zip(left, failed, strict=False)]
        jobs += found
    if runner is None:
        raise errors[0]
    if options.compare and len(jobs) < 2:  # there is nothing to compare the other with
        jobs = []
    request = Request(
        tuple(jobs),
        options.thread_counts,
        runner.fit(options.protocol()),
        seed,
        fresh=options.fresh,
        keep_invalid=options.keep_invalid,
        synthetic_allowed=options.allow_synthetic,
        launch_timeout=options.timeout,
        gate=Gate(limit_seconds=options.cool_limit),
        wrong=wrong,
    )
    return DeviceRequest(device, runner, request), errors, lacking


def _in_engine(
    wanted: Wanted, device: Device, options: BenchOptions, listener: DownloadListener
) -> tuple[Runner, list[Job], list[EdgezooError]]:
    """The program of one engine, the files for it, and the errors of models that could not be had."""

    def done(outcome: Conversion[Product]) -> None:
        if not outcome.reused and outcome.error is None:
            listener.line(f"{outcome.order.name}: converted for {outcome.order.runs}")

    runner = find_runner(
        device,
        options.runner,
        kind=options.runner_kind,
        engine=wanted.engine,
        say=listener.line,
        working=listener.working,
    )
    jobs, errors = prepare(
        wanted,
        device.properties(),
        done=done,
        progress=listener.download,
        say=listener.line,
        working=listener.working,
        copies=options.compare,
    )
    return runner, jobs, errors


def _sentence(error: EdgezooError) -> str:
    return error.message + (f" ({error.hint})" if error.hint else "")
