"""Measurements by column: conditions, and which cells are the same row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli.results_compare import ACROSS
from edge.errors import UsageError
from edge.results.columns import NAMES, OF_CELL, Condition, cell_key, columns, matches
from edge.results.reasons import Code
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch, measurement

ONE = measurement(
    launch(0, 1.0, engine="paddle-lite", engine_version="v2.13"),
    device={**PHONE, "serialno": "5f2ab1"},
    reasons=(Code.CORE_WENT_OFFLINE(core=7),),
    labels=("warm", "old"),
)


def test_the_names_are_those_of_the_columns() -> None:
    assert tuple(columns(ONE)) == NAMES
    assert OF_CELL[1:] == ACROSS


def test_a_measurement_and_its_summary_have_the_same_columns(tmp_path: Path) -> None:
    with Store(tmp_path / "results.db") as store:
        session = store.new_session(seed=1, device={**PHONE, "serialno": "5f2ab1"})
        cell = store.begin(session, subject=SUBJECT, threads=2, protocol=ONE.protocol, program=PROGRAM)
        store.add_launch(cell, session, ONE.launches[0])
        store.finish(cell, reasons=ONE.reasons)
        store.marks.label([cell], "warm")
        (summary,), _ = store.summaries()
        assert columns(store.get(cell)) == columns(summary)


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["threads=1"], True),
        (["threads=4"], False),
        (["threads=4", "threads=1"], True),  # either
        (["threads=1", "precision=int8"], False),  # both
        (["model=PPLCNet*"], True),
        (["model=PPLCNet"], False),
        (["device=ab12"], True),
        (["device=5f2ab1"], True),
        (["label=old"], True),
        (["label=new"], False),
        (["status=not valid"], True),
        (["remark=core_went_offline"], True),
        (["shape=1x3x224x224"], True),
        (["batch=1"], True),
        (["engine=paddle-lite", "engine_version=v2.13"], True),
    ],
    ids=str,
)
def test_conditions(texts: list[str], found: bool) -> None:
    assert matches(ONE, [Condition.parse(text) for text in texts]) is found


@pytest.mark.parametrize(
    ("text", "message"),
    [("threads", "is no condition"), ("threads=", "is no condition"), ("thread=4", "there is no column thread")],
)
def test_a_condition_that_is_none(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        Condition.parse(text)
    if "column" in message:
        assert caught.value.hint.startswith("did you mean threads?")


def test_a_cell_is_the_same_whatever_the_versions() -> None:
    other = replace(
        ONE,
        id=7,
        device={**PHONE, "serial": "10.0.0.5:5555", "serialno": "5f2ab1"},
        subject=replace(SUBJECT, sha256="00" * 32, opt_version="v2.14"),
    )
    assert cell_key(ONE) == cell_key(other)
    int8 = replace(ONE, subject=replace(SUBJECT, precision="int8"))
    assert cell_key(ONE) != cell_key(int8)
    assert cell_key(ONE, across=["precision"]) == cell_key(int8, across=["precision"])
