"""PIR's JSON as the four versions of Paddle 3 wrote it, and what is no such thing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import ProgramError
from edge.paddle.pir import PirProgram, translate
from edge.paddle.pir.reading import VERSIONS
from edge.paddle.program import TensorSpec

CAPTURED = Path(__file__).parent / "captured"
ONE = (CAPTURED / "paddle-3.3.json").read_bytes()


@pytest.mark.parametrize("version", VERSIONS.values())
def test_every_version_is_read_and_names_itself(version: str) -> None:
    pir = PirProgram.read(CAPTURED / f"paddle-{version}.json")
    assert pir.version == version
    assert [p.name for p in pir.parameters if p.name.startswith("linear")] == ["linear_0.b_0", "linear_0.w_0"]
    convolution = next(op for op in pir.ops if op.name == "pd_op.conv2d")
    assert convolution.attrs["strides"] == (2, 2)
    assert convolution.attrs["data_format"] == "NCHW"
    assert convolution.results[0].shape == (-1, 4, 8, 8)


def test_all_versions_of_one_network_are_translated_alike() -> None:
    first, *others = [
        translate(PirProgram.read(CAPTURED / f"paddle-{version}.json")).program.serialize()
        for version in VERSIONS.values()
    ]
    assert all(other == first for other in others)


def test_the_translation_is_the_network_with_its_own_names() -> None:
    program = translate(PirProgram.parse(ONE)).program
    assert program.feeds == (TensorSpec("x", (-1, 3, 16, 16), "float32"),)
    assert program.fetches == (TensorSpec("fetch_name_0", (-1, 5), "float32"),)
    assert [op.type for op in program.ops()] == [
        "feed", "conv2d", "elementwise_add", "batch_norm", "hard_swish", "pool2d", "pool2d", "flatten_contiguous_range",
        "dropout", "matmul_v2", "elementwise_add", "softmax", "fetch",
    ]  # fmt: skip
    assert [spec.name for spec in program.persistables] == [
        "batch_norm2d_0.b_0", "batch_norm2d_0.w_0", "batch_norm2d_0.w_1", "batch_norm2d_0.w_2", "conv2d_0.b_0",
        "conv2d_0.w_0", "linear_0.b_0", "linear_0.w_0",
    ]  # fmt: skip
    bias, norm, pool = (next(program.ops(kind)) for kind in ("elementwise_add", "batch_norm", "pool2d"))
    assert (bias.input("Y"), bias.attr("axis")) == ("conv2d_0.b_0", 1)  # not reshaped: opt fuses it
    assert norm.output("MeanOut") == norm.input("Mean") == "batch_norm2d_0.w_1"
    assert pool.attr("ksize") == (2, 2)
    assert program.logits() == next(program.ops("softmax")).input("X")


def test_the_logits_are_fetched_from_the_original_under_the_translations_name() -> None:
    pir = PirProgram.parse(ONE)
    translation = translate(pir)
    name = translation.program.logits()
    assert name is not None
    more = PirProgram.parse(pir.with_fetch(translation.values[name], name).serialize())
    fetches = [op for op in more.ops if op.name == "pd_op.fetch"]
    assert [(op.attrs["name"], op.attrs["col"]) for op in fetches] == [("fetch_name_0", 0), (name, 1)]
    softmax = next(op for op in more.ops if op.name == "pd_op.softmax")
    assert fetches[1].operands == softmax.operands
    assert [spec.name for spec in translate(more).program.fetches] == ["fetch_name_0", name]
    assert pir.serialize() == PirProgram.parse(ONE).serialize()


def _changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(ONE)
    change(document)
    return json.dumps(document).encode()


def _operators(document: dict[str, Any]) -> list[dict[str, Any]]:
    operators: list[dict[str, Any]] = document["program"]["regions"][0]["blocks"][0]["ops"]
    return operators


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (ONE[:-1], "truncated"),
        (ONE[:5000], "truncated"),
        (b"[1, 2]", "no program of Paddle 3"),
        (b'{"name": "package"}', "no program of Paddle 3"),
        (_changed(lambda d: d["base_code"].update(version=9)), r"version 9 .* known are 1 to 4 \(Paddle 3.0 to 3.3\)"),
        (_changed(lambda d: d["program"].update(regions=[])), "is damaged"),
        (_changed(lambda d: _operators(d)[-2].pop("O")), "is damaged"),
        (_changed(lambda d: _operators(d)[-2].update(A=[{"N": "axis"}])), "is damaged"),
    ],
    ids=["empty", "cut by a byte", "cut in half", "a list", "another JSON", "unknown version", "no regions",
         "no results", "no attribute value"],
)  # fmt: skip
def test_what_is_no_program_is_said(data: bytes, says: str) -> None:
    with pytest.raises(ProgramError, match=says):
        PirProgram.parse(data)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(ONE) - 1))
def test_no_prefix_passes_for_the_whole(cut: int) -> None:
    with pytest.raises(ProgramError):
        PirProgram.parse(ONE[:cut])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: _operators(d)[-2].update({"#": "1.fft_c2c"}), r"pd_op.fft_c2c \(number 24.*\) cannot be translated"),
        (lambda d: _operators(d)[-2].update({"#": "3.mine"}), r"custom_op.mine .* is a custom operator"),
        (
            lambda d: _operators(d)[-2].update({"#": "1.while"}),
            r"pd_op.while \(number 24.*\) is not of the form that is known",
        ),
        (lambda d: _operators(d)[-2].update(I=[{"%": 22}, {"%": 23}]), r"pd_op.softmax .*2 operands instead of 1"),
        (lambda d: _operators(d)[-2].update(I=[{"%": 999}]), r"pd_op.softmax .* is not of the form that is known"),
    ],
    ids=["unknown operator", "custom operator", "control flow without a block", "other operands", "undefined operand"],
)
def test_what_cannot_be_translated_is_named(change: Callable[[dict[str, Any]], object], says: str) -> None:
    with pytest.raises(ProgramError, match=says) as caught:
        translate(PirProgram.parse(_changed(change)))
    assert ("FLAGS_enable_pir_api=0" in caught.value.hint) != ("custom" in says)
