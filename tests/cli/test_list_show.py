"""`edgezoo list` and `edgezoo show`, as they are typed."""

from __future__ import annotations

import json

import pytest

from edge.cli.main import run

Capture = pytest.CaptureFixture[str]


def listed(capsys: Capture, *arguments: str) -> list[str]:
    assert run(["list", *arguments, "--json"]) == 0
    return [model["name"] for model in json.loads(capsys.readouterr().out)]


def test_the_whole_catalogue(capsys: Capture) -> None:
    assert run(["list"]) == 0
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 267  # head and rule
    assert "265 models" in captured.err


def test_filters_combine(capsys: Capture) -> None:
    names = listed(capsys, "--light", "--min-top1", "75", "--max-sd855", "10", "--threads", "4", "--sort", "top1")
    assert names
    assert names == listed(
        capsys, "--light", "--min-top1", "0.75", "--max-sd855", "10", "--threads", "4", "--sort", "top1"
    )
    assert "MobileNetV3_large_x1_0_ssld" in names
    assert "ResNet50" not in names


def test_order_can_be_reversed(capsys: Capture) -> None:
    ascending = listed(capsys, "--series", "GhostNet", "--sort", "flops")
    assert ascending[0] == "GhostNet_x0_5"
    assert sorted(listed(capsys, "--series", "GhostNet", "--sort", "flops", "--reverse")) == sorted(ascending)
    assert listed(capsys, "--reverse") == listed(capsys)[::-1]


def test_no_model_passes(capsys: Capture) -> None:
    assert run(["list", "--max-params", "0.01"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "No model passes" in captured.err


def test_an_unknown_series_is_refused(capsys: Capture) -> None:
    assert run(["list", "--series", "Foo"]) == 2
    assert "known series: " in capsys.readouterr().err


def test_show_says_what_is_known(capsys: Capture) -> None:
    assert run(["show", "MobileNetV3_large_x1_0_ssld"]) == 0
    shown = capsys.readouterr().out
    for word in ("0.7896", "16.55 ms on 1 thread,", "6.84 ms on 4 threads", "1 x 3 x 224 x 224", "_infer.tar", "0.036"):
        assert word in shown


def test_show_as_json(capsys: Capture) -> None:
    assert run(["show", "EfficientNetB7", "--json"]) == 0
    model = json.loads(capsys.readouterr().out)
    assert model["input_shape"] == [1, 3, 600, 600]
    assert model["published"]["sd855_ms"] == {}


def test_show_of_an_unknown_name(capsys: Capture) -> None:
    assert run(["show", "PPLCNet_x10"]) == 2
    assert "did you mean PPLCNet_x1_0" in capsys.readouterr().err
