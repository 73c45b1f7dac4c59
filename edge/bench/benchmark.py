"""`edgezoo bench` as one call: from its options to the cells that were measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from edge.bench.distinct import Distinct, sentence
from edge.bench.fleet import DeviceRequest, DeviceResult, measure_everywhere
from edge.bench.gate import Gate
from edge.bench.models import prepare
from edge.bench.options import BenchOptions
from edge.bench.plan_words import PlanListener
from edge.bench.planned import Round, rounds
from edge.bench.programs import Runner, find_runner
from edge.bench.request import DownloadListener, Job, Request
from edge.bench.split import measure_split
from edge.bench.wanted import Wanted
from edge.convert.order import Conversion, Product
from edge.device.base import Device
from edge.device.discover import open_device
from edge.errors import BenchError, DeviceError, EdgezooError, LabError, foreseen
from edge.lab.lease import reserved
from edge.results.measurement import Measurement
from edge.results.missing import Missing
from edge.results.store import Store


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The cells, and whether any model, thread count or device failed; `missing`: what has no file in an engine."""

    cells: list[Measurement]
    failed: bool
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class _Assigned:
    """A device, what is asked of it, and how it is called."""

    device: Device
    options: BenchOptions
    name: str


def benchmark(
    options: BenchOptions, db: Path, listener: DownloadListener, wrong: Callable[[EdgezooError], None] = lambda _: None
) -> Benchmark:
    """Convert what is named, and measure it on every device; `db` is the results database.

    `wrong` hears of each error that ended a model, a cell or a device alone, beside the listener's line; from any thread.

    Raises `PlanError` and `ResultsError` before any work; a device's or program's error, and `UsageError` for what it cannot
    do, if there is only one device.
    """
    planned = rounds(options)
    if options.plan is not None:
        listener = PlanListener(listener)
    Store(db, say=listener.line).close()
    seed = options.order_seed
    made = Benchmark([], failed=False)
    for one in planned:
        if one.name and len(planned) > 1:
            listener.line(one.name)
        with ExitStack() as leases:
            devices, failed = _devices(one, listener, wrong, leases, alone=options.plan is None)
            result = _measured(devices, db, listener, wrong, seed, alone=options.plan is None and len(devices) == 1)
        made = Benchmark(
            [*made.cells, *result.cells],
            made.failed or failed or result.failed,
            (*made.missing, *result.missing),
        )
    return made


def _devices(
    wanted: Round,
    listener: DownloadListener,
    wrong: Callable[[EdgezooError], None],
    leases: ExitStack,
    *,
    alone: bool,
) -> tuple[list[_Assigned], bool]:
    """All devices of a round, those of a lab for as long as `leases` lasts; and whether any is missing."""
    found: list[_Assigned] = []
    failed = False
    for options in wanted.devices:
        try:
            if (lab := options.lab_asked) is not None:
                reserved_ = leases.enter_context(reserved(lab, line=listener.line, wrong=listener.error))
                failed |= len(reserved_) < lab.devices
                found += [_Assigned(one.device, options, one.place) for one in reserved_]
            else:
                devices = open_device(options.spec, options.adb_server)
                found += [_Assigned(device, options, device.serial) for device in devices]
        except EdgezooError as error:
            if alone:
                raise
            wrong(error)
            listener.error(f"{options.spec or ' '.join(options.match)}: {_sentence(error)}")
            failed = True
    return found, failed


def _measured(
    devices: Sequence[_Assigned],
    db: Path,
    listener: DownloadListener,
    wrong: Callable[[EdgezooError], None],
    seed: int,
    *,
    alone: bool,
) -> Benchmark:
    failed, groups, missing = False, dict[int, list[DeviceRequest]](), list[Missing]()
    distinct = Distinct(listener.line)
    left_out: list[tuple[_Assigned, _Assigned]] = []
    devices = sorted(devices, key=lambda one: one.options.split)  # what shares the models takes what the others leave
    for one in devices:
        try:
            if (first := distinct.twin(one.device, one.name)) is not None:
                listener.line(sentence(one.name, first.name, one.device))
                left_out.append((one, next(other for other in devices if other.device is first.device)))
                continue
            place, errors, lacking = _place(one.device, one.options, seed, listener, wrong)
        except Exception as unforeseen:
            error = foreseen(unforeseen)
            if alone and one.options.lab is not None and isinstance(error, DeviceError):
                raise LabError(f"{one.name}: {error.message}", hint=error.hint) from unforeseen
            if alone:
                raise
            wrong(error)
            listener.error(f"{one.name}: {_sentence(error)}")
            failed = True
            continue
        for lost in errors:
            listener.error(_sentence(lost))
            wrong(lost)
            failed = True
        missing += lacking
        # Each of its own options measures everything, but for a lab's devices that share the models.
        groups.setdefault(id(one.options) if one.options.split else id(one), []).append(place)
    for missed in _missed(devices, left_out):
        listener.error(_sentence(missed))
        wrong(missed)
        failed = True
    results = _everywhere(devices, list(groups.values()), db, listener)
    for result in results:
        if result.error is not None:
            wrong(result.error)
            listener.error(f"{result.place.device.serial}: {_sentence(result.error)}")
    cells = [cell for result in results for cell in result.cells]
    failed |= any(cell.status == "failed" for cell in cells)
    failed |= any(result.error is not None or bool(result.differ) for result in results)
    return Benchmark(cells, failed, tuple(missing))


def _missed(devices: Sequence[_Assigned], left_out: Sequence[tuple[_Assigned, _Assigned]]) -> Iterator[EdgezooError]:
    """What was asked for beyond the names of a device, each left out for another one: more devices, or another program.

    A device under two names, that measures all the same under one of them, misses nothing, in whichever order it is named.
    """
    stands_for = {id(one): first for one, first in left_out}
    for options in {id(one.options): one.options for one, _ in left_out}.values():
        mine = [one for one in devices if one.options is options]
        found = {id(stands_for.get(id(one), one).device) for one in mine}
        if (lab := options.lab_asked) is not None and len(found) < len(mine):
            names, count = " and ".join(one.name for one in mine), len(found)
            yield LabError(
                f"--devices {lab.devices}: {names} are {count} device{'s' * (count != 1)}",
                hint=f"--devices {count}, or other tags; `labgrid-client places -v` shows what each place matches",
            )
    for one, first in left_out:
        if _program(one) != _program(first):
            yield BenchError(
                f"{one.name} is not measured with {_program(one)}: under the name {first.name} it is with {_program(first)}",
                hint="measure with each program by itself",
            )


def _program(one: _Assigned) -> str:
    """What measures there, in words."""
    kind = one.options.runner_kind
    return (one.options.runner or "edgebench") + (f" ({kind})" if kind else "")


def _everywhere(
    devices: Sequence[_Assigned], groups: Sequence[list[DeviceRequest]], db: Path, listener: DownloadListener
) -> list[DeviceResult]:
    """All at once; the groups that share their models after the others."""
    if not devices:
        return []
    options = devices[0].options

    def measure(places: Sequence[DeviceRequest]) -> list[DeviceResult]:
        return measure_everywhere(places, db, listener, check_outputs=options.check_output, inputs=options.inputs_asked)

    results = measure([place for group in groups if len(group) == 1 for place in group])
    for group in groups:
        if len(group) > 1:
            with Store(db, say=listener.line) as store:
                results += measure_split(group, store, listener, measure)
    return results


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
            lacking += [Missing(name, wanted.engine.name, error, file=False) for name in wanted.names]
            continue
        runner = runner or mine
        errors += failed
        if several:
            found = [replace(job, runner=mine, engine=wanted.engine.name) for job in found]
        if options.apart:
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
