"""FLOPs and parameters of the light models are the published ones, but for the exceptions that the docs list."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import edge.zoo
from edge.toolchain.toolbox import Toolbox
from edge.toolchain.worker import Worker

pytestmark = pytest.mark.slow

DOC = Path(__file__).parents[2] / "docs" / "reference" / "flops-and-params.md"
COLUMNS = ("flops", "params")


def light() -> list[dict[str, str]]:
    with (Path(edge.zoo.__file__).parent / "models.csv").open(encoding="ascii", newline="") as file:
        return [row for row in csv.DictReader(file) if row["light"] == "1"]


def exceptions() -> dict[tuple[str, str], tuple[str, str]]:
    """(model, column) -> (published, counted), as printed in the doc's table of light models."""
    section = DOC.read_text(encoding="utf-8").split("## Light models that differ")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \| (flops|params) \| ([\d.]+) \| ([\d.]+) \| .+ \|$", section, re.MULTILINE)
    return {(model, column): (published, counted) for model, column, published, counted in rows}


def printed(number: int, like: str) -> str:
    """In millions, with as many decimals as `like`."""
    return f"{number / 1e6:.{len(like.partition('.')[2])}f}"


@pytest.fixture(scope="module")
def counted() -> Iterator[dict[str, dict[str, int]]]:
    def count(worker: Worker, row: dict[str, str]) -> dict[str, int]:
        size = int(row["input_size"])
        return worker.call("flops", architecture=row["architecture"], input_shape=[1, 3, size, size])

    with Toolbox() as tools, tools.lend("paddle") as worker:
        yield {row["name"]: count(worker, row) for row in light()}


def test_the_published_digits_come_out(counted: dict[str, dict[str, int]]) -> None:
    assert len(counted) == 55
    found = {
        (row["name"], column): (row[f"{column}_m"], printed(counted[row["name"]][column], row[f"{column}_m"]))
        for row in light()
        for column in COLUMNS
    }
    differing = {key: pair for key, pair in found.items() if pair[0] != pair[1]}
    assert differing == exceptions()


@pytest.mark.parametrize("name", ["PPLCNet_x0_25", "ShuffleNetV2_x0_25", "ResNet18_vd", "DeiT_tiny_patch16_224"])
def test_a_program_is_counted_as_its_network(name: str, tmp_path: Path) -> None:
    """Within 0.02 %: a program no longer knows which of its layers had a bias that was folded."""
    with Toolbox() as tools, tools.lend("paddle") as worker:
        network = worker.call(
            "export", architecture=name, input_shape=[1, 3, 224, 224], seed=0, out_dir=str(tmp_path), timeout=300
        )
        program = str(tmp_path / "inference.pdmodel")
        counted = worker.call("program_flops", program=program, shapes={"x": [1, 3, 224, 224]})["flops"]
        assert counted == pytest.approx(network["flops"], rel=2e-4)
        assert worker.call("program_flops", program=program, shapes={"x": [1, 3, -1, 224]}) == {"flops": None}
