"""`edgezoo bench --lab` with labgrid's real coordinator and exporters, adb's real server, and two simulated phones."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from edge.bench import benchmark
from edge.bench.request import Request
from edge.cli.main import run
from tests.lab.conftest import TINY, TwoPhones

pytestmark = pytest.mark.slow
Capture = pytest.CaptureFixture[str]


def until(there: Callable[[], object], seconds: float = 200, what: str = "it did not come") -> None:
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def reservations(stage: TwoPhones) -> str:
    """Those that hold a place; one that expired is shown for some time."""
    held = re.split(r"(?m)^(?=Reservation )", stage.lab.client("reservations"))
    return "".join(one for one in held if "state: expired" not in one)


def query(db: Path, sql: str) -> list[tuple[object, ...]]:
    if not db.exists():
        return []
    connection = sqlite3.connect(db)
    try:
        return connection.execute(sql).fetchall()
    except sqlite3.OperationalError:  # it is being made
        return []
    finally:
        connection.close()


def test_two_devices_are_measured_in_one_command_and_given_back(
    two_phones: TwoPhones, tmp_path: Path, capsys: Capture
) -> None:
    words = two_phones.bench("--devices", "2", "--db", str(tmp_path / "r.db"), "--json")
    assert run(words) == 0
    said = capsys.readouterr()
    cells = json.loads(said.out)
    assert {cell["device_identity"]["serialno"] for cell in cells} == {"8a1b0001", "8a1b0002"}
    assert [cell["status"] for cell in cells] == ["measured", "measured"]
    assert "phone1: reserved; its device is" in said.err
    assert reservations(two_phones) == ""
    assert run(words) == 0
    assert capsys.readouterr().err.count("1 of 1 cells are measured already") == 2
    assert query(tmp_path / "r.db", "SELECT count(*) FROM session") == [(2,)]


def test_models_are_split_over_equal_devices(two_phones: TwoPhones, tmp_path: Path, capsys: Capture) -> None:
    models = []
    for number in range(4):
        models.append(tmp_path / f"m{number}.nb")
        models[-1].write_bytes(TINY.read_bytes()[:-1] + bytes([number + 1]))
    words = two_phones.bench(
        "--devices", "2", "--split", "--db", str(tmp_path / "r.db"), "--json", "--shape", "1,3,16,16"
    )
    words[1:2] = map(str, models)
    assert run(words) == 0, capsys.readouterr().err
    cells = json.loads(capsys.readouterr().out)
    assert sorted(cell["model"] for cell in cells) == ["m0", "m1", "m2", "m3"]
    devices = [cell["device_identity"]["serialno"] for cell in cells]
    assert sorted(devices) == ["8a1b0001"] * 2 + ["8a1b0002"] * 2
    assert run(words) == 0  # whichever device is there now
    said = capsys.readouterr()
    assert len(json.loads(said.out)) == 4
    assert "4 cells are measured already on equal devices" in said.err
    assert query(tmp_path / "r.db", "SELECT count(*) FROM cell") == [(4,)]


def test_one_of_two_devices_is_lost_in_mid_run(
    two_phones: TwoPhones, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is measured to its end, and both are given back. It is waited for, for 5 s instead of two minutes."""
    monkeypatch.setattr(benchmark, "Request", partial(Request, recover_limit=5.0))
    db, phone = tmp_path / "r.db", two_phones.phones["phone2"]
    launched = f"SELECT 1 FROM launch JOIN session ON session.id = session WHERE serialno = '{phone.model.serialno}'"

    def lose() -> None:
        until(lambda: query(db, launched))
        phone.pull_cable(stay_away=True)
        phone.kill_all()

    loser = threading.Thread(target=lose, daemon=True)
    loser.start()
    code = run(two_phones.bench("--devices", "2", "--db", str(db), "--json", launches=8))
    said = capsys.readouterr()
    loser.join(60)
    assert code == 1
    cells = {cell["device_identity"]["serialno"]: cell["status"] for cell in json.loads(said.out)}
    assert cells["8a1b0001"] == "measured"
    assert cells.get("8a1b0002", "failed") == "failed"
    assert phone.serial in said.err
    assert reservations(two_phones) == ""


def test_the_position_in_the_queue_is_shown(two_phones: TwoPhones, tmp_path: Path) -> None:
    """Another user has the only phone; when that one is given back, it is measured."""
    made = two_phones.lab.client("reserve", "--wait", "name=phone1", user="other")
    token = made.split("'")[1]
    done: list[int] = []
    words = two_phones.bench("--match", "name=phone1", "--db", str(tmp_path / "r.db"))
    code = tmp_path / "said"
    with code.open("wb") as err, subprocess.Popen([sys.executable, "-m", "edge", *words], stderr=err) as waiting:
        try:
            until(lambda: b"number 1 in the queue" in code.read_bytes())
            two_phones.lab.client("reserve", "name=phone1", user="third")
            two_phones.lab.client("cancel-reservation", token, user="other")
            done.append(waiting.wait(120))
        finally:
            waiting.kill()
    assert done == [0]
    assert b"waiting for a place with soc=sd855 name=phone1: number 1 in the queue" in code.read_bytes()
    until(lambda: "third" in reservations(two_phones))
    for one in [
        line.split("'")[1] for line in reservations(two_phones).splitlines() if line.startswith("Reservation '")
    ]:
        two_phones.lab.client("cancel-reservation", one)


def test_who_holds_a_place_is_named(two_phones: TwoPhones, tmp_path: Path) -> None:
    """Who acquired a place by hand would wait behind himself for ever; what the line names frees it."""
    client = two_phones.lab.client
    client("-p", "phone1", "acquire")
    words, said = two_phones.bench("--devices", "2", "--db", str(tmp_path / "r.db")), tmp_path / "said"
    other = client("reserve", "--wait", "name=phone2", user="other").split("'")[1]
    with said.open("wb") as err, subprocess.Popen([sys.executable, "-m", "edge", *words], stderr=err) as waiting:
        try:
            until(lambda: b"in the queue" in said.read_bytes())
            (line,) = said.read_text().splitlines()
            assert line.endswith(
                "; phone1 is acquired by you (bench/tester): `labgrid-client -p phone1 release` frees it;"
                " phone2 is reserved by bench/other"
            )
            client("cancel-reservation", other, user="other")
            client(*re.findall(r"`labgrid-client ([^`]*)`", line)[0].split())
            assert waiting.wait(120) == 0
        finally:
            waiting.kill()
            client("-p", "phone1", "release", check=False)


def started(two_phones: TwoPhones, db: Path) -> subprocess.Popen[bytes]:
    said = db.with_suffix(".said")
    with said.open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "edge", *two_phones.bench("--db", str(db), launches=60)],
            stderr=err,
            stdout=subprocess.DEVNULL,
        )
    try:
        until(lambda: query(db, "SELECT 1 FROM launch") or process.poll() is not None, 60)
        assert process.poll() is None, said.read_text()
        assert "allocated" in reservations(two_phones)
    except BaseException:
        process.kill()
        raise
    return process


def keepers(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = path.read_bytes().split(b"\0") if path.exists() else []
        status = Path(path.parent / "stat").read_text().rpartition(")")[2].split() if path.exists() else ["", "0"]
        if b"edge.lab.keeper" in words and int(status[1]) == parent:
            found.append(int(path.parent.name))
    return found


def test_who_is_interrupted_in_the_queue_hears_nothing_of_launches(two_phones: TwoPhones, tmp_path: Path) -> None:
    two_phones.lab.client("reserve", "--wait", "name=phone1", user="other")
    words, said, db = two_phones.bench("--match", "name=phone1"), tmp_path / "said", tmp_path / "r.db"
    with said.open("wb") as err:
        waiting = subprocess.Popen([sys.executable, "-m", "edge", *words, "--db", str(db)], stderr=err)
    try:
        until(lambda: b"number 1 in the queue" in said.read_bytes())
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait(60) == 130
    finally:
        waiting.kill()
        (mine,) = [line.split("'")[1] for line in reservations(two_phones).splitlines() if "Reservation '" in line]
        two_phones.lab.client("cancel-reservation", mine)
    assert said.read_text().splitlines()[-1] == "Interrupted."
    assert not db.exists()


def test_nobody_else_gets_a_place_that_is_measured(two_phones: TwoPhones, tmp_path: Path) -> None:
    process = started(two_phones, tmp_path / "r.db")
    try:
        name = reservations(two_phones).rpartition("main: ")[2].split()[0]
        assert "was not reserved for" in two_phones.lab.client("-p", name, "acquire", check=False, user="other")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert reservations(two_phones) == ""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_places_are_given_back_however_it_ends(two_phones: TwoPhones, tmp_path: Path, end: signal.Signals) -> None:
    process = started(two_phones, tmp_path / "r.db")
    process.send_signal(end)
    process.wait(60)
    until(lambda: reservations(two_phones) == "", 10)


def test_when_all_is_killed_labgrid_forgets_the_reservation(two_phones: TwoPhones, tmp_path: Path) -> None:
    """As when the host loses power: after its own 60 s, looked at every 15 s."""
    process = started(two_phones, tmp_path / "r.db")
    mine = keepers(process.pid)
    assert len(mine) == 1
    began = time.monotonic()
    for pid in (*mine, process.pid):
        os.kill(pid, signal.SIGKILL)
    process.wait(60)
    assert "allocated" in reservations(two_phones)
    until(lambda: "allocated" not in reservations(two_phones), 120)
    assert time.monotonic() - began < 100


def test_a_killed_keeper_ends_the_measurement(two_phones: TwoPhones, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", *two_phones.bench("--db", str(tmp_path / "r.db"), launches=200)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    until(lambda: query(tmp_path / "r.db", "SELECT 1 FROM launch"))
    (keeper,) = keepers(process.pid)
    os.kill(keeper, signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"the place is reserved no more: the process that kept it was killed" in said
    for token in [
        line.split("'")[1] for line in reservations(two_phones).splitlines() if line.startswith("Reservation '")
    ]:
        two_phones.lab.client("cancel-reservation", token)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--match", "ram=6g"], "no place of the lab has the tags ram=6g soc=sd855 (tags there"),
        (["--devices", "3"], "--devices 3: the lab has 2 with the tags soc=sd855"),
    ],
)
def test_what_the_lab_does_not_have(two_phones: TwoPhones, words: list[str], said: str, capsys: Capture) -> None:
    assert run(two_phones.bench(*words)) == 1
    told = capsys.readouterr().err.replace(". Hint: ", " (").replace("\nHint: ", " (")
    assert said in told
    assert reservations(two_phones) == ""


@pytest.mark.parametrize(
    ("soc", "said"),
    [
        ("none", "empty: no exporter tells of a resource nowhere/nothing/* (is the exporter of its host running?"),
        ("odd", 'odd: its NetworkADBDevice has "-x:5037" as address (correct it in its exporter\'s file'),
        ("dead", "Error: dead: nothing answers as an adb server at tcp:localhost:1"),
        ("forged", "x\\nphone1: reserved: no exporter tells of a resource nowhere/nothing/*"),
        ("bcm2712", "Error: board: ssh:pi@127.0.0.1:1 cannot be reached: connect to host 127.0.0.1 port 1"),
    ],
)
def test_a_place_that_cannot_be_used(two_phones: TwoPhones, soc: str, said: str, capsys: Capture) -> None:
    """It is named, with what is known of it and no more."""
    words = two_phones.bench()
    words[words.index("soc=sd855")] = f"soc={soc}"
    assert run(words) == 1
    told = capsys.readouterr().err
    assert said in told
    if soc in ("none", "odd", "forged"):
        assert f"Error: no place of the lab with the tags soc={soc} can be used" in told
        assert "--devices" not in told
    assert [line for line in told.splitlines() if line.startswith("phone1")] == []
    assert ("is the exporter" in told) == (soc in ("none", "forged"))
    assert reservations(two_phones) == ""


def test_a_place_that_cannot_be_used_leaves_the_other(two_phones: TwoPhones, tmp_path: Path, capsys: Capture) -> None:
    words = two_phones.bench("--devices", "2", "--db", str(tmp_path / "r.db"), "--json")
    words[words.index("soc=sd855")] = "group=mixed"
    assert run(words) == 1
    said = capsys.readouterr()
    assert [one["device_identity"]["serialno"] for one in json.loads(said.out)] == ["8a1b0001"]
    assert "dead: nothing answers as an adb server at tcp:localhost:1" in said.err
    assert reservations(two_phones) == ""


def test_no_coordinator_there(two_phones: TwoPhones, capsys: Capture) -> None:
    words = two_phones.bench()
    words[words.index("--lab") + 1] = "127.0.0.1:1"
    assert run(words) == 1
    assert "no coordinator answers at 127.0.0.1:1" in capsys.readouterr().err


def test_without_labgrid_it_is_a_sentence(
    two_phones: TwoPhones, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "labgrid" else real(name, *more)
    )
    assert run(two_phones.bench()) == 1
    said = capsys.readouterr().err
    assert "--lab needs labgrid, which is not installed" in said
    assert "pip install 'edgezoo[lab]'" in said
