"""Several processes open one new results database at once: each waits for the other, none fails."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from edge.results.store import Store
from tests.bench.examples import PHONE, new_database


def schema(path: Path) -> list[str]:
    """The statements that make an empty database what `Store` made of `path`."""
    new_database(path)
    with sqlite3.connect(path) as made:
        statements = [sql for (sql,) in made.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
        for pragma in ("application_id", "user_version"):
            (value,) = made.execute(f"PRAGMA {pragma}").fetchone()
            statements.append(f"PRAGMA {pragma} = {value}")
    made.close()
    return statements


def test_opening_waits_for_another_process_that_is_making_the_file(tmp_path: Path) -> None:
    """The other looked first: an opener that read "empty" and then wants to write would be refused as out of date."""
    statements, path = schema(tmp_path / "template.db"), tmp_path / "results.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("BEGIN IMMEDIATE")
    done: list[int | BaseException] = []

    def open_too() -> None:
        try:
            with Store(path) as store:
                done.append(store.new_session(seed=1, device=PHONE))
        except BaseException as error:
            done.append(error)

    opener = threading.Thread(target=open_too, daemon=True)
    opener.start()
    opener.join(0.3)  # it has looked by now, and waits for its turn
    assert done == []
    for statement in statements:
        other.execute(statement)
    other.execute("COMMIT")
    other.close()
    opener.join(30)
    assert done == [1]


OPENER = """
import sys
from pathlib import Path
from edge.results.store import Store
from tests.bench.examples import PHONE
print("ready", flush=True)
sys.stdin.readline()
with Store(Path(sys.argv[1])) as store:
    for seed in range(20):
        print(store.new_session(seed=seed, device=PHONE), flush=True)
"""


def race(path: Path, count: int) -> Sequence[tuple[int, str, str]]:
    command = [sys.executable, "-c", OPENER, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [subprocess.Popen(command, text=True, **pipes) for _ in range(count)]  # type: ignore[call-overload]
    try:
        for process in running:
            assert process.stdout.readline() == "ready\n"
        for process in running:
            process.stdin.write("go\n")
            process.stdin.flush()
        message = [process.communicate(timeout=60) for process in running]
        return [(process.returncode, *texts) for process, texts in zip(running, message, strict=True)]
    finally:
        for process in running:
            process.kill()


def test_processes_that_start_and_write_at_the_same_moment_lose_nothing(tmp_path: Path) -> None:
    answers = race(tmp_path / "results.db", 3)
    assert [(code, error) for code, _, error in answers] == [(0, "")] * 3
    ids = [int(line) for _, out, _ in answers for line in out.split()]
    assert sorted(ids) == list(range(1, 61))
