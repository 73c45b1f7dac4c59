"""How a benchmark program ended, when it did not end well: the error for each way."""

from __future__ import annotations

import signal

from edge.bench.engine_words import engine_words, lacks_operator
from edge.errors import CommandTimeoutError, RunnerError

PADDLE_LITE = "paddle-lite"  # as programs call it
_LOG_LINES = 12

# What to do about each kind of failure of docs/reference/device-contract.md.
_HINTS = {
    "model_unreadable": "convert the model again, or check the path",
    "model_invalid": "convert the model again for this device and this version of the engine",
    "engine_failed": "its own message says why; if the file is damaged, convert the model again",
    "cores_unavailable": "choose other cores, or a power mode",
    "input_invalid": "give the input shape the model was converted with",
    "output_failed": "the connection to the program was lost or its disk is full; run it again",
    "bad_output": "run it again; if it stays, build the runner again: edgezoo runner build (for a board: --for linux-arm64)",
    "not_started": "build the runner for this device: edgezoo runner build --help",
}
_SIGKILL_HINT = "the system killed it, on Android mostly for want of memory: close other apps, or take a smaller model"
_CRASH_HINT = "the fault is the engine's or its library's: try --threads 1, another version of it, or another --engine"
# Paddle-Lite reads files of another version of opt, and fails or dies of them.
_OF_PADDLE_LITE = {
    "engine_failed": "its own message says why; a model that another version of opt wrote must be converted for this one",
    "crash": "convert the model with the engine version of the benchmark program, and for this device's CPU",
}
_NUMBERS_HINT = "the numbers of --input choose rows that the network's table has not: --input ones"
_OPERATOR_HINT = (
    "is the Paddle-Lite library of the benchmark program one `with_extra`, and as new as the model? The others have the "
    "commonest operators only"
)


def normal_code(exit_code: int) -> int:
    """The shell's way: 128 + n for signal n, where subprocess says -n."""
    return 128 - exit_code if exit_code < 0 else exit_code


def last_lines(stderr: str) -> str:
    """The end of what was written to standard error, without empty lines."""
    lines = [line.rstrip() for line in stderr.splitlines() if line.strip()]
    return "\n".join(lines[-_LOG_LINES:])


def ended_badly(kind: str, message: str, stderr: str, engine: str | None = None) -> RunnerError:
    """A failure that the program, or what it printed, tells of; `engine` as it calls itself, None where it did not yet."""
    sentence = f"the benchmark program failed: {message}" if message else "the benchmark program failed"
    sentence, hint = _in_its_words(sentence, _advice(engine).get(kind) or _HINTS.get(kind, ""), stderr)
    return RunnerError(sentence, kind=kind, hint=hint, log=last_lines(stderr))


def died(code: int, stderr: str, told: str = "", engine: str | None = None) -> RunnerError:
    """It was killed by a signal; `code` is 128 + n, `told` what its end line still told, `engine` as for `ended_badly`."""
    name = told or _signal_name(code - 128)
    hint = _SIGKILL_HINT if code == 128 + signal.SIGKILL else _advice(engine).get("crash", _CRASH_HINT)
    message, hint = _in_its_words(f"the benchmark program died of {name}", hint, stderr)
    return RunnerError(message, kind="crash", hint=hint, log=last_lines(stderr))


def _advice(engine: str | None) -> dict[str, str]:
    return _OF_PADDLE_LITE if engine == PADDLE_LITE else {}


def _in_its_words(message: str, hint: str, stderr: str) -> tuple[str, str]:
    """The message with what the engine itself said, unless it is there already, and what to do about that."""
    words = engine_words(stderr)
    if words is None or words in message:
        return message, hint
    if "row_number" in words:  # of an embedding's table
        hint = _NUMBERS_HINT
    return f"{message}: {words}", _OPERATOR_HINT if lacks_operator(words) else hint


def never_started(code: int, stderr: str) -> RunnerError:
    """The shell could not execute it: 126 it is no program for this device, 127 there is none."""
    why = "it is not there" if code == 127 else "it cannot be executed here"
    last = last_lines(stderr).splitlines()[-1:]
    message = f"the benchmark program did not start: {why}" + (f" ({last[0]})" if last else "")
    return RunnerError(message, kind="not_started", hint=_HINTS["not_started"], log=last_lines(stderr))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def hung(error: CommandTimeoutError) -> RunnerError:
    """A program that did not end in its time."""
    return RunnerError(
        f"the benchmark program hung: {error.message}",
        kind="timeout",
        hint="give large models more time with --timeout",
        log=error.output,
    )
