"""One session: a list of model files measured on one device, launch by launch (docs/explanation/measurement.md).

The device is locked and its settings are prepared; then come rounds. In a round every cell (model file, thread count)
that still needs launches gets one, in a random order; each launch is stored as soon as it ended. At the end the anchor,
the cell with the shortest launches, is measured again. A cell that cannot be measured fails alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict

from edge.bench import throttling
from edge.bench.cell import Cell
from edge.bench.launcher import Launcher
from edge.bench.programs import Runner
from edge.bench.request import Job, Listener, Request
from edge.device.base import Device
from edge.errors import AbortedError, DeviceBusyError, DeviceUnavailableError, EdgezooError
from edge.results import said
from edge.results.identity import DeviceIdentity
from edge.results.key import Key
from edge.results.measurement import Measurement
from edge.results.protocol import round_order
from edge.results.reasons import Code, Remark
from edge.results.store import Store, asked_for

ANCHOR_LAUNCHES = 3
NO_ANCHOR = Code.NO_ANCHOR()


def measure(
    device: Device,
    runner: Runner,
    request: Request,
    store: Store,
    listener: Listener,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Measurement]:
    """Measure what is not measured yet; returns every cell asked for, in the order of jobs and threads.

    A valid measurement of the same key is not repeated, one that is not valid is; a cell that was begun or failed goes
    on with the launches it has. A file that is named twice is measured once, and shown under each name. A cell that
    fails is returned as such. Raises what concerns more than one cell: DeviceBusyError, AbortedError, other
    DeviceErrors before the first launch, ResultsError. What was measured until then is in the store.
    """
    plan = [(job, threads) for job in request.jobs for threads in request.threads]

    who = DeviceIdentity.of(asdict(device.properties()))

    def key(job: Job, threads: int) -> Key:
        return Key.of(job.subject, who, threads, request.protocol, runner.program)

    todo: list[tuple[Job, int, Measurement | None]] = []
    seen: list[Key] = []
    for job, threads in plan:
        mine = key(job, threads)
        if any(mine.same(one) for one in seen):
            continue
        seen.append(mine)
        found = None if request.fresh else store.find(mine)
        if found is None or not (found.valid or (request.keep_invalid and found.status == "measured")):
            todo.append((job, threads, found))
    if kept := len(seen) - len(todo):
        listener.line(f"{device.serial}: {kept} of {len(seen)} cells are measured already")
    if todo:
        _Session(device, runner, request, store, listener, sleep).run(todo)
        for job, threads, _ in todo:  # as it is kept, so that no line tells another number than the table
            if (found := store.find(key(job, threads))) is not None and found.status != "failed":
                cell = Cell(found.id, job, threads, request.protocol, [], earlier=0)
                listener.line(f"{device.serial}: {cell.name}: {said.outcome(found)}")
    return [
        asked_for(found, job.subject) for job, threads in plan if (found := store.find(key(job, threads))) is not None
    ]


class _Session:
    def __init__(
        self,
        device: Device,
        runner: Runner,
        request: Request,
        store: Store,
        listener: Listener,
        sleep: Callable[[float], None],
    ) -> None:
        self._device, self._runner, self._request = device, runner, request
        self._store, self._listener, self._sleep = store, listener, sleep

    def run(self, todo: Sequence[tuple[Job, int, Measurement | None]]) -> None:
        with self._device.lock(), self._device.prepared() as prepared:
            properties = {
                **asdict(self._device.properties()),
                "prepared": asdict(prepared),
                "state": asdict(self._device.state()),
            }
            self._id = self._store.new_session(seed=self._request.seed, device=properties)
            self._launcher = Launcher(
                self._device,
                self._runner,
                self._request,
                self._listener,
                self._sleep,
                fixed_performance=prepared.fixed_performance,
            )
            cells = [self._cell(job, threads, found) for job, threads, found in todo]
            self._rounds(cells)
            self._conclude(cells)

    def _cell(self, job: Job, threads: int, found: Measurement | None) -> Cell:
        """The cell that was begun earlier and not brought to its end, or a new one."""
        protocol = self._request.protocol
        if found is not None and found.status != "measured":
            self._store.reopen(found.id)
            return Cell(found.id, job, threads, protocol, list(found.launches), earlier=len(found.launches))
        id = self._store.begin(
            self._id,
            subject=job.subject,
            threads=threads,
            protocol=protocol,
            program=self._runner.program,
        )
        return Cell(id, job, threads, protocol, [], earlier=0)

    def _rounds(self, cells: Sequence[Cell]) -> None:
        number = 0
        while active := [cell for cell in cells if not cell.failed and not cell.enough]:
            for cell in round_order(active, self._request.seed, number):
                self._listener.now(
                    f"{self._device.serial}: {len(cells) - len(active)} of {len(cells)} cells done;"
                    f" {cell.name}, launch {len(cell.launches) + 1}"
                )
                try:
                    self._launch(cell)
                except (AbortedError, DeviceBusyError):
                    raise
                except DeviceUnavailableError as error:  # for good: no cell can be measured any more
                    self._fail([one for one in active if not one.failed and not one.enough], error)
                    break
                except EdgezooError as error:
                    self._fail([cell], error)
                if cell.enough and not cell.failed:
                    self._store.finish(cell.id, reasons=cell.reasons, notes=[*cell.notes, NO_ANCHOR])
                    self._listener.line(f"{self._device.serial}: {cell.name}: {len(cell.launches)} launches are enough")
            number += 1

    def _launch(self, cell: Cell) -> None:
        launch = self._launcher.launch(cell)
        self._store.add_launch(cell.id, self._id, launch)
        cell.launches.append(launch)

    def _fail(self, cells: Sequence[Cell], error: EdgezooError) -> None:
        for cell in cells:
            cell.failed = True
            self._store.fail(cell.id, error.message + (f" ({error.hint})" if error.hint else ""))
        who = cells[0].name if len(cells) == 1 else f"{len(cells)} cells"
        self._listener.error(f"{self._device.serial}: {who}: {error.message}")

    def _conclude(self, cells: Sequence[Cell]) -> None:
        """Measure the anchor again, and say of every cell what is to be said."""
        measured = [cell for cell in cells if not cell.failed]
        try:
            verdict = self._anchor(measured)
        except (AbortedError, DeviceBusyError):
            raise
        except EdgezooError as error:  # the cells keep the note that they lack it
            self._listener.error(f"{self._device.serial}: the anchor could not be measured again: {error.message}")
            return
        for cell in measured:
            self._store.finish(cell.id, reasons=[*cell.reasons, *([verdict] if verdict else [])], notes=cell.notes)

    def _anchor(self, cells: Sequence[Cell]) -> Remark | None:
        """Whether the device became slower while the session went on; None if not, or if too little was measured."""
        candidates = [cell for cell in cells if len(cell.launches) - cell.earlier >= ANCHOR_LAUNCHES]
        if not candidates:
            return None
        anchor = min(candidates, key=lambda cell: min(launch.seconds for launch in cell.launches))
        first = anchor.levels[anchor.earlier :][:ANCHOR_LAUNCHES]
        if len(cells) > 1:  # the launches of a lone cell reach to the end by themselves
            for again in range(ANCHOR_LAUNCHES):
                self._listener.now(f"{self._device.serial}: anchor {anchor.name}, {again + 1} of {ANCHOR_LAUNCHES}")
                self._launch(anchor)
        return throttling.sign_of_anchor(anchor.name, first, anchor.levels[-ANCHOR_LAUNCHES:])
