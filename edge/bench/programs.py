"""Which benchmark program measures on a device, and where it lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from edge.bench.host_engines import PADDLE_LITE, HostEngine
from edge.bench.launch import LaunchReport, LaunchSpec
from edge.bench.runners import RunnerFlavour, flavour, question, recognise
from edge.bench.wanted import check_engine, check_program
from edge.cache.hashing import sha256_of
from edge.device.base import Completed, Device
from edge.device.usable import BOARD_PROGRAMS, build_command, require_usable
from edge.errors import BenchError, UsageError
from edge.results.measurement import RunnerProgram, Subject
from edge.results.protocol import Protocol
from edge.runner.kept import KeptRunner, for_device
from edge.toolchain.environment import Environment, ensure

# A launch that is measured by time as well as by count (robust) warms up until it is warm, and cuts short the counts of a
# network that takes seconds: at most so many times the protocol's time. A count alone (table) is kept as it is.
MOST_TIMES = 10


@dataclass(frozen=True, slots=True)
class Runner:
    """A benchmark program as a session drives it. `interpreter` is what a script of this machine is started with, `library` the
    engine that the program opens at run time."""

    program: RunnerProgram
    flavour: RunnerFlavour
    path: Path
    interpreter: tuple[str, ...] = ()
    library: Path | None = None

    @property
    def files(self) -> Sequence[Path]:
        """What the device must have besides the model."""
        return () if self.interpreter else (self.path, *((self.library,) if self.library else ()))

    @property
    def takes_images(self) -> bool:
        """Whether it runs many samples in one launch, as edgebench does, and no other program."""
        return self.flavour.contract is not None and not self.interpreter

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
            warmup_max_ms=MOST_TIMES * protocol.warmup_ms,
            repeats=protocol.repeats,
            repeats_ms=protocol.repeats_ms,
            repeats_max_ms=MOST_TIMES * protocol.repeats_ms,
            inputs=(protocol.input,) * len(subject.shapes),
            output="digest" if self.flavour.tells_samples else "none",
        )

    def command(self, spec: LaunchSpec, places: Mapping[Path, PurePosixPath]) -> list[str]:
        """How that launch is started; `places` is where the files are on the device."""
        if self.library is not None:
            spec = replace(spec, library=str(places.get(self.library, self.library)))
        return [*self.interpreter, *self.flavour.command(str(places.get(self.path, self.path)), spec)]

    def read(self, spec: LaunchSpec, completed: Completed) -> LaunchReport:
        """What the launch said. Raises RunnerError, ContractError."""
        return self.flavour.parse(spec, completed.stdout, completed.code, completed.stderr)


def find_runner(
    device: Device,
    wanted: str | None = None,
    *,
    kind: str | None = None,
    engine: HostEngine = PADDLE_LITE,
    say: Callable[[str], None] = lambda _: None,
    working: Callable[[str], Callable[[str, int, int], None]] = lambda _name: lambda _what, _done, _of: None,
) -> Runner:
    """The program for a device.

    `wanted`: "edgebench" (as `edgezoo runner build` made it), a path, or None: edgebench on a device, and on this machine
    the Python package of `engine`. `kind` names the flavour of a path that cannot be asked. Raises BenchError when
    there is none, UsageError for a file that is no benchmark program or an engine that is not the device's,
    DeviceUnavailableError when it cannot run there.
    """
    host = device.properties().kind == "host"
    if wanted is None and host:
        environment = ensure(engine.environment, say=say, working=working(engine.environment.name))
        return _python_runner(engine, environment)
    check_engine(engine, wanted, "host" if host else device.serial)
    if wanted in (None, "edgebench"):
        kept = _built(device, engine.name)
        return Runner(_program(kept, engine), flavour("edgebench"), kept.path, library=kept.library)
    path = Path(str(wanted))
    check_program(path)
    require_usable(device.properties(), path)
    chosen = flavour(kind) if kind else _ask(device, path)
    return Runner(
        RunnerProgram(chosen.name, sha256_of(path), not host or PADDLE_LITE.threads_honoured, chosen.contract),
        chosen,
        path.absolute(),
    )


def _python_runner(engine: HostEngine, environment: Environment) -> Runner:
    chosen = flavour("edgebench")
    return Runner(
        RunnerProgram(engine.program.stem, engine.sha256, engine.threads_honoured, chosen.contract),
        chosen,
        engine.program,
        interpreter=(str(environment.python), "-E", "-s"),
    )


def _built(device: Device, engine: str) -> KeptRunner:
    """edgebench as `edgezoo runner build` left it."""
    properties = device.properties()
    found = for_device(properties.kind, properties.abis, engine)
    if found is not None:
        require_usable(properties, found.path)
        return found
    first = properties.abis[0] if properties.abis else "this device"
    if properties.kind == "linux" and first not in BOARD_PROGRAMS:
        raise BenchError(
            f"there is no benchmark program for {first}: boards are measured with 64-bit ARM and with ARMv7",
            hint="one of your own, edgebench or benchmark_bin, can be named: --runner PATH",
        )
    raise BenchError(
        f"the benchmark program is not built for {first}",
        hint=f"`{build_command(properties, engine)}` builds it; or name another one with --runner PATH",
    )


def _program(kept: KeptRunner, engine: HostEngine) -> RunnerProgram:
    """Who measures: the program, and with it the library that it opens, which is a part of it in all but its file."""
    files = [kept.sha256, *([sha256_of(kept.library)] if kept.library else [])]
    sha256 = files[0] if len(files) == 1 else sha256_of(" ".join(files).encode())
    honoured = kept.platform != "host" or engine.threads_honoured
    return RunnerProgram("edgebench", sha256, honoured, kept.contract)


def _ask(device: Device, path: Path) -> RunnerFlavour:
    with device.lock():
        place = str(device.push([path])[path])
        answer = device.run(question(place), timeout=30)
    try:
        return recognise(path.name, answer.stdout, answer.stderr)
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint + " with --runner-kind") from error
