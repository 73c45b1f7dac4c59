"""What the engines of all versions really printed (captured/), and the cause that is made of it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from edge.convert.opt.messages import OTHER_ENGINE, SINCE, Cause, cause_of, explain
from edge.errors import WorkerCrashedError, WorkerTimeoutError
from edge.toolchain.engines import engine
from edge.toolchain.environment import ensure

CAPTURED = Path(__file__).parent / "captured"
VERSIONS = ("2.10", "2.11", "2.12", "2.13rc0", "2.14rc0")

EXPECTED = {
    "no attribute": r"^it wants the attribute threshold of the operator relu6",
    "unknown op": r"^the target arm has no kernel for: frobnicate$",
    "wrong attr type": r"should be of type INT",
    "missing input slot": r"lacks a slot that it wants \(Input\)",
    "no program": r"^the file /models/nope is not there$",
    "garbage program": r"^the program is none that it can read$",
    "empty program": r"^the program is none that it can read$",
    "cut program": r"attribute \w+ of the operator conv2d",
    "no params": r"^the file /models/nope is not there$",
    "cut params": r"^a file is cut off$",
    "empty params": r"^the parameters are empty$",
    "other params": r"^the parameters belong to another program$",
    "no out dir": r"^the file /missing/x.nb cannot be opened$",
    "full disk": r"^no room was left on the disk$",
    "bad target": r"^it knows no target gpu$",
    "flatten x86": r"died \(SIGSEGV\) without a word|no kernel for: matmul_v2",
    "run cut": r"^a file is cut off$",
    "run garbage": r"^the file is no .nb$",
    "run none": r"^the file /models/nope.nb cannot be opened$",
    "newer attribute type": r"^it cannot read all of the program \(blocks\[0\].ops\[28\].attrs\[13\].type",
}


def captured(version: str) -> list[tuple[str, str, str]]:
    """(what was tried, how it ended, what was printed)."""
    text = (CAPTURED / f"opt-{version}.txt").read_text()
    parts = re.split(r"^=== (.*) \((\w+)\)\n", text, flags=re.M)[1:]
    return list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_captured_end_is_explained(version: str) -> None:
    ends = captured(version)
    assert len(ends) >= 18
    for tried, ended, printed in ends:
        cause = explain(printed, f"died ({ended})")
        assert re.search(EXPECTED[tried], cause.sentence), (tried, cause.sentence)
        assert cause.advice, tried


@pytest.mark.parametrize(
    ("target", "missing", "advice"),
    [
        ("arm", "'log1p'", "Paddle-Lite 2.14rc0 has it: --engine 2.14rc0"),
        ("arm", "'pad, silu'", "Paddle-Lite 2.13rc0 has them: --engine 2.13rc0"),
        (
            "opencl,arm",
            "'log1p, conv3d'",
            "no version of Paddle-Lite has conv3d; ONNX Runtime may run the network: --format onnx",
        ),
        ("x86", "'lstm'", "Paddle-Lite's engine for x86 has fewer kernels"),
    ],
)
def test_an_operator_without_a_kernel_is_helped_only_by_what_has_it(target: str, missing: str, advice: str) -> None:
    log = (
        f"Error: This model is not supported, because 2 ops are not supported on '{target}'. "
        f"These unsupported ops are: {missing}.\n"
    )
    cause = explain(log, "died")
    assert cause.advice.startswith(advice)
    assert cause.sentence == f"the target {target} has no kernel for: {missing.replace(chr(39), '')}"


@pytest.mark.slow
def test_which_version_brought_an_operator_is_opts_own_word() -> None:
    """Of the versions that every machine can have."""
    code = "from paddlelite.lite import Opt; Opt().print_all_ops()"
    known: dict[str, set[str]] = {}
    for version in ("2.10", "2.13rc0"):
        python = ensure(engine("paddlelite", version), say=lambda _: None).python
        printed = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout
        lines = printed.splitlines()
        head = next(number for number, line in enumerate(lines) if "OP_name" in line)
        places = [lines[head].index(target) for target in ("kARM", "kHost")]
        rows = [line for line in lines[head + 1 :] if line.strip()]
        known[version] = {line.split()[0] for line in rows if any(line[at : at + 5].strip() for at in places)}
    since = {name for name, version in SINCE.items() if version != "2.14rc0"}
    assert since == known["2.13rc0"] - known["2.10"] - {"calib_inplace", "dequantize_log", "fused_attention"}


def test_an_unknown_check_is_quoted() -> None:
    log = "1. Model is successfully loaded!\n[F 11/20 13:46:55.231 ...lite/operators/x.cc:7 Y] Check failed: a == b: odd\n"
    assert explain(log, "died (SIGABRT)").sentence == "died (SIGABRT): Check failed: a == b: odd"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_version_that_failed_is_not_advised(version: str) -> None:
    asked = re.findall(r"--engine (\S+)", Cause("", OTHER_ENGINE).advice_in(version))
    assert asked != [version]
    assert set(asked) <= set(VERSIONS)


def test_an_engine_that_died_and_one_that_hung_say_so() -> None:
    died = WorkerCrashedError("lite_worker died during `opt` (signal SIGSEGV)", returncode=-11)
    assert cause_of(died).sentence == "it died (SIGSEGV) without a word"
    left = WorkerCrashedError("lite_worker died during `opt` (exit code 0)", returncode=0)
    assert cause_of(left).sentence == "it died (exit code 0) without a word"
    hung = WorkerTimeoutError("lite_worker did not answer `opt` within 5 s and was ended")
    assert "within 5 s" in cause_of(hung).sentence
