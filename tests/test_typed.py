"""The one door for JSON: what is written is what `dataclasses.asdict` and `json` would write."""

from __future__ import annotations

import json
import subprocess
import sys
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


def test_types_that_several_threads_meet_first_do_not_crash_python() -> None:
    """In a process of its own: what msgspec does where it is not kept apart is a segmentation fault."""
    code = """
import dataclasses, sys, threading
from edge.typed import convert
sys.setswitchinterval(1e-6)
def kind(n):
    inner = [dataclasses.make_dataclass(f"I{n}_{i}", [("f", "int | None", None)]) for i in range(20)]
    return dataclasses.make_dataclass(f"K{n}", [(f"f{i}", one | None, None) for i, one in enumerate(inner)])
kinds = [kind(n) for n in range(100)]
start = threading.Barrier(4)
def meet():
    for kind in kinds:
        start.wait()
        assert convert({"f1": {"f": 1}}, kind, "it").f1.f == 1
threads = [threading.Thread(target=meet) for _ in range(4)]
[one.start() for one in threads]
[one.join() for one in threads]
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
