"""No two rows that differ look alike."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.report import csv as csv_report
from edge.report import json as json_report
from edge.report import text
from edge.report.identity import OF_FILE, OF_RUN, distinguishing, words
from edge.results.measurement import Measurement
from edge.results.protocol import ROBUST
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch, measurement

TITLES = ("a", "b", "c", "d")


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(TITLES, st.sampled_from("xy"))), max_size=8))
def test_rows_that_differ_are_told_apart(rows: list[dict[str, str]]) -> None:
    added = distinguishing(rows, TITLES[:1], TITLES[1:])
    visible = {tuple(row[title] for title in ("a", *added)) for row in rows}
    assert len(visible) == len({tuple(row[title] for title in TITLES) for row in rows})


def test_nothing_is_added_where_nothing_looks_alike() -> None:
    rows = [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]
    assert distinguishing(rows, ["a"], ["b"]) == []


def one(**changes: Any) -> Measurement:
    subject = {name: changes.pop(name) for name in list(changes) if hasattr(SUBJECT, name)}
    return measurement(launch(0, 10.0, engine="paddle-lite", engine_version="v2.13-rc"),
                       subject=replace(SUBJECT, **subject), **changes)  # fmt: skip


PAIRS = {
    "precision": one(precision="int8"),
    "target": one(target="opencl,arm"),
    "weights": one(weights="published"),
    "shape": one(shapes=((1, 3, 512, 512),)),
    "batch": one(shapes=((8, 3, 224, 224),)),
    "file": one(sha256="cd" * 32),
    "opt": one(opt_version="v2.14-rc"),
    "phone at the same address": one(device={**PHONE, "serialno": "8a1b2c3d"}),
    "system": one(device={**PHONE, "build": "11"}),
    "protocol's cores": one(protocol=replace(ROBUST, cores=(7,))),
    "protocol's tolerance": one(protocol=replace(ROBUST, tolerance=0.5)),
    "input": one(protocol=replace(ROBUST, input="seed:1")),
    "program": one(program=replace(PROGRAM, sha256="ef" * 32)),
    "contract": one(program=replace(PROGRAM, contract=2)),
}


@pytest.mark.parametrize("other", PAIRS.values(), ids=PAIRS.keys())
def test_two_cells_that_differ_in_one_thing_look_different_in_every_view(other: Measurement) -> None:
    cells = [one(), other]
    assert words(cells[0]) != words(cells[1])
    rendered = text.render(cells)
    blocks = rendered.split("Device: ")[1:]
    if len(blocks) == 2:
        assert blocks[0] != blocks[1]
    else:
        rows = [line for line in rendered.splitlines() if line.startswith(SUBJECT.name)]
        assert len(rows) == 2
        assert rows[0] != rows[1]
    lines = list(csv.DictReader(io.StringIO(csv_report.render(cells))))
    assert lines[0] != lines[1]
    assert json_report.cell(cells[0]) != json_report.cell(cells[1])


def test_every_word_of_an_identity_has_its_place() -> None:
    assert set(words(one())) - {"Threads"} == {*OF_FILE, *OF_RUN}
