"""Signs that a launch was not what was asked for (docs/explanation/measurement.md): the device slowed itself down, other
work had its cores, it ran elsewhere, its outputs changed. Pure functions; what could not be read gives no sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge.bench.gate import STATUS_NAMES
from edge.bench.launch import CoreState, LaunchEnvironment, LaunchReport
from edge.results.probes import Clocks, ThreadUsage, Usage
from edge.results.reasons import Code, Remark
from edge.results.statistics import drift, median

MAX_DRIFT = 1.05
# A governor needs a moment to reach the top, and loading the model is no full load: some time below the top is normal.
MAX_SHARE_BELOW_TOP = 0.10
# Of the wall time of the measured runs. A quiet device gives a thread that is ready its core at once.
MAX_SHARE_LOST = 0.05
_LOST_STEPS = (0.5, 0.25, 0.1, MAX_SHARE_LOST)  # so that the launches of a cell say it in the same words
# A step of a phone's frequency table is 4 to 15 %; the probe itself reads to 0.1 %.
MAX_CLOCK_SHORTFALL = 0.03
# A thread that used less CPU time than this share of the wall time only waited.
MIN_SHARE_OF_WORK = 0.01
BUSY = 0.1  # of the busiest thread's CPU time: what less takes does not compute the network
MIN_PAUSES = 3  # readings between runs; one alone may have been disturbed


def signs_of_launch(
    before: LaunchEnvironment | None,
    after: LaunchEnvironment | None,
    status_before: int | None,
    status_after: int | None,
    *,
    loop: tuple[Sequence[CoreState], Sequence[CoreState]] | None = None,
    fixed_performance: bool = False,
) -> tuple[Remark, ...]:
    """What the readings around one launch say against it: thermal status, frequency limits and use, lost cores.

    `loop`: the cores when the measured runs began and ended, where the program tells them; loading is no full load.
    With `fixed_performance` the system holds the clocks lower on purpose, so a limit counts only against the one that
    was in force before.
    """
    signs = []
    if status_before is not None and status_after is not None and status_after > status_before:
        signs.append(Code.THERMAL_STATUS_ROSE(before=_status(status_before), after=_status(status_after)))
    used = set((after and after.affinity) or (before and before.affinity) or ())
    cores_before, cores_after = _cores(before, used), _cores(after, used)
    for index, core in {**cores_before, **cores_after}.items():
        expected = expected_khz(cores_before.get(index, core), fixed_performance=fixed_performance)
        if core.scaling_max_khz is not None and expected is not None and core.scaling_max_khz < expected:
            signs.append(Code.CORE_LIMITED(core=index, allowed_ghz=core.scaling_max_khz / 1e6, top_ghz=expected / 1e6))
    for index, core in cores_after.items():
        if core.online is False and index in cores_before and cores_before[index].online:
            signs.append(Code.CORE_WENT_OFFLINE(core=index))
    begin, end = ({core.index: core for core in cores if not used or core.index in used} for cores in loop or ((), ()))
    first, last = (begin, end) if begin and end else (cores_before, cores_after)
    limits = {index: core.scaling_max_khz for index, core in first.items()} if fixed_performance else {}
    share = share_below_top(first, last, limits)
    if share is not None and share > MAX_SHARE_BELOW_TOP:
        signs.append(Code.BELOW_TOP_FREQUENCY(share=share))
    return tuple(signs)


def sign_of_governor(report: LaunchReport, wanted: str | None) -> Remark | None:
    """Whether a core that it ran on was under another governor than the one that was set (None: none was)."""
    if wanted is None:
        return None
    around = [one for one in (report.before, report.after) if one is not None]
    used = next((set(one.affinity) for one in reversed(around) if one.affinity), set[int]())
    cores = [core for one in around for core in one.cores] + [*report.loop_begin, *report.loop_end]
    other = {one.governor for one in cores if one.governor not in (None, wanted) and (not used or one.index in used)}
    return Code.GOVERNOR_CHANGED(governor=", ".join(sorted(filter(None, other))), wanted=wanted) if other else None


def expected_khz(core: CoreState, *, fixed_performance: bool) -> int | None:
    """The clock that a busy core should have: its highest one, or in fixed performance mode the limit in force."""
    return core.scaling_max_khz if fixed_performance else core.max_khz


def sign_of_load(measured: Usage) -> Remark | None:
    """Whether other work had the cores while the network was ready to run.

    From the scheduler's own count of waiting (schedstat) of the threads that worked; where that cannot be read and one
    thread does the work, from its CPU time against wall time.
    """
    working = _working(measured)
    delays = [thread.delay_ms for thread in working if thread.delay_ms is not None]
    if delays:
        lost = max(delays) / measured.wall_ms
    elif len(working) <= 1 and measured.thread_cpu_ms is not None and measured.wall_ms > 0:
        lost = 1 - measured.thread_cpu_ms / measured.wall_ms
    else:
        return None
    passed = next((step for step in _LOST_STEPS if lost > step), None)
    return None if passed is None else Code.LOAD_ON_CORES(share=passed)


def computing(measured: Usage) -> int | None:
    """How many threads computed the network; None where that is not told."""
    threads = measured.threads
    if threads is None or any(thread.cpu_ms is None for thread in threads):
        return None
    busiest = max((thread.cpu_ms or 0.0 for thread in threads), default=0.0)
    return sum((thread.cpu_ms or 0.0) >= BUSY * busiest for thread in threads) if busiest > 0 else 0


def sign_of_threads(asked: int, cores: int | None, measured: Usage) -> Remark | None:
    """Whether the network's threads, those `asked` for or more that computed, had fewer `cores` (None: unknown).

    Then one waits for another, which the scheduler counts as it counts waiting for other work.
    """
    threads = max(asked, computing(measured) or 0)
    return Code.THREADS_OVER_CORES(threads=threads, cores=cores) if cores and threads > cores else None


def signs_of_clock(clocks: Clocks, expected: Mapping[int, int]) -> tuple[Remark, ...]:
    """What the clock probe says: a core slower than expected (kHz by core), or, where nothing is, slower than before.

    It sees what hardware limiters do, who leave no trace in cpufreq. Readings in the pauses are compared with one another:
    wide vector instructions lower the clock of some CPUs (x86, AVX-512) for a moment, and the network uses them.
    """
    signs = []
    for core in dict.fromkeys(reading.core for reading in (*(clocks.before or ()), *(clocks.after or ()))):
        before, between, after = (
            [one.hz for one in readings or () if one.core == core and one.hz]
            for readings in (clocks.before, clocks.between, clocks.after)
        )
        pairs: list[tuple[float, float]] = []  # what it was, what it should be
        if core in expected:
            levels = [*before, *after, *([median(between)] if len(between) >= MIN_PAUSES else [])]
            pairs += [(level, expected[core] * 1000) for level in levels]
        else:
            pairs += [(last, first) for first in before for last in after]
            half = len(between) // 2
            if half >= MIN_PAUSES:
                pairs.append((median(between[-half:]), median(between[:half])))
        slow = [(was, wanted) for was, wanted in pairs if was < (1 - MAX_CLOCK_SHORTFALL) * wanted]
        if slow:
            was, wanted = min(slow)
            signs.append(Code.CLOCK_LOW(core=core, ghz=was / 1e9, expected_ghz=wanted / 1e9))
    return tuple(signs)


def signs_of_cores(
    asked: Sequence[int] | None, affinity: Sequence[int] | None, measured: Usage | None
) -> tuple[Remark, ...]:
    """Whether it ran on the cores asked for. `affinity` is the calling thread's, read afterwards.

    A core that goes offline leaves the kernel's masks without a word, so the mask is compared with what was asked.
    """
    if asked is None:
        return ()
    signs = []
    if affinity is not None and (lost := sorted(set(asked) - set(affinity))):
        signs.append(Code.CORES_LOST(cores=_core_names(lost)))
    if measured is None:
        return tuple(signs)
    # Where no thread has the mask that the kernel told the program, /proc is another machine's: an emulator's host.
    own = affinity is not None and any(one.affinity == tuple(affinity) for one in measured.threads or ())
    working = _working(measured) if own else []
    seen = {*(measured.cores or ()), *(one.processor for one in working if one.processor is not None)}
    if elsewhere := sorted(seen - set(asked)):
        signs.append(Code.RAN_ELSEWHERE(cores=_core_names(elsewhere), asked=_core_names(asked)))
    elif any(set(one.affinity) - set(asked) for one in working if one.affinity is not None):
        signs.append(Code.THREAD_UNBOUND(asked=_core_names(asked)))
    return tuple(signs)


def sign_of_outputs(first: Sequence[str | None], last: Sequence[str | None]) -> Remark | None:
    """Whether the network computed something else in the last run than in the first, from the outputs' digests."""
    if not first or not last or list(first) == list(last):
        return None
    return Code.OUTPUTS_CHANGED()


def signs_of_cell(launches: Sequence[Sequence[float]]) -> tuple[Remark, ...]:
    """What the samples of a cell's launches say: runs became slower within most of its launches."""
    drifts = [found for launch in launches if (found := drift(launch)) is not None]
    if drifts and median(drifts) > MAX_DRIFT:
        return (Code.SLOWER_WITHIN_LAUNCH(slowdown=median(drifts) - 1),)
    return ()


def share_below_top(
    before: Mapping[int, CoreState], after: Mapping[int, CoreState], limits: Mapping[int, int | None] | None = None
) -> float | None:
    """The share of time, over the cores in both readings, spent below each core's highest frequency; None if unknown.

    A core in `limits` (kHz) is judged by that limit instead. From cpufreq's stats/time_in_state, ticks since boot
    (Linux, Documentation/cpu-freq/cpufreq-stats).
    """
    below = total = 0
    for index in before.keys() & after.keys():
        earlier, later = before[index].time_in_state, after[index].time_in_state
        if not earlier or not later:
            continue
        since = dict(earlier)
        spent = {khz: ticks - since.get(khz, 0) for khz, ticks in later}
        top = (limits or {}).get(index) or max(spent)
        total += sum(spent.values())
        below += sum(ticks for khz, ticks in spent.items() if khz < top)
    return below / total if total > 0 else None


def _working(measured: Usage) -> list[ThreadUsage]:
    least = MIN_SHARE_OF_WORK * measured.wall_ms
    return [one for one in measured.threads or () if one.cpu_ms is not None and one.cpu_ms > least]


def _core_names(cores: Sequence[int]) -> str:
    return ("core " if len(cores) == 1 else "cores ") + ", ".join(map(str, cores))


def _cores(environment: LaunchEnvironment | None, used: set[int]) -> dict[int, CoreState]:
    cores = environment.cores if environment else ()
    return {core.index: core for core in cores if not used or core.index in used}


def _status(number: int) -> str:
    return STATUS_NAMES[min(number, len(STATUS_NAMES) - 1)]
