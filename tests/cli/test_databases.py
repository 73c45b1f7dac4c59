"""A file that is no results database, or a damaged one: one exit code and one sentence, whichever command meets it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from edge.cli.main import run
from tests.cli.json_outputs import results

Capture = pytest.CaptureFixture[str]
NAME = "PPLCNet_x0_25"
COMMANDS = [
    *("list", "show 1", "export", "accuracy", "history net", "compare 1 2", "compare --baseline b 2", "baselines"),
    *("check", "check --repair", "label 1 x", "save-baseline c 1", "delete 3 -y", "backup copy.sqlite"),
]
LINES = [
    *(f"results {command} --db {{db}}" for command in COMMANDS),
    "results merge good.db --db {db}",
    "results merge {db} --db good.db",
    "report -o r.html --db {db}",
    "choose --max-ms 10 --source measured --db {db}",
    "choose --max-ms 10 --on val --db {db}",
    "estimate MobileNetV1 --calibrate-on ab12 --db {db}",
    f"bench {NAME} --weights random --device nowhere --db {{db}}",
    f"eval {NAME} --weights random --data images --db {{db}}",
    f"coverage {NAME} --engines --db {{db}}",
]


def statement(text: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(text)

    return change


def another_programs(path: Path) -> None:
    path.unlink()
    statement("CREATE TABLE places (id INTEGER)")(path)


def text(path: Path) -> None:
    path.write_text("model,ms\n")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


KINDS = {
    "another program's": (another_programs, 2),
    "another number": (statement("PRAGMA application_id = 7"), 2),
    "newer": (statement("PRAGMA user_version = 99"), 2),
    "text": (text, 2),
    "cut": (cut, 1),
    "a column lost": (statement("ALTER TABLE session DROP COLUMN soc"), 1),
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGEZOO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "images" / "0").mkdir(parents=True)
    (tmp_path / "images" / "0" / "a.png").touch()
    results(tmp_path / "good.db")
    return tmp_path


@pytest.mark.parametrize(("spoil", "code"), KINDS.values(), ids=KINDS.keys())
def test_every_command_says_the_same_of_it(
    place: Path, spoil: Callable[[Path], None], code: int, capsys: Capture
) -> None:
    db = results(place / "r.db")
    spoil(db)
    content, before = db.read_bytes(), sorted(path.name for path in place.iterdir())
    for line in LINES:
        if code == 1 and ("check" in line or line.startswith("results merge good.db")):
            continue  # whose subject damage is; or which would write
        assert run(line.format(db=db.name).split()) == code, line
        said = capsys.readouterr()
        assert db.name in said.err, line
        assert "Traceback" not in said.err
        assert db.read_bytes() == content, line
        assert sorted(path.name for path in place.iterdir()) == before, line


def test_so_does_the_database_that_nobody_named(place: Path, capsys: Capture) -> None:
    (place / "data").mkdir()
    another_programs(results(place / "data" / "results.db"))
    for line in LINES:
        if "--db {db}" not in line:
            continue
        assert run(line.replace(" --db {db}", "").split()) == 2, line
        assert "results.db is another program's database" in capsys.readouterr().err, line


@pytest.mark.parametrize(
    "line",
    [
        f"bench {NAME} --weights random --device nowhere",
        f"bench {NAME} --weights random --device ssh:nowhere.invalid",
        f"eval {NAME} --weights random --device nowhere --data images",
        "results list",
        "choose --max-ms 10 --source measured",
    ],
)
def test_what_is_refused_leaves_no_database(place: Path, line: str, capsys: Capture) -> None:
    Image.new("RGB", (8, 8)).save(place / "images" / "0" / "a.png")
    assert run(line.split()) == 1
    assert capsys.readouterr().err.startswith("Error: ")
    assert not (place / "data").exists()
