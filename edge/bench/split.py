"""Models dealt out to equal devices: each is measured on one of them, and what one cannot do any more goes to the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from edge.bench.fleet import DeviceRequest, DeviceResult
from edge.bench.request import Job, Listener, Request
from edge.errors import BenchError, DeviceError
from edge.results.devices import equal_devices
from edge.results.identity import DeviceIdentity
from edge.results.key import Key
from edge.results.measurement import Measurement
from edge.results.store import Store

Measure = Callable[[Sequence[DeviceRequest]], list[DeviceResult]]


def identity(place: DeviceRequest) -> DeviceIdentity:
    """The device itself."""
    return DeviceIdentity.of(asdict(place.device.properties()))


def check_equal(places: Sequence[DeviceRequest]) -> None:
    """Raises `BenchError` where one's number would not stand for another's: other chips, systems or programs."""
    for place in places[1:]:
        for what, one, other in (
            ("chip", identity(places[0]).soc, identity(place).soc),
            ("system", identity(places[0]).build, identity(place).build),
            ("benchmark program", places[0].runner.program, place.runner.program),
        ):
            if one != other:
                raise BenchError(
                    f"{places[0].device.serial} and {place.device.serial} are not equal: the {what} is another",
                    hint="leave --split out: then everything is measured on each; or add a tag to --match",
                )


def measure_split(
    places: Sequence[DeviceRequest], store: Store, listener: Listener, measure: Measure
) -> list[DeviceResult]:
    """`measure` every model on one of the places, what was measured on an equal device nowhere; returns what each brought.

    A place that failed is left out, and its models go to the others. Raises `BenchError` for places that are not equal.
    """
    check_equal(places)
    jobs = places[0].request.jobs
    results: list[DeviceResult] = []
    known = _known(places[0], store)
    kept = [cell for cells in known.values() for cell in cells]
    if kept:
        listener.line(f"{len(kept)} cells are measured already on equal devices")
        results.append(DeviceResult(places[0], kept))
    left = [job for number, job in enumerate(jobs) if number not in known]
    able = list(places)
    while left and able:
        parts = [replace(place, request=replace(place.request, jobs=tuple(left[number :: len(able)])))
                 for number, place in enumerate(able)]  # fmt: skip
        parts = [part for part in parts if part.request.jobs]
        made = measure(parts)
        lost = [result for result in made if _lost(result)]
        able = [place for place in able if not any(place.device is result.place.device for result in lost)]
        left = [job for result in lost for job in result.place.request.jobs if not _done(job, result)]
        for result in made:
            if left and able and any(result is one for one in lost):
                why = f": {result.error.message}" if result.error is not None else ""
                listener.error(f"{result.place.device.serial} is lost{why}")
                result = replace(result, cells=[cell for cell in result.cells if cell.status != "failed"], error=None)
            results.append(result)
        if left and able:
            listener.line(f"{len(left)} models go to the devices that are left")
    return results


def _known(place: DeviceRequest, store: Store) -> dict[int, list[Measurement]]:
    """The jobs, by their number, of which every cell is measured on one device that is equal to this one."""
    asked, program = place.request, place.runner.program
    found: dict[int, list[Measurement]] = {}
    if asked.fresh:
        return found
    for device in equal_devices(store.database, identity(place)):
        for number, job in enumerate(asked.jobs):
            keys = [Key.of(job.subject, device, threads, asked.protocol, program) for threads in asked.threads]
            cells = [cell for key in keys if (cell := store.find(key)) is not None and _stays(cell, asked)]
            if len(cells) == len(keys):
                found.setdefault(number, cells)
    return found


def _stays(cell: Measurement, asked: Request) -> bool:
    """Whether it is not to be measured again."""
    return cell.valid or (asked.keep_invalid and cell.status == "measured")


def _lost(result: DeviceResult) -> bool:
    """Whether the device is of no use any more: its session ended, or cells failed and it does not answer."""
    if result.error is not None:
        return True
    try:
        if any(cell.status == "failed" for cell in result.cells):
            result.place.device.thermal()
    except DeviceError:
        return True
    return False


def _done(job: Job, result: DeviceResult) -> bool:
    cells = [cell for cell in result.cells if cell.subject.sha256 == job.subject.sha256]
    return bool(cells) and all(cell.status == "measured" for cell in cells)
