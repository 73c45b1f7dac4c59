"""Models that run for minutes, one after the other: windows of one launch each, with nothing between them.

Heat and what the device does about it are what is measured here, so they speak against no window; they are its notes.
The thermal gate is passed before a model's first window only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from edge.bench.cell import Cell
from edge.bench.clock import SYSTEM, Clock
from edge.bench.gate import merged
from edge.bench.holding import described, held
from edge.bench.launcher import Launcher
from edge.bench.programs import Runner
from edge.bench.request import Job, Listener, Request
from edge.bench.state import notes_of_clocks, notes_of_state
from edge.device.base import Device
from edge.errors import AbortedError, DeviceBusyError, DeviceUnavailableError, EdgezooError
from edge.results.identity import DeviceIdentity
from edge.results.measurement import Launch
from edge.results.reasons import Code, Remark, over_launches
from edge.results.store import Store
from edge.results.sustained import of_launches

# What a device does when it is hot; what else is said against a launch holds here, too.
_HEAT = {
    code.value
    for code in (
        *(
            Code.MEASURED_HOT,
            Code.THERMAL_STATUS,
            Code.ABOVE_COOLEST,
            Code.THERMAL_STATUS_ROSE,
            Code.BOARD_LIMITED,
            Code.CORE_LIMITED,
        ),
        *(Code.BELOW_TOP_FREQUENCY, Code.CLOCK_LOW, Code.CORE_WENT_OFFLINE, Code.SLOWER_WITHIN_LAUNCH),
    )
}


def measure_sustained(
    device: Device,
    runner: Runner,
    request: Request,
    store: Store,
    listener: Listener,
    todo: Sequence[tuple[Job, int]],
    *,
    sleep: Callable[[float], None],
    clock: Clock = SYSTEM,
    coolest: Mapping[str, int],
) -> None:
    """Measure each of `todo` (model, threads) for the protocol's duration; every window is kept as soon as it ended.

    One that fails fails alone. Ended on request, what was measured of the one under way is kept, marked as cut short,
    and the exception passes on.
    """
    with held(device, request.wrong) as prepared:
        state = device.state()
        itself = device.properties()
        notes = [*notes_of_state(state), *notes_of_clocks(itself.kind, prepared, state)]
        properties = described(itself, prepared, state)
        session = store.new_session(seed=request.seed, device=properties)
        straight = replace(
            request, gate=replace(request.gate, limit_seconds=0), protocol=replace(request.protocol, cooldown_s=0)
        )
        known = merged(coolest, store.coolest_known(DeviceIdentity.of(properties)))
        first, others = (
            Launcher(
                device,
                runner,
                asked,
                listener,
                sleep,
                fixed_performance=prepared.fixed_performance,
                governor=prepared.governor,
                clock=clock,
                coolest=known,
            )
            for asked in (request, straight)
        )
        gone: str | None = None
        for job, threads in todo:
            id = store.begin(
                session, subject=job.subject, threads=threads, protocol=request.protocol, program=runner.program
            )
            cell = Cell(id, job, threads, request.protocol, [], earlier=0)
            if gone is not None:
                store.fail(id, gone)
                continue
            try:
                for launch in _windows(cell, first, others, clock):
                    store.add_launch(id, session, launch)
                    listener.kept()
                    cell.launches.append(launch)
                    lasted = launch.started + launch.seconds - cell.launches[0].started
                    long = cell.protocol.duration_s
                    told = f"{device.serial}: {cell.name}: {lasted:.0f} of {long:.0f} s, {launch.level_ms:.2f} ms"
                    listener.now(told, min(round(lasted), round(long)), round(long))
            except (AbortedError, DeviceBusyError, KeyboardInterrupt, SystemExit):
                if cell.launches:
                    _finish(cell, store, notes, cut_short=True)
                    listener.line(f"{device.serial}: {cell.name}: what was measured is kept: edgezoo results show {id}")
                else:
                    store.marks.delete([id])
                raise
            except EdgezooError as error:
                message = error.message + (f" ({error.hint})" if error.hint else "")
                store.fail(id, message)  # with the windows that were had
                listener.line(f"{device.serial}: {cell.name}: {error.message}")
                if isinstance(error, DeviceUnavailableError):  # for good: nothing else can be measured
                    gone = message
                continue
            _finish(cell, store, notes)
            if (found := of_launches(cell.launches)) is not None:
                listener.line(
                    f"{device.serial}: {cell.name}: {found.first_ms:.2f} ms at the start, {found.steady_ms:.2f} at the end"
                )


def _windows(cell: Cell, first: Launcher, others: Launcher, clock: Clock) -> Iterator[Launch]:
    """Launches until the time is over: the first behind the gate, the others one upon the other."""
    launch = first.launch(cell)
    began = clock.monotonic() - launch.seconds
    yield _heat_noted(launch)
    while clock.monotonic() - began < cell.protocol.duration_s:
        yield _heat_noted(others.launch(cell))


def _heat_noted(launch: Launch) -> Launch:
    """With what the device did against heat as notes."""
    heat = tuple(one for one in launch.reasons if one.code in _HEAT)
    others = tuple(one for one in launch.reasons if one.code not in _HEAT)
    return replace(launch, reasons=others, notes=(*launch.notes, *heat))


def _finish(cell: Cell, store: Store, of_state: Sequence[Remark], *, cut_short: bool = False) -> None:
    reasons: list[Remark] = [*cell.job.reasons, *over_launches([launch.reasons for launch in cell.launches])]
    notes: list[Remark] = [*cell.job.notes, *over_launches([launch.notes for launch in cell.launches])]
    if cut_short:
        lasted = cell.launches[-1].started + cell.launches[-1].seconds - cell.launches[0].started
        reasons.append(Code.CUT_SHORT(seconds=lasted, wanted=cell.protocol.duration_s))
    found = of_launches(cell.launches)
    if found is not None:
        notes.append(Code.SUSTAINED(first_ms=found.first_ms, steady_ms=found.steady_ms, ratio=found.ratio))
        if not found.steady:
            notes.append(Code.STILL_CHANGING(change=found.change))
    store.finish(cell.id, reasons=reasons, notes=[*notes, *of_state])
