"""Sessions on several devices at once: one thread each, and all of them end together when the user wants them to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from pathlib import Path

from edge.bench.check_output import LendEngine, OutputCheck, check_output
from edge.bench.checks import check_key, keep_check, kept_check
from edge.bench.gate import hottest
from edge.bench.programs import Runner
from edge.bench.request import Job, Listener, Request
from edge.bench.resuming import going_on
from edge.bench.session import measure
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked
from edge.device.base import Device
from edge.device.retry import with_retries
from edge.errors import AbortedError, DeviceError, EdgezooError, SettingsLeftError, foreseen
from edge.metadata.file import as_document
from edge.metadata.model import Proof, ProofDevice
from edge.metadata.proofs import record
from edge.results.identity import DeviceIdentity
from edge.results.measurement import Measurement
from edge.results.reasons import Code
from edge.results.store import Store
from edge.toolchain.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """A device, the program that measures there, and what it is to measure."""

    device: Device
    runner: Runner
    request: Request


@dataclass(frozen=True, slots=True)
class DeviceResult:
    """What one device brought: its cells, or the error that ended its session; `differ`: models with wrong outputs.

    Both, where the device's settings could not be put back in the end.
    """

    place: DeviceRequest
    cells: list[Measurement] = field(default_factory=list)
    error: EdgezooError | None = None
    differ: tuple[str, ...] = ()


def measure_everywhere(
    places: Sequence[DeviceRequest],
    db: Path,
    listener: Listener,
    *,
    check_outputs: bool = False,
    inputs: InputsAsked = NOTHING_ASKED,
) -> list[DeviceResult]:
    """One session a place, all at once; returns in the order of `places`.

    `check_outputs`: before it is measured, each network's output on the device is compared with Paddle's, for `inputs`. Of
    several engines, one whose networks were not converted, and so not verified, is compared anyway.

    An interrupt (any exception in the calling thread) ends the programs on all devices, waits until their settings are
    restored, and passes on. Results are in the database `db` as soon as each launch ended.
    """
    stopping = threading.Event()

    def pause(seconds: float) -> None:
        if stopping.wait(seconds):
            raise AbortedError("the session was ended on request")

    def session(place: DeviceRequest) -> DeviceResult:
        left: list[EdgezooError] = []

        def wrong(error: EdgezooError) -> None:
            if isinstance(error, SettingsLeftError):  # the caller hears of it as the device's error
                left.append(error)
            else:
                place.request.wrong(error)

        def measured() -> tuple[list[Measurement], tuple[Job, ...]]:
            jobs = place.request.jobs
            coolest = hottest(place.device.thermal())  # before anything makes it warm
            if check_outputs or any(map(_unproven, jobs)):
                jobs = _checked(place, tools.lend, listener, inputs, whole=check_outputs)
            with Store(db, say=listener.line) as store:
                request = replace(place.request, jobs=jobs, wrong=wrong)
                cells = measure(place.device, place.runner, request, store, listener, sleep=pause, coolest=coolest)
            return cells, jobs

        try:  # a launch is repeated by itself: what is left is a link that drops before the first
            cells, jobs = with_retries(
                place.device, measured, recover_limit=place.request.recover_limit, say=_saying(place, listener)
            )
            differ = tuple(job.subject.name for job in jobs if job.reasons)
            return DeviceResult(place, cells, left[0] if left else None, differ)
        except Exception as error:
            return DeviceResult(place, error=foreseen(error))

    Store(db).close()  # refused here rather than in every thread
    with Toolbox(say=listener.line, working=listener.working) as tools:
        pool = ThreadPoolExecutor(max(1, len(places)))  # as a context it would be waited for without an end
        try:
            futures = [pool.submit(session, place) for place in places]
            try:
                return [future.result() for future in futures]
            except BaseException:
                told = {going_on(one.request.protocol.base, fresh=one.request.fresh) for one in places}
                listener.line("; ".join(("ending", *sorted(told))))
                stopping.set()
                for place in places:
                    with suppress(DeviceError):
                        place.device.abort()
                wait(futures)
                for future in futures:
                    if future.exception() is None and isinstance(left := future.result().error, SettingsLeftError):
                        listener.error(f"{left.message} ({left.hint})")
                raise
        finally:
            pool.shutdown(wait=False)


def _saying(place: DeviceRequest, listener: Listener) -> Callable[[str], None]:
    """Tells the listener of that device."""
    return lambda text: listener.line(f"{place.device.serial}: {text}")


def _unproven(job: Job) -> bool:
    return job.engine is not None and job.subject.verification is None


def _checked(
    place: DeviceRequest, lend: LendEngine, listener: Listener, inputs: InputsAsked, *, whole: bool
) -> tuple[Job, ...]:
    """The jobs, all (`whole`) or the unproven ones with what the comparison of their outputs brought."""
    checked = []
    with place.device.lock(), place.device.prepared():
        for job in place.request.jobs:
            if not whole and not _unproven(job):
                checked.append(job)
                continue
            listener.now(f"{place.device.serial}: {job.label}: comparing its output with Paddle's")
            checks: dict[int, OutputCheck] = {}
            for threads in _thread_counts(place, job):
                checks[threads] = check = _check(place, job, threads, lend, inputs, listener)
                if check.comparison is not None:
                    job = _recorded(place, job, check, threads, listener)
            wrong = {threads: check for threads, check in checks.items() if check.passed is False}
            sentence = sentence_of(wrong or checks, several=len(checks) > 1)
            tell = listener.error if wrong else listener.line
            tell(f"{place.device.serial}: {job.label}: {sentence}")
            if wrong:
                checked.append(replace(job, reasons=(Code.OUTPUT_WRONG(sentence=sentence),)))
            else:
                checked.append(replace(job, notes=(Code.OUTPUT_CHECKED(sentence=sentence),)))
    return tuple(checked)


def _thread_counts(place: DeviceRequest, job: Job) -> tuple[int, ...]:
    """Those that are asked for; one where the program runs with one thread whatever is asked."""
    return place.request.threads if (job.runner or place.runner).program.threads_honoured else (1,)


def _check(
    place: DeviceRequest, job: Job, threads: int, lend: LendEngine, inputs: InputsAsked, listener: Listener
) -> OutputCheck:
    limit, runner = place.request.launch_timeout, job.runner or place.runner
    key = check_key(place.device, runner, job, threads, inputs)
    if not place.request.fresh and (known := kept_check(key)) is not None:
        return known
    say = _saying(place, listener)
    try:
        made = check_output(place.device, runner, job, lend, timeout=limit, threads=threads, asked=inputs, say=say)
        keep_check(key, made)
        return made
    except (AbortedError, DeviceError):
        raise
    except Exception as unforeseen:  # the session will tell, if it is the program
        error = foreseen(unforeseen)
        place.request.wrong(error)
        return OutputCheck(None, f"its output could not be compared: {error.message}")


def sentence_of(checks: Mapping[int, OutputCheck], *, several: bool) -> str:
    """What came of the comparisons, by the number of threads; with `several` it is said with how many, alike ones at once."""
    alike: dict[str, list[str]] = {}
    for threads, check in checks.items():
        alike.setdefault(check.sentence, []).append(str(threads))
    if not several:
        return next(iter(alike))
    return "; ".join(
        f"with {' and '.join(counts)} thread{'' if counts == ['1'] else 's'}: {sentence}"
        for sentence, counts in alike.items()
    )


def _recorded(place: DeviceRequest, job: Job, check: OutputCheck, threads: int, listener: Listener) -> Job:
    """The job with what was proven, which is written into its model's metadata."""
    assert check.comparison is not None
    properties, program = place.device.properties(), (job.runner or place.runner).program
    proof = Proof(
        sha256=job.subject.sha256,
        passed=bool(check.passed),
        sentence=check.sentence,
        date=check.date,
        device=ProofDevice(
            **asdict(DeviceIdentity.of(asdict(properties))),
            name=" ".join(one for one in (properties.manufacturer, properties.model) if one) or None,
        ),
        program=program.name,
        program_sha256=program.sha256,
        engine=check.engine or program.name,
        precision=job.subject.precision,
        threads=threads,
        inputs=check.comparison.samples,
        **check.inputs,
        cosine=check.comparison.cosine if isfinite(check.comparison.cosine) else None,
        max_abs_error=check.comparison.max_abs_error if isfinite(check.comparison.max_abs_error) else None,
        relative_error=check.comparison.relative_error if isfinite(check.comparison.relative_error) else None,
    )
    try:
        metadata = record(job.nb, proof)
    except EdgezooError as error:
        listener.error(f"{place.device.serial}: {job.subject.name}: the comparison could not be kept: {error.message}")
        return job
    if metadata is None:
        return job
    return replace(job, subject=replace(job.subject, metadata=as_document(metadata)))
