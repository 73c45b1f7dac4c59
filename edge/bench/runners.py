"""The benchmark programs edgezoo can drive: its own, and the two that users of Paddle-Lite have already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edge.bench.benchmark_bin import parse_benchmark_bin, parse_benchmark_bin_v8
from edge.bench.contract import CONTRACT_VERSION, command_line, parse_launch
from edge.bench.launch import LaunchReport, LaunchSpec
from edge.errors import UsageError

_USE_OWN = "use edgezoo's own program: --runner edgebench"


class RunnerFlavour(Protocol):
    """How one kind of program is started and read.

    `tells_samples`: whether percentiles can be had from it. `contract`: the number of
    docs/reference/device-contract.md, if any.
    """

    @property
    def name(self) -> str: ...

    @property
    def tells_samples(self) -> bool: ...

    @property
    def contract(self) -> int | None: ...

    def command(self, program: str, spec: LaunchSpec) -> list[str]:
        """How it is started. Raises `UsageError` for what it cannot be told."""
        ...

    def parse(self, spec: LaunchSpec, stdout: str, exit_code: int, stderr: str) -> LaunchReport:
        """What it said. Raises `RunnerError` or `ContractError`."""
        ...


@dataclass(frozen=True, slots=True)
class Edgebench:
    """The project's own program: docs/reference/device-contract.md."""

    name: str = "edgebench"
    tells_samples: bool = True
    contract: int | None = CONTRACT_VERSION

    def command(self, program: str, spec: LaunchSpec) -> list[str]:
        return command_line(program, spec)

    def parse(self, spec: LaunchSpec, stdout: str, exit_code: int, stderr: str) -> LaunchReport:  # noqa: ARG002
        return parse_launch(stdout, exit_code, stderr)


@dataclass(frozen=True, slots=True)
class BenchmarkBin:
    """Paddle-Lite's benchmark_bin, 2.10 and later."""

    name: str = "benchmark_bin"
    tells_samples: bool = False
    contract: int | None = None

    def command(self, program: str, spec: LaunchSpec) -> list[str]:
        _refuse_what_stock_programs_cannot(self.name, spec)
        shapes = ":".join(",".join(map(str, shape)) for shape in spec.shapes)
        return [program, f"--optimized_model_file={spec.model}", f"--input_shape={shapes}", "--backend=arm",
                f"--warmup={spec.warmup}", f"--repeats={spec.repeats}", f"--threads={spec.threads}",
                f"--power_mode={spec.power_mode or 0}"]  # fmt: skip

    def parse(self, spec: LaunchSpec, stdout: str, exit_code: int, stderr: str) -> LaunchReport:
        return parse_benchmark_bin(spec.repeats, stdout, exit_code, stderr)


@dataclass(frozen=True, slots=True)
class BenchmarkBinV8:
    """benchmark_bin up to Paddle-Lite 2.9, known as benchmark_bin_v8 (and _v7)."""

    name: str = "benchmark_bin_v8"
    tells_samples: bool = False
    contract: int | None = None

    def command(self, program: str, spec: LaunchSpec) -> list[str]:
        """It tells its result in a file, in its working directory: a shell prints that file afterwards."""
        _refuse_what_stock_programs_cannot(self.name, spec)
        if len(spec.shapes) != 1:
            raise UsageError(f"{self.name} cannot measure a model of {len(spec.shapes)} inputs", hint=_USE_OWN)
        result = "result.txt"
        shape = ",".join(map(str, spec.shapes[0]))
        # The file's flag was renamed in 2.9; gflags overlooks an unknown one that --undefok names.
        return ["sh", "-c", 'rm -f "$0"; "$@"; code=$?; cat "$0"; exit $code', result, program,
                f"--optimized_model_path={spec.model}", f"--input_shape={shape}", f"--warmup={spec.warmup}",
                f"--repeats={spec.repeats}", f"--threads={spec.threads}", f"--power_mode={spec.power_mode or 0}",
                "--undefok=result_filename,result_path", f"--result_filename={result}",
                f"--result_path={result}"]  # fmt: skip

    def parse(self, spec: LaunchSpec, stdout: str, exit_code: int, stderr: str) -> LaunchReport:
        return parse_benchmark_bin_v8(spec.repeats, stdout, exit_code, stderr)


FLAVOURS: dict[str, RunnerFlavour] = {
    flavour.name: flavour for flavour in (Edgebench(), BenchmarkBin(), BenchmarkBinV8())
}


def flavour(name: str) -> RunnerFlavour:
    """The flavour of that name. Raises `UsageError`."""
    if name not in FLAVOURS:
        raise UsageError(f"there is no kind of benchmark program called {name}", hint="known: " + ", ".join(FLAVOURS))
    return FLAVOURS[name]


def question(program: str) -> list[str]:
    """How an unknown program is asked what it is; `recognise` reads the answer, whatever its exit code."""
    return [program, "--help"]


def recognise(program: str, stdout: str, stderr: str = "") -> RunnerFlavour:
    """Which kind of program gave that answer. Raises `UsageError` when it is none of them."""
    answer = stdout + stderr
    if answer.lstrip().startswith("edgebench:"):
        return FLAVOURS["edgebench"]
    if "-optimized_model_file" in answer:
        return FLAVOURS["benchmark_bin"]
    if "-optimized_model_path" in answer:
        return FLAVOURS["benchmark_bin_v8"]
    raise UsageError(
        f"{program} is no benchmark program that edgezoo knows",
        hint="it must be edgebench or Paddle-Lite's benchmark_bin; if it is, name its kind",
    )


def _refuse_what_stock_programs_cannot(name: str, spec: LaunchSpec) -> None:
    unsaid = {
        "bind to a list of cores": spec.cores is not None,
        "warm up or measure for a time": spec.warmup_ms > 0 or spec.repeats_ms > 0,
        "take another input than ones": any(fill != "ones" for fill in spec.fills),
        "tell its outputs": spec.output != "none",
    }
    for what, asked in unsaid.items():
        if asked:
            raise UsageError(f"{name} cannot {what}", hint=_USE_OWN)
