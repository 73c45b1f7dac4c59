"""One session: a list of model files measured on one device, launch by launch (docs/explanation/measurement.md).

The device is locked and its settings are prepared; then come rounds. In a round every cell (model file, thread count)
that still needs launches gets one, in a random order; each launch is stored as soon as it ended. When all have enough,
the session is looked at as a whole: launches from a stretch that ran at another speed, or at a lower clock, are set aside
and made again. A cell that cannot be measured fails alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace

from edge.bench.cell import Cell, judge_tolerance
from edge.bench.clock import SYSTEM, Clock
from edge.bench.duel import judge_pairs, reopen_pairs
from edge.bench.gate import merged
from edge.bench.holding import described, held
from edge.bench.launcher import Launcher
from edge.bench.programs import Runner
from edge.bench.request import Job, Listener, Request
from edge.bench.state import notes_of_clocks, notes_of_state
from edge.bench.sustained import measure_sustained
from edge.bench.whole import note_of_session, signs_of_session
from edge.device.base import Device
from edge.errors import AbortedError, DeviceBusyError, DeviceUnavailableError, EdgezooError, foreseen
from edge.results import words
from edge.results.identity import DeviceIdentity
from edge.results.key import Key
from edge.results.measurement import Launch, Measurement
from edge.results.protocol import round_order
from edge.results.reasons import Code
from edge.results.store import Store, asked_for

LOOKS = 3  # at the session as a whole; after each but the last, what was set aside is made again
NOT_LOOKED_AT = Code.NOT_LOOKED_AT()


def measure(
    device: Device,
    runner: Runner,
    request: Request,
    store: Store,
    listener: Listener,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Clock = SYSTEM,
    coolest: Mapping[str, int] | None = None,
) -> list[Measurement]:
    """Measure what is not measured yet; returns every cell asked for, in the order of jobs and threads.

    A valid measurement of the same key is not repeated, one that is not valid is; a cell that was begun or failed goes
    on with the launches it has. A file that is named twice is measured once, and shown under each name. A cell that
    fails is returned as such. Raises what concerns more than one cell: DeviceBusyError, AbortedError, other
    DeviceErrors before the first launch, ResultsError. What was measured until then is in the store.
    """
    plan = [(job, threads) for job in request.jobs for threads in request.threads]
    if request.protocol.base == "compare":  # always both anew, and equal files are two
        if not plan:
            return []
        session = _Session(device, runner, request, store, listener, sleep, clock, coolest or {})
        return [store.get(cell.id) for cell in session.run([(*one, None) for one in plan])]

    who = DeviceIdentity.of(asdict(device.properties()))

    def key(job: Job, threads: int) -> Key:
        return Key.of(job.subject, who, threads, request.protocol, (job.runner or runner).program)

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
        elif job.reasons or job.notes:
            store.compared(found.id, job.subject, reasons=job.reasons, notes=job.notes)
    if already := len(seen) - len(todo):
        listener.line(f"{device.serial}: {already} of {len(seen)} cells are measured already")
    if todo and request.protocol.base == "sustained":
        cells = [(job, threads) for job, threads, _ in todo]
        measure_sustained(
            device, runner, request, store, listener, cells, sleep=sleep, clock=clock, coolest=coolest or {}
        )
    elif todo:
        _Session(device, runner, request, store, listener, sleep, clock, coolest or {}).run(todo)
    kept = [(one, store.find(one)) for one in seen]

    def as_kept(job: Job, threads: int) -> Measurement | None:
        mine = key(job, threads)
        return next(found for one, found in kept if mine.same(one))

    for job, threads, _ in todo:  # as it is kept, so that no line tells another number than the table
        if (found := as_kept(job, threads)) is not None and found.status != "failed":
            cell = Cell(found.id, job, threads, request.protocol, [], earlier=0)
            listener.line(f"{device.serial}: {cell.name}: {words.outcome(found)}")
    return [asked_for(found, job.subject) for job, threads in plan if (found := as_kept(job, threads)) is not None]


class _Session:
    def __init__(
        self,
        device: Device,
        runner: Runner,
        request: Request,
        store: Store,
        listener: Listener,
        sleep: Callable[[float], None],
        clock: Clock,
        coolest: Mapping[str, int],
    ) -> None:
        self._clock, self._coolest = clock, coolest
        self._device, self._runner, self._request = device, runner, request
        self._store, self._listener, self._sleep = store, listener, sleep

    def run(self, todo: Sequence[tuple[Job, int, Measurement | None]]) -> list[Cell]:
        with held(self._device, self._request.wrong) as prepared:
            state = self._device.state()
            known = self._device.properties()
            self._notes = [*notes_of_state(state), *notes_of_clocks(known.kind, prepared, state)]
            properties = described(known, prepared, state)
            self._id = self._store.new_session(seed=self._request.seed, device=properties)
            self._launcher = Launcher(
                self._device,
                self._runner,
                self._request,
                self._listener,
                self._sleep,
                fixed_performance=prepared.fixed_performance,
                governor=prepared.governor,
                clock=self._clock,
                coolest=merged(self._coolest, self._store.coolest_known(DeviceIdentity.of(properties))),
            )
            cells = [self._cell(job, threads, found) for job, threads, found in todo]
            judge_tolerance(cells)  # those begun earlier
            for look in range(LOOKS):
                self._rounds(cells)
                spoiled = self._look_at_whole(cells)
                if not spoiled or look == LOOKS - 1:
                    break
            self._conclude(cells)
        return cells

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
            program=(job.runner or self._runner).program,
        )
        return Cell(id, job, threads, protocol, [], earlier=0)

    def _rounds(self, cells: Sequence[Cell]) -> None:
        number = max((len(cell.launches) for cell in cells), default=0)
        while active := [cell for cell in cells if not cell.failed and not cell.ended]:
            for cell in round_order(active, self._request.seed, number):
                self._listener.now(
                    f"{self._device.serial}: {len(cells) - len(active)} of {len(cells)} cells done;"
                    f" {cell.name}, launch {len(cell.launches) + 1}",
                    *_launches_expected(cells),
                )
                try:
                    self._launch(cell)
                except (AbortedError, DeviceBusyError):
                    raise
                except DeviceUnavailableError as error:  # for good: no cell can be measured any more
                    self._fail([one for one in active if not one.failed and not one.ended], error)
                    break
                except Exception as error:
                    self._fail([cell], foreseen(error))
            if self._request.protocol.base == "compare":
                judge_pairs(cells)
            else:
                judge_tolerance([cell for cell in cells if not cell.failed])
            for cell in active:
                if cell.ended and not cell.failed and cell.launches:
                    self._store.finish(cell.id, reasons=cell.reasons, notes=[*cell.notes, NOT_LOOKED_AT])
                    self._listener.line(f"{self._device.serial}: {cell.name}: {cell.ending}")
            number += 1

    def _launch(self, cell: Cell) -> None:
        launch = self._launcher.launch(cell)
        self._store.add_launch(cell.id, self._id, launch)
        self._listener.kept()
        cell.launches.append(launch)

    def _fail(self, cells: Sequence[Cell], error: EdgezooError) -> None:
        for cell in cells:
            cell.failed = True
            self._store.fail(cell.id, error.message + (f" ({error.hint})" if error.hint else ""))
        self._request.wrong(error)
        who = cells[0].name if len(cells) == 1 else f"{len(cells)} cells"
        self._listener.error(f"{self._device.serial}: {who}: {error.message}")

    def _look_at_whole(self, cells: Sequence[Cell]) -> int:
        """Set aside what the session as a whole speaks against; returns how many launches."""
        mine = _in_order(cells)
        spoiled = signs_of_session(
            [cell.id for cell, _ in mine], [launch for _, launch in mine], seed=self._request.seed
        )
        for place, reason in spoiled.items():
            cell, launch = mine[place]
            marked = replace(launch, reasons=(*launch.reasons, reason))
            self._store.mark_launch(cell.id, marked)
            cell.launches[cell.launches.index(launch)] = marked
        reopen_pairs(cells, {mine[place][0].threads for place in spoiled})
        for cell in cells:
            if not cell.failed and not cell.ended:  # what is cut off now goes on with it next time
                self._store.reopen(cell.id)
        for reason in dict.fromkeys(spoiled.values()):
            count = sum(one == reason for one in spoiled.values())
            self._listener.line(f"{self._device.serial}: {count} of {len(mine)} launches are set aside: {reason}")
        return len(spoiled)

    def _conclude(self, cells: Sequence[Cell]) -> None:
        """Say of every cell what is to be said."""
        measured = [cell for cell in cells if not cell.failed]
        judge_tolerance(measured)
        mine = _in_order(measured)
        note = note_of_session([cell.id for cell, _ in mine], [launch for _, launch in mine], seed=self._request.seed)
        for cell in measured:
            self._store.finish(
                cell.id, reasons=cell.reasons, notes=[*cell.notes, *([note] if note else []), *self._notes]
            )


def _launches_expected(cells: Sequence[Cell]) -> tuple[int, int]:
    """How many launches this session has made, and how many it will have made at least."""
    made = sum(len(cell.launches) - cell.earlier for cell in cells)
    going = [cell for cell in cells if not cell.failed and not cell.ended]
    return made, made + sum(max(1, cell.protocol.launches_min - len(cell.launches)) for cell in going)


def _in_order(cells: Sequence[Cell]) -> list[tuple[Cell, Launch]]:
    """This session's launches that nothing speaks against, in the order of time."""
    mine = [
        (cell, launch)
        for cell in cells
        if not cell.failed
        for launch in cell.launches[cell.earlier :]
        if not launch.reasons
    ]
    return sorted(mine, key=lambda one: one[1].started)
