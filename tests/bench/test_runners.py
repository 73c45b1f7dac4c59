"""The stock programs: their flags, and what is believed of what they print.

The texts are what lite/api/tools/benchmark (2.13) and lite/api/benchmark.cc (2.6 to 2.9) print, with gflags' own lines.
"""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bench.launch import LaunchReport, LaunchSpec
from edge.bench.runners import FLAVOURS, flavour, question, recognise
from edge.errors import BenchError, RunnerError, UsageError

TABLE = LaunchSpec("/data/local/tmp/edgezoo/blobs/ab", shapes=((1, 3, 224, 224),), threads=4, warmup=10, warmup_ms=0,
                   repeats=30, repeats_ms=0, output="none")  # fmt: skip

BENCHMARK_BIN = """
======= Device Info =======
Brand: Xiaomi
Device: cepheus
Model: MI 9
Android Version: 10
Android API Level: 29

======= Model Info =======
optimized_model_file: /data/local/tmp/edgezoo/blobs/ab
input_data_path: All 1.f
input_shape: 1,3,224,224
output tensor num: 1
--- output tensor 0 ---
output shape(NCHW): 1 1000
output tensor 0 elem num: 1000
output tensor 0 mean value: 0.001
output tensor 0 standard deviation: 0.00219646

======= Runtime Info =======
benchmark_bin version: v2.13-rc
threads: 4
power_mode: 0
warmup: 10
repeats: 30
result_path:

======= Backend Info =======
backend: arm
cpu precision: fp32

======= Perf Info =======
Time(unit: ms):
init  = 24.712      \nfirst = 11.904      \nmin   = 6.798       \nmax   = 7.114       \navg   = 6.871       \n
Memory Usage(unit: MB):
init  = 11.223      \npeak  = 35.801      \n
"""

# 2.6: min and max are swapped. The file name fills its 30 characters, so that nothing parts it from the numbers.
V8_SWAPPED = f"{'0123456789' * 4}min = 7.11400     max = 6.79800     average = 6.87100     \n"
V8 = f"{'MobileNetV3_large_x1_0':<30}min = 6.79800     max = 7.11400     average = 6.87100     \n"

V8_USAGE = (
    "[I  1/ 1  0:12:27.340 ...benchmark.cc main:266] Input error, the model path should not be empty.\n\n"
    "[I  1/ 1  0:12:27.341 ...benchmark.cc print_usage:231] Usage: \n./benchmark_bin \n"
    "  --optimized_model_path (The path of the model that is optimized\n    by opt.) \n"
)
HELP = {
    "edgebench": "edgebench: measure a Paddle-Lite model (.nb) on this machine and print JSON lines.\n",
    "benchmark_bin": (
        "benchmark_bin: \nNote: \n  If load the optimized model, set --optimized_model_file. \n\n"
        "  Flags from lite/api/tools/benchmark/utils/flags.cc:\n    -backend (To use a particular backend for execution.) "
        'type: string\n      default: ""\n    -optimized_model_file (The filename of the model that is optimized by opt.)'
        ' type: string default: ""\n'
    ),
    "benchmark_bin_v8": (
        "benchmark_bin_v8: Warning: SetUsageMessage() never called\n\n  Flags from lite/api/benchmark.cc:\n"
        "    -optimized_model_path (the path of the model that is optimized by opt.)\n"
        '      type: string default: ""\n    -power_mode (arm power mode: 0 for big cluster) type: int32 default: 3\n'
    ),
}


def parse(name: str, stdout: str, code: int = 0, stderr: str = "") -> LaunchReport:
    return flavour(name).parse(TABLE, stdout, code, stderr)


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_benchmark_bin_tells_its_perf_info(newline: str) -> None:
    launch = parse("benchmark_bin", BENCHMARK_BIN.replace("\n", newline))
    assert launch.extremes is not None
    told = launch.extremes
    assert (told.runs, told.min, told.mean, told.max) == (30, 6.798, 6.871, 7.114)
    assert (launch.load_ms, launch.first_run_ms, launch.engine_version) == (24.712, 11.904, "v2.13-rc")


@pytest.mark.parametrize("text", [V8, V8_SWAPPED], ids=["2.9", "2.6"])
def test_benchmark_bin_v8_tells_one_line(text: str) -> None:
    launch = parse("benchmark_bin_v8", text)
    assert launch.extremes is not None
    assert (launch.extremes.min, launch.extremes.mean, launch.extremes.max) == (6.798, 6.871, 7.114)
    assert launch.load_ms is None
    assert launch.engine_version is None


def test_the_last_line_of_a_result_file_that_grew_counts() -> None:
    launch = parse("benchmark_bin_v8", V8.replace("6.", "5.") + V8)
    assert launch.extremes is not None
    assert launch.extremes.mean == 6.871


@pytest.mark.parametrize(("name", "text"), [("benchmark_bin", BENCHMARK_BIN), ("benchmark_bin_v8", V8)])
def test_what_they_do_not_say_is_absent(name: str, text: str) -> None:
    launch = parse(name, text)
    assert launch.samples_ms == ()
    assert [launch.hello, launch.before, launch.after, launch.peak_rss_bytes, launch.warmup_runs] == [None] * 5
    assert launch.outputs == ()
    assert not FLAVOURS[name].tells_samples


def test_their_engine_warns_as_well() -> None:
    stderr = "Request thread num: 8, exceed the big cores size: 4, truncate thread num to 4\n"
    assert [w.kind for w in parse("benchmark_bin", BENCHMARK_BIN, stderr=stderr).warnings] == ["threads_truncated"]


@pytest.mark.parametrize(
    ("name", "stdout", "code", "stderr", "kind"),
    [
        pytest.param("benchmark_bin", HELP["benchmark_bin"], 0, "Must set --backend option!\n", "bad_argument", id="0"),
        pytest.param("benchmark_bin", "", 0, "\nNo model path is set!\n", "bad_argument", id="no model"),
        pytest.param("benchmark_bin", "", 1, "ERROR: unknown command line flag 'foo'\n", "bad_argument", id="flag"),
        pytest.param("benchmark_bin", "", 134, "Mode file[/x.nb] not exist!\nAborted\n", "model_unreadable", id="gone"),
        pytest.param("benchmark_bin", "", 139, "", "crash", id="crash"),
        pytest.param("benchmark_bin", "", 137, "", "crash", id="killed"),
        pytest.param("benchmark_bin", "", 127, "sh: not found\n", "not_started", id="not there"),
        pytest.param("benchmark_bin", BENCHMARK_BIN, 1, "", "engine_failed", id="code 1"),
        pytest.param("benchmark_bin", "", 0, "", "bad_output", id="silence"),
        pytest.param("benchmark_bin_v8", "", 0, V8_USAGE, "bad_argument", id="v8 usage"),
        pytest.param("benchmark_bin_v8", "", 0, "", "bad_output", id="v8 silence"),
        pytest.param("benchmark_bin_v8", V8, 134, "", "crash", id="v8 old file, new crash"),
        pytest.param("benchmark_bin_v8", V8.replace("6.87", "9.87"), 0, "", "bad_output", id="impossible mean"),
        pytest.param("benchmark_bin_v8", V8.replace("6.79800", "6.7.9.8"), 0, "", "bad_output", id="no number"),
        pytest.param("benchmark_bin_v8", V8.replace("6.79800", "-6.79800"), 0, "", "bad_output", id="negative time"),
    ],
)
def test_bad_endings(name: str, stdout: str, code: int, stderr: str, kind: str) -> None:
    with pytest.raises(RunnerError) as caught:
        parse(name, stdout, code, stderr)
    assert caught.value.kind == kind


@given(st.integers(0, BENCHMARK_BIN.index("avg   = 6")))
def test_a_cut_off_perf_info_is_none(length: int) -> None:
    with pytest.raises(BenchError):
        parse("benchmark_bin", BENCHMARK_BIN[:length])


def test_benchmark_bin_is_started_with_its_own_flags() -> None:
    assert flavour("benchmark_bin").command("./benchmark_bin", TABLE) == [
        "./benchmark_bin", "--optimized_model_file=/data/local/tmp/edgezoo/blobs/ab", "--input_shape=1,3,224,224",
        "--backend=arm", "--warmup=10", "--repeats=30", "--threads=4", "--power_mode=0",
    ]  # fmt: skip


def test_several_inputs_are_parted_by_colons() -> None:
    two = LaunchSpec("m", shapes=((1, 3, 8, 8), (1, 2)), warmup_ms=0, repeats_ms=0, output="none", power_mode=3)
    command = flavour("benchmark_bin").command("b", two)
    assert "--input_shape=1,3,8,8:1,2" in command
    assert "--power_mode=3" in command
    with pytest.raises(UsageError, match="2 inputs"):
        flavour("benchmark_bin_v8").command("b", two)


def test_the_v8_wrapper_prints_the_result_file_and_keeps_the_code(tmp_path: Path) -> None:
    """A program that writes a result file stands in for benchmark_bin_v8: the wrapper is a real shell's."""
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\nprintf "%s" {shlex.quote(V8)} >> result.txt\necho "$@" >&2\nexit "$EXIT"\n')
    program.chmod(0o755)
    command = flavour("benchmark_bin_v8").command(str(program), TABLE)
    for code in (0, 7):
        done = subprocess.run(
            command, cwd=tmp_path, env={"EXIT": str(code)}, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (code, V8)
        assert "--optimized_model_path=/data/local/tmp/edgezoo/blobs/ab" in done.stderr
        assert "--result_path=result.txt" in done.stderr


@pytest.mark.parametrize("name", ["benchmark_bin", "benchmark_bin_v8"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cores": (7,)}, "cores"),
        ({"warmup_ms": 500}, "for a time"),
        ({"repeats_ms": 1}, "for a time"),
        ({"inputs": ("seed:7",)}, "another input"),
        ({"output": "digest"}, "outputs"),
    ],
)
def test_what_they_cannot_be_told_is_refused(name: str, change: dict[str, object], words: str) -> None:
    values = {"model": "m", "shapes": ((1, 3, 8, 8),), "warmup_ms": 0, "repeats_ms": 0, "output": "none", **change}
    with pytest.raises(UsageError, match=words) as caught:
        flavour(name).command("b", LaunchSpec(**values))  # type: ignore[arg-type]
    assert "edgebench" in caught.value.hint


@pytest.mark.parametrize("name", HELP)
def test_a_program_is_known_by_its_help(name: str) -> None:
    assert recognise("./program", HELP[name]).name == name
    assert recognise("./program", "", HELP[name]).name == name
    assert question("./program") == ["./program", "--help"]


@pytest.mark.parametrize("answer", ["", "usage: python3 [option]", "sh: not executable"])
def test_other_programs_are_refused(answer: str) -> None:
    with pytest.raises(UsageError, match=r"\./program is no benchmark program"):
        recognise("./program", answer)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="called foo"):
        flavour("foo")


OUTPUTS = BENCHMARK_BIN.replace(
    """output tensor num: 1
--- output tensor 0 ---
output shape(NCHW): 1 1000
output tensor 0 elem num: 1000
output tensor 0 mean value: 0.001
output tensor 0 standard deviation: 0.00219646
""",
    """output tensor num: 2
--- output tensor 0 ---
output shape(NCHW): 1 3\x20
output tensor 0 elem num: 3
output tensor 0 mean value: 0.333333
output tensor 0 standard deviation: 0.1
out[0][0]:0.25
out[0][1]:-1.52588e-05
out[0][2]:nan

--- output tensor 1 ---
output shape(NCHW): 1 1 2\x20
output tensor 1 elem num: 2
output tensor 1 mean value: 1
output tensor 1 standard deviation: 0
out[1][0]:1
out[1][1]:inf
""",
)  # what --show_output_elem=true adds
VALUES = replace(TABLE, inputs=("file:/data/local/tmp/in.bin",), output="values")


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_benchmark_bin_tells_outputs(newline: str) -> None:
    launch = flavour("benchmark_bin").parse(VALUES, OUTPUTS.replace("\n", newline), 0, "")
    assert launch.extremes is not None
    assert [output.shape for output in launch.outputs] == [(1, 3), (1, 1, 2)]
    assert [output.values for output in launch.outputs] == [(0.25, -1.52588e-05, None), (1.0, None)]


@pytest.mark.parametrize(
    "cut",
    ["out[0][2]:nan\n", "out[0][0]:0.25\n", "out[1][1]:inf\n", "output shape(NCHW): 1 3 \n"],
    ids=["last", "first", "of the second", "shape"],
)
def test_an_output_that_is_not_whole_is_none(cut: str) -> None:
    assert cut in OUTPUTS
    with pytest.raises(RunnerError) as caught:
        flavour("benchmark_bin").parse(VALUES, OUTPUTS.replace(cut, ""), 0, "")
    assert caught.value.kind == "bad_output"


def test_benchmark_bin_takes_its_inputs_from_files() -> None:
    two = replace(VALUES, shapes=((1, 3, 8, 8), (1, 2)), inputs=("file:/d/a.bin", "file:/d/b.bin"))
    command = flavour("benchmark_bin").command("b", two)
    assert "--input_data_path=/d/a.bin:/d/b.bin" in command
    assert "--show_output_elem=true" in command
    with pytest.raises(UsageError, match="another input"):
        flavour("benchmark_bin").command("b", replace(two, inputs=("file:/d/a.bin", "ones")))
    assert [each.tells_outputs for each in FLAVOURS.values()] == [True, True, False]


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_a_text_file_holds_the_very_numbers(values: list[float]) -> None:
    given_ = np.asarray(values, np.float32)
    told = flavour("benchmark_bin").input_file(given_).decode().split()
    assert np.array_equal(np.asarray([float(one) for one in told], np.float32), given_)


def test_whole_numbers_do_not_go_into_floats_of_benchmark_bin() -> None:
    with pytest.raises(RunnerError, match="takes floats, and an input is int64"):
        flavour("benchmark_bin").input_file(np.arange(3))
