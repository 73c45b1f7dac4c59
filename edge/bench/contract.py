"""The driver's half of docs/reference/device-contract.md: how edgebench is started, and what becomes of what it prints.

Everything here is pure: text in, values out. A launch counts only if it is whole: every line in its place, no sample
missing, the end line saying `ok`, and exit code 0.
"""

from __future__ import annotations

import re

from edge.bench.contract_lines import hello, images_report, report
from edge.bench.failures import died, ended_badly, never_started, normal_code
from edge.bench.fields import BadLine, Fields, read_lines
from edge.bench.launch import Hello, ImagesReport, LaunchReport, LaunchSpec
from edge.bench.tensors import output_digest
from edge.errors import ContractError, RunnerError

__all__ = [
    "CONTRACT_VERSION",
    "LaunchReport",
    "LaunchSpec",
    "command_line",
    "output_digest",
    "parse_hello",
    "parse_images",
    "parse_launch",
]

CONTRACT_VERSION = 2

_BUILD_AGAIN = "build the runner again: edgezoo runner build (for a board: --for linux-arm64)"

# The order of the lines of a whole launch, and of one that runs images.
_WHOLE = re.compile(
    r"hello environment load( input)+ first_run( output)* warmup( samples)+( output)* frequencies clock usage usage"
    r" environment memory end"
)
_IMAGES = re.compile(r"hello environment load( input)+( output)+ environment memory end")


def command_line(program: str, spec: LaunchSpec) -> list[str]:
    """How edgebench is started for that launch."""
    command = [program, "--contract", str(CONTRACT_VERSION), "--model", spec.model, "--threads", str(spec.threads)]
    if spec.library is not None:
        command += ["--library", spec.library]
    if spec.power_mode is not None:
        command += ["--power-mode", str(spec.power_mode)]
    if spec.cores is not None:
        command += ["--cores", ",".join(map(str, spec.cores))]
    if spec.images is None:
        for name, runs, least, most in (
            ("--warmup", spec.warmup, spec.warmup_ms, spec.warmup_max_ms),
            ("--repeats", spec.repeats, spec.repeats_ms, spec.repeats_max_ms),
        ):
            command += [name, str(runs), f"{name}-ms", _plain(least), f"{name}-max-ms", _plain(most)]
    else:
        command += ["--images", str(spec.images)]
    for shape, fill in zip(spec.shapes, spec.fills, strict=True):
        command += ["--shape", ",".join(map(str, shape)), "--input", fill]
    return [*command, "--output", spec.output]


def parse_launch(stdout: str, exit_code: int, stderr: str = "") -> LaunchReport:
    """What edgebench said of a launch. `exit_code`: 128 + n or -n for signal n.

    Tolerates CRLF and lines of other origin between its own; a line of its own that is torn makes the launch unusable.
    Raises `ContractError` when the program speaks another contract, else `RunnerError` whose `kind` is the contract's,
    and whose `log` is the end of what it wrote to standard error.
    """
    lines = _sound_lines(stdout, exit_code, stderr)
    try:
        order = " ".join(line.kind for line in lines)
        if not _WHOLE.fullmatch(order):
            raise BadLine(f"its lines are not those of a launch: {order}")
        return report(lines, stderr)
    except BadLine as error:
        raise _unusable(str(error), stderr) from error


def parse_images(images: int, stdout: str, exit_code: int, stderr: str = "") -> ImagesReport:
    """What edgebench said of a launch with `images`: of all of them, or it raises as `parse_launch`.

    A program that is older than `--images` refuses that option; that is a `ContractError`, too.
    """
    try:
        lines = _sound_lines(stdout, exit_code, stderr)
    except RunnerError as error:
        if error.kind == "bad_argument" and ("--images" in error.message or "bytes:" in error.message):
            raise ContractError(f"the benchmark program runs no images: {error.message}", hint=_BUILD_AGAIN) from error
        raise
    try:
        order = " ".join(line.kind for line in lines)
        if not _IMAGES.fullmatch(order):
            raise BadLine(f"its lines are not those of images: {order[:200]}")
        return images_report(lines, images)
    except BadLine as error:
        raise _unusable(str(error), stderr) from error


def parse_hello(stdout: str, exit_code: int, stderr: str = "") -> Hello:
    """The answer to `--version`. Raises as `parse_launch`."""
    lines = _sound_lines(stdout, exit_code, stderr)
    try:
        return hello(lines[0])
    except BadLine as error:
        raise _unusable(str(error), stderr) from error


def _sound_lines(stdout: str, exit_code: int, stderr: str) -> list[Fields]:
    """The program's lines, from hello to an end that says `ok`; every other ending raises."""
    code = normal_code(exit_code)
    lines, torn = read_lines(stdout)
    first = lines[0] if lines and lines[0].kind == "hello" else None
    end = lines[-1] if lines and lines[-1].kind == "end" else None
    try:
        engine = first.text("engine") if first is not None else None
        if first is not None and first.whole("contract") != CONTRACT_VERSION:
            raise _other_contract(first.whole("contract"))
        if end is not None and end.text("status") != "ok":
            kind, message = end.text("kind"), end.text("message")
            if kind == "contract_mismatch":
                raise ContractError(message, hint=_BUILD_AGAIN)
            error = (
                died(code, stderr, message, engine) if kind == "crash" else ended_badly(kind, message, stderr, engine)
            )
            raise error
        if code > 128:
            raise died(code, stderr, engine=engine)
        if code in (126, 127) and not lines:
            raise never_started(code, stderr)
        if code != 0:
            raise ended_badly("bad_output", f"it ended with code {code} without saying why", stderr)
        if torn:
            raise BadLine(f"a line is torn: {torn[:60]!r}")
        if first is None or end is None:
            raise BadLine("its output does not reach from the hello line to the end line")
        if end.whole("exit") != 0 or end.whole("lines") != len(lines) - 1:
            raise BadLine(f"{end.whole('lines')} lines were printed, {len(lines) - 1} arrived")
        if any(line.flag("synthetic") != first.flag("synthetic") for line in lines):
            raise BadLine("some lines are marked synthetic and others are not")
    except BadLine as error:
        raise _unusable(str(error), stderr) from error
    return lines


def _other_contract(version: int) -> ContractError:
    return ContractError(
        f"the benchmark program speaks device contract {version}, edgezoo speaks {CONTRACT_VERSION}", hint=_BUILD_AGAIN
    )


def _unusable(why: str, stderr: str) -> RunnerError:
    return ended_badly("bad_output", f"what it printed cannot be used: {why}", stderr)


def _plain(milliseconds: float) -> str:
    return f"{milliseconds:.3f}".rstrip("0").rstrip(".")
