"""What int8-static saves on ARM: the rule is made again from the counted networks, and read from a real file."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.convert.gain import COUNTED, SAVED_BY_MAC, SPENT_BY_CAST, SPENT_BY_OUTPUT, Int8Work, counted, int8_work
from edge.convert.metadata import int8_gain
from edge.convert.recipe import Recipe
from edge.metadata.gain import advice, words
from edge.metadata.model import Int8Gain
from edge.nb.program import NbOp
from edge.paddle.draft import NewOp
from edge.paddle.program import Program
from edge.zoo.catalogue import lookup
from tests.paddle.programs import program

WORK = {name: work for name, (_, _, work) in COUNTED.items()}
FP32, STATIC = (np.array([COUNTED[name][k] for name in WORK]) for k in (0, 1))
SHARES = 1 - STATIC / FP32


def millions() -> NDArray[np.float64]:
    return np.array([(work.macs, work.outputs, work.casts) for work in WORK.values()]) / 1e6


def test_the_counts_are_those_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "arm.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (\w+) \| [\d.]+ \| ([\d.]+) \| \d+ % \| ([\d.]+) \|", page, re.M)
    assert {name: (float(a), float(b)) for name, a, b in table} == {name: (a, b) for name, (a, b, _) in COUNTED.items()}


def test_the_costs_are_the_least_squares_over_the_counted_networks() -> None:
    rows = millions() / FP32[:, None]
    fitted = np.linalg.lstsq(rows, SHARES, rcond=None)[0]
    assert fitted == pytest.approx([SAVED_BY_MAC, -SPENT_BY_OUTPUT, -SPENT_BY_CAST], rel=2e-3)
    assert np.abs(rows @ fitted - SHARES).max() < 0.052
    for left_out in range(len(WORK)):
        others = np.arange(len(WORK)) != left_out
        costs = np.linalg.lstsq(rows[others], SHARES[others], rcond=None)[0]
        assert abs(rows[left_out] @ costs - SHARES[left_out]) < 0.062


@pytest.mark.parametrize("name", WORK)
def test_the_expected_share_is_near_the_counted_one(name: str) -> None:
    fp32, static, _ = COUNTED[name]
    assert WORK[name].saved == pytest.approx(1 - static / fp32, abs=0.09)


def test_only_the_very_network_was_counted() -> None:
    """Not at another size of its input, with a layer in float, or with another number of classes."""
    name, work = "PPLCNet_x0_25", WORK["PPLCNet_x0_25"]
    assert counted(name, work, 1000) == pytest.approx(0.0054, abs=1e-4)
    assert counted(name, work, 10) is None
    assert counted(name, replace(work, outputs=work.outputs - 1), 1000) is None
    assert counted("PPLCNet_x0_35", work, 1000) is None


def test_nothing_is_said_of_other_processors_than_the_counted_one() -> None:
    """fp16, which would be advised, does not run on 32-bit ARM."""
    model, done = lookup("PPLCNet_x0_25"), asdict(WORK["PPLCNet_x0_25"])
    recipe = Recipe("static", "2.13rc0", precision="int8-static")
    assert int8_gain(model, recipe, done, 1000) == {"saved": 0.005, "basis": "counted"}
    expected = {"saved": round(WORK["PPLCNet_x0_25"].saved, 3), "basis": "expected"}
    assert int8_gain(None, recipe, done, 1000) == expected
    assert int8_gain(model, replace(recipe, abi="armeabi-v7a"), done, 1000) is None


def test_where_it_does_not_pay_fp16_is_advised() -> None:
    told = {name: advice(Int8Gain(saved=round(1 - b / a, 3), basis="counted")) for name, (a, b, _) in COUNTED.items()}
    poor = {name for name, sentence in told.items() if sentence}
    assert poor == {"PPLCNet_x0_25", "MobileNetV3_small_x0_35", "GhostNet_x0_5", "MobileNetV2_x0_25"}
    assert "5% more" in (told["MobileNetV3_small_x0_35"] or "")
    assert "--precision fp16" in (told["MobileNetV2_x0_25"] or "")


@pytest.mark.parametrize(
    ("saved", "basis", "says"),
    [
        (0.4, "expected", "40% fewer instructions than fp32 on ARM with dot product (expected:"),
        (0.05, "expected", "about as many instructions as fp32"),
        (-0.05, "expected", "about as many instructions as fp32"),
        (-0.2, "expected", "20% more instructions than fp32"),
        (0.005, "counted", "about as many instructions as fp32 on ARM with dot product (counted in an emulator)"),
        (-0.05, "counted", "5% more instructions than fp32 on ARM with dot product (counted in an emulator)"),
    ],
)
def test_a_share_is_said_as_far_as_it_is_known(saved: float, basis: str, says: str) -> None:
    gain = Int8Gain(saved=saved, basis=basis)  # type: ignore[arg-type]
    assert words(gain).startswith(says)


def layers() -> Program:
    """A convolution and a depthwise one, 3 x 8 x 8 to 4 x 8 x 8 to 4 x 4 x 4."""
    ops = [
        NewOp("conv2d", {"Input": ["x"], "Filter": ["w"]}, {"Output": ["a"]}),
        NewOp("depthwise_conv2d", {"Input": ["a"], "Filter": ["d"]}, {"Output": ["y"]}),
    ]
    shapes = {"a": (-1, 4, 8, 8), "y": (-1, 4, 4, 4)}
    return program(ops, {"x": (-1, 3, 8, 8)}, ["y"], shapes, {"w": (4, 3, 3, 3), "d": (4, 1, 3, 3)})


def op(kind: str, read: str, made: str, weight: str = "", precision: str = "int8") -> NbOp:
    return NbOp(
        kind, "arm", precision, {"Input": (read,)} | ({"Filter": (weight,)} if weight else {}), {"Out": (made,)}
    )


FILE = (
    op("calib", "x", "v"),
    op("conv2d", "v", "x", "w"),
    op("depthwise_conv2d", "x", "v", "d"),
    op("calib", "v", "y"),
)


def test_the_work_of_a_file() -> None:
    assert int8_work(FILE, layers()) == Int8Work(macs=256 * 27, outputs=256 + 64, casts=192 + 64)
    float_depthwise = (*FILE[:2], op("calib", "x", "z"), op("depthwise_conv2d", "z", "y", "d", "fp32"))
    assert int8_work(float_depthwise, layers()) == Int8Work(macs=256 * 27, outputs=256, casts=192 + 256)


@pytest.mark.parametrize(
    "ops",
    [FILE[:0], (op("conv2d", "x", "y", "another"),), (*FILE, op("calib", "unknown", "more")),
     (op("calib", "x", "v"), op("softmax", "x", "v"), *FILE[1:])],
)  # fmt: skip
def test_nothing_is_claimed_of_what_cannot_be_found(ops: tuple[NbOp, ...]) -> None:
    assert int8_work(ops, layers()) is None
