"""A board of a lab, reached over ssh: labgrid's coordinator and exporter, a real sshd, the program run by qemu.

And what becomes of a measurement whose coordinator is killed, or comes back without its memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import edge
from edge.cli.main import run
from edge.errors import LabError
from tests.android_runner.conftest import arm64_program  # noqa: F401
from tests.bench.scripted import printed
from tests.device_layer.board.board import Board
from tests.device_layer.conftest import MakeBoard, make_board, program  # noqa: F401
from tests.lab.conftest import TINY
from tests.lab.stage import Lab
from tests.lab.test_lab import query, until

pytestmark = pytest.mark.slow
Capture = pytest.CaptureFixture[str]


class BoardLab:
    """A lab whose only place is the board."""

    def __init__(self, lab: Lab, board: Board) -> None:
        self.lab, self.board = lab, board

    def export(self) -> None:
        """The exporter of the board's host."""
        service = {"address": "127.0.0.1", "username": "pi", "port": self.board.port}
        self.lab.export("rig", {"pi": {"NetworkService": service}})
        self.lab.wait_for("rig/pi/NetworkService")

    def bench(self, db: Path, runner: Path, *more: str, launches: int) -> list[str]:
        return ["bench", str(TINY), "--threads", "1", "--launches", str(launches), "--protocol", "table", "--keep-invalid",
                "--cool-limit", "0", "--runner", str(runner), "--lab", self.lab.address, "--match", "soc=bcm2711",
                "--json", "--db", str(db), *more]  # fmt: skip

    def held(self) -> bool:
        return "allocated" in self.lab.client("reservations")


@pytest.fixture(scope="module")
def stage(
    make_board: MakeBoard,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[BoardLab]:
    with Lab(tmp_path_factory.mktemp("lab")) as lab:
        made = BoardLab(lab, make_board())
        made.export()
        lab.add_places({"pi": ("rig/pi/*", ["soc=bcm2711"])})
        places = lab.folder / "places.yaml"  # written every 15 s: until then a coordinator that is killed forgets them
        until(lambda: places.exists() and "bcm2711" in places.read_text(), 60, "the coordinator kept no places")
        yield made


@pytest.fixture
def there(stage: BoardLab, monkeypatch: pytest.MonkeyPatch) -> BoardLab:
    monkeypatch.setenv("EDGEZOO_SSH_CONFIG", str(stage.board.ssh_config))
    monkeypatch.setenv("LG_HOSTNAME", "bench")
    monkeypatch.setenv("LG_USERNAME", "tester")
    return stage


@pytest.fixture
def canned(tmp_path: Path) -> Path:
    """A program that says, after a second, what a real one said."""
    text = printed([10.0 + number % 3 * 0.01 for number in range(30)], ghz=1.8)
    asked = '[ "$1" = --help ] && exec echo "edgebench: measures"'
    return program(tmp_path / "edgebench", f"{asked}\nsleep 1\ncat <<'END'\n{text}\nEND")


def test_a_board_is_reserved_measured_and_given_back(
    there: BoardLab,
    arm64_program: Path,  # noqa: F811
    tmp_path: Path,
    capsys: Capture,
) -> None:
    db = tmp_path / "r.db"
    words = there.bench(db, arm64_program, "--allow-synthetic", "--warmup", "1", "--repeats", "3", launches=3)
    assert run(words) == 0, capsys.readouterr().err
    said = capsys.readouterr()
    (cell,) = json.loads(said.out)
    assert (cell["status"], cell["device_identity"]["serialno"]) == ("measured", "10000000deadbeef")
    assert f"pi: reserved; its device is ssh:pi@127.0.0.1:{there.board.port}" in said.err
    assert there.lab.client("reservations") == ""
    assert there.board.shell("ls /home/pi/.cache/edgezoo-device/run") == ""


def test_the_same_from_python(there: BoardLab, canned: Path, tmp_path: Path) -> None:
    lab, db = there.lab.address, tmp_path / "r.db"
    said: list[str] = []
    result = edge.bench_models([TINY], lab=lab, match={"soc": "bcm2711"}, threads=[1], protocol="table", runner=str(canned),
                               keep_invalid=True, db=db, say=said.append)  # fmt: skip
    assert result.errors == ()
    assert [(cell.device["serialno"], cell.status) for cell in result.measurements] == [
        ("10000000deadbeef", "measured")
    ]
    assert any(line.startswith("pi: reserved") for line in said)
    assert there.lab.client("reservations") == ""
    with pytest.raises(LabError, match="no place of the lab has the tags soc=none"):
        edge.bench_models([TINY], lab=lab, match={"soc": "none"})


def started(there: BoardLab, db: Path, words: list[str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-m", "edge", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        until(lambda: query(db, "SELECT 1 FROM launch"))
        assert there.held()
    except BaseException:
        process.kill()
        raise
    return process


def test_without_its_coordinator_a_measurement_goes_on_to_its_end(
    there: BoardLab, canned: Path, tmp_path: Path
) -> None:
    """Nobody is given the board meanwhile; what was reserved is forgotten with the coordinator."""
    db = tmp_path / "r.db"
    process = started(there, db, there.bench(db, canned, launches=6))
    there.lab.kill("coordinator")
    out, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert [cell["status"] for cell in json.loads(out)] == ["measured"]
    there.lab.stop("rig")
    there.lab.start_coordinator()
    there.export()
    assert there.lab.client("reservations") == ""


def test_a_coordinator_that_was_restarted_ends_it_and_the_same_command_goes_on(
    there: BoardLab, canned: Path, tmp_path: Path, capsys: Capture
) -> None:
    """Its reservations are looked at every 10 s: the launches take longer."""
    db = tmp_path / "r.db"
    words = there.bench(db, canned, launches=16)
    process = started(there, db, words)
    there.lab.kill("coordinator")
    there.lab.start_coordinator()
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1
    assert b"pi: the place is reserved no more: the coordinator does not know the reservation any more" in said
    assert f"ssh:pi@127.0.0.1:{there.board.port} is left alone".encode() in said
    (kept,) = query(db, "SELECT count(*) FROM launch")
    assert there.board.shell("ls /home/pi/.cache/edgezoo-device/run") == ""  # the board was put in order, nobody has it
    there.lab.stop("rig")
    there.export()
    assert run(words) == 0, capsys.readouterr().err
    assert len(json.loads(capsys.readouterr().out)) == 1
    assert query(db, "SELECT count(*) FROM session") == [(2,)]
    assert query(db, "SELECT count(*), min(session) FROM launch") == [(16, 1)]  # none of the first was measured again
    assert 0 < int(str(kept[0])) < 16
    assert there.lab.client("reservations") == ""
