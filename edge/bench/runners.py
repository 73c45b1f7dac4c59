"""The benchmark programs edgezoo can drive: its own, and the two that users of Paddle-Lite have already."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from edge.bench.benchmark_bin import parse_benchmark_bin, parse_benchmark_bin_v8, parse_outputs
from edge.bench.contract import CONTRACT_VERSION, command_line, parse_launch
from edge.bench.launch import LaunchReport, LaunchSpec
from edge.errors import RunnerError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_USE_OWN = "use edgezoo's own program: --runner edgebench"


class RunnerFlavour(Protocol):
    """How one kind of program is started and read.

    `tells_samples`: whether percentiles can be had from it; `tells_outputs`: whether it can be given inputs, and tells
    what the network makes of them. `contract`: the number of docs/reference/device-contract.md, if any.
    """

    @property
    def name(self) -> str: ...

    @property
    def tells_samples(self) -> bool: ...

    @property
    def tells_outputs(self) -> bool: ...

    @property
    def contract(self) -> int | None: ...

    def input_file(self, tensor: NDArray[Any]) -> bytes:
        """What a file must hold for an input to be `tensor`. Raises `RunnerError` for one that it cannot carry."""
        ...

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
    tells_outputs: bool = True
    contract: int | None = CONTRACT_VERSION

    def input_file(self, tensor: NDArray[Any]) -> bytes:
        """Little-endian float32, of whole numbers, too."""
        carried = tensor.astype("<f4")
        if tensor.dtype.kind in "iu" and (carried.astype(tensor.dtype) != tensor).any():
            raise RunnerError("an input has whole numbers that float32 cannot carry to the device", kind="bad_input")
        return bytes(carried.tobytes())

    def command(self, program: str, spec: LaunchSpec) -> list[str]:
        return command_line(program, spec)

    def parse(self, spec: LaunchSpec, stdout: str, exit_code: int, stderr: str) -> LaunchReport:  # noqa: ARG002
        return parse_launch(stdout, exit_code, stderr)


@dataclass(frozen=True, slots=True)
class BenchmarkBin:
    """Paddle-Lite's benchmark_bin, 2.10 and later.

    Its inputs are text files of numbers. Outputs are printed with six digits, as they are into its files of later versions
    (`--output_data_path`), but with their shapes.
    """

    name: str = "benchmark_bin"
    tells_samples: bool = False
    tells_outputs: bool = True
    contract: int | None = None

    def input_file(self, tensor: NDArray[Any]) -> bytes:
        """A number a line, with as many digits as float32 has."""
        if tensor.dtype.kind != "f":
            raise RunnerError(
                f"benchmark_bin takes floats, and an input is {tensor.dtype}", kind="bad_input", hint=_USE_OWN
            )
        return "".join(f"{value:.9g}\n" for value in tensor.ravel().tolist()).encode()

    def command(self, program: str, spec: LaunchSpec) -> list[str]:
        _refuse_what_stock_programs_cannot(self.name, spec, inputs=True)
        paths = [fill.removeprefix("file:") for fill in spec.fills if fill.startswith("file:")]
        more = [f"--input_data_path={':'.join(paths)}"] if paths else []
        if spec.output == "values":
            more.append("--show_output_elem=true")
        shapes = ":".join(",".join(map(str, shape)) for shape in spec.shapes)
        return [program, f"--optimized_model_file={spec.model}", f"--input_shape={shapes}", "--backend=arm",
                f"--warmup={spec.warmup}", f"--repeats={spec.repeats}", f"--threads={spec.threads}",
                f"--power_mode={spec.power_mode or 0}", *more]  # fmt: skip

    def parse(self, spec: LaunchSpec, stdout: str, exit_code: int, stderr: str) -> LaunchReport:
        report = parse_benchmark_bin(spec.repeats, stdout, exit_code, stderr)
        return replace(report, outputs=parse_outputs(stdout, stderr)) if spec.output == "values" else report


@dataclass(frozen=True, slots=True)
class BenchmarkBinV8:
    """benchmark_bin up to Paddle-Lite 2.9, known as benchmark_bin_v8 (and _v7)."""

    name: str = "benchmark_bin_v8"
    tells_samples: bool = False
    tells_outputs: bool = False
    contract: int | None = None

    def input_file(self, tensor: NDArray[Any]) -> bytes:  # noqa: ARG002
        raise RunnerError(f"{self.name} takes no input but ones", kind="bad_input", hint=_USE_OWN)

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


def _refuse_what_stock_programs_cannot(name: str, spec: LaunchSpec, *, inputs: bool = False) -> None:
    """`inputs`: it can be given all of its inputs in files, and can tell its outputs, but no digest of them."""
    files = inputs and all(fill.startswith("file:") for fill in spec.fills)
    unsaid = {
        "bind to a list of cores": spec.cores is not None,
        "warm up or measure for a time": spec.warmup_ms > 0 or spec.repeats_ms > 0,
        "take another input than ones": any(fill != "ones" for fill in spec.fills) and not files,
        "tell its outputs": spec.output != "none" and not (inputs and spec.output == "values"),
    }
    for what, asked in unsaid.items():
        if asked:
            raise UsageError(f"{name} cannot {what}", hint=_USE_OWN)
