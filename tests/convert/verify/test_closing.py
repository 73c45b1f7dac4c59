"""A closing softmax whose kernel on x86 overflows says nothing of the one on a phone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.cli.main import run
from edge.convert.verify.closing import by_what_goes_in
from edge.convert.verify.compare import LIMITS, Outputs
from edge.convert.verify.inputs import Sample
from edge.convert.verify.judge import Domain, Judgement, judge_all, judge_steady
from edge.paddle.draft import NewOp
from tests.paddle.programs import program, write_params

Scores = NDArray[np.float32]
SCORES = np.random.default_rng(0).normal(0, 9, (8, 1, 5)).astype(np.float32)
NAMES, LOGITS = ("p", "s"), {"p": "s"}
LIMIT = LIMITS["fp32"]


def softmax(scores: Scores) -> Scores:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    made: Scores = powers / powers.sum(axis=-1, keepdims=True)
    return made


def paddle(given: Sequence[Sample]) -> Outputs:
    return [softmax(SCORES[: len(given)]), SCORES[: len(given)]]


def judged(made: Outputs, logits: dict[str, str]) -> Judgement:
    given: list[Sample] = [{"x": row} for row in SCORES]
    verdict = judge_all(
        [Domain("0 to 255", lambda number: given if number == 0 else [])],
        lambda draw: judge_steady(draw, lambda _: made, paddle, LIMIT),
    )
    return by_what_goes_in(verdict, NAMES, logits, paddle, LIMIT)


NANS = np.full_like(SCORES, np.nan)


@pytest.mark.parametrize(
    ("made", "logits", "status"),
    [
        ([softmax(SCORES), SCORES], LOGITS, "passed"),
        ([NANS, SCORES], LOGITS, "inconclusive"),
        ([NANS, SCORES], {}, "failed"),  # no softmax ends it
        ([NANS, NANS], LOGITS, "failed"),
        ([NANS, -SCORES], LOGITS, "failed"),  # the scores are wrong, too
        ([softmax(-SCORES), SCORES], LOGITS, "failed"),  # finite, and wrong
    ],
)
def test_what_a_twin_without_numbers_proves(made: Outputs, logits: dict[str, str], status: str) -> None:
    found = judged(made, logits)
    assert found.status == status
    if status == "inconclusive":
        assert found.reason is not None
        assert "no finite numbers of p" in found.reason
        assert np.isfinite(found.worst.max_abs_error)


@pytest.mark.slow
@pytest.mark.parametrize(("target", "code", "verdict"), [("arm", 0, "inconclusive"), ("x86", 1, "failed")])
def test_a_softmax_over_channels(target: str, code: int, verdict: str, tmp_path: Path) -> None:
    """On x86 it is what the file would give there; of a phone's file it proves nothing."""
    net = tmp_path / "net"
    net.mkdir()
    conv: dict[str, str | int | Sequence[int]] = {"strides": [1, 1], "paddings": [0, 0], "dilations": [1, 1], "groups": 1,
            "padding_algorithm": "EXPLICIT", "data_format": "NCHW"}  # fmt: skip
    ops = [
        NewOp("conv2d", {"Input": ["x"], "Filter": ["w"]}, {"Output": ["s"]}, conv),
        NewOp("softmax", {"X": ["s"]}, {"Out": ["p"]}, {"axis": 1}),
    ]
    size = [1, 4, 8, 8]
    written = program(ops, {"x": [1, 3, 8, 8]}, ["p"], {"s": size, "p": size}, {"w": [4, 3, 1, 1]})
    (net / "inference.pdmodel").write_bytes(written.serialize())
    weights = np.random.default_rng(0).normal(0, 1, (4, 3, 1, 1)).astype(np.float32)
    write_params(net / "inference.pdiparams", {"w": weights})
    asked = ["--model-dir", str(net), "--target", target, "-o", str(tmp_path), "-q"]
    assert run(["convert", *asked]) == code
    assert (tmp_path / "net.nb").exists() == (code == 0)
    if code == 0:
        assert json.loads((tmp_path / "net.json").read_text())["verification"]["status"] == verdict
