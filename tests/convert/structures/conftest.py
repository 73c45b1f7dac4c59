"""The networks of the table, written once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from edge.paddle.draft import Draft
from edge.paddle.program import Program
from edge.toolchain.engines import engine
from edge.toolchain.environment import ensure

HERE = Path(__file__).parent


@pytest.fixture(scope="package")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The networks, in a folder for each Paddle."""
    place = tmp_path_factory.mktemp("structures")
    for kind in ("paddle", "paddle3"):
        python = ensure(engine(kind), say=lambda _: None).python
        command = [str(python), str(HERE / "programs.py"), str(place / kind)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
    custom = place / "paddle/custom"
    shutil.copytree(place / "paddle/grey", custom)
    draft = Draft.of(Program.read(custom / "inference.pdmodel"))
    next(draft.ops("hard_swish")).set_type("my_swish")
    (custom / "inference.pdmodel").write_bytes(draft.build().serialize())
    return place
