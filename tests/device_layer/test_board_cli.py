"""A board as it is typed: `devices`, `bench`, `device clean`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.results.store import Store
from edge.toolchain.engines import engine
from edge.toolchain.environment import ensure
from tests.android_runner.conftest import arm64_program, build  # noqa: F401
from tests.android_runner.network import convert
from tests.device_layer.board.board import CORES, Board
from tests.device_layer.conftest import MakeBoard
from tests.evaluate.small import described

pytestmark = pytest.mark.slow
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def board(make_board: MakeBoard) -> Board:
    return make_board()


@pytest.fixture(autouse=True)
def named(board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`pi` is the board, and `off` one that is switched off."""
    hosts = tmp_path / "hosts.toml"
    hosts.write_text(f'[hosts]\npi = "{board.destination.spec}"\noff = "ssh:pi@127.0.0.1:1"\n')
    monkeypatch.setenv("EDGEZOO_HOSTS", str(hosts))
    monkeypatch.setenv("EDGEZOO_SSH_CONFIG", str(board.ssh_config))


def test_devices_lists_the_hosts(board: Board, capsys: Capture) -> None:
    assert run(["devices", "--json"]) == 0
    pi, off = (one for one in json.loads(capsys.readouterr().out) if "name" in one)
    assert (pi["name"], pi["serial"], pi["state"]) == ("pi", board.destination.spec, "device")
    assert pi["properties"]["serialno"] == "10000000deadbeef"
    assert (off["name"], off["state"]) == ("off", "offline")
    assert "Connection refused" in off["error"]
    assert run(["devices"]) == 0
    printed = capsys.readouterr()
    row = next(line for line in printed.out.splitlines() if line.startswith("pi"))
    assert "raspberrypi Raspberry Pi 4 Model B Rev 1.4" in row
    assert f"{CORES}x1800" in row
    assert "off" in printed.err


@pytest.mark.parametrize("spec", ["pi", "ssh:pi@127.0.0.1:{port}", "ssh:127.0.0.1:{port}"])
def test_devices_asks_the_board_that_is_named_and_no_adb(
    board: Board, monkeypatch: pytest.MonkeyPatch, capsys: Capture, spec: str
) -> None:
    """In no file has the last of them a name."""
    board.ssh_config.write_text(board.ssh_config.read_text() + "  User pi\n")
    monkeypatch.setenv("ADB_SERVER_SOCKET", "none")
    spec = spec.format(port=board.port)
    assert run(["devices", "-s", spec, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    named = None if spec == f"ssh:127.0.0.1:{board.port}" else "pi"
    assert (found.get("name"), found["state"]) == (named, "device")
    assert found["properties"]["serialno"] == "10000000deadbeef"
    assert run(["devices", "-s", spec]) == 0
    assert capsys.readouterr().out.splitlines()[2].startswith(named or spec)
    assert run(["devices", "-s", spec, "--adb-server", "127.0.0.1:1"]) == 2
    assert f"{spec} is reached over ssh" in capsys.readouterr().err


def test_a_network_is_measured_and_nothing_stays(
    board: Board,
    arm64_program: Path,  # noqa: F811
    tmp_path: Path,
    capsys: Capture,
) -> None:
    model = described(convert(ensure(engine("paddlelite")), tmp_path, "arm"), tmp_path, "arm")
    board.allow_sudo()
    db = tmp_path / "results.db"
    bench = [
        "bench",
        str(model),
        "--device",
        "pi",
        "--runner",
        str(arm64_program),
        "--allow-synthetic",
        "--threads",
        "1",
    ]
    count = ["--protocol", "table", "--warmup", "1", "--repeats", "3", "--db", str(db), "--json", "-q"]
    assert run([*bench, *count]) == 0
    (cell,) = json.loads(capsys.readouterr().out)
    assert cell["status"] == "measured"
    with Store(db, create=False) as store:
        ((kept,), _) = store.measurements(store.ids())
    assert kept.device["kind"] == "linux"
    assert kept.device["serialno"] == "10000000deadbeef"
    assert kept.device["prepared"]["governor"] == "performance"
    assert board.governor == "schedutil"
    assert run([*bench, *count, "--keep-invalid"]) == 0  # it is measured already
    for named in ("pi", board.destination.spec, "10000000deadbeef", "off"):
        capsys.readouterr()
        assert run(["results", "list", "-s", named, "--db", str(db), "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)) == (named != "off")
    assert run(["device", "clean", "-s", "pi"]) == 0
    assert "2 files" in capsys.readouterr().out
    assert board.shell("find /home/pi -type f") == ""


def test_a_board_of_32_bits_is_measured_with_its_own_program(
    make_board: MakeBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Nothing names the program: what the board says of itself chooses it."""
    if shutil.which("arm-linux-gnueabihf-g++") is None:
        pytest.skip("g++-arm-linux-gnueabihf is not installed")
    from edge.runner import kept

    small = make_board(bits=32)
    monkeypatch.setenv("EDGEZOO_SSH_CONFIG", str(small.ssh_config))
    monkeypatch.setenv("EDGEZOO_DATA_DIR", str(tmp_path / "data"))
    model = described(convert(ensure(engine("paddlelite")), tmp_path, "arm"), tmp_path, "arm")
    bench = ["bench", str(model), "--device", small.destination.spec, "--runner", "edgebench", "--allow-synthetic",
             "--threads", "1", "--protocol", "table", "--warmup", "1", "--repeats", "3", "--db", str(tmp_path / "r.db"),
             "--json", "-q"]  # fmt: skip
    assert run(bench) == 1
    told = capsys.readouterr().err
    assert "the benchmark program is not built for armeabi-v7a" in told
    assert "`edgezoo runner build --for linux-armv7` builds it" in told
    build(tmp_path / "data", "--for", "linux-armv7", "--engine", "synthetic")
    known = kept.read("linux-armv7-synthetic")
    assert known is not None
    assert run(bench) == 0
    (cell,) = json.loads(capsys.readouterr().out)
    assert cell["status"] == "measured"
    with Store(tmp_path / "r.db", create=False) as store:
        ((measured,), _) = store.measurements(store.ids())
    assert measured.device["abis"] == ["armeabi-v7a"]
    assert measured.program.sha256 == known.sha256
    assert measured.device["prepared"]["governor"] is None  # without sudo
    assert "governor schedutil" in next(str(note) for note in measured.notes if note.code == "governor_left")
