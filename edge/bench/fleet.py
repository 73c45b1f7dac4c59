"""Sessions on several devices at once: one thread each, and all of them end together when the user wants them to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.bench.check_output import Lend, OutputCheck, check_output
from edge.bench.programs import Runner
from edge.bench.request import Job, Listener, Request
from edge.bench.session import measure
from edge.device.base import Device
from edge.errors import AbortedError, BenchError, DeviceError, EdgezooError, ToolchainError
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
    """What one device brought: its cells, or the error that ended its session; `differ`: models with wrong outputs."""

    place: DeviceRequest
    cells: list[Measurement] = field(default_factory=list)
    error: EdgezooError | None = None
    differ: tuple[str, ...] = ()


def measure_everywhere(
    places: Sequence[DeviceRequest], db: Path, listener: Listener, *, check_outputs: bool = False
) -> list[DeviceResult]:
    """One session a place, all at once; returns in the order of `places`.

    `check_outputs`: before it is measured, each network's output on the device is compared with Paddle's.

    An interrupt (any exception in the calling thread) ends the programs on all devices, waits until their settings are
    restored, and passes on. Results are in the database `db` as soon as each launch ended.
    """
    stopping = threading.Event()

    def pause(seconds: float) -> None:
        if stopping.wait(seconds):
            raise AbortedError("the session was ended on request")

    def session(place: DeviceRequest) -> DeviceResult:
        try:
            jobs = place.request.jobs
            if check_outputs:
                jobs = _checked(place, lambda: tools.lend("paddle"), listener)
            with Store(db) as store:
                request = replace(place.request, jobs=jobs)
                cells = measure(place.device, place.runner, request, store, listener, sleep=pause)
            return DeviceResult(place, cells, differ=tuple(job.subject.name for job in jobs if job.reasons))
        except EdgezooError as error:
            return DeviceResult(place, error=error)

    Store(db).close()  # refused here rather than in every thread
    with Toolbox(say=listener.line) as tools, ThreadPoolExecutor(max(1, len(places))) as pool:
        futures = [pool.submit(session, place) for place in places]
        try:
            return [future.result() for future in futures]
        except BaseException:
            listener.line("ending; the same command goes on where this one stopped")
            stopping.set()
            for place in places:
                with suppress(DeviceError):
                    place.device.abort()
            raise


def _checked(place: DeviceRequest, lend: Lend, listener: Listener) -> tuple[Job, ...]:
    """The jobs with what the comparison of their outputs brought."""
    checked = []
    with place.device.lock(), place.device.prepared():
        for job in place.request.jobs:
            listener.now(f"{place.device.serial}: {job.subject.name}: comparing its output with Paddle's")
            try:
                check = check_output(place.device, place.runner, job, lend, timeout=place.request.launch_timeout)
            except (BenchError, ToolchainError) as error:  # the session will tell, if it is the program
                check = OutputCheck(None, f"its output could not be compared: {error.message}")
            tell = listener.error if check.passed is False else listener.line
            tell(f"{place.device.serial}: {job.subject.name}: {check.sentence}")
            if check.passed is False:
                checked.append(replace(job, reasons=(Code.OUTPUT_WRONG(sentence=check.sentence),)))
            else:
                checked.append(replace(job, notes=(Code.OUTPUT_CHECKED(sentence=check.sentence),)))
    return tuple(checked)
