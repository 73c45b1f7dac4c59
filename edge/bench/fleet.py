"""Sessions on several devices at once: one thread each, and all of them end together when the user wants them to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from edge.bench.measurement import Measurement
from edge.bench.programs import Runner
from edge.bench.request import Listener, Request
from edge.bench.session import measure
from edge.device.base import Device
from edge.errors import AbortedError, DeviceError, EdgezooError
from edge.results.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """A device, the program that measures there, and what it is to measure."""

    device: Device
    runner: Runner
    request: Request


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one device brought: its cells, or the error that ended its session."""

    place: Place
    cells: list[Measurement] = field(default_factory=list)
    error: EdgezooError | None = None


def measure_everywhere(places: Sequence[Place], db: Path, listener: Listener) -> list[Outcome]:
    """One session a place, all at once; returns in the order of `places`.

    An interrupt (any exception in the calling thread) ends the programs on all devices, waits until their settings are
    restored, and passes on. Results are in the database `db` as soon as each launch ended.
    """
    stopping = threading.Event()

    def pause(seconds: float) -> None:
        if stopping.wait(seconds):
            raise AbortedError("the session was ended on request")

    Store(db).close()  # refused here rather than in every thread
    with ThreadPoolExecutor(len(places), thread_name_prefix="session") as pool:
        futures = [pool.submit(_session, place, db, listener, pause) for place in places]
        try:
            return [future.result() for future in futures]
        except BaseException:
            stopping.set()
            for place in places:
                with suppress(DeviceError):
                    place.device.abort()
            raise


def _session(place: Place, db: Path, listener: Listener, pause: Callable[[float], None]) -> Outcome:
    try:
        with Store(db) as store:
            return Outcome(place, measure(place.device, place.runner, place.request, store, listener, sleep=pause))
    except EdgezooError as error:
        return Outcome(place, error=error)
