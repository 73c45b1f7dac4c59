"""Signs that a device slowed itself down while measured (docs/explanation/measurement.md, throttling signs). Pure functions.

What could not be read gives no sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge.bench.gate import STATUS_NAMES
from edge.bench.launch import CoreState, LaunchEnvironment
from edge.results.reasons import Code, Remark
from edge.results.statistics import drift, median

MAX_DRIFT = 1.05
MAX_ANCHOR_SLOWDOWN = 1.03
# A governor needs a moment to reach the top, and loading the model is no full load: some time below the top is normal.
MAX_SHARE_BELOW_TOP = 0.10


def signs_of_launch(
    before: LaunchEnvironment | None,
    after: LaunchEnvironment | None,
    status_before: int | None,
    status_after: int | None,
) -> tuple[Remark, ...]:
    """What the readings around one launch say against it: thermal status, frequency limits and use, lost cores."""
    signs = []
    if status_before is not None and status_after is not None and status_after > status_before:
        signs.append(Code.THERMAL_STATUS_ROSE(before=_status(status_before), after=_status(status_after)))
    used = set((after and after.affinity) or (before and before.affinity) or ())
    cores_before, cores_after = _cores(before, used), _cores(after, used)
    for index, core in {**cores_before, **cores_after}.items():
        allowed, top = core.scaling_max_khz, core.max_khz
        if allowed is not None and top is not None and allowed < top:
            signs.append(Code.CORE_LIMITED(core=index, allowed_ghz=allowed / 1e6, top_ghz=top / 1e6))
    for index, core in cores_after.items():
        if core.online is False and index in cores_before and cores_before[index].online:
            signs.append(Code.CORE_WENT_OFFLINE(core=index))
    share = share_below_top(cores_before, cores_after)
    if share is not None and share > MAX_SHARE_BELOW_TOP:
        signs.append(Code.BELOW_TOP_FREQUENCY(share=share))
    return tuple(signs)


def signs_of_cell(launches: Sequence[Sequence[float]]) -> tuple[Remark, ...]:
    """What the samples of a cell's launches say: runs became slower within most of its launches."""
    drifts = [found for launch in launches if (found := drift(launch)) is not None]
    if drifts and median(drifts) > MAX_DRIFT:
        return (Code.SLOWER_WITHIN_LAUNCH(slowdown=median(drifts) - 1),)
    return ()


def sign_of_anchor(name: str, first: Sequence[float], last: Sequence[float]) -> Remark | None:
    """Whether the anchor's launches at the end of a session (their medians) are slower than those at its start."""
    ratio = median(last) / median(first)
    if ratio <= MAX_ANCHOR_SLOWDOWN:
        return None
    return Code.ANCHOR_SLOWER(anchor=name, slowdown=ratio - 1)


def share_below_top(before: Mapping[int, CoreState], after: Mapping[int, CoreState]) -> float | None:
    """The share of time, over the cores in both readings, spent below each core's highest frequency; None if unknown.

    From cpufreq's stats/time_in_state, ticks since boot (Linux, Documentation/cpu-freq/cpufreq-stats).
    """
    below = total = 0
    for index in before.keys() & after.keys():
        earlier, later = before[index].time_in_state, after[index].time_in_state
        if not earlier or not later:
            continue
        since = dict(earlier)
        spent = {khz: ticks - since.get(khz, 0) for khz, ticks in later}
        total += sum(spent.values())
        below += sum(ticks for khz, ticks in spent.items() if khz != max(spent))
    return below / total if total > 0 else None


def _cores(environment: LaunchEnvironment | None, used: set[int]) -> dict[int, CoreState]:
    cores = environment.cores if environment else ()
    return {core.index: core for core in cores if not used or core.index in used}


def _status(number: int) -> str:
    return STATUS_NAMES[min(number, len(STATUS_NAMES) - 1)]
