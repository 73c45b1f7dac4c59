"""No test waits for ever: a thread, an event, a process that does not end is a failure with a place, not a suite that hangs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# The made-up phone's own threads are daemons that live as long as their connection.
FILES = sorted(path for path in TESTS.rglob("*.py") if "simulated" not in path.relative_to(TESTS).parts)
WAITS = {"join": 1, "wait": 1, "communicate": 2, "acquire": 2, "result": 1}  # and which argument is the timeout


def endless(source: str) -> Iterator[int]:
    """The lines that wait without a timeout."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        place = WAITS.get(node.func.attr)
        if (
            place is not None
            and len(node.args) < place
            and not any(k.arg in ("timeout", "blocking") for k in node.keywords)
        ):
            yield node.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_every_wait_has_a_deadline(path: Path) -> None:
    assert [f"{path}:{line}" for line in endless(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("line", "waits"),
    [
        ("thread.join()", True),
        ("thread.join(5)", False),
        ("', '.join(names)", False),
        ("event.wait()", True),
        ("process.wait(timeout=5)", False),
        ("process.communicate(b'x')", True),
        ("process.communicate(b'x', timeout=5)", False),
        ("lock.acquire()", True),
        ("lock.acquire(timeout=5)", False),
        ("lock.acquire(blocking=False)", False),
        ("future.result()", True),
    ],
)
def test_what_waits(line: str, waits: bool) -> None:
    assert bool(list(endless(line))) == waits
