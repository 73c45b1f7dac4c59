"""Ctrl-C, and again Ctrl-C, while a device's settings are put back: by the real command line on a phone and a board."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.device.adb.android import AndroidDevice
from edge.device.adb.connection import Connection
from edge.errors import SettingsLeftError
from tests.device_layer.conftest import MakeBoard, program
from tests.device_layer.places import JOURNAL, LOCK
from tests.device_layer.simulated.device import SimulatedDevice
from tests.device_layer.subject import eventually

BENCH = """
import signal, sys
from pathlib import Path
import click
from edge.bench.fleet import DeviceRequest, measure_everywhere
from edge.bench.programs import Runner
from edge.bench.runners import flavour
from edge.cli import main, signals
from edge.device.discover import open_device
from edge.results.measurement import RunnerProgram
from tests.bench.test_session import Heard, request

class Told(Heard):
    def line(self, text):
        print(text, file=sys.stderr, flush=True)
    error = line

@click.command()
def command():
    (device,) = open_device(sys.argv[1])
    runner = Runner(RunnerProgram("edgebench", "cd" * 32), flavour("edgebench"), Path(sys.argv[2]))
    measure_everywhere([DeviceRequest(device, runner, request())], Path("results.db"), Told())

signals.PATIENCE = float(sys.argv[3])
signal.signal(signal.SIGINT, signal.SIG_DFL)  # as edge.__main__ does
main._Commands.get_command = lambda *_: command
sys.exit(main.run(["list"]))
"""


def bench(serial: str, folder: Path, running: Callable[[str], bool], *, patience: float) -> subprocess.Popen[str]:
    """A measurement that runs on the device."""
    (folder / "A.nb").write_bytes(b"model")
    runner = program(folder / "runner", "sleep 1050")
    process = subprocess.Popen(
        [sys.executable, "-c", BENCH, serial, str(runner), str(patience)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert eventually(lambda: running("1050"), seconds=30), process.communicate(timeout=60)
    return process


def begin(phone: SimulatedDevice, folder: Path, *, patience: float, slow: float) -> subprocess.Popen[str]:
    """One on the phone, whose settings take `slow` seconds to put back."""
    place = phone.system.root / "bin/settings"
    first, _, rest = place.read_text().partition("\n")
    place.write_text(f'{first}\n[ "$1 $4" != "put 0" ] || sleep {slow}\n{rest}')
    process = bench(phone.serial, folder, phone.system.running, patience=patience)
    assert phone.system.setting() == "7"
    return process


def interrupt(process: subprocess.Popen[str], *pauses: float) -> None:
    process.send_signal(signal.SIGINT)
    for pause in pauses:
        time.sleep(pause)
        process.send_signal(signal.SIGINT)


@pytest.mark.slow
def test_further_ones_wait_until_the_settings_are_back(phone: SimulatedDevice, tmp_path: Path) -> None:
    process = begin(phone, tmp_path, patience=60, slow=1.2)
    interrupt(process, 0.1, 0.2, 0.3)
    _, said = process.communicate(timeout=60)
    assert (phone.system.setting(), phone.system.fixed_performance()) == ("0", "false"), said
    assert not phone.system.real(JOURNAL).exists()
    assert not phone.system.real(LOCK).exists()
    assert process.returncode == 130
    assert said.count(f"putting back the settings of {phone.serial}; in ") == 1
    assert "Interrupted." in said
    for wrong in ("dropped", "waiting", "Traceback", "may not be put back"):
        assert wrong not in said


@pytest.mark.slow
def test_further_ones_wait_for_the_governor_of_a_board(
    make_board: MakeBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = make_board()
    board.allow_sudo()
    board.shell("sed -i 's/^shift;/[ -e \\/run\\/slow ] \\&\\& sleep 1; shift;/' /usr/bin/sudo", user=0)
    monkeypatch.setenv("EDGEZOO_SSH_CONFIG", str(board.ssh_config))
    process = bench(board.destination.spec, tmp_path, board.running, patience=60)
    assert board.governor == "performance"
    (board.folder / "run/slow").touch()
    interrupt(process, 0.1, 0.5)
    _, said = process.communicate(timeout=60)
    assert board.governor == "schedutil", said
    assert board.shell(f"ls {board.home}/.cache/edgezoo-device").split() == ["blobs", "run"]
    assert process.returncode == 130
    assert said.count(f"putting back the settings of {board.destination.spec}; in ") == 1
    assert "dropped" not in said


@pytest.mark.slow
def test_the_last_resort_says_what_is_left(phone: SimulatedDevice, device: AndroidDevice, tmp_path: Path) -> None:
    process = begin(phone, tmp_path, patience=0.5, slow=20)
    interrupt(process, 0.2, 0.6)
    assert process.stderr is not None
    said = ""
    while "may not be put back" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    assert f"`edgezoo device clean -s {phone.serial}`" in said

    def ended() -> bool:
        process.send_signal(signal.SIGINT)
        return process.poll() is not None

    assert eventually(ended, seconds=10)
    assert process.returncode in (130, -signal.SIGINT)
    process.stderr.close()
    assert phone.system.setting() == "7"
    place = phone.system.root / "bin/settings"
    place.write_text(place.read_text().replace("sleep 20", "true"))
    with device.lock():
        assert phone.system.setting() == "0"


def test_an_interrupt_of_a_session_without_threads(
    phone: SimulatedDevice, device: AndroidDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that comes while the settings are put back passes on when they are; the second is obeyed, and says what is left."""
    request, left = Connection.request, 0

    def interrupted(self: Connection, service: str) -> None:
        nonlocal left
        if left:
            left -= 1
            raise KeyboardInterrupt
        request(self, service)

    monkeypatch.setattr(Connection, "request", interrupted)
    with pytest.raises(KeyboardInterrupt), device.lock(), device.prepared():
        left = 1
    assert phone.system.setting() == "0"
    with pytest.raises(SettingsLeftError, match="interrupted, too") as caught, device.lock(), device.prepared():
        left = 2
    assert f"`edgezoo device clean -s {phone.serial}`" in caught.value.hint
    assert phone.system.setting() == "7"
    assert not phone.system.real(LOCK).exists()
    with device.lock():
        assert phone.system.setting() == "0"
