"""The operators that choose stand in one place, and every one of them that has an open size leaves it open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.convert.verify.points import points_of
from edge.paddle.by_data import CHOOSING, SIZED_BY_DATA
from edge.paddle.draft import NewOp
from tests.paddle.programs import program

EDGE = Path(__file__).parents[2] / "edge"


def test_no_other_list_of_them_is_kept() -> None:
    """Two lists had become different ones. Rules may name single operators, and the translation of Paddle 3 all of them."""
    for path in set(EDGE.rglob("*.py")) - {EDGE / "paddle/pir/operators.py", EDGE / "paddle/by_data.py"}:
        named = set(re.findall(r'"(\w+)"', path.read_text(encoding="utf-8"))) & (CHOOSING | SIZED_BY_DATA)
        assert len(named - {"while", "conditional_block"}) < 4, f"{path}: {sorted(named)}"


@pytest.mark.parametrize("kind", sorted(CHOOSING))
def test_behind_a_choice_nothing_is_compared_and_what_goes_in_is(kind: str) -> None:
    ops = [NewOp("relu", {"X": ["x"]}, {"Out": ["h"]}), NewOp(kind, {"X": ["h"]}, {"Out": ["y"]})]
    points = points_of(program(ops, {"x": (1, 4)}, ["y"], {"h": (1, 4), "y": (-1, 6)}))
    assert (points.values, points.behind, points.by) == (("h",), ("y",), (kind,))
