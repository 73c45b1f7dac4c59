"""Every command that prints a table, at the widths that terminals have: no line is wider; what was chosen is there."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cache.hashing import sha256_of
from edge.cache.usage import WHAT
from edge.cli.main import run
from edge.report import accuracy, coverage, engine_coverage, engines, grid, history, intel, sustained
from edge.results.protocol import ROBUST
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch
from tests.bench.examples import accuracy as an_accuracy
from tests.cli.test_once import ALL

Capture = pytest.CaptureFixture[str]
WIDTHS = (40, 80, 100, 120, 200)
LINES = [
    *("list", "list --light --sort sd855", "show MobileNetV1"),
    *("choose --max-ms 10 --threads 4", "choose --max-ms 0.1 --min-top1 0.9"),
    *("estimate MobileNetV1 PPLCNet_x1_0", "estimate --evaluate", "results list --db {db}", "results show 1 --db {db}"),
    *("results export --db {db}", "results export --db {db} --ratio", "results accuracy --db {db}"),
    "results compare 1 2 --db {db}",
    *("results history MobileNetV3_large_x1_0_ssld --db {db}", "results compare --baseline b 7 --db {db}"),
    *("results baselines --db {db}", "config show bench", "cache info"),
]  # fmt: skip


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "r.db"
    with Store(path) as store:
        for number, name in enumerate(("MobileNetV3_large_x1_0_ssld", "MobileNetV3_small_x0_75") * 2):
            session = store.new_session(seed=1, device={**PHONE, "soc": "kirin"})
            subject = replace(SUBJECT, name=name, sha256=sha256_of(name.encode()))
            for threads in (1, 2, 4):
                cell = store.begin(session, subject=subject, threads=threads, protocol=ROBUST, program=PROGRAM)
                for at in range(6):
                    store.add_launch(cell, session, launch(at, 10.0 + number, 10.3 + number))
                store.finish(cell)
        store.marks.save_baseline("b", [1, 2])
        store.accuracies.add(an_accuracy())
    return path


@pytest.mark.parametrize("line", LINES)
def test_no_line_is_wider_than_the_terminal(
    line: str, db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    if line == "cache info":  # one of each kind; the machine's own may hold a hundred thousand files
        monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path))
        for kind in WHAT:
            (tmp_path / kind / "one").mkdir(parents=True)
            (tmp_path / kind / "one/data").write_bytes(bytes(1 << 20))
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        assert run([word.format(db=db) for word in line.split()]) in (0, 1)
        made = capsys.readouterr().out
        assert made
        assert max(map(len, made.splitlines())) <= width, width


def test_the_table_of_bench_is_readable_at_100(db: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert run(["results", "export", "--db", str(db)]) == 0
    head = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Model  "))
    assert [f"{count}T median ms" for count in (1, 2, 4)] == [
        title for title in head.split("  ") if "median" in title.strip()
    ] or all(f"{count}T median ms" in head for count in (1, 2, 4))


def test_wide_and_other_programs_get_every_column(db: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert run(["results", "list", "--db", str(db)]) == 0
    whole = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["results", "list", "--db", str(db), "--wide"]) == 0
    assert capsys.readouterr().out == whole
    assert run(["results", "list", "--db", str(db)]) == 0
    assert "No room for" in capsys.readouterr().out


def test_a_terminals_own_width_is_obeyed_and_its_head_is_bold() -> None:
    import fcntl
    import struct
    import termios

    for environment, bold in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
        code = "import sys; from edge.cli.main import run; sys.exit(run(['list', '--series', 'GhostNet']))"
        known = {**os.environ, "TERM": "xterm", **environment}
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=theirs, stderr=subprocess.DEVNULL, env=known
        ) as process:
            process.wait(60)
        os.close(theirs)
        seen = os.read(ours, 1 << 16).decode()
        os.close(ours)
        assert ("\x1b[1m" in seen) == bold
        assert (
            max(
                len(line)
                for line in seen.replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "").splitlines()
            )
            <= 50
        )


def test_colour_may_be_forced(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert run(["list", "--series", "GhostNet"]) == 0
    assert "\x1b" not in capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run(["list", "--series", "GhostNet"]) == 0
    assert "\x1b[1m" in capsys.readouterr().out


def keys_of(*path: str) -> set[str]:
    command = next(one for name, one in ALL if name == path)
    option = next(one for one in command.params if one.name == "columns")
    return set(option.type.keys)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        (("results", "history"), history._COLUMNS),
        (("results", "accuracy"), accuracy._COLUMNS),
        (("coverage",), coverage._COLUMNS),
        (("coverage",), engine_coverage._COLUMNS),
        (("bench",), sustained._COLUMNS),
        (("bench",), engines._COLUMNS),
        (("bench",), intel._COLUMNS),
        (("results", "show"), sustained._WINDOWS),
    ],
)
def test_what_columns_can_be_asked_for_is_what_there_is(path: tuple[str, ...], columns: Sequence[grid.Column]) -> None:
    assert {column.name for column in columns} <= keys_of(*path)


@pytest.mark.parametrize("line", LINES)
def test_every_column_can_be_asked_for(line: str, db: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    seen: set[str] = set()
    real = grid._asked

    def asked(columns: Sequence[grid.Column], keys: Sequence[str]) -> list[int]:
        seen.update(column.name for column in columns)
        return real(columns, keys)

    monkeypatch.setattr(grid, "_asked", asked)
    run([word.format(db=db) for word in line.split()])
    capsys.readouterr()
    path = next(name for name, _ in ALL if list(name) == line.split()[: len(name)])
    assert not seen or seen <= keys_of(*path)
