"""A device whose behaviour is written down: what the benchmark program prints, and what goes wrong when.

Only the device is made up; the launcher, the parser of the program's lines and the store are the real ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from edge.bench.contract import CONTRACT_VERSION
from edge.bench.programs import Runner
from edge.bench.runners import flavour
from edge.device.base import AppliedSettings, Cleaned, Completed, Core, Properties, State, Thermal, Zone
from edge.results.measurement import RunnerProgram

DIGEST = "fnv1a64:0123456789abcdef"
RUNNER = Runner(RunnerProgram("edgebench", "cd" * 32), flavour("edgebench"), Path("/bin/true"))

# The latency (ms) of a launch: of the model's path, the thread count and how many launches were before.
Pace = Callable[[str, int, int], float]


class Silent:
    """Hears nothing of a session."""

    def line(self, text: str) -> None:
        pass

    def error(self, text: str) -> None:
        pass

    def now(self, text: str, done: int = 0, of: int = 0) -> None:
        pass

    def working(self, name: str) -> Callable[[str, int, int], None]:  # noqa: ARG002
        return lambda _what, _done, _of: None

    def kept(self) -> None:
        pass


class ScriptedDevice:
    """See Device. `trouble` is asked before each launch and may raise; `status` is the thermal status as it is read."""

    def __init__(self, pace: Pace | float = 10.0, *, synthetic: bool = False) -> None:
        self._pace = pace if callable(pace) else lambda *_: pace
        self._synthetic = synthetic
        self.trouble: Callable[[int], None] = lambda _: None
        self.on_recover: Callable[[], bool] = lambda: False
        self.thermals: Callable[[int], Thermal] = lambda _: Thermal(0, (Zone("cpu-1-7", "cpu", 30_000),))
        self.launches: list[tuple[str, int]] = []
        self.timeouts: list[float] = []  # of the launches, in seconds
        self.pushes: list[list[Path]] = []
        self.read_thermals = self.rechecks = 0
        self.locked = self.is_prepared = False
        self.serial = "ab12"
        self.itself: dict[str, Any] = {}  # properties beyond those that all have
        self.message: dict[str, Any] = {}  # of `printed`, in every launch

    bytes_pushed = 0

    def properties(self) -> Properties:
        core = Core(7, True, 2_841_600, 825_600, "schedutil")
        made = Properties(self.serial, "android", "Xiaomi", "MI 9", "msmnile", ("arm64-v8a",), "10", 29, (core,))
        return replace(made, **self.itself)

    def set_apart(self) -> None:
        self.itself = {key: value for key, value in self.itself.items() if key != "serialno"}

    def thermal(self) -> Thermal:
        self.read_thermals += 1
        return self.thermals(self.read_thermals)

    def state(self) -> State:
        return State(0, (), (), None, None)

    def push(self, files: Sequence[Path]) -> dict[Path, PurePosixPath]:
        self.pushes.append(list(files))
        return {path: PurePosixPath("/data/local/tmp/edgezoo/blobs") / path.name for path in files}

    def recheck(self) -> None:
        self.rechecks += 1

    @contextmanager
    def temporary(self, files: Sequence[Path]) -> Iterator[dict[Path, PurePosixPath]]:
        yield self.push(files)

    def run(self, command: Sequence[str], *, timeout: float, cwd: str | None = None) -> Completed:
        del cwd
        self.timeouts.append(timeout)
        assert self.locked
        assert self.is_prepared
        self.trouble(len(self.launches))
        options = dict(zip(command[1::2], command[2::2], strict=False))
        model, threads = PurePosixPath(options["--model"]).name, int(options["--threads"])
        pace = self._pace(model, threads, self.launches.count((model, threads)))
        self.launches.append((model, threads))
        told = {"threads": threads, **self.message}
        return Completed(0, printed([pace] * 30, synthetic=self._synthetic, **told), "", seconds=pace / 10)

    def pull(self, remote: PurePosixPath, local: Path) -> None:
        raise NotImplementedError

    def abort(self) -> None:
        raise NotImplementedError

    @contextmanager
    def lock(self) -> Iterator[None]:
        self.locked = True
        try:
            yield
        finally:
            self.locked = False

    @contextmanager
    def prepared(self) -> Iterator[AppliedSettings]:
        self.is_prepared = True
        try:
            yield AppliedSettings(fixed_performance=True, stay_awake=True)
        finally:
            self.is_prepared = False

    def recover(self, *, limit: float) -> bool:
        del limit
        return self.on_recover()

    def clean(self) -> Cleaned:
        raise NotImplementedError


def printed(
    samples: Sequence[float], *, synthetic: bool = False, delay: float = 0, last: str = DIGEST, settled: bool = True,
    seen: Sequence[int] = (7,), ghz: float = 2.8416, opt: str = "v2.13-rc",
    load: Mapping[str, Any] | None = None, busy: int = 1, threads: int = 1, **environment: Any,
) -> str:  # fmt: skip
    """What edgebench prints of a launch with these samples, as docs/reference/device-contract.md lays down.

    `delay` is the share of the time that other work had the core, `last` the digest of the last run, `seen` the cores it
    ran on, `ghz` the clock while it was measured, `load` what the load line has besides, `busy` how many threads computed.
    It has as many cores as `threads`, the last of them core 7.
    """
    wall = sum(samples)
    used = {
        "involuntary_switches": 1,
        "cpu_ms": wall * (1 - delay),
        "thread_cpu_ms": wall * (1 - delay),
        "thread_switches": 1,
    }
    thread = {"tid": 4711, "cpu_ms": wall * (1 - delay), "delay_ms": wall * delay, "involuntary_switches": 1,
              "processor": seen[-1], "affinity": [7]}  # fmt: skip
    clock = {"core": 7, "hz": round(ghz * 1e9)}
    output = {"type": "output", "index": 0, "name": "y", "shape": [1, 1000]}
    core = {"index": 7, "online": True, "max_khz": 2_841_600, "min_khz": 825_600, "scaling_max_khz": 2_841_600,
            "cur_khz": 2_841_600, "governor": "schedutil", "time_in_state": None, **environment}  # fmt: skip
    own = list(range(8 - threads, 8))
    around = {"type": "environment", "cores": [{**core, "index": index} for index in own], "affinity": own,
              "thermal_zones": None}  # fmt: skip
    lines: list[dict[str, Any]] = [
        {"type": "hello", "contract": CONTRACT_VERSION, "runner": "0.1.0",
         "engine": "synthetic" if synthetic else "paddle-lite", "engine_version": "v2.13-rc",
         "abi": "arm64-v8a", "compiler": "clang 17", "pid": 4711},
        {**around, "moment": "before"},
        {"type": "load", "ms": 12.5, "model_bytes": 11885332, "model_opt_version": opt, "engine_version": "v2.13-rc",
         **(load or {})},
        {"type": "input", "index": 0, "name": "x", "shape": [1, 3, 224, 224], "fill": "ones"},
        {"type": "first_run", "ms": 30.0},
        {**output, "run": "first", "digest": DIGEST},
        {"type": "warmup", "runs": 10, "ms": 500.0, "settled": settled},
        {"type": "samples", "start": 0, "ms": list(samples)},
        {**output, "run": "last", "digest": last},
        {"type": "frequencies", "begin": [core], "end": [core]},
        {"type": "clock", "before": [{"core": 7, "hz": 2_841_600_000}], "between": [{**clock, "runs": 9}], "after": [clock]},
        {"type": "usage", "span": "measured", "wall_ms": wall, "cores": list(seen), "threads": [thread] * busy, **used},
        {"type": "usage", "span": "launch", "wall_ms": wall + 600, "cores": None, "threads": None, **used},
        {**around, "moment": "after"},
        {"type": "memory", "peak_rss_bytes": 50_000_000},
    ]  # fmt: skip
    lines.append({"type": "end", "status": "ok", "exit": 0, "lines": len(lines)})
    mark = {"synthetic": True} if synthetic else {}
    return "".join(json.dumps({**line, **mark}) + "\n" for line in lines)
