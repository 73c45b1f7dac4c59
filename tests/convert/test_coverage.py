"""The coverage survey: which networks there are, what a row tells, that nothing stays; and the page, on a sample."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.convert import conversion
from edge.convert.coverage import CoverageRow, networks, survey
from edge.convert.legalise import Applied, legalise
from edge.convert.recipe import Precision, choose
from edge.paddle.draft import Draft
from edge.paddle.program import Program
from edge.report.coverage import as_markdown, as_text, counts
from edge.source.weights import Weights
from edge.zoo.catalogue import catalogue, lookup

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "coverage.md"
RANDOM = Weights("random")
# Small networks of families that need rules or care of their own.
SAMPLE = ("SqueezeNet1_1", "ReXNet_1_0", "HarDNet39_ds", "LeViT_128S", "MobileViT_XXS", "EfficientNetB0_small")


def row(**changes: Any) -> CoverageRow:
    plain = CoverageRow(
        models=("A", "A_ssld"), series="S", architecture="A", input_shape=(1, 3, 224, 224), status="verified", reason=None,
        engine="2.13rc0", target="arm", bytes=2**20, params=1_000_000, flops=5, legalised=("relu6-threshold",),
        verification={"inputs": 8, "relative_error": 1e-5, "argmax_agreement": 1.0}, seconds={"source": 1.0, "verify": 2.0},
        operators_before=300, operators=200,
    )  # fmt: skip
    return replace(plain, **changes)


def test_every_model_is_in_one_network_and_large_ones_come_last() -> None:
    found = networks(catalogue())
    assert sorted(model.name for same in found for model in same) == sorted(model.name for model in catalogue())
    assert len({(same[0].architecture, same[0].input_shape) for same in found}) == len(found)
    assert found[-1][0].architecture == "ResNeXt101_32x48d_wsl"
    assert ["MobileNetV3_large_x1_0_ssld", "MobileNetV3_large_x1_0"] in [[m.name for m in same] for same in found]


def test_the_reports_name_what_is_wrong() -> None:
    assert counts([row(), row(status="inconclusive")]) == "2 networks (4 models): 1 verified, 1 inconclusive"
    rows = [row(), row(models=("B",), status="wrong", reason="outputs differ by 0.3", bytes=None, verification={})]
    assert counts(rows) == "2 networks (3 models): 1 verified, 1 wrong"
    assert re.search(r"^B .* wrong .* outputs differ by 0\.3$", as_text(rows), re.M)
    page = as_markdown(rows)
    assert "| B | 224 | 1.00 | - | 300 | 200 | wrong | - | - | - | 3 | outputs differ by 0.3 |" in page
    assert "`relu6-threshold` 2" in page
    assert "A: A_ssld" in page
    assert "\nedgezoo coverage --markdown -o" in page
    other = as_markdown(rows, ["--series", "S", "--seed", "5"], 5)
    assert "(seed 5)" in other
    assert "\nedgezoo coverage --series S --seed 5 --markdown -o" in other


def test_the_page_tells_of_every_network() -> None:
    told = dict(_page())
    assert set(told) == {same[0].name for same in networks(catalogue())}
    assert {name for name, status in told.items() if status not in ("verified", "converted")} == {"StarNet_S4"}


def _page() -> list[tuple[str, str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    status = cells[0].index("Status")
    return [(line[0], line[status]) for line in cells if line != cells[0]]  # two tables of the same columns


@pytest.mark.slow
def test_a_sample_of_the_page_is_true(private_cache: Path) -> None:
    heard: list[tuple[str, bool]] = []
    rows = survey(map(lookup, SAMPLE), choose(), RANDOM, done=lambda row, known: heard.append((row.name, known)))
    assert {row.name: row.status for row in rows} == {name: status for name, status in _page() if name in SAMPLE}
    assert sorted(heard) == sorted((name, False) for name in SAMPLE)
    assert all(0 < (row.operators or 0) < (row.operators_before or 0) for row in rows)
    left = [path for stage in ("exports", "nb") for path in (private_cache / stage).glob("*/*")]
    assert left == []
    assert not list(private_cache.glob("coverage-*"))
    heard.clear()
    again = survey(map(lookup, SAMPLE), choose(), RANDOM, done=lambda row, known: heard.append((row.name, known)))
    assert again == rows
    assert sorted(heard) == sorted((name, True) for name in SAMPLE)


@pytest.mark.slow
@pytest.mark.usefixtures("private_cache")
def test_a_network_that_became_another_is_found_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(program: Program, *, engine: str, precision: Precision) -> tuple[Program, tuple[Applied, ...]]:
        draft = Draft.of(legalise(program, engine=engine, precision=precision)[0])
        list(draft.ops("relu"))[5].set_type("sigmoid")
        return draft.build(), ()

    monkeypatch.setattr(conversion, "legalise", spoilt)
    [found] = survey([lookup("MobileNetV1_x0_25")], choose(), RANDOM)
    assert found.status == "wrong"
    assert "computes something else" in (found.reason or "")
