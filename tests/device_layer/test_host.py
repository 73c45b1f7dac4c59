"""This machine as a device: the same promises."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path, PurePosixPath

import psutil
import pytest

from edge.device.discover import open_device
from edge.device.host import HostDevice
from edge.errors import (
    AbortedError,
    CommandError,
    CommandTimeoutError,
    DeviceBusyError,
    OutputError,
    TransferError,
)
from edge.results.identity import number_in_words
from tests.device_layer.conftest import program
from tests.device_layer.subject import eventually


@pytest.fixture
def host() -> HostDevice:
    return HostDevice()


def runs(word: str) -> bool:
    return any(word in " ".join(one.info["cmdline"]) for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"])


def test_is_opened_by_name() -> None:
    (device,) = open_device("host")
    assert device.serial == "host"


@pytest.mark.parametrize("where", ["", " >&2"])
def test_endless_output_is_ended(host: HostDevice, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setattr("edge.device.host.OUTPUT_LIMIT", 100_000)
    with pytest.raises(CommandError, match="printed more than"):
        host.run(["sh", "-c", f"exec yes a-flood-of-words{where}"], timeout=60)
    assert eventually(lambda: not runs("a-flood-of-words"))


def test_too_much_output_of_a_command_that_ended_is_not_read(host: HostDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.device.host.OUTPUT_LIMIT", 1000)
    with pytest.raises(CommandError, match="printed more than"):
        host.run(["sh", "-c", "head -c 1001 /dev/zero"], timeout=60)
    assert len(host.run(["sh", "-c", "head -c 1000 /dev/zero"], timeout=60).stdout) == 1000


def test_says_what_it_is(host: HostDevice) -> None:
    properties = host.properties()
    assert properties.kind == "host"
    assert properties.abis
    assert len(properties.cores) >= len(os.sched_getaffinity(0))
    state = host.state()
    assert (state.thermal_status, state.battery, state.screen_on) == (None, None, None)
    assert host.thermal().status is None


@pytest.mark.parametrize(
    ("script", "code", "stdout", "stderr"),
    [
        ("echo out; echo err >&2; exit 7", 7, "out\n", "err\n"),
        ("kill -SEGV $$", 139, "", ""),
        ("printf 'no newline'", 0, "no newline", ""),
        ("cat; exit 3", 3, "", ""),
    ],
)
def test_output_and_code(host: HostDevice, tmp_path: Path, script: str, code: int, stdout: str, stderr: str) -> None:
    path = program(tmp_path / "runner", script)
    place = host.push([path])[path]
    done = host.run([str(place)], timeout=30)
    assert (done.code, done.stdout, done.stderr) == (code, stdout, stderr)


def test_program_that_cannot_be_started(host: HostDevice, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be started") as caught:
        host.run(["/nothing/here"], timeout=30)
    assert caught.value.code == 127
    (tmp_path / "data").write_text("")
    with pytest.raises(CommandError) as caught:
        host.run([str(tmp_path / "data")], timeout=30)
    assert caught.value.code == 126


def test_directory_of_its_own(host: HostDevice, tmp_path: Path) -> None:
    place = host.run(["sh", "-c", "touch result; pwd"], timeout=30).stdout.strip()
    assert "edgezoo-run-" in place
    assert not Path(place).exists()
    assert host.run(["pwd"], timeout=30, cwd=str(tmp_path)).stdout.strip() == str(tmp_path)


def test_what_hangs_is_killed_with_its_children(host: HostDevice) -> None:
    with pytest.raises(CommandTimeoutError) as caught:
        host.run(["sh", "-c", "echo started; sleep 1031; echo never"], timeout=0.3)
    assert caught.value.output == "started\n"
    assert eventually(lambda: not runs("1031"))


def test_what_is_left_behind_is_killed(host: HostDevice) -> None:
    assert host.run(["sh", "-c", "sleep 1032 & echo done"], timeout=30).stdout == "done\n"
    assert eventually(lambda: not runs("1032"))


def test_abort_from_another_thread(host: HostDevice) -> None:
    def abort() -> None:
        eventually(lambda: runs("1033"))
        host.abort()

    threading.Thread(target=abort).start()
    with pytest.raises(AbortedError):
        host.run(["sleep", "1033"], timeout=60)
    assert eventually(lambda: not runs("1033"))
    with pytest.raises(AbortedError):
        host.run(["true"], timeout=30)


def test_files_stay_where_they_are(host: HostDevice, tmp_path: Path) -> None:
    model = tmp_path / "model.nb"
    model.write_bytes(b"model")
    place = host.push([model])[model]
    assert (place, host.bytes_pushed) == (PurePosixPath(model), 0)
    host.pull(place, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"model"
    with pytest.raises(TransferError):
        host.push([tmp_path / "nothing"])
    with pytest.raises(TransferError):
        host.pull(PurePosixPath(tmp_path / "nothing"), tmp_path / "copy")
    with pytest.raises(OutputError):
        host.pull(place, tmp_path / "no directory" / "copy")


def test_one_at_a_time(host: HostDevice) -> None:
    code = "from edge.device.host import HostDevice\nwith HostDevice().lock(): print('locked', flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "locked\n"
    with pytest.raises(DeviceBusyError), host.lock():
        raise AssertionError
    other.communicate("\n", timeout=30)
    with host.lock(), host.prepared() as prepared:
        assert not prepared.fixed_performance
        assert host.recover(limit=1) is False
    assert host.clean().files == 0


@pytest.mark.parametrize(
    ("number", "told"), [("5ca1ab1e", "id 5ca1ab1e (a hash of its machine id)"), ("", f"id {platform.node()}")]
)
def test_which_machine_it_is(monkeypatch: pytest.MonkeyPatch, number: str, told: str) -> None:
    """A container often has no /etc/machine-id: its name is not called a hash of one."""
    monkeypatch.setattr("edge.device.host.machine_number", lambda: number)
    assert number_in_words(asdict(HostDevice().properties())) == told
