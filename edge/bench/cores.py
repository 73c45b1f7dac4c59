"""On which cores a launch was asked to run: those of `--cores`, or those Paddle-Lite's power mode binds to."""

from __future__ import annotations

from collections.abc import Sequence

from edge.bench.launch import CoreState, LaunchEnvironment, LaunchSpec

_HIGH, _LOW, _FULL = 0, 1, 2  # NO_BIND has none; the RAND modes wander


def cores_asked(spec: LaunchSpec, abi: str, cores: Sequence[CoreState]) -> tuple[int, ...] | None:
    """The cores asked for, ascending; None where none are (NO_BIND, the RAND modes, an engine for x86: it never binds).

    The rule of Paddle-Lite (lite/core/device_info.cc): big cores are those whose top frequency is at least midway
    between the lowest and the highest one; HIGH takes them from the end of the list, LOW takes little ones from its
    start, FULL big ones and then little ones.
    """
    if spec.cores is not None:
        return tuple(sorted(spec.cores))
    mode = spec.power_mode or _HIGH
    if not abi.startswith("arm") or mode not in (_HIGH, _LOW, _FULL) or not cores:
        return None
    tops = {core.index: core.max_khz or 0 for core in cores}
    middle = (min(tops.values()) + max(tops.values())) // 2
    big = [index for index, top in tops.items() if top >= middle]
    little = [index for index, top in tops.items() if top < middle]
    pool = {_HIGH: big[::-1], _LOW: little or big, _FULL: big + little}[mode]
    return tuple(sorted(pool[: spec.threads]))


def cores_there(spec: LaunchSpec, abi: str, before: LaunchEnvironment) -> int | None:
    """How many cores a launch has: of those asked for, or that it may run on, those that are online; None where unknown."""
    asked = cores_asked(spec, abi, before.cores)
    allowed = asked if asked is not None else before.affinity
    if allowed is None:
        return None
    offline = {core.index for core in before.cores if core.online is False}
    return len(set(allowed) - offline)
