"""Which benchmark program measures on a device, and where it lies."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from edge.bench.launch import LaunchReport, LaunchSpec
from edge.bench.measurement import Program, Subject
from edge.bench.plan import Protocol
from edge.bench.runners import RunnerFlavour, flavour, question, recognise
from edge.device.base import Completed, Device
from edge.device.usable import require_usable
from edge.errors import BenchError, UsageError
from edge.resources import resource
from edge.toolchain.engines import WORKERS, engine
from edge.toolchain.environment import ensure

_HOST_SCRIPTS = ("lite_bench.py", "bench_host.py")


@dataclass(frozen=True, slots=True)
class Runner:
    """A benchmark program as a session drives it. `interpreter` is what a script of this machine is started with."""

    program: Program
    flavour: RunnerFlavour
    path: Path
    interpreter: tuple[str, ...] = ()

    @property
    def files(self) -> Sequence[Path]:
        """What the device must have besides the model."""
        return () if self.interpreter else (self.path,)

    def fit(self, protocol: Protocol) -> Protocol:
        """The protocol as this program can keep it: the stock programs count runs and know no times."""
        if self.flavour.tells_samples:
            return protocol
        return replace(protocol, warmup_ms=0, repeats_ms=0)

    def spec(self, model: PurePosixPath, subject: Subject, threads: int, protocol: Protocol) -> LaunchSpec:
        """One launch of a cell."""
        return LaunchSpec(
            model=str(model),
            shapes=subject.shapes,
            threads=threads,
            power_mode=protocol.power_mode,
            cores=protocol.cores,
            warmup=protocol.warmup_runs,
            warmup_ms=protocol.warmup_ms,
            repeats=protocol.repeats,
            repeats_ms=protocol.repeats_ms,
            inputs=(protocol.input,) * len(subject.shapes),
            output="digest" if self.flavour.tells_samples else "none",
        )

    def command(self, spec: LaunchSpec, places: Mapping[Path, PurePosixPath]) -> list[str]:
        """How that launch is started; `places` is where the files are on the device."""
        return [*self.interpreter, *self.flavour.command(str(places.get(self.path, self.path)), spec)]

    def read(self, spec: LaunchSpec, completed: Completed) -> LaunchReport:
        """What the launch said. Raises RunnerError, ContractError."""
        return self.flavour.parse(spec, completed.stdout, completed.code, completed.stderr)


def find_runner(
    device: Device,
    wanted: str | None = None,
    *,
    kind: str | None = None,
    engine_version: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Runner:
    """The program for a device.

    `wanted`: "edgebench" (as scripts/build_runner made it), a path, or None: edgebench on a device, and on this machine
    the engine's own Python package. `kind` names the flavour of a path that cannot be asked. Raises BenchError when
    there is none, UsageError for a file that is no benchmark program, DeviceUnavailableError when it cannot run there.
    """
    host = device.properties().kind == "host"
    if wanted is None and host:
        return _python_runner(engine_version, say)
    if wanted is None or wanted == "edgebench":
        path, chosen = _built(device), flavour("edgebench")
    else:
        path = Path(wanted)
        if not path.is_file():
            raise BenchError(f"the benchmark program {wanted} does not exist", hint="give the path to the program")
        require_usable(device.properties(), path)
        chosen = flavour(kind) if kind else _ask(device, path)
    require_usable(device.properties(), path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Runner(Program(chosen.name, sha256, threads_honoured=not (host and _is_x86())), chosen, path.absolute())


def _python_runner(engine_version: str | None, say: Callable[[str], None]) -> Runner:
    environment = ensure(engine("paddlelite", engine_version), say=say)
    code = hashlib.sha256(environment.engine.lock_hash.encode())
    for name in _HOST_SCRIPTS:
        code.update((WORKERS / name).read_bytes())
    return Runner(
        Program("lite_bench", code.hexdigest(), threads_honoured=not _is_x86()),
        flavour("edgebench"),
        WORKERS / _HOST_SCRIPTS[0],
        interpreter=(str(environment.python), "-E", "-s"),
    )


def _built(device: Device) -> Path:
    """edgebench as scripts/build_runner left it; a static aarch64 program runs on Android, too."""
    properties = device.properties()
    abis = list(properties.abis)
    if "arm64-v8a" in abis:
        abis.insert(abis.index("arm64-v8a") + 1, "aarch64")
    places = [resource("android_runner").parent / "build" / "runner" / abi / "edgebench" for abi in abis]
    for place in places:
        if place.is_file():
            return place
    how = "scripts/build_runner " + ("host" if properties.kind == "host" else "android --lite-lib DIR")
    raise BenchError(
        f"the benchmark program is not built for {abis[0] if abis else 'this device'}",
        hint=f"{how} builds it; or name another one with --runner PATH",
    )


def _ask(device: Device, path: Path) -> RunnerFlavour:
    with device.lock():
        place = str(device.push([path])[path])
        answer = device.run(question(place), timeout=30)
    try:
        return recognise(path.name, answer.stdout, answer.stderr)
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint + " with --runner-kind") from error


def _is_x86() -> bool:
    return platform.machine() in ("x86_64", "AMD64")
