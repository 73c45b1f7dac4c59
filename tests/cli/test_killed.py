"""kill -9 at any moment: nothing goes on running, and the next run brings what a run left alone brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.killed import COMMANDS, try_kills


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_the_next_run_is_as_if_nothing_had_been(name: str, tmp_path: Path) -> None:
    """A few moments of each; `python -m tests.cli.killed` tries more."""
    for one in try_kills(name, 2, seed=0, folder=tmp_path):
        assert not one.left, f"after {one.after:.2f} s: {one.left}"
        assert not one.wrong, f"after {one.after:.2f} s: {one.wrong}"
