"""Models dealt out to equal devices: each is measured on one of them, and what one cannot do any more goes to the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from edge.bench.fleet import DeviceRequest, DeviceResult
from edge.bench.holding import described
from edge.bench.request import Job, Listener, Request
from edge.errors import BenchError, DeviceError, foreseen
from edge.results.devices import of_chip, unequal
from edge.results.identity import DeviceIdentity
from edge.results.key import Key
from edge.results.measurement import Measurement
from edge.results.store import Store
from edge.untrusted.guard import brief

Measure = Callable[[Sequence[DeviceRequest]], list[DeviceResult]]
_HINT = "leave --split out: then everything is measured on each; or add a tag to --match"


@dataclass(frozen=True, slots=True)
class _Described:
    """A place, and its device as a session describes it: its properties, what it is prepared with, its state then."""

    place: DeviceRequest
    device: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.place.device.serial

    @property
    def identity(self) -> DeviceIdentity:
        return DeviceIdentity.of(self.device)


def _described(places: Sequence[DeviceRequest]) -> list[_Described | DeviceResult]:
    """Each prepared as for measuring, for only that tells which clocks it may be given; one that fails is a result."""

    def describe(place: DeviceRequest) -> _Described | DeviceResult:
        device = place.device
        try:
            with device.lock(), device.prepared() as prepared:
                return _Described(place, described(device.properties(), prepared, device.state()))
        except Exception as error:
            return DeviceResult(place, error=foreseen(error))

    with ThreadPoolExecutor(max(1, len(places))) as pool:
        futures = [pool.submit(describe, place) for place in places]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for place in places:
                with suppress(DeviceError):
                    place.device.abort()
            raise


def _check_equal(devices: Sequence[_Described]) -> None:
    """Raises `BenchError` where one's number would not stand for another's."""
    for other in devices[1:]:
        one = devices[0]
        if (found := unequal(one.device, other.device)) is None:
            continue
        if found.one and found.other:
            raise BenchError(
                f"{one.name} and {other.name} are not equal: the {found.fact} is another ({brief(found.one)};"
                f" {brief(found.other)})",
                hint=_HINT,
            )
        silent = other.name if found.one else one.name if found.other else "both of them"
        raise BenchError(
            f"{one.name} and {other.name} are not known to be equal: the {found.fact} of {silent} cannot be read",
            hint=_HINT,
        )


def _check_programs(places: Sequence[DeviceRequest]) -> None:
    """Raises `BenchError` for other programs, of which the engines are a part."""
    for place in places[1:]:
        if _programs(places[0]) != _programs(place):
            raise BenchError(
                f"{places[0].device.serial} and {place.device.serial} are not equal: the benchmark program is another",
                hint=_HINT,
            )


def _programs(place: DeviceRequest) -> set[object]:
    return {(job.runner or place.runner).program for job in place.request.jobs} | {place.runner.program}


def measure_split(
    places: Sequence[DeviceRequest], store: Store, listener: Listener, measure: Measure
) -> list[DeviceResult]:
    """`measure` every model on one of the places, what was measured on an equal device nowhere; returns what each brought.

    A place that failed is left out, and its models go to the others. Raises `BenchError` for places that are not equal.
    """
    _check_programs(places)
    found = _described(places)
    devices = [one for one in found if isinstance(one, _Described)]
    results = [one for one in found if isinstance(one, DeviceResult)]
    if devices:
        for one in results:
            listener.error(f"{one.place.device.serial} is lost" + (f": {one.error.message}" if one.error else ""))
        results = []
    _check_equal(devices)
    jobs = places[0].request.jobs
    known = _known(devices[0], store) if devices else {}
    kept = [cell for cells in known.values() for cell in cells]
    if kept:
        listener.line(f"{len(kept)} cells are measured already on equal devices")
        results.append(DeviceResult(devices[0].place, kept))
    left = [job for number, job in enumerate(jobs) if number not in known]
    able = [one.place for one in devices]
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


def _known(mine: _Described, store: Store) -> dict[int, list[Measurement]]:
    """The jobs, by their number, of which every cell is measured on one device: this one, or one that is equal to it."""
    asked, place = mine.place.request, mine.place
    found: dict[int, list[Measurement]] = {}
    if asked.fresh:
        return found
    for device in of_chip(store.database, mine.identity):
        for number, job in enumerate(asked.jobs):
            program = (job.runner or place.runner).program
            keys = [Key.of(job.subject, device, threads, asked.protocol, program) for threads in asked.threads]
            cells = [cell for key in keys if (cell := store.find(key)) is not None and _stays(cell, asked)]
            if device != mine.identity:
                cells = [cell for cell in cells if unequal(cell.device, mine.device) is None]
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
