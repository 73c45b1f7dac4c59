"""What a measurement is: one cell (model, device, threads) with every raw sample, and whether it can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal
from typing import Protocol as Interface

from msgspec import Meta

from edge.results.identity import DeviceIdentity
from edge.results.probes import Probes
from edge.results.protocol import Protocol
from edge.results.reasons import Code, Remark
from edge.results.statistics import Statistics, median, summarise

if TYPE_CHECKING:
    from edge.results.accuracy import Accuracy

Status = Literal["unfinished", "measured", "failed"]
YEAR_10000 = 253_402_300_800.0  # in seconds since the epoch; what is later is no moment of a measurement
# Bounds that hold for what is read from others (edge.typed); who makes one here knows them.
Count = Annotated[int, Meta(ge=0)]
Duration = Annotated[float, Meta(ge=0)]
Moment = Annotated[float, Meta(ge=0, lt=YEAR_10000)]


@dataclass(frozen=True, slots=True)
class Subject:
    """The model file that is measured, and what is known of it. Unknown values are None.

    `weights` is the kind of `source` in the model's metadata: published, random, own, checkpoint. Sizes in bytes,
    `flops` in multiply-accumulates. `metadata` is the whole NAME.json.
    """

    name: str
    sha256: str
    bytes: int
    shapes: tuple[tuple[int, ...], ...]
    weights: str | None = None
    target: str | None = None
    precision: str | None = None
    opt_version: str | None = None
    flops: int | None = None
    params: int | None = None
    verification: str | None = None
    metadata: Mapping[str, Any] | None = None

    def completed(self, stored: Subject) -> Subject:
        """With what is known of the same file from earlier in place of what is not known now; the name stays."""
        missing = {one.name for one in fields(self) if getattr(self, one.name) is None}
        return replace(self, **{name: getattr(stored, name) for name in missing}) if missing else self


@dataclass(frozen=True, slots=True)
class RunnerProgram:
    """The benchmark program: `edgebench`, `benchmark_bin`, ...; `sha256` covers all that it is made of, its engine, too.

    `contract` is the number of docs/reference/device-contract.md; None for a program that does not speak it.
    """

    name: str
    sha256: str
    threads_honoured: bool = True
    contract: int | None = None


@dataclass(frozen=True, slots=True)
class Extremes:
    """What a program says that keeps its samples to itself. Times in ms."""

    runs: Count
    min: Duration
    mean: Duration
    max: Duration


@dataclass(frozen=True, slots=True)
class Launch:
    """One process of the benchmark program. `samples_ms` is empty where the program tells no samples.

    `warmup_settled`: whether the warm-up's runs had become no faster any more; None where that was not asked or could
    not be told. `digests` are of the outputs of the first run, `last_digests` of the last one. `environment` and `state`
    hold what the program and the driver read before and after, as JSON values; `reasons` say
    why the launch cannot be trusted, `notes` what else is to be known.
    """

    number: Count
    started: Moment  # seconds since the epoch
    seconds: Duration  # of the whole process, as the driver saw it
    samples_ms: tuple[Duration, ...]
    extremes: Extremes | None = None
    load_ms: Duration | None = None
    first_run_ms: Duration | None = None
    warmup_runs: Count | None = None
    warmup_settled: bool | None = None
    peak_rss_bytes: Count | None = None
    runner_version: str | None = None
    engine: str | None = None
    engine_version: str | None = None
    synthetic: bool = False
    digests: tuple[str, ...] = ()
    last_digests: tuple[str, ...] = ()
    probes: Probes | None = None
    environment: Mapping[str, Any] | None = None
    state: Mapping[str, Any] | None = None
    reasons: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()

    @property
    def runs(self) -> int:
        """How many measured runs its numbers are of."""
        return len(self.samples_ms) or (self.extremes.runs if self.extremes else 0)

    @property
    def mean_ms(self) -> float | None:
        """The mean over its runs; None without any."""
        if self.samples_ms:
            return sum(self.samples_ms) / len(self.samples_ms)
        return self.extremes.mean if self.extremes else None

    @property
    def level_ms(self) -> float:
        """The launch as one number: its median, or the mean where the program tells no samples."""
        if self.samples_ms or self.extremes is None:
            return median(self.samples_ms)
        return self.extremes.mean


def sound_launches(launches: Sequence[Launch], protocol: Protocol) -> tuple[Launch, ...]:
    """The launches without a reason against them, where they are enough for the protocol; else all of them.

    Of a sustained measurement all: its windows are what the device did, and none is made again.
    """
    if protocol.base == "sustained":
        return tuple(launches)
    sound = tuple(launch for launch in launches if not launch.reasons)
    return sound if len(sound) >= protocol.launches_min else tuple(launches)


@dataclass(frozen=True)
class Measurement:
    """One cell. `device` is the JSON form of `edge.device.base.Properties`, of the session it was begun in.

    `reasons` make it invalid; `notes` are things a reader must know (the engine ignores the thread count, a sensor is
    unreadable); `error` says why a failed cell failed. `sessions`: of how many the launches that count are. `labels`: what
    was said of it later. `accuracy`: the newest of the same network with the same weights and precision.
    """

    id: int
    session: int
    subject: Subject
    device: Mapping[str, Any]
    threads: int
    protocol: Protocol
    program: RunnerProgram
    status: Status
    launches: tuple[Launch, ...]
    reasons: tuple[Remark, ...]
    notes: tuple[Remark, ...]
    error: str | None
    started: float
    finished: float | None
    sessions: int = 1
    labels: tuple[str, ...] = ()
    accuracy: Accuracy | None = None

    @property
    def moment(self) -> tuple[float, int]:
        """What orders measurements in time: the numbers of those that were merged tell nothing of it."""
        return self.started, self.id

    @property
    def valid(self) -> bool:
        """Measured, and nothing speaks against it."""
        return self.status == "measured" and not self.reasons

    @property
    def identity(self) -> DeviceIdentity:
        """The device it was measured on, as it is told from all others."""
        return DeviceIdentity.of(self.device)

    @property
    def synthetic(self) -> bool:
        """Whether a synthetic engine made the numbers."""
        return any(launch.synthetic for launch in self.launches)

    @property
    def engine(self) -> tuple[str | None, str | None]:
        """Name and version of the engine, as the program told them."""
        told = [(launch.engine, launch.engine_version) for launch in self.launches if launch.engine is not None]
        return told[-1] if told else (None, None)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What a reader must know beside `reasons`: how far it came, what made the numbers, and the notes."""
        return (*derived_remarks(self), *self.notes)

    @cached_property
    def counted(self) -> tuple[Launch, ...]:
        """The launches that make the numbers (`sound_launches`); all of them are kept."""
        return sound_launches(self.launches, self.protocol)

    @cached_property
    def statistics(self) -> Statistics | None:
        """None without samples. Windows of a sustained measurement follow from one another: they have no interval."""
        samples = [launch.samples_ms for launch in self.counted if launch.samples_ms]
        found = summarise(samples) if samples else None
        return found and (replace(found, interval=None) if self.protocol.base == "sustained" else found)

    @property
    def headline_ms(self) -> float | None:
        """The number shown: the median, or the mean for the `table` protocol and for programs that tell no samples."""
        if self.protocol.headline == "median" and (sampled := [one for one in self.counted if one.samples_ms]):
            return median([one.level_ms for one in sampled])  # that of `statistics`, without all the others
        if self.statistics is not None:
            return self.statistics.mean
        told = [launch.extremes for launch in self.counted if launch.extremes is not None]
        return sum(one.mean * one.runs for one in told) / sum(one.runs for one in told) if told else None


class Remarkable(Interface):
    """What remarks follow from, of a measurement as of its summary."""

    @property
    def status(self) -> Status: ...
    @property
    def error(self) -> str | None: ...
    @property
    def launches(self) -> Sized: ...
    @property
    def synthetic(self) -> bool: ...
    @property
    def sessions(self) -> int: ...
    @property
    def threads(self) -> int: ...
    @property
    def program(self) -> RunnerProgram: ...


def derived_remarks(one: Remarkable) -> list[Remark]:
    """What follows from where the numbers of a cell come from."""
    remarks = []
    if one.status == "failed":
        remarks.append(Code.FAILED(error=one.error))
    if one.status == "unfinished":
        remarks.append(Code.UNFINISHED(launches=len(one.launches)))
    if one.synthetic:
        remarks.append(Code.SYNTHETIC())
    if one.threads > 1 and not one.program.threads_honoured:
        remarks.append(Code.THREADS_IGNORED())
    if one.sessions > 1:
        remarks.append(Code.SEVERAL_SESSIONS(sessions=one.sessions))
    return remarks
