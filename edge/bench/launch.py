"""One launch of a benchmark program: what is asked of it, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.bench.engine_log import EngineWarning
from edge.errors import UsageError
from edge.results.measurement import Extremes
from edge.results.probes import Probes


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """One launch. `model` and the path in `file:PATH` are paths where the program runs; times in ms.

    After the least runs and time the warm-up goes on until the runs settle, `warmup_max_ms` in all at most (0: it does
    not). No run is begun after `repeats_max_ms` once there are five (0: no bound).
    `inputs` holds a fill for each shape: `ones`, `seed:S`, `file:PATH` or `bytes:PATH`. With `images` it runs once for
    each of so many images in those files and measures nothing. Raises `UsageError` for a contradiction.
    """

    model: str
    shapes: tuple[tuple[int, ...], ...]
    threads: int = 1
    power_mode: int | None = None  # Paddle-Lite's, 0 to 5; None: the program's own, HIGH
    cores: tuple[int, ...] | None = None
    warmup: int = 10
    warmup_ms: float = 500
    warmup_max_ms: float = 0
    repeats: int = 30
    repeats_ms: float = 1000
    repeats_max_ms: float = 0
    inputs: tuple[str, ...] | None = None  # None: ones
    output: Literal["none", "digest", "values"] = "digest"
    images: int | None = None
    library: str | None = None  # of an engine that is opened at run time, where the program runs

    def __post_init__(self) -> None:
        if self.cores is not None and self.power_mode is not None:
            raise UsageError("a power mode and a list of cores exclude each other")
        if not self.shapes or (self.inputs is not None and len(self.inputs) != len(self.shapes)):
            raise UsageError("a launch needs one shape and one fill for each input of the model")

    @property
    def fills(self) -> tuple[str, ...]:
        """One fill for each input."""
        return self.inputs if self.inputs is not None else ("ones",) * len(self.shapes)


@dataclass(frozen=True, slots=True)
class Hello:
    """Which program runs. `engine` as docs/reference/device-contract.md names it; a version that is not known is None."""

    contract: int
    runner: str
    engine: str
    engine_version: str | None
    abi: str
    compiler: str
    pid: int
    synthetic: bool


@dataclass(frozen=True, slots=True)
class CoreState:
    """One core at one moment: frequencies in kHz, `time_in_state` as (kHz, 10 ms ticks). None is unreadable."""

    index: int
    online: bool | None
    max_khz: int | None
    min_khz: int | None
    scaling_max_khz: int | None
    cur_khz: int | None
    governor: str | None
    time_in_state: tuple[tuple[int, int], ...] | None


@dataclass(frozen=True, slots=True)
class ThermalZone:
    """One sensor, 1/1000 °C."""

    name: str | None
    millicelsius: int | None


@dataclass(frozen=True, slots=True)
class LaunchEnvironment:
    """The device as the program saw it; None is unreadable.

    `affinity` is the cores its main thread may run on: afterwards, those that the engine bound it to.
    """

    moment: str  # "before" or "after"
    cores: tuple[CoreState, ...]
    affinity: tuple[int, ...] | None
    thermal_zones: tuple[ThermalZone, ...] | None


@dataclass(frozen=True, slots=True)
class InputTensor:
    """An input as it was set."""

    index: int
    name: str
    shape: tuple[int, ...]
    fill: str


@dataclass(frozen=True, slots=True)
class OutputTensor:
    """An output of the first run, of the last one, or of an image.

    `digest` is None where it holds no float32; in `values`, None is NaN or infinite.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    digest: str | None
    values: tuple[float | None, ...] | None


@dataclass(frozen=True, slots=True)
class ImagesReport:
    """What edgebench says of a launch with `images`: the outputs of each, in order."""

    hello: Hello
    engine_version: str
    outputs: tuple[tuple[OutputTensor, ...], ...]


@dataclass(frozen=True, slots=True)
class LaunchReport:
    """What a benchmark program said of one launch; None is what it did not say. Times in ms, sizes in bytes.

    `outputs` and `last_outputs` are those of the first and of the last run; `loop_begin` and `loop_end` the cores when the
    measured runs began and ended. edgebench tells everything but `extremes`; the stock programs tell those and little
    else (edge/bench/runners.py).
    """

    samples_ms: tuple[float, ...] = ()
    extremes: Extremes | None = None
    hello: Hello | None = None
    before: LaunchEnvironment | None = None
    after: LaunchEnvironment | None = None
    load_ms: float | None = None
    model_bytes: int | None = None
    model_opt_version: str | None = None
    engine_version: str | None = None
    precision: str | None = None  # in which the engine says that it computes
    inputs: tuple[InputTensor, ...] = ()
    first_run_ms: float | None = None
    outputs: tuple[OutputTensor, ...] = ()
    warmup_runs: int | None = None
    warmup_ms: float | None = None
    warmup_settled: bool | None = None
    last_outputs: tuple[OutputTensor, ...] = ()
    loop_begin: tuple[CoreState, ...] = ()
    loop_end: tuple[CoreState, ...] = ()
    probes: Probes | None = None
    peak_rss_bytes: int | None = None
    warnings: tuple[EngineWarning, ...] = ()

    @property
    def synthetic(self) -> bool:
        """No network was run: the times are no measurement."""
        return self.hello is not None and self.hello.synthetic
