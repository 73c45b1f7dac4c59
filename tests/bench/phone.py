"""A simulated phone with a known truth: what a launch takes, what disturbs it, and what the probes would see of that.

Only the phone and the time are made up. What the benchmark program prints is text of the device contract, so that the
session, the gate, the parser, the rules and the statistics are the real ones. A session of forty minutes takes a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import numpy as np

from edge.bench.clock import Clock
from edge.bench.contract import CONTRACT_VERSION
from edge.device.base import AppliedSettings, Battery, Completed, Core, Properties, State, Thermal, Zone
from tests.bench.scripted import DIGEST, ScriptedDevice

TOPS = (1_785_600,) * 4 + (2_419_200,) * 3 + (2_841_600,)  # kHz, a Snapdragon 855
IDLE = 32_000  # 1/1000 °C
NOISES = ("normal", "skewed", "heavy-tailed", "spiky")


def draw(random: np.random.Generator, kind: str) -> float:
    """A number of the kind of noise: its median is 0, its scale that of a normal one of deviation 1."""
    if kind == "skewed":  # log-normal
        return math.expm1(0.8 * random.standard_normal()) / 0.8
    if kind == "heavy-tailed":
        return float(random.standard_t(2.5))
    if kind == "spiky":  # one launch in seven is disturbed, to either side of a shifted middle
        value = float(random.standard_normal()) - 0.196  # so that the median of all is 0
        return value + (float(random.exponential(6)) if random.random() < 0.15 else 0.0)
    return float(random.standard_normal())


@dataclass
class Weather:
    """What happens to the phone; each is given the share of the session's expected time that is over, 0 to 1.

    `slow`: how many times longer everything takes, by a cause that no probe sees (memory, a bus); `clock`: the share of
    its top clock that a big core has, by a hidden limiter; `cap`: the same, and the system says so in scaling_max_freq;
    `load`: the share of the time that other work has the cores; `lost`: cores that went offline; `heat`: degrees above
    idle of the whole phone.
    """

    slow: Callable[[float], float] = lambda _: 1.0
    clock: Callable[[float], float] = lambda _: 1.0
    cap: Callable[[float], float] = lambda _: 1.0
    load: Callable[[float], float] = lambda _: 0.0
    lost: Callable[[float], frozenset[int]] = lambda _: frozenset()
    heat: Callable[[float], float] = lambda _: 0.0


@dataclass
class Noise:
    """Of launches (relative deviation `launch`), of runs, and of the session."""

    kind: str = "normal"
    launch: float = 0.01
    run: float = 0.004
    two_clocks: float = 0.0  # every second launch or so is slower by this
    alike: float = 0.0  # correlation of launches that follow one another
    tick_ms: float = 0.0  # the program's clock counts in these


@dataclass
class Phone(ScriptedDevice):
    """See Device. `models`: by name, the latency in ms on one thread; `expected`: how many seconds a session takes."""

    models: dict[str, float]
    seed: int = 0
    noise: Noise = field(default_factory=Noise)
    weather: Weather = field(default_factory=Weather)
    expected: float = 100.0
    fixed_performance: bool = False
    probes: bool = True

    def __post_init__(self) -> None:
        super().__init__()
        self.random = np.random.default_rng(self.seed)
        self.time = 0.0
        self.die = 0.0  # degrees of the big cores above the phone's
        self.skin = 0.0
        self.earlier = 0.0  # the last launch's noise
        self.affected = 0  # launches that were at least 3 % slower than they should
        self.count = 0

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: 1.7e9 + self.time, monotonic=lambda: self.time)

    def pass_time(self, seconds: float, *, load: float = 0.0) -> None:
        """`load`: how many degrees the big cores tend to."""
        self.die = load + (self.die - load) * math.exp(-seconds / 1.5)
        self.skin = load / 5 + (self.skin - load / 5) * math.exp(-seconds / 300)
        self.time += seconds

    @property
    def part(self) -> float:
        return self.time / self.expected

    def properties(self) -> Properties:
        cores = tuple(Core(index, True, top, 825_600, "schedutil") for index, top in enumerate(TOPS))
        return Properties(self.serial, "android", "Xiaomi", "MI 9", "msmnile", ("arm64-v8a",), "11", 30, cores)

    def thermal(self) -> Thermal:
        self.pass_time(0.06)
        warm = IDLE + 1000 * (self.skin + self.weather.heat(self.part))
        jitter = self.random.integers(-200, 200)
        return Thermal(
            0,
            (
                Zone("cpu-1-7", "cpu", int(warm + 1000 * self.die + jitter)),
                Zone("skin", "skin", int(warm)),
                Zone("battery", "battery", int(warm) // 100 * 100),
            ),
        )

    def state(self) -> State:
        return State(0, (), (), Battery(80, 30_000, charging=False), screen_on=False)

    @contextmanager
    def prepared(self) -> Iterator[AppliedSettings]:
        with super().prepared():
            yield AppliedSettings(fixed_performance=self.fixed_performance, stay_awake=True)

    def run(self, command: Sequence[str], *, timeout: float, cwd: str | None = None) -> Completed:
        del timeout, cwd
        options = dict(zip(command[1::2], command[2::2], strict=False))
        threads = int(options["--threads"])
        asked = tuple(range(8 - threads, 8))
        part, weather = self.part, self.weather
        lost = weather.lost(part) & set(asked)
        used = tuple(core for core in asked if core not in lost) or (4,)
        normal = 0.85 if self.fixed_performance else 1.0
        share = min(weather.clock(part), weather.cap(part)) * normal
        load = weather.load(part)
        truth = self.models[PurePosixPath(options["--model"]).stem] / threads**0.8
        harm = weather.slow(part) * normal / share / (1 - load) * (threads / len(used)) ** 0.8
        self.affected += harm > 1.03
        level = truth * harm / normal * self._launch_noise()
        runs = max(30, min(math.ceil(1000 / level), 60))  # text for no more, time for all
        samples = level * np.exp(self.noise.run * self.random.standard_normal(runs))
        if self.noise.tick_ms:
            samples = np.maximum(self.noise.tick_ms, np.round(samples / self.noise.tick_ms) * self.noise.tick_ms)
        warm, measured = max(0.5, 10 * level / 1000), max(1.0, 30 * level / 1000)
        seconds = 0.35 + warm + measured
        self.pass_time(seconds, load=(6.0, 9.0, 11.0, 14.0)[min(threads, 4) - 1])
        self.count += 1
        stdout = _printed(
            samples.round(5).tolist(), threads, asked, used, load=load, share=share, top=weather.cap(part) * normal,
            random=self.random,
        )  # fmt: skip
        return Completed(0, stdout, "", seconds=seconds)

    def _launch_noise(self) -> float:
        noise = self.noise
        value = draw(self.random, noise.kind)
        if noise.alike:
            value = noise.alike * self.earlier + math.sqrt(1 - noise.alike**2) * value
            self.earlier = value
        factor = 1 + noise.two_clocks * (self.random.random() < 0.5)
        return max(0.2, 1 + noise.launch * value) * factor


def _printed(
    samples: list[float], threads: int, asked: Sequence[int], used: Sequence[int], *, load: float, share: float,
    top: float, random: np.random.Generator,
) -> str:  # fmt: skip
    """What edgebench prints (docs/reference/device-contract.md)."""

    def core(index: int) -> dict[str, Any]:
        limit = int(TOPS[index] * top)
        return {"index": index, "online": index in used or index not in asked, "max_khz": TOPS[index],
                "min_khz": 825_600, "scaling_max_khz": limit, "cur_khz": limit, "governor": "schedutil",
                "time_in_state": None}  # fmt: skip

    def reading(index: int) -> dict[str, Any]:
        return {"core": index, "hz": round(1000 * TOPS[index] * share * (1 + 0.001 * random.standard_normal()))}

    wall = sum(samples)
    busy = wall * (1 - load) * 0.97
    switches = int(random.poisson(0.5 + 80 * load * wall / 1000))
    usage = {"wall_ms": wall, "cpu_ms": busy * len(used), "involuntary_switches": switches, "thread_cpu_ms": busy,
             "thread_switches": switches}  # fmt: skip
    working = [{"tid": 4711 + i, "cpu_ms": busy, "delay_ms": wall * load, "involuntary_switches": switches // threads,
                "processor": one, "affinity": list(used)} for i, one in enumerate(used)]  # fmt: skip
    cores = [core(index) for index in range(8)]
    around = {"type": "environment", "cores": cores, "affinity": list(used), "thermal_zones": None}
    output = {"type": "output", "index": 0, "name": "y", "shape": [1, 1000], "digest": DIGEST}
    clocks = [reading(index) for index in used]
    lines: list[dict[str, Any]] = [
        {"type": "hello", "contract": CONTRACT_VERSION, "runner": "0.1.0", "engine": "paddle-lite",
         "engine_version": "v2.13-rc", "abi": "arm64-v8a", "compiler": "clang 17", "pid": 4711},
        {**around, "moment": "before"},
        {"type": "load", "ms": 150.0, "model_bytes": 11885332, "model_opt_version": "v2.13-rc", "engine_version": "v2.13-rc"},
        {"type": "input", "index": 0, "name": "x", "shape": [1, 3, 224, 224], "fill": "ones"},
        {"type": "first_run", "ms": 30.0},
        {**output, "run": "first"},
        {"type": "warmup", "runs": 10, "ms": 500.0, "settled": True},
        {"type": "samples", "start": 0, "ms": samples},
        {**output, "run": "last"},
        {"type": "frequencies", "begin": cores, "end": cores},
        {"type": "clock", "before": clocks, "between": [{**reading(used[-1]), "runs": 9 * i} for i in (1, 2, 3)],
         "after": [reading(index) for index in used]},
        {"type": "usage", "span": "measured", "cores": [used[-1]], "threads": working, **usage},
        {"type": "usage", "span": "launch", "cores": None, "threads": None, **usage},
        {**around, "moment": "after"},
        {"type": "memory", "peak_rss_bytes": 50_000_000},
    ]  # fmt: skip
    lines.append({"type": "end", "status": "ok", "exit": 0, "lines": len(lines)})
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines).decode()


def path_of(name: str) -> Path:
    return Path(f"{name}.nb")
