"""A backup has all that was kept until then, also what lies beside the database, and is one file."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.errors import OutputError
from edge.results.backup import Backup, back_up
from edge.results.merge import merge
from edge.results.protocol import ROBUST
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch
from tests.results.test_merge import content, measured

Capture = pytest.CaptureFixture[str]
EDGEZOO = [sys.executable, "-m", "edge"]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "results.db"
    measured(path, "m1")
    return path


def mode(path: Path) -> str:
    """By the file format's numbers, for a connection would leave a log."""
    return {b"\1\1": "delete", b"\2\2": "wal"}[path.read_bytes()[18:20]]


def test_what_lies_in_the_log_is_not_lost_as_by_a_copy_of_the_file(db: Path, tmp_path: Path) -> None:
    """While another edgezoo measures there: by the recipe of docs/how-to/lab.md, through a pipe as ssh is one."""
    with Store(db) as measuring:
        session = measuring.new_session(seed=9, device=PHONE)
        cell = measuring.begin(session, subject=SUBJECT, threads=1, protocol=ROBUST, program=PROGRAM)
        measuring.add_launch(cell, session, launch(0, 7.0))
        plain, backup = tmp_path / "plain.sqlite", tmp_path / "rig2.sqlite"
        shutil.copyfile(db, plain)
        with backup.open("wb") as out:
            done = subprocess.run(
                [*EDGEZOO, "results", "backup", "-", "--db", db],
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
                check=True,
            )
        assert done.stderr == "2 measurements with 4 launches copied.\n"
        assert (merge(tmp_path / "a.db", [plain])[0].cells, merge(tmp_path / "b.db", [backup])[0].cells) == (1, 2)
        measuring.add_launch(cell, session, launch(1, 7.0))  # nobody was kept from measuring
    assert content(tmp_path / "b.db") != content(db)
    assert merge(tmp_path / "b.db", [db])[0].launches == 1


def test_it_is_one_file_that_becomes_a_database_again(db: Path, tmp_path: Path) -> None:
    made = back_up(db, tmp_path / "copy.sqlite")
    assert made == Backup(tmp_path / "copy.sqlite", 1, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.sqlite", "results.db"]
    assert (mode(db), mode(made.path)) == ("wal", "delete")
    assert content(made.path) == content(db)
    measured(made.path, "m2")
    assert mode(made.path) == "wal"  # as a new one has it: who reads does not wait for who writes
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.sqlite", "results.db"]


def test_a_file_that_is_there_is_left_alone(db: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "text").write_text("mine")
    for name in ("results.db", "text"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(OutputError, match="is there already"):
            back_up(db, tmp_path / name)
        assert run(["results", "backup", str(tmp_path / name), "--db", str(db)]) == 2
        assert "is there already" in capsys.readouterr().err
        assert (tmp_path / name).read_bytes() == before


def test_a_link_that_is_cut_leaves_a_file_that_is_not_merged(db: Path, tmp_path: Path, capsys: Capture) -> None:
    whole = tmp_path / "whole.sqlite"
    back_up(db, whole)
    for share in (0.0, 0.01, 0.5, 0.9, 0.99, 0.9999):
        half = tmp_path / "half.sqlite"
        half.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
        assert run(["results", "merge", str(half), "--db", str(tmp_path / "all.db")]) in (1, 2)
        assert str(half) in capsys.readouterr().err
        assert not (tmp_path / "all.db").exists()


def test_what_is_cut_off_where_a_page_ends_is_called_so(db: Path, tmp_path: Path, capsys: Capture) -> None:
    """As transfers are, whose blocks are of the same size; another's file is not to be repaired here."""
    whole, half = tmp_path / "whole.sqlite", tmp_path / "half.sqlite"
    back_up(db, whole)
    content = whole.read_bytes()
    page = int.from_bytes(content[16:18], "big")
    assert len(content) > 3 * page
    for end in range(page, len(content), page):
        half.write_bytes(content[:end])
        assert run(["results", "merge", str(half), "--db", str(tmp_path / "all.db")]) == 1
        said = capsys.readouterr().err
        assert f"{half} was cut off: its end is missing" in said
        assert "copy it again" in said
        assert "--repair" not in said
    assert not (tmp_path / "all.db").exists()
    assert run(["results", "merge", str(whole), "--db", str(tmp_path / "all.db")]) == 0


def test_a_damaged_file_of_somebody_else_is_not_to_be_repaired_here(db: Path, tmp_path: Path, capsys: Capture) -> None:
    theirs = tmp_path / "theirs.sqlite"
    back_up(db, theirs)
    content = bytearray(theirs.read_bytes())
    page = int.from_bytes(content[16:18], "big")
    content[page:] = b"\xa5" * (len(content) - page)
    theirs.write_bytes(content)
    assert run(["results", "merge", str(theirs), "--db", str(tmp_path / "all.db")]) == 1
    said = capsys.readouterr().err
    assert str(theirs) in said
    assert "make it again where it is from" in said
    assert "--repair" not in said


def test_no_results_no_folder_no_terminal(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert run(["results", "backup", str(tmp_path / "nowhere" / "x.db"), "--db", str(db)]) == 2
    assert "there is no folder" in capsys.readouterr().err
    monkeypatch.setenv("EDGEZOO_DATA_DIR", str(tmp_path / "data"))
    assert run(["results", "backup", str(tmp_path / "x.db")]) == 1
    assert "there are no results yet" in capsys.readouterr().err
    assert not (tmp_path / "x.db").exists()
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [*EDGEZOO, "results", "backup", "-", "--db", db], stdout=theirs, stderr=subprocess.PIPE, text=True
    )
    assert done.returncode == 2
    assert "this one is a terminal" in done.stderr
    os.close(theirs)
    os.close(ours)


def test_what_is_told_is_what_the_file_has(db: Path, tmp_path: Path, capsys: Capture) -> None:
    copy = tmp_path / "copy.sqlite"
    assert run(["results", "backup", str(copy), "--db", str(db), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"path": str(copy), "measurements": 1, "launches": 3}
    copy.unlink()
    assert run(["results", "backup", str(copy), "--db", str(db)]) == 0
    assert capsys.readouterr().out == f"{copy}: 1 measurement with 3 launches copied.\n"
