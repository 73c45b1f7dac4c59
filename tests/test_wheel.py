"""The wheel holds what an installed edgezoo needs, and says under which licence."""

from __future__ import annotations

import os
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

from edge import __version__
from edge.toolchain.interpreter import uv

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([uv(), "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True)
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_is_whole(wheel: Path) -> None:
    with ZipFile(wheel) as packed:
        names = set(packed.namelist())
        info = f"edgezoo-{__version__}.dist-info"
        assert packed.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
        metadata = message_from_bytes(packed.read(f"{info}/METADATA"))
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["License-File"] == "LICENSE"
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert "edge/py.typed" in names
    for folder in ("opt_configs", "android_runner"):
        tracked = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True)
        assert tracked.stdout
        assert {f"edge/_data/{path}" for path in tracked.stdout.split()} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests/", "docs/"))]


def test_an_installed_edgezoo_runs_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """With the driver's packages of this environment: only edgezoo itself comes from the wheel."""
    subprocess.run([uv(), "pip", "install", "--quiet", "--no-deps", "--target", tmp_path / "site", wheel], check=True)
    code = (
        "import edge, edge.resources, edge.convert.recipe as recipe;"
        "print(edge.__file__, len(edge.list_models()), len(recipe.recipes()), edge.resources.resource('android_runner'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    file, models, recipes, runner = done.stdout.split()
    assert Path(file).is_relative_to(tmp_path)
    assert Path(runner).is_relative_to(tmp_path)
    assert (int(models), int(recipes)) == (265, len(list((ROOT / "opt_configs").glob("*.toml"))))
