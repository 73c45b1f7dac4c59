"""What the command line names to be measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge.bench.host_engines import DEVICE_ENGINES, PADDLE_LITE, HostEngine
from edge.errors import BenchError, ModelFilesError, UsageError
from edge.source.weights import Weights, names_program
from edge.toolchain.engines import formats
from edge.zoo.catalogue import lookup

if TYPE_CHECKING:
    from edge.convert.calibrated import Calibration


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured: names of the catalogue, converted first if need be, and files as they are.

    `target` None: what the device runs. `shapes` are the input shapes of files that have no metadata. `engine` decides
    the files: .nb, .onnx, or Paddle's own inference programs, for which nothing is converted. `calibration` is for int8-static.
    """

    names: tuple[str, ...]
    weights: Weights
    precision: str | None = None
    target: str | None = None
    engine: HostEngine = PADDLE_LITE
    shapes: tuple[tuple[int, ...], ...] | None = None
    calibration: Calibration | None = None


# Which engine runs the files with these endings.
_RUNS = {".nb": "paddle-lite", ".onnx": "onnxruntime"} | {
    one.format.suffix: one.kind for one in formats().values() if one.format
}
MOST_THREADS = 256  # more than the cores of any device there is
TABLE_THREADS = 4  # the table's 1, 2, 4 are measured everywhere; what an engine leaves out of them is marked


def check_threads(threads: Sequence[int], cores: int | None, device: str = "") -> None:
    """Raises `UsageError` for counts that no device has cores for, or this one with so many `cores` has not (None: unknown)."""
    if not threads:
        raise UsageError("no thread count is given", hint="for instance --threads 1,2,4")
    most, least = max(threads), min(threads)
    if least < 1 or most > MOST_THREADS:
        raise UsageError(f"--threads {most if least >= 1 else least}: from 1 to {MOST_THREADS}")
    if cores and most > max(cores, TABLE_THREADS):
        raise UsageError(
            f"--threads {most}: {device} has {cores} core{'s' * (cores != 1)}",
            hint=f"{cores} or fewer; up to {TABLE_THREADS}, of which the table tells, are measured and marked"
            if cores < TABLE_THREADS
            else f"{cores} or fewer",
        )


def is_file(name: str) -> bool:
    """Whether a name on the command line means a file rather than a model of the catalogue."""
    return name.endswith(tuple(_RUNS)) or "/" in name


def check_engine(engine: HostEngine, runner: str | None, place: str | None) -> None:
    """Raises `UsageError` for an engine of this machine alone where `--runner`, or the device `place`, is named for it."""
    if engine.name == PADDLE_LITE.name or (runner in (None, "edgebench") and engine.name in DEVICE_ENGINES):
        return
    if runner or place not in ("host", None):
        where = "with --runner" if runner else f"on {place}"
        there = " and ".join(DEVICE_ENGINES)
        raise UsageError(
            f"the engine {engine.name} does not measure {where}",
            hint="--device host, without --runner"
            if runner
            else f"on a device {there} do: --engine {','.join(DEVICE_ENGINES)}",
        )


def check_weights(weights: Weights, names: Sequence[str]) -> None:
    """Raises `UsageError` where one file shall be the weights of several models."""
    if weights.path is not None and len(names) > 1:
        raise UsageError(f"{weights.path} can be the weights of one model, and {len(names)} are named")


def check_names(wanted: Wanted) -> None:
    """Raises `UnknownModelError` for a name that is no model, `ModelFilesError` for no file, `UsageError` for a wrong one."""
    for name in wanted.names:
        if not is_file(name):
            lookup(name)
        elif wanted.engine.model != "program":
            if not Path(name).is_file():
                raise ModelFilesError(f"the model {name} cannot be read: there is no such file")
            check_format(Path(name), wanted.engine)
        elif not (Path(name).is_dir() or names_program(Path(name))):
            raise UsageError(f"{wanted.engine.name} does not run {name}", hint="name a folder with an inference model")


def check_format(file: Path, engine: HostEngine) -> None:
    """Raises `UsageError` where another engine runs such files. A .nb may have any name that is not another engine's."""
    if (main := _model_of(file)) is not None:
        raise UsageError(f"{file} is the weights of {main.name}, which is the model", hint=f"name {main}")
    runs = engine_of(file)
    if runs == engine.name:
        return
    endings = " or ".join(ending for ending, name in _RUNS.items() if name == engine.name)
    known = any(file.name.endswith(ending) for ending in _RUNS)
    hint = f"--engine {runs} does" if known else f"the names of its files end in {endings}"
    raise UsageError(f"{engine.name} does not run {file}", hint=hint)


def _model_of(file: Path) -> Path | None:
    """The model beside it that a file of weights belongs to."""
    for form in (one.format for one in formats().values() if one.format and one.format.weights):
        main = file.with_suffix(Path("NAME" + form.suffix).suffix)
        if file.suffix == form.weights and main.name.endswith(form.suffix) and main.is_file():
            return main
    return None


def engine_of(file: Path, otherwise: str = PADDLE_LITE.name) -> str:
    """The engine that runs files with its ending."""
    return next((name for suffix, name in _RUNS.items() if file.name.endswith(suffix)), otherwise)


def check_target(file: Path, target: str | None, here: bool, device: str) -> None:
    """Raises `UsageError` where a file was made for another kind of device than this machine (`here`) or an Android one."""
    runs = ("x86",) if here else ("arm", "opencl,arm")
    if target is not None and target not in runs:
        raise UsageError(
            f"{file} was made for {target}, and {device} runs {' or '.join(runs)}",
            hint=f"convert it with --target {runs[0]}, or measure it on another --device",
        )


def check_program(path: Path) -> None:
    """Raises `BenchError` for a benchmark program that is not there."""
    if not path.is_file():
        wrong = "is no file" if path.exists() else "does not exist"
        raise BenchError(f"the benchmark program {path} {wrong}", hint="give the path to the program")
