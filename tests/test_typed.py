"""The one door for JSON: what is written is what `dataclasses.asdict` and `json` would write."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from edge.bench.contract import parse_launch
from edge.errors import FormatError
from edge.typed import decode, encode, plain

LAUNCHES = sorted((Path(__file__).parent / "bench" / "data").glob("edgebench-*.jsonl"))


@pytest.mark.parametrize("path", LAUNCHES, ids=lambda path: path.stem)
def test_a_launch_becomes_the_same_values_as_by_asdict(path: Path) -> None:
    report = parse_launch(path.read_text(encoding="utf-8"), 0)
    assert plain(report) == asdict(report)
    assert json.loads(encode(report)) == json.loads(json.dumps(asdict(report)))
    assert list(json.loads(encode(report))) == sorted(asdict(report))  # so that equal values are equal text


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": "\ud800"}', '{"a": 1', "[" * 100_000, '{"a": 1e999}'])
def test_what_is_no_json_is_an_error_of_ours(text: str) -> None:
    with pytest.raises(FormatError, match=r"^here"):
        decode(text, dict, "here")
