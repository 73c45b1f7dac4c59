"""One launch on a device: files in place, thermal gate, the program, its report; again where that can help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from edge.bench import gate as thermal_gate
from edge.bench import throttling
from edge.bench.cell import Cell
from edge.bench.clock import SYSTEM, Clock
from edge.bench.cores import cores_asked, cores_there
from edge.bench.failures import hung
from edge.bench.launch import LaunchReport, LaunchSpec
from edge.bench.programs import Runner
from edge.bench.request import Listener, Request
from edge.bench.wanted import engine_of
from edge.cache.retry import Remedy
from edge.device.base import UNDER_VOLTAGE, Device, Thermal
from edge.device.retry import with_retries
from edge.device.usable import build_command
from edge.errors import (
    CommandTimeoutError,
    ContractError,
    EdgezooError,
    RunnerError,
)
from edge.results.measurement import Launch
from edge.results.reasons import Code, Remark
from edge.typed import plain

OTHER_MODEL = "other_model"  # the kind of a failure: the program loaded another file than was meant
CRASH_RETRIES = 1  # a process that the low-memory killer took may live the second time
STALE_SECONDS = 0.2  # a thermal reading older than this is taken anew
SAY_AFTER, SAY_EVERY = 5.0, 60.0  # seconds of waiting for a hot device
# What the engine did otherwise than asked, so that the cell is not what it says (edge.bench.engine_log).
_INVALIDATING = ("threads_truncated", "cores_offline", "binding_failed")


class Launcher:
    """Launches on one device, which is locked and prepared."""

    def __init__(
        self,
        device: Device,
        runner: Runner,
        request: Request,
        listener: Listener,
        sleep: Callable[[float], None],
        *,
        fixed_performance: bool = False,
        governor: str | None = None,
        clock: Clock = SYSTEM,
        coolest: Mapping[str, int] | None = None,
    ) -> None:
        """`fixed_performance`: the mode is in force, in which the system holds the clocks lower on purpose. `governor`: the one
        that was set.

        `coolest`: what is known of the device's temperatures from before (`edge.bench.gate.hottest`, at its lowest).
        """
        self._clock = clock
        self._fixed_performance, self._governor = fixed_performance, governor
        self._device, self._runner, self._request = device, runner, request
        self._listener, self._sleep = listener, sleep
        self._places: dict[Path, PurePosixPath] = {}
        self._latest: tuple[float, Thermal] | None = None  # when read (monotonic), and what
        self._coolest = thermal_gate.merged(coolest or {}, thermal_gate.hottest(self._read_thermal()))
        self._stayed_hot = False
        self._first = True
        self._told = -SAY_EVERY  # when it was last said that the device is waited for (monotonic)

    def launch(self, cell: Cell) -> Launch:
        """One launch of the cell.

        Raises what made it impossible, after a bounded number of attempts; DeviceUnavailableError if the device is gone.
        """

        crashes: list[EdgezooError] = []

        def once() -> Launch:
            try:
                made = self._once(cell)
                return replace(made, notes=(*made.notes, *(Code.STARTED_AGAIN(ending=one.message) for one in crashes)))
            except EdgezooError:
                self._places.clear()  # what failed may have taken the files with it
                raise

        def again(error: RunnerError) -> None:
            crashes.append(error)
            self._say(f"{cell.name}: {error.message}; once more")

        crashed = Remedy(
            (RunnerError,),
            CRASH_RETRIES,
            again,
            when=lambda error: error.kind == "crash",
        )
        another = Remedy(
            (RunnerError,), 1, lambda _: self._device.recheck(), when=lambda error: error.kind == OTHER_MODEL
        )
        limit = self._request.recover_limit
        return with_retries(self._device, once, another, crashed, recover_limit=limit, say=self._say)

    def _once(self, cell: Cell) -> Launch:
        request = self._request
        if not self._first and request.protocol.cooldown_s:
            self._sleep(request.protocol.cooldown_s)
        self._first = False
        runner = cell.job.runner or self._runner
        files = [cell.job.nb, *runner.files]
        if missing := [path for path in files if path not in self._places]:
            self._places |= self._device.push(missing)
        spec = runner.spec(self._places[cell.job.nb], cell.job.subject, cell.threads, request.protocol)
        gate = self._cool(cell)
        started = self._clock.now()
        try:
            completed = self._device.run(runner.command(spec, self._places), timeout=self._timeout(cell))
        except CommandTimeoutError as error:
            raise hung(error) from error
        report = runner.read(spec, completed)
        _check_model(cell, report, self._device.serial)
        if report.synthetic and not request.synthetic_allowed:
            how = build_command(self._device.properties(), engine_of(cell.job.nb))
            raise ContractError(
                "the benchmark program has a synthetic engine: its times say nothing of the network",
                hint=f"`{how}` makes a real one; --allow-synthetic keeps such numbers, to try the orchestration",
            )
        after = self._read_thermal()
        signs = (
            *throttling.signs_of_launch(
                report.before,
                report.after,
                gate.thermal.status,
                after.status,
                loop=(report.loop_begin, report.loop_end),
                fixed_performance=self._fixed_performance,
            ),
            *_signs_of_probes(
                spec,
                report,
                fixed_performance=self._fixed_performance,
                threads_honoured=runner.program.threads_honoured,
            ),
        )
        hot = [Code.MEASURED_HOT(why=str(one)) for one in gate.reasons] if gate.verdict == "hot" else []
        heat = thermal_gate.limits_of_heat(after)
        limited = [Code.BOARD_LIMITED(what=", ".join(heat))] if heat else []
        others = (
            thermal_gate.sign_of_voltage(gate.thermal, after),
            throttling.sign_of_governor(report, self._governor),
        )
        unknown = gate.reasons if gate.verdict == "unknown" else ()
        if gate.settled:
            unknown = tuple(Code.COOLS_NO_FURTHER(why=str(reason)) for reason in gate.reasons)
        return replace(
            _kept(report),
            number=len(cell.launches),
            started=started,
            seconds=completed.seconds,
            state={"before": plain(gate.thermal), "after": plain(after), "waited_seconds": gate.waited_seconds},
            reasons=(
                *hot,
                *limited,
                *(one for one in others if one is not None),
                *signs,
                *_other_precision(cell, report),
                *(one.remark for one in report.warnings if one.kind in _INVALIDATING),
            ),
            notes=(
                *unknown,
                *_notes(spec, report),
                *(_notes_of_threads(spec, report) if runner.program.threads_honoured else ()),
                *(one.remark for one in report.warnings if one.kind not in _INVALIDATING),
            ),
        )

    def _cool(self, cell: Cell) -> thermal_gate.GateResult:
        """Pass the thermal gate; a device that stayed hot through the limit is not waited for again until it cooled."""
        gate, began = self._request.gate, self._clock.monotonic()

        def waits(why: tuple[Remark, ...]) -> None:
            now, text = self._clock.monotonic(), f"{cell.name}: cooling, {', '.join(map(str, why))}"
            if now - began >= SAY_AFTER and now - self._told >= SAY_EVERY:  # in a log, too, where no moment is shown
                self._told = now
                self._say(f"{text}; it is waited for, at most {gate.limit_seconds:g} s")
            self._listener.now(f"{self._device.serial}: {text}")

        result = thermal_gate.wait_until_cool(
            self._recent_thermal,
            self._coolest,
            replace(gate, limit_seconds=0) if self._stayed_hot else gate,
            clock=self._clock.monotonic,
            sleep=self._sleep,
            on_wait=waits,
        )
        self._stayed_hot = result.verdict == "hot"
        if result.settled:  # it is not waited for again
            now = thermal_gate.hottest(result.thermal)
            self._coolest = {kind: max(value, now.get(kind, value)) for kind, value in self._coolest.items()}
        return result

    def _read_thermal(self) -> Thermal:
        thermal = self._device.thermal()
        self._latest = self._clock.monotonic(), thermal
        return thermal

    def _recent_thermal(self) -> Thermal:
        """The reading after one launch is the one before the next, once, if that follows at once.

        Not so where the voltage was too low: without the load of the launch it may suffice.
        """
        latest, self._latest = self._latest, None
        if latest is None or UNDER_VOLTAGE in (latest[1].limits or ()):
            return self._device.thermal()
        fresh = self._clock.monotonic() - latest[0] < STALE_SECONDS
        return latest[1] if fresh else self._device.thermal()

    def _timeout(self, cell: Cell) -> float:
        """The limit given; once the cell's pace is known, not more than many times that."""
        longest = max((launch.seconds for launch in cell.launches), default=None)
        limit = self._request.launch_timeout
        return limit if longest is None else min(limit, max(60.0, 10 * longest))

    def _say(self, text: str) -> None:
        self._listener.line(f"{self._device.serial}: {text}")


def _check_model(cell: Cell, report: LaunchReport, serial: str) -> None:
    """Raises `RunnerError` where the program loaded a file of another opt version than the model has."""
    meant, loaded = cell.job.subject.opt_version, report.model_opt_version
    if meant is not None and loaded is not None and meant != loaded:
        raise RunnerError(
            f"the program loaded a model of opt {loaded}, and {cell.job.nb.name} is of opt {meant}",
            kind=OTHER_MODEL,
            hint=f"edgezoo device clean -s {serial}",
        )


def _signs_of_probes(
    spec: LaunchSpec, report: LaunchReport, *, fixed_performance: bool, threads_honoured: bool
) -> tuple[Remark, ...]:
    """What the program's own probes say against the launch."""
    changed = throttling.sign_of_outputs(
        [output.digest for output in report.outputs], [output.digest for output in report.last_outputs]
    )
    signs = [changed] if changed else []
    if report.probes is None or report.hello is None or report.before is None:
        return tuple(signs)
    measured, abi = report.probes.measured, report.hello.abi
    # an engine that cut the threads to the cores there are, or always runs one, has no more than compute
    cut = not threads_honoured or report.synthetic or any(one.kind == "threads_truncated" for one in report.warnings)
    crowd = throttling.sign_of_threads(1 if cut else spec.threads, cores_there(spec, abi, report.before), measured)
    if waited := crowd or throttling.sign_of_load(measured):
        signs.append(waited)
    expected: dict[int, int] = {}
    if abi.startswith("arm"):  # the highest clock of an x86 core is for when the others idle
        for core in report.loop_begin:
            if khz := throttling.expected_khz(core, fixed_performance=fixed_performance):
                expected[core.index] = khz
    asked = cores_asked(spec, abi, report.before.cores)
    signs += throttling.signs_of_cores(asked, report.after.affinity if report.after else None, measured)
    signs += throttling.signs_of_clock(report.probes.clocks, expected)
    return tuple(signs)


def _notes(spec: LaunchSpec, report: LaunchReport) -> tuple[Remark, ...]:
    notes = []
    if report.warmup_settled is False:
        notes.append(Code.WARM_UP_UNSETTLED())
    if report.samples_ms and len(report.samples_ms) < spec.repeats:
        notes.append(Code.FEWER_RUNS(repeats=spec.repeats))
    return tuple(notes)


def _other_precision(cell: Cell, report: LaunchReport) -> tuple[Remark, ...]:
    asked, ran = cell.job.subject.precision, report.precision
    return () if None in (asked, ran) or asked == ran else (Code.OTHER_PRECISION(asked=asked, ran=ran),)


def _notes_of_threads(spec: LaunchSpec, report: LaunchReport) -> tuple[Remark, ...]:
    """How many threads had work, where they are not as many as were asked for."""
    busy = throttling.computing(report.probes.measured) if report.probes is not None else None
    if not busy or report.synthetic or busy == spec.threads:
        return ()
    return ((Code.THREADS_IDLE if busy < spec.threads else Code.THREADS_MORE)(asked=spec.threads, busy=busy),)


def _kept(report: LaunchReport) -> Launch:
    """What the program said, as it is kept; what only the driver knows is still to be filled in."""
    hello = report.hello
    environment = {"before": plain(report.before), "after": plain(report.after)}
    for moment, cores in (("begin", report.loop_begin), ("end", report.loop_end)):  # of the measured runs
        if cores:
            environment[moment] = {"cores": plain(cores)}
    return Launch(
        number=0,
        started=0,
        seconds=0,
        samples_ms=report.samples_ms,
        extremes=report.extremes,
        load_ms=report.load_ms,
        first_run_ms=report.first_run_ms,
        warmup_runs=report.warmup_runs,
        warmup_settled=report.warmup_settled,
        peak_rss_bytes=report.peak_rss_bytes,
        runner_version=hello.runner if hello else None,
        engine=hello.engine if hello else "paddle-lite",
        engine_version=report.engine_version,
        synthetic=report.synthetic,
        digests=tuple(output.digest for output in report.outputs if output.digest is not None),
        last_digests=tuple(output.digest for output in report.last_outputs if output.digest is not None),
        probes=report.probes,
        environment=environment if report.before else None,
    )
