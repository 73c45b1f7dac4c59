"""Models that Paddle 3 writes for these tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edge.toolchain.engines import WORKERS, engine
from edge.toolchain.environment import ensure


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of each case in `export_cases.py`."""
    out = tmp_path_factory.mktemp("written")
    python = ensure(engine("paddle3")).python
    script = Path(__file__).with_name("export_cases.py")
    done = subprocess.run([python, "-E", "-s", script, WORKERS, out], check=True, capture_output=True, text=True)
    assert done.stdout == ""
    return out
