"""`edgezoo bench` as one call: from its options to the cells that were measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol as Interface

from edge.bench.fleet import DeviceRequest, measure_everywhere
from edge.bench.gate import Gate
from edge.bench.models import prepare
from edge.bench.options import BenchOptions
from edge.bench.programs import find_runner
from edge.bench.request import Listener, Request
from edge.convert.order import Conversion, Product
from edge.device.base import Device
from edge.device.discover import open_device
from edge.errors import EdgezooError, foreseen
from edge.results.measurement import Measurement
from edge.results.store import Store


class DownloadListener(Listener, Interface):
    """Hears of downloads, too."""

    def download(self, name: str) -> Callable[[int, int | None], None]: ...


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The cells, and whether any model, thread count or device failed."""

    cells: list[Measurement]
    failed: bool


def benchmark(
    options: BenchOptions, db: Path, listener: DownloadListener, wrong: Callable[[EdgezooError], None] = lambda _: None
) -> Benchmark:
    """Convert what is named, and measure it on every device; `db` is the results database.

    `wrong` hears of each error that ended a model, a cell or a device alone, beside the listener's line; from any thread.

    Raises `ResultsError` before any work; a device's or program's error, and `UsageError` for what it cannot do, if there is
    only one device.
    """
    Store(db, say=listener.line).close()
    devices = open_device(options.spec, options.adb_server)
    seed = options.order_seed
    failed, places = False, []
    for device in devices:
        try:
            place, errors = _place(device, options, seed, listener, wrong)
        except Exception as unforeseen:
            if len(devices) == 1:
                raise
            error = foreseen(unforeseen)
            wrong(error)
            listener.error(f"{device.serial}: {_sentence(error)}")
            failed = True
            continue
        for missing in errors:
            listener.error(_sentence(missing))
            wrong(missing)
            failed = True
        places.append(place)
    results = measure_everywhere(places, db, listener, check_outputs=options.check_output, inputs=options.inputs_asked)
    for result in results:
        if result.error is not None:
            wrong(result.error)
            listener.error(f"{result.place.device.serial}: {_sentence(result.error)}")
    cells = [cell for result in results for cell in result.cells]
    failed |= any(cell.status == "failed" for cell in cells)
    failed |= any(result.error is not None or bool(result.differ) for result in results)
    return Benchmark(cells, failed)


def _place(
    device: Device,
    options: BenchOptions,
    seed: int,
    listener: DownloadListener,
    wrong: Callable[[EdgezooError], None],
) -> tuple[DeviceRequest, list[EdgezooError]]:
    """What to measure on one device, and the errors of models that could not be had."""
    wanted = options.wanted
    known = device.properties()
    options.check_device(known.kind, len(known.cores), device.serial)
    runner = find_runner(
        device,
        options.runner,
        kind=options.runner_kind,
        engine=wanted.engine,
        say=listener.line,
        working=listener.working,
    )

    def done(outcome: Conversion[Product]) -> None:
        if not outcome.reused and outcome.error is None:
            listener.line(f"{outcome.order.name}: converted for {outcome.order.runs}")

    jobs, errors = prepare(
        wanted,
        device.properties(),
        done=done,
        progress=listener.download,
        say=listener.line,
        working=listener.working,
        copies=options.compare,
    )
    if options.compare and len(jobs) < 2:  # there is nothing to compare the other with
        jobs = []
    request = Request(
        tuple(jobs),
        options.threads,
        runner.fit(options.protocol()),
        seed,
        fresh=options.fresh,
        keep_invalid=options.keep_invalid,
        synthetic_allowed=options.allow_synthetic,
        launch_timeout=options.timeout,
        gate=Gate(limit_seconds=options.cool_limit),
        wrong=wrong,
    )
    return DeviceRequest(device, runner, request), errors


def _sentence(error: EdgezooError) -> str:
    return error.message + (f" ({error.hint})" if error.hint else "")
