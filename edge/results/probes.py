"""What a benchmark program read around its measured runs: CPU time, clock, cores (docs/reference/device-contract.md).

Values as the program told them, None where it could not tell; edge/bench/throttling.py judges them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ThreadUsage:
    """One thread of the program over the measured runs. Times in ms.

    `delay_ms` is how long it was ready to run while another had the core; `processor` the core it was on last.
    """

    tid: int
    cpu_ms: float | None
    delay_ms: float | None
    involuntary_switches: int | None
    processor: int | None
    affinity: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What the process used between two moments. Times in ms.

    `cpu_ms` and `involuntary_switches` are of all its threads, `thread_cpu_ms` and `thread_switches` of the one that runs
    the model; `cores` are those that one was seen on, after each run. `threads` is None where /proc tells none.
    """

    wall_ms: float
    cpu_ms: float
    involuntary_switches: int
    thread_cpu_ms: float | None
    thread_switches: int | None
    cores: tuple[int, ...] | None
    threads: tuple[ThreadUsage, ...] | None


@dataclass(frozen=True, slots=True)
class ClockReading:
    """A core's true clock in Hz, from a piece of work of known length; None where the thread could not be kept on it.

    `runs` counts the measured runs before a reading in a pause; None for those before and after all.
    """

    core: int
    hz: int | None
    runs: int | None = None


@dataclass(frozen=True, slots=True)
class Clocks:
    """Readings before the measured runs, in pauses between them, and after; each None from a program without the probe.

    Before and after: of every core used. Between: of the core that the calling thread was on.
    """

    before: tuple[ClockReading, ...] | None
    between: tuple[ClockReading, ...] | None
    after: tuple[ClockReading, ...] | None


@dataclass(frozen=True, slots=True)
class Probes:
    """All of one launch: the measured runs, the process from its start to the end of them, and the clocks."""

    measured: Usage
    launch: Usage
    clocks: Clocks
