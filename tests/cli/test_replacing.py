"""A report does not take the place of what is no report, nor a package of what is no archive; nothing was begun then."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.cli.main import run
from edge.results.store import Store

Capture = pytest.CaptureFixture[str]
TINY = Path(__file__).parents[1] / "package" / "data" / "tiny.nb"


@pytest.fixture
def things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("tiny.nb", "tiny.json"):
        shutil.copy(TINY.with_name(name), tmp_path / name)
    with Store(tmp_path / "r.db") as store:
        store.new_session(seed=1, device={"serial": "ab12"})
    (tmp_path / "images" / "0").mkdir(parents=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "images" / "0" / "one.png")
    (tmp_path / "text.md").write_text("an older report")
    return tmp_path


REPORTS = ["results export --db r.db -o", "bench PPLCNet_x0_25 --weights random -s host --db r.db -o", "coverage -o",
           "eval tiny.nb --data images --predictions"]  # fmt: skip


@pytest.mark.parametrize("command", REPORTS)
@pytest.mark.parametrize("there", ["r.db", "tiny.nb", "tiny.json", "images/0/one.png"])
def test_a_report_replaces_no_work(command: str, there: str, things: Path, capsys: Capture) -> None:
    before = (things / there).read_bytes()
    assert run([*command.split(), there]) == 2
    assert f"{there} is there already, and is no report" in capsys.readouterr().err
    assert (things / there).read_bytes() == before


def test_a_report_replaces_a_report(things: Path) -> None:
    assert run(["results", "export", "--db", "r.db", "-o", "text.md"]) == 0
    assert (things / "text.md").read_text() != "an older report"


@pytest.mark.parametrize("there", ["r.db", "tiny.nb", "tiny.json", "text.md"])
def test_a_package_replaces_no_work(there: str, things: Path, capsys: Capture) -> None:
    before = (things / there).read_bytes()
    assert run(["package", "tiny.nb", "-o", there]) == 2
    assert f"{there} is there already, and is no package" in capsys.readouterr().err
    assert (things / there).read_bytes() == before
    assert run(["package", "tiny.nb", "-o", "tiny.aar"]) == 0
    assert run(["package", "tiny.nb", "-o", "tiny.aar"]) == 0
