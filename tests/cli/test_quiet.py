"""`--quiet` leaves out progress, and no reason why something failed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge.cli.main import run
from edge.paddle.draft import NewOp
from tests.cli.test_once import ALL
from tests.paddle.programs import program, write_params

Capture = pytest.CaptureFixture[str]
TINY = Path(__file__).parents[1] / "package" / "data" / "tiny.nb"
QUIET = sorted(" ".join(path) for path, command in ALL if any("--quiet" in option.opts for option in command.params))
WRONG = {
    "bench": ["nowhere.nb"],
    "cache prune": ["--kind", "nothing"],
    "device clean": ["--adb-server", ":5037"],
    "devices": ["--columns", "nothing"],
    "list": ["--series", "Nowhere"],
    "convert": ["nowhere"],
    "coverage": ["--engine", "9.9"],
    "estimate": ["nowhere.nb"],
    "eval": ["nowhere.nb", "--data", "."],
    "install": ["nowhere.nb"],
    "package": ["nowhere.nb"],
    "runner build": ["--lite-lib", "nowhere"],
}


@pytest.mark.parametrize("command", QUIET)
def test_a_refusal_is_printed(command: str, capsys: Capture) -> None:
    code = run([*command.split(), *WRONG[command]])
    loud = capsys.readouterr().err
    assert run([*command.split(), "-q", *WRONG[command]]) == code == 2
    assert capsys.readouterr().err == loud
    assert "Error: " in loud


def test_a_network_that_failed_is_printed(tmp_path: Path, capsys: Capture) -> None:
    """Here, because another is in its place."""
    net, out = tmp_path / "net", tmp_path / "out"
    net.mkdir()
    out.mkdir()
    add = NewOp("elementwise_add", {"X": ["x"], "Y": ["w"]}, {"Out": ["y"]}, {"axis": -1})
    written = program([add], {"x": [1, 3, 8, 8]}, ["y"], {"y": [1, 3, 8, 8]}, {"w": [1]})
    (net / "inference.pdmodel").write_bytes(written.serialize())
    write_params(net / "inference.pdiparams", {"w": np.ones(1, np.float32)})
    shutil.copy(TINY, out / "net.nb")
    there = json.loads(TINY.with_suffix(".json").read_text()) | {"name": "net", "file": "net.nb"}
    (out / "net.json").write_text(json.dumps(there))
    assert run(["convert", "--model-dir", str(net), "-o", str(out), "-q"]) == 1
    told = capsys.readouterr().err
    assert "failed" in told
    assert "is there already" in told
