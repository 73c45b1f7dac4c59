"""What the engines of all versions really printed (captured/), and the cause that is made of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.convert.opt.messages import cause_of, explain
from edge.errors import WorkerCrashedError, WorkerTimeoutError

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


def test_an_unknown_check_is_quoted() -> None:
    log = "1. Model is successfully loaded!\n[F 11/20 13:46:55.231 ...lite/operators/x.cc:7 Y] Check failed: a == b: odd\n"
    assert explain(log, "died (SIGABRT)").sentence == "died (SIGABRT): Check failed: a == b: odd"


def test_an_engine_that_died_and_one_that_hung_say_so() -> None:
    died = WorkerCrashedError("lite_worker died during `opt` (signal SIGSEGV)", returncode=-11)
    assert cause_of(died).sentence == "it died (SIGSEGV) without a word"
    left = WorkerCrashedError("lite_worker died during `opt` (exit code 0)", returncode=0)
    assert cause_of(left).sentence == "it died (exit code 0) without a word"
    hung = WorkerTimeoutError("lite_worker did not answer `opt` within 5 s and was ended")
    assert "within 5 s" in cause_of(hung).sentence
