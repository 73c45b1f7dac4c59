"""What edgebench prints is taken for a launch only when all of it is there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge
from edge.bench.contract import (
    CONTRACT_VERSION,
    LaunchReport,
    LaunchSpec,
    command_line,
    output_digest,
    parse_hello,
    parse_images,
    parse_launch,
)
from edge.errors import BenchError, ContractError, RunnerError, UsageError

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(__file__).parent / "data"
# Printed by edgebench with Paddle-Lite 2.13rc0 on x86-64, bound to core 1, at least 300 repeats and 100 ms.
WHOLE = (DATA / "edgebench-x86_64.jsonl").read_text(encoding="utf-8")
# And with the synthetic engine on an emulated SD855, threads 2, 300 repeats.
PHONE = (DATA / "edgebench-arm64.jsonl").read_text(encoding="utf-8")
LINES = WHOLE.splitlines(keepends=True)
HELLO = LINES[0]


def end(code: int, kind: str, message: str = "why", status: str = "error", lines: int = 1) -> str:
    fields = {"type": "end", "status": status, "exit": code, "lines": lines, "kind": kind, "message": message}
    return json.dumps(fields) + "\n"


def changed(kind: str, change: Callable[[dict[str, Any]], None]) -> str:
    """The whole launch with the first line of that type changed."""
    lines = list(LINES)
    at = next(i for i, line in enumerate(lines) if json.loads(line)["type"] == kind)
    fields = json.loads(lines[at])
    change(fields)
    lines[at] = json.dumps(fields) + "\n"
    return "".join(lines)


def test_a_whole_launch_is_read() -> None:
    launch = parse_launch(WHOLE, 0)
    assert launch.hello is not None
    assert (launch.hello.engine, launch.hello.abi, launch.synthetic) == ("paddle-lite", "x86_64", False)
    assert len(launch.samples_ms) == 3360
    assert launch.samples_ms[256] == json.loads(LINES[8])["ms"][0]
    assert launch.engine_version == launch.model_opt_version == "v2.13-rc"
    assert launch.inputs[0].shape == (1, 3, 64, 64)
    assert launch.inputs[0].fill == "seed:7"
    assert launch.load_ms is not None
    assert launch.load_ms > 0
    assert launch.first_run_ms is not None
    assert (launch.warmup_runs, launch.warmup_settled) == (11, True)
    assert launch.peak_rss_bytes is not None
    assert launch.peak_rss_bytes > launch.model_bytes  # type: ignore[operator]
    assert launch.extremes is None


def test_the_probes_are_read() -> None:
    launch = parse_launch(WHOLE, 0)
    assert launch.probes is not None
    measured, whole, clocks = launch.probes.measured, launch.probes.launch, launch.probes.clocks
    assert measured.wall_ms >= sum(launch.samples_ms)
    assert measured.thread_cpu_ms is not None
    assert 0 < measured.thread_cpu_ms < measured.wall_ms < whole.wall_ms
    assert measured.cores == (1,)
    assert measured.threads is not None
    (thread,) = measured.threads
    assert (thread.processor, thread.affinity, thread.involuntary_switches) == (1, (1,), measured.involuntary_switches)
    assert thread.cpu_ms is not None
    assert thread.delay_ms is not None
    # running or waiting for the core, it was ready all the time
    assert thread.cpu_ms + thread.delay_ms == pytest.approx(measured.wall_ms, rel=0.02)
    assert clocks.before is not None
    assert clocks.between is not None
    assert clocks.after is not None
    assert [reading.core for reading in (*clocks.before, *clocks.after)] == [1, 1]
    assert clocks.before[0].hz == pytest.approx(clocks.after[0].hz, rel=1e-3)
    assert [reading.runs for reading in clocks.between] == [3308]
    assert (whole.cores, whole.threads) == (None, None)
    assert launch.last_outputs[0].digest == launch.outputs[0].digest
    assert launch.last_outputs[0].values is None


def test_the_cores_are_read_when_the_measured_runs_begin_and_end() -> None:
    launch = parse_launch(PHONE, 0)
    assert launch.before is not None
    assert launch.after is not None
    ticks = [dict(cores[7].time_in_state or ())[2_841_600]
             for cores in (launch.before.cores, launch.loop_begin, launch.loop_end, launch.after.cores)]  # fmt: skip
    assert ticks == sorted(ticks)
    assert ticks[1] < ticks[2]  # the stand-in counts once a second


def test_a_program_without_a_probe_says_unknown() -> None:
    text = changed("clock", lambda line: line.update(before=None, between=None, after=None))
    probes = parse_launch(text, 0).probes
    assert probes is not None
    assert (probes.clocks.before, probes.clocks.between, probes.clocks.after) == (None, None, None)

    def no_proc(line: dict[str, Any]) -> None:
        line.update(thread_cpu_ms=None, thread_switches=None, cores=None, threads=None)

    probes = parse_launch(changed("usage", no_proc), 0).probes
    assert probes is not None
    assert (probes.measured.thread_cpu_ms, probes.measured.cores, probes.measured.threads) == (None, None, None)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9), lambda inner: (
    st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["core", "hz", "tid", "cpu_ms", "affinity"]), inner)
), max_leaves=12), st.sampled_from(["before", "threads", "begin", "cores"]))  # fmt: skip
def test_no_value_breaks_the_probes(value: object, name: str) -> None:
    kind = {"before": "clock", "threads": "usage", "begin": "frequencies", "cores": "usage"}[name]
    text = changed(kind, lambda line: line.update({name: value}))
    try:
        launch: LaunchReport | None = parse_launch(text, 0)
    except RunnerError:
        launch = None
    assert launch is None or launch.probes is not None


def test_the_environment_says_which_cores_ran() -> None:
    launch = parse_launch(PHONE, 0)
    assert launch.synthetic
    assert launch.before is not None
    assert launch.after is not None
    assert launch.before.affinity == tuple(range(8))
    assert launch.after.affinity == (6, 7)
    assert [core.max_khz for core in launch.before.cores][3::2] == [1785600, 2419200, 2841600]
    times = launch.after.cores[7].time_in_state
    assert times is not None
    assert times[-1][0] == 2841600
    assert launch.before.thermal_zones is not None
    assert launch.before.thermal_zones[0].name == "cpu-0-0-usr"


def test_output_values_have_the_digest_that_is_told() -> None:
    (output,) = parse_launch(WHOLE, 0).outputs
    assert output.values is not None
    assert output_digest(np.array(output.values, np.float32)) == output.digest


def test_carriage_returns_and_lines_of_others_are_passed_over() -> None:
    noisy = "WARNING: linker: /system/lib64/libfoo.so: unused DT entry\n" + "\nnote {not json}\n".join(LINES)
    assert parse_launch(noisy, 0) == parse_launch(WHOLE, 0)
    assert parse_launch(WHOLE.replace("\n", "\r\n"), 0) == parse_launch(WHOLE, 0)
    assert parse_launch(WHOLE.replace("\n", "\r\r\n"), 0) == parse_launch(WHOLE, 0)


@given(st.integers(0, len(WHOLE) - 1))
def test_cut_off_anywhere_it_is_no_launch(length: int) -> None:
    with pytest.raises(RunnerError) as caught:
        parse_launch(WHOLE[:length], 0)
    assert caught.value.kind == "bad_output"


def test_without_its_last_byte_it_is_no_launch() -> None:
    for length in range(len(WHOLE) - len(LINES[-1]), len(WHOLE)):
        with pytest.raises(RunnerError):
            parse_launch(WHOLE[:length], 0)


@pytest.mark.parametrize("missing", range(len(LINES)), ids=lambda i: json.loads(LINES[i])["type"] + str(i))
def test_every_line_is_needed(missing: int) -> None:
    with pytest.raises(RunnerError) as caught:
        parse_launch("".join(LINES[:missing] + LINES[missing + 1 :]), 0)
    assert caught.value.kind == "bad_output"


@pytest.mark.parametrize("twice", range(len(LINES)), ids=lambda i: json.loads(LINES[i])["type"] + str(i))
def test_no_line_may_come_twice(twice: int) -> None:
    with pytest.raises(RunnerError):
        parse_launch("".join(LINES[: twice + 1] + LINES[twice:]), 0)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        pytest.param("samples", lambda line: line["ms"].pop(), id="a sample less"),
        pytest.param("samples", lambda line: line.update(start=1), id="a gap at the start"),
        pytest.param("samples", lambda line: line["ms"].__setitem__(5, -1.0), id="negative time"),
        pytest.param("warmup", lambda line: line.update(runs=-1), id="negative count"),
        pytest.param("memory", lambda line: line.update(peak_rss_bytes=-1), id="negative memory"),
        pytest.param("samples", lambda line: line["ms"].__setitem__(5, None), id="null time"),
        pytest.param("samples", lambda line: line["ms"].__setitem__(5, True), id="a truth for a time"),
        pytest.param("samples", lambda line: line["ms"].__setitem__(5, float("nan")), id="NaN"),
        pytest.param("load", lambda line: line.update(ms="1"), id="text for a number"),
        pytest.param("load", lambda line: line.pop("engine_version"), id="no engine version"),
        pytest.param("warmup", lambda line: line.update(runs=1.5), id="half a run"),
        pytest.param("warmup", lambda line: line.update(settled="yes"), id="a text for a truth"),
        pytest.param("output", lambda line: line.update(index=1), id="output 0 is missing"),
        pytest.param("output", lambda line: line.update(run="last"), id="the last run before the first"),
        pytest.param("output", lambda line: line.update(name="other"), id="another output at the end"),
        pytest.param("usage", lambda line: line.update(span="launch"), id="the launch twice"),
        pytest.param("usage", lambda line: line.update(wall_ms=-1.0), id="negative wall time"),
        pytest.param("usage", lambda line: line.pop("threads"), id="no threads"),
        pytest.param("usage", lambda line: line["threads"][0].update(affinity=["1"]), id="a text for a core"),
        pytest.param("clock", lambda line: line.pop("between"), id="no clock between"),
        pytest.param("clock", lambda line: line["before"][0].update(hz=0), id="no hertz"),
        pytest.param("clock", lambda line: line["before"][0].update(hz=3.5e9), id="a fraction for a clock"),
        pytest.param("frequencies", lambda line: line.update(begin=None), id="no frequencies"),
        pytest.param("environment", lambda line: line.update(moment="after"), id="two environments after"),
        pytest.param("environment", lambda line: line["cores"][0].update(online=1), id="a number for a truth"),
        pytest.param("environment", lambda line: line["cores"][0].update(time_in_state=[[1]]), id="no pairs"),
        pytest.param("memory", lambda line: line.update(synthetic=True), id="one synthetic line"),
        pytest.param("end", lambda line: line.update(exit=5), id="ok, but exit 5"),
    ],
)
def test_fields_are_read_strictly(kind: str, change: Callable[[dict[str, Any]], None]) -> None:
    with pytest.raises(RunnerError) as caught:
        parse_launch(changed(kind, change), 0)
    assert caught.value.kind == "bad_output"


def test_what_the_device_cannot_read_is_none() -> None:
    def unreadable(line: dict[str, Any]) -> None:
        line.update(affinity=None, thermal_zones=None)
        line["cores"][0].update(online=None, max_khz=None, governor=None, time_in_state=None)

    launch = parse_launch(changed("environment", unreadable), 0)
    assert launch.before is not None
    assert launch.before.affinity is None
    assert launch.before.thermal_zones is None
    assert launch.before.cores[0].max_khz is None


@given(st.text(max_size=400), st.integers(-20, 255))
def test_no_text_is_taken_for_a_launch(text: str, code: int) -> None:
    with pytest.raises(BenchError):
        parse_launch(text, code)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9), lambda inner: (
    st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "contract", "status", "lines"]), inner)
), max_leaves=12))  # fmt: skip
def test_no_json_is_taken_for_a_launch(value: object) -> None:
    with pytest.raises(BenchError):
        parse_launch(HELLO + json.dumps(value) + "\n", 0)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(2, "bad_argument"), (4, "model_unreadable"), (5, "model_invalid"), (6, "engine_failed"),
     (7, "cores_unavailable"), (8, "input_invalid")],
)  # fmt: skip
@pytest.mark.parametrize("arrived", [True, False], ids=["code arrived", "code lost"])
def test_a_failure_keeps_its_kind_and_sentence(code: int, kind: str, arrived: bool) -> None:
    with pytest.raises(RunnerError, match="no such thing") as caught:
        parse_launch(HELLO + end(code, kind, "no such thing"), code if arrived else 0, "one\n\ntwo\n")
    assert caught.value.kind == kind
    assert caught.value.hint or kind == "bad_argument"
    assert caught.value.log == "one\ntwo"


@pytest.mark.parametrize("code", [139, -11], ids=["shell", "subprocess"])
@pytest.mark.parametrize("printed", [True, False], ids=["with an end line", "without"])
def test_a_crash_is_told_from_a_failure(code: int, printed: bool) -> None:
    last = end(139, "crash", "SIGSEGV (bad memory access) while measuring", "crash") if printed else ""
    with pytest.raises(RunnerError, match="died of SIGSEGV") as caught:
        parse_launch(HELLO + last, code, "[F 11/20] Check failed: x\n")
    assert caught.value.kind == "crash"
    assert "Check failed" in caught.value.log
    assert ("while measuring" in caught.value.message) is printed


@pytest.mark.parametrize(
    ("kind", "code"), [("crash", 139), ("crash", 0), ("engine_failed", 5)], ids=["killed", "crash told", "failed"]
)
def test_the_advice_is_the_engines_own(kind: str, code: int) -> None:
    """Only Paddle-Lite's files are of a version of opt."""
    hints = {}
    for engine in ("paddle-lite", "mnn"):
        hello = json.dumps({**json.loads(HELLO), "engine": engine}) + "\n"
        last = "" if code == 139 else end(code or 139, kind, "it ended", kind)
        with pytest.raises(RunnerError) as caught:
            parse_launch(hello + last, code)
        hints[engine] = caught.value.hint
    assert "engine version of the benchmark program" in hints["paddle-lite"] or "opt" in hints["paddle-lite"]
    assert not any(word in hints["mnn"] for word in (" opt", "engine version", "Paddle"))
    assert hints["mnn"]


def test_a_crash_in_mid_line_is_a_crash() -> None:
    with pytest.raises(RunnerError) as caught:
        parse_launch(HELLO + '{"type":"load","ms":\n' + end(134, "crash", "SIGABRT", "crash"), 134)
    assert caught.value.kind == "crash"


def test_sigkill_is_explained_by_memory() -> None:
    with pytest.raises(RunnerError, match="died of SIGKILL") as caught:
        parse_launch("".join(LINES[:5]), 137)
    assert "memory" in caught.value.hint


def test_a_whole_launch_with_a_bad_exit_code_is_none() -> None:
    for code in (1, 9, 139):
        with pytest.raises(RunnerError):
            parse_launch(WHOLE, code)


@pytest.mark.parametrize(("code", "words"), [(126, "cannot be executed"), (127, "not there")])
def test_a_program_that_did_not_start(code: int, words: str) -> None:
    with pytest.raises(RunnerError, match=words) as caught:
        parse_launch("", code, "/system/bin/sh: ./edgebench: not executable: 64-bit ELF file\n")
    assert caught.value.kind == "not_started"
    assert "64-bit ELF" in caught.value.message


def test_another_contract_is_refused_from_both_sides() -> None:
    with pytest.raises(ContractError, match="program speaks device contract 1, edgezoo speaks 2") as caught:
        parse_launch(changed("hello", lambda line: line.update(contract=1)), 0)
    assert "edgezoo runner build" in caught.value.hint
    with pytest.raises(ContractError, match="the driver speaks 3"):
        parse_launch(HELLO + end(3, "contract_mismatch", "the driver speaks 3"), 3)


def images(*numbers: int, outputs: int = 1, without: int | None = None) -> str:
    """What edgebench prints of images, made of a launch's lines: of each the launch's own output, but for one line."""
    lines = [json.loads(line) for line in LINES]
    kept = [line for line in lines if line["type"] in ("hello", "environment", "load", "input", "memory")]
    output = next(line for line in lines if line["type"] == "output")
    del output["run"]
    kept[4:4] = [{**output, "image": number, "index": index} for number in numbers for index in range(outputs)]
    if without is not None:
        del kept[without]
    kept.append({**lines[-1], "lines": len(kept)})
    return "".join(json.dumps(line) + "\n" for line in kept)


def test_the_outputs_of_images_are_read() -> None:
    report = parse_images(3, images(0, 1, 2, outputs=2), 0)
    assert report.hello.engine == "paddle-lite"
    assert report.engine_version == "v2.13-rc"
    assert [[output.index for output in each] for each in report.outputs] == [[0, 1]] * 3
    assert report.outputs[2][0] == parse_launch(WHOLE, 0).outputs[0]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(images(0, 1), id="one less"),
        pytest.param(images(0, 1, 2, 3), id="one more"),
        pytest.param(images(0, 2, 1), id="another order"),
        pytest.param(images(0, 1, 1), id="one twice"),
        pytest.param(images(1, 2, 3), id="the first is missing"),
        pytest.param(images(), id="none"),
        pytest.param(WHOLE, id="a measurement"),
        pytest.param(images(0, 1, 2).replace('"image": 2', '"image": null'), id="one without a number"),
        pytest.param(images(0, 1, 2).replace('"shape": [1, 10]', '"shape": [1, 11]'), id="a value less"),
        pytest.param(images(0, 1, 2, outputs=2, without=6), id="an image without its first output"),
        pytest.param(images(0, 1, 2, outputs=2, without=7), id="an image without its second output"),
        pytest.param(images(0, 1, 2, without=2), id="no load line"),
    ],
)
def test_other_images_than_those_asked_for_are_none(text: str) -> None:
    with pytest.raises(RunnerError) as caught:
        parse_images(3, text, 0)
    assert caught.value.kind == "bad_output"


@given(st.integers(0, len(images(0, 1, 2)) - 1))
def test_images_cut_off_anywhere_are_none(length: int) -> None:
    with pytest.raises(RunnerError):
        parse_images(3, images(0, 1, 2)[:length], 0)


def test_a_program_that_knows_no_images_is_to_be_built_again() -> None:
    with pytest.raises(ContractError, match="runs no images") as caught:
        parse_images(3, HELLO + end(2, "bad_argument", "unknown option '--images'; edgebench --help lists them"), 2)
    assert "build the runner again" in caught.value.hint
    with pytest.raises(RunnerError) as other:
        parse_images(3, HELLO + end(2, "bad_argument", "--threads takes a whole number"), 2)
    assert other.value.kind == "bad_argument"


def test_hello_is_read_alone() -> None:
    ended = '{"type":"end","status":"ok","exit":0,"lines":1}\n'
    assert parse_hello(HELLO + ended, 0) == parse_launch(WHOLE, 0).hello
    with pytest.raises(RunnerError):
        parse_hello(ended.replace('"lines":1', '"lines":0'), 0)


def test_a_synthetic_launch_says_so() -> None:
    launch = parse_launch(WHOLE.replace('{"type":', '{"synthetic":true,"type":'), 0)
    assert launch.synthetic
    assert not LaunchReport().synthetic


def test_warnings_of_the_engine_are_part_of_the_launch() -> None:
    launch = parse_launch(WHOLE, 0, "CPU id:7 is offine\n")
    assert [warning.kind for warning in launch.warnings] == ["cores_offline"]


def test_the_command_line_is_the_contracts() -> None:
    spec = LaunchSpec("m.nb", shapes=((1, 3, 8, 8), (1, 2)), threads=4, power_mode=0, warmup=3, warmup_ms=0, warmup_max_ms=50,
                      repeats=5, repeats_ms=1000000.5, repeats_max_ms=2e6, inputs=("seed:7", "file:in.bin"),
                      output="values")  # fmt: skip
    assert command_line("./edgebench", spec) == [
        "./edgebench", "--contract", str(CONTRACT_VERSION), "--model", "m.nb", "--threads", "4", "--power-mode", "0",
        "--warmup", "3", "--warmup-ms", "0", "--warmup-max-ms", "50", "--repeats", "5", "--repeats-ms", "1000000.5",
        "--repeats-max-ms", "2000000", "--shape", "1,3,8,8",
        "--input", "seed:7", "--shape", "1,2", "--input", "file:in.bin", "--output", "values",
    ]  # fmt: skip
    bound = command_line("e", LaunchSpec("m.nb", shapes=((1,),), cores=(7, 6)))
    assert bound[bound.index("--cores") + 1] == "7,6"
    assert "--power-mode" not in bound
    spec = LaunchSpec("m.nb", shapes=((1, 3, 8, 8),), power_mode=0, inputs=("bytes:b",), output="values", images=55)
    assert command_line("e", spec) == [
        "e", "--contract", str(CONTRACT_VERSION), "--model", "m.nb", "--threads", "1", "--power-mode", "0",
        "--images", "55", "--shape", "1,3,8,8", "--input", "bytes:b", "--output", "values",
    ]  # fmt: skip


def test_a_contradictory_launch_is_refused() -> None:
    with pytest.raises(UsageError, match="exclude"):
        LaunchSpec("m.nb", shapes=((1,),), power_mode=0, cores=(7,))
    with pytest.raises(UsageError, match="one shape and one fill"):
        LaunchSpec("m.nb", shapes=((1,),), inputs=("ones", "ones"))


def test_the_digest_is_fnv1a() -> None:
    assert output_digest(np.array([], np.float32)) == "fnv1a64:cbf29ce484222325"
    # Test vector "foob" of draft-eastlake-fnv, as the four bytes of one float32.
    assert output_digest(np.frombuffer(b"foob", "<f4")) == "fnv1a64:dd120e790c2512af"


def test_docs_driver_and_program_speak_one_contract() -> None:
    page = (ROOT / "docs" / "reference" / "device-contract.md").read_text(encoding="utf-8")
    header = (ROOT / "android_runner" / "include" / "edgebench" / "contract.h").read_text(encoding="utf-8")
    assert re.findall(r"^contract version: (\d+)$", page, re.MULTILINE) == [str(CONTRACT_VERSION)]
    assert re.findall(r"kContractVersion = (\d+);", header) == [str(CONTRACT_VERSION)]


def test_the_page_lists_what_the_program_knows() -> None:
    page = (ROOT / "docs" / "reference" / "device-contract.md").read_text(encoding="utf-8")
    arguments = (ROOT / "android_runner" / "src" / "arguments.cpp").read_text(encoding="utf-8")
    contract = (ROOT / "android_runner" / "include" / "edgebench" / "contract.h").read_text(encoding="utf-8")
    options = set(re.findall(r'\{"(--[a-z-]+)"', arguments)) | {"--version", "--env", "--help"}
    assert options - {"--contract", "--model"} == set(re.findall(r"`(--[a-z-]+)", page)) - {"--contract"}
    codes = dict(re.findall(r"^\| (\d+) \| `(\w+)` \|", page, re.MULTILINE))
    named = re.findall(r"k([A-Z]\w+) = (\d+),", contract)
    assert codes == {code: re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower() for name, code in named if code != "0"}


def test_the_program_has_the_projects_version() -> None:
    cmake = (ROOT / "android_runner" / "CMakeLists.txt").read_text(encoding="utf-8")
    assert re.findall(r"project\(edgebench VERSION ([\d.]+)", cmake) == [edge.__version__]
