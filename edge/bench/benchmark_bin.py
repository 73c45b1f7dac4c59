"""What Paddle-Lite's own benchmark programs print, read as sceptically as it deserves.

benchmark_bin (lite/api/tools/benchmark, 2.10 and later) ends with a block `======= Perf Info =======`; it prints its
usage and exits 0 when a flag is missing, so only that block makes a launch. benchmark_bin_v8 (lite/api/benchmark.cc,
2.6 to 2.9, the one that PaddleClas' scripts download) writes one line into a file; up to 2.8 its min and max are
swapped.
"""

from __future__ import annotations

import math
import re

from edge.bench.engine_log import engine_warnings
from edge.bench.failures import PADDLE_LITE, died, ended_badly, never_started, normal_code
from edge.bench.launch import LaunchReport, OutputTensor
from edge.results.measurement import Extremes
from edge.untrusted.numbers import count, real

_PERF_INFO = "======= Perf Info ======="
_TIME = r"^{name}\s*=\s*([0-9.]+)\s*$"
_VERSION = re.compile(r"^benchmark_bin version: (\S+)$", re.MULTILINE)
# The name in front is the model's file name, padded to 30 characters: a longer one touches the numbers.
_RESULT = re.compile(r"min = (?P<min>[0-9.]+)\s+max = (?P<max>[0-9.]+)\s+average = (?P<mean>[0-9.]+)\s*$", re.MULTILINE)
_OUTPUT = re.compile(
    r"^--- output tensor [0-9]+ ---\noutput shape\(NCHW\):(?P<shape>[ 0-9]*)\n(?P<rest>.*?)(?=^--- output tensor|^=======|\Z)",
    re.MULTILINE | re.DOTALL,
)
_ELEMENT = re.compile(r"^out\[([0-9]{1,9})\]\[([0-9]{1,9})\]:(\S+)$", re.MULTILINE)
_BAD_FLAG = re.compile(
    r"unknown command line flag '[^']*'|illegal value '[^']*'[^\n]*|No model path is set!|Must set --\w+ option!"
    r"|Option invalid: [^\n]*|the model path should not be empty"
)
_NO_MODEL = re.compile(r"Mode file\[.*?\] not exist!")


def parse_benchmark_bin(repeats: int, stdout: str, exit_code: int, stderr: str) -> LaunchReport:
    """The Perf Info block. `first_run_ms` is the first run of all, the first of the warm-up where there is one.

    Raises `RunnerError`.
    """
    text = stdout.replace("\r\n", "\n")
    _check_ending(text, exit_code, stderr)
    _, found, block = text.rpartition(_PERF_INFO)
    times = {name: _time(block, name) for name in ("init", "first", "min", "max", "avg")} if found else {}
    low, high, mean = times.get("min"), times.get("max"), times.get("avg")
    if low is None or high is None or mean is None:
        raise ended_badly("bad_output", "it ended well but printed no Perf Info", stderr)
    version = _VERSION.search(text)
    return LaunchReport(
        extremes=_extremes(repeats, low, mean, high, stderr),
        load_ms=times["init"],
        first_run_ms=times["first"],
        engine_version=version[1] if version else None,
        warnings=engine_warnings(stderr),
    )


def parse_outputs(stdout: str, stderr: str) -> tuple[OutputTensor, ...]:
    """The outputs of the last run, as `--show_output_elem` prints them; six digits of each number.

    Raises `RunnerError` where an output is not whole.
    """
    text = stdout.replace("\r\n", "\n")
    outputs: list[OutputTensor] = []
    for found in _OUTPUT.finditer(text.partition(_PERF_INFO)[0]):
        shape = tuple(count(size) or 0 for size in found["shape"].split())
        told = _ELEMENT.findall(found["rest"])
        places = [(int(tensor), int(place)) for tensor, place, _ in told]
        if math.prod(shape) != len(places) or places != [(len(outputs), place) for place in range(len(places))]:
            raise ended_badly("bad_output", f"its output {len(outputs)} of shape {list(shape)} is not whole", stderr)
        values = tuple(real(value) for _, _, value in told)
        outputs.append(OutputTensor(len(outputs), f"output {len(outputs)}", shape, None, values))
    if not outputs:
        raise ended_badly("bad_output", "it printed no output", stderr)
    return tuple(outputs)


def parse_benchmark_bin_v8(repeats: int, stdout: str, exit_code: int, stderr: str) -> LaunchReport:
    """The last line of its result file, which is expected in `stdout`. Raises `RunnerError`."""
    text = stdout.replace("\r\n", "\n")
    _check_ending(text, exit_code, stderr)
    found = list(_RESULT.finditer(text))
    if not found:
        raise ended_badly("bad_output", "it ended well but wrote no result", stderr)
    low, high, mean = (real(found[-1][name]) for name in ("min", "max", "mean"))
    if low is None or high is None or mean is None:
        raise ended_badly("bad_output", f"its result is no number: {found[-1][0].strip()}", stderr)
    return LaunchReport(
        extremes=_extremes(repeats, min(low, high), mean, max(low, high), stderr), warnings=engine_warnings(stderr)
    )


def _check_ending(stdout: str, exit_code: int, stderr: str) -> None:
    """Raise for a launch that did not end well; exit code 0 with a usage text is one of them."""
    code = normal_code(exit_code)
    if missing := _NO_MODEL.search(stderr):
        raise ended_badly("model_unreadable", missing[0], stderr)
    if wrong := _BAD_FLAG.search(stderr) or _BAD_FLAG.search(stdout):
        raise ended_badly("bad_argument", wrong[0], stderr)
    if code > 128:
        raise died(code, stderr, engine=PADDLE_LITE)
    if code in (126, 127):
        raise never_started(code, stderr)
    if code != 0:
        raise ended_badly("engine_failed", f"it ended with code {code}", stderr, PADDLE_LITE)


def _extremes(repeats: int, low: float, mean: float, high: float, stderr: str) -> Extremes:
    # Both programs round to three or five decimals.
    if low < 0 or not low - 0.001 <= mean <= high + 0.001:
        raise ended_badly(
            "bad_output", f"its mean {mean} is not between {low} and {high}, or these are no times", stderr
        )
    return Extremes(runs=repeats, min=low, mean=mean, max=high)


def _time(block: str, name: str) -> float | None:
    # The first one of that name: a memory block with an `init` of its own may follow.
    match = re.search(_TIME.format(name=name), block, re.MULTILINE)
    return real(match[1]) if match else None
