"""What can go wrong between a driver and a board, each survived or named (docs/explanation/boards.md has the table)."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from edge.device.retry import with_retries
from edge.device.shell import answers
from edge.device.ssh import master, talk
from edge.device.ssh.board import SshDevice
from edge.device.ssh.destination import Destination
from edge.device.ssh.link import SshLink
from edge.errors import (
    CommandError,
    DeviceError,
    DeviceSpaceError,
    DeviceUnavailableError,
    LinkLostError,
    NoDeviceError,
)
from tests.device_layer.board.board import Board
from tests.device_layer.board.proxy import Network
from tests.device_layer.conftest import MakeBoard, program
from tests.device_layer.subject import eventually

pytestmark = pytest.mark.slow  # every command on it goes through an emulator


@pytest.fixture(scope="module")
def board(make_board: MakeBoard) -> Board:
    return make_board()


@pytest.fixture
def device(board: Board) -> Iterator[SshDevice]:
    board.shell("rm -rf /home/pi/.cache")
    yield SshDevice(board.destination, config=board.ssh_config)
    assert board.shell("ls /home/pi/.cache/edgezoo-device/run /home/pi/.cache/edgezoo-device/lock 2>/dev/null").split() in (
        [], ["/home/pi/.cache/edgezoo-device/run:"]
    )  # fmt: skip


@pytest.fixture
def network(board: Board) -> Iterator[Network]:
    with Network(board.port) as network:
        board.know(network.port)
        yield network


@pytest.fixture
def behind(board: Board, network: Network, device: SshDevice) -> SshDevice:  # noqa: ARG001  (it begins and ends clean)
    """The board, through the network."""
    return SshDevice(board.at(network.port), config=board.ssh_config)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed after seconds, not half a minute, at both ends."""
    monkeypatch.setattr(master, "ALIVE_SECONDS", 1)
    monkeypatch.setattr(talk, "BEAT_SECONDS", 0.5)
    monkeypatch.setattr(SshLink, "beats", 3)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.nb"
    path.write_bytes(os.urandom(6_000_000))
    return path


def blobs(board: Board) -> list[str]:
    return board.shell("ls /home/pi/.cache/edgezoo-device/blobs").split()


# The link


@pytest.mark.usefixtures("impatient")
def test_a_silent_cut_ends_the_run_on_the_board_itself(behind: SshDevice, board: Board, network: Network) -> None:
    """The driver may be gone for good: nobody closes the connection, and nobody comes to tidy up."""
    with behind.lock():
        behind.properties()

        def cut() -> None:
            eventually(lambda: board.running("1041"), seconds=30)
            network.stall()

        thread = threading.Thread(target=cut)
        thread.start()
        with pytest.raises(LinkLostError):
            behind.run(["sleep", "1041"], timeout=60)
        thread.join(300)
        assert eventually(lambda: not board.running("1041"), seconds=30)
        network.go_on()
        assert behind.recover(limit=30) is False
        assert behind.run(["echo", "again"], timeout=30).stdout == "again\n"


@pytest.mark.usefixtures("impatient")
def test_a_long_run_is_not_taken_for_a_lost_link(behind: SshDevice) -> None:
    assert behind.run(["sh", "-c", "sleep 8; echo whole"], timeout=60).stdout == "whole\n"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", ["silently", "with an end"])
def test_link_cut_in_mid_push(behind: SshDevice, board: Board, network: Network, model: Path, how: str) -> None:
    with behind.lock():
        begun = network.passed

        def cut() -> None:
            eventually(lambda: network.passed > begun + 1_000_000, seconds=30)
            if how == "silently":
                network.stall()
            else:
                network.cut()

        thread = threading.Thread(target=cut)
        thread.start()
        with pytest.raises(LinkLostError):
            behind.push([model])
        thread.join(300)
        assert all(name.startswith("part.") for name in blobs(board))  # no half file has a whole one's name
        network.go_on()
        place = with_retries(behind, lambda: behind.push([model]))[model]
        assert blobs(board) == [place.name]


def test_a_slow_link(board: Board, device: SshDevice, tmp_path: Path) -> None:
    model = tmp_path / "model.nb"
    model.write_bytes(os.urandom(600_000))
    with Network(board.port, bytes_per_second=100_000) as network:
        board.know(network.port)
        slow = SshDevice(board.at(network.port), config=board.ssh_config)
        with slow.lock():
            start = time.monotonic()
            place = slow.push([model])[model]
            assert time.monotonic() - start > 5
            assert slow.run(["wc", "-c", str(place)], timeout=60).stdout.split()[0] == "600000"
    device.push([model])
    assert device.bytes_pushed == 0


def test_sshd_is_killed(board: Board, device: SshDevice) -> None:
    with device.lock():
        board.kill_server()
        with pytest.raises(LinkLostError):
            device.run(["true"], timeout=20)
        with pytest.raises(LinkLostError, match=r"did not come back within 1 s: .* cannot be reached: .*refused"):
            device.recover(limit=1)
        board.start_server()
        assert device.recover(limit=30) is False
        assert device.run(["echo", "there"], timeout=30).stdout == "there\n"


def test_sshd_is_killed_in_mid_run(board: Board, device: SshDevice) -> None:
    def kill() -> None:
        eventually(lambda: board.running("1042"), seconds=30)
        board.kill_server()
        board.start_server()

    commands = [["echo", "there"], ["sleep", "1042"]]
    with device.lock():
        thread = threading.Thread(target=kill)
        thread.start()
        assert with_retries(device, lambda: device.run(commands.pop(), timeout=60)).stdout == "there\n"
        thread.join(300)
        assert eventually(lambda: not board.running("1042"))


def test_a_restart_is_noticed(board: Board, device: SshDevice) -> None:
    with device.lock():
        device.properties()
        board.new_boot()
        with pytest.raises(LinkLostError, match="restarted"):
            device.run(["true"], timeout=30)
        assert device.recover(limit=30) is True
        assert device.run(["true"], timeout=30).code == 0


def test_another_board_at_the_same_address(board: Board, device: SshDevice) -> None:
    number = board.sys / "firmware/devicetree/base/serial-number"
    before = number.read_bytes()
    with device.lock():
        device.properties()
        number.write_bytes(b"10000000000cafe\0")
        board.cut_sessions()
        with pytest.raises(DeviceUnavailableError, match="another device answers"):
            device.recover(limit=30)
    number.write_bytes(before)


# Who is let in


def test_a_wrong_host_key(board: Board) -> None:
    with Network(board.port) as network:
        board.know(network.port, "other_key")
        device = SshDevice(board.at(network.port), config=board.ssh_config)
        with pytest.raises(DeviceUnavailableError, match="another host key") as caught:
            device.properties()
    known = board.folder / "known_hosts"
    assert f"ssh-keygen -f {known} -R '[127.0.0.1]:{network.port}'" in caught.value.hint
    assert f"`ssh -F {board.ssh_config} -p {network.port} pi@127.0.0.1`" in caught.value.hint
    subprocess.run(["ssh-keygen", "-f", known, "-R", f"[127.0.0.1]:{network.port}"], check=True, capture_output=True)
    with Network(board.port) as network, pytest.raises(DeviceUnavailableError, match="is not known here"):
        SshDevice(board.at(network.port), config=board.ssh_config).properties()


@pytest.mark.parametrize("says", ["", "StrictHostKeyChecking no\n", "StrictHostKeyChecking accept-new\n"])
def test_an_unknown_host_key(board: Board, tmp_path: Path, says: str) -> None:
    """It is not accepted, whatever the user's configuration says."""
    config = tmp_path / "config"
    config.write_text(says + board.ssh_config.read_text().replace("known_hosts", "nobody"))
    device = SshDevice(board.destination, config=config)
    with pytest.raises(DeviceUnavailableError, match="is not known here") as caught:
        device.properties()
    assert f"`ssh -F {config} -p {board.port} pi@127.0.0.1`" in caught.value.hint
    assert not (board.folder / "nobody").exists()


def test_a_password_is_not_given(make_board: MakeBoard) -> None:
    board = make_board(keys=False, password=True)
    device = SshDevice(board.destination, config=board.ssh_config)
    with pytest.raises(DeviceUnavailableError, match="would ask for a password, which edgezoo never gives") as caught:
        device.properties()
    assert "ssh-copy-id" in caught.value.hint


def test_a_jump_host_and_an_alias_of_the_configuration(board: Board, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"Host jump behind\n  HostName 127.0.0.1\n  Port {board.port}\n  User pi\nHost behind\n  ProxyJump jump\n"
        + board.ssh_config.read_text()
    )
    before = (board.folder / "log").read_text().count("Accepted publickey")
    device = SshDevice(Destination.parse("ssh:behind"), config=config)
    assert device.run(["echo", "there"], timeout=30).stdout == "there\n"
    assert (board.folder / "log").read_text().count(
        "Accepted publickey"
    ) == before + 2  # the jump, and the board behind it


def test_a_name_that_is_none(board: Board) -> None:
    with pytest.raises(NoDeviceError, match=r"no machine called nowhere\.invalid"):
        SshDevice(Destination.parse("ssh:nowhere.invalid"), config=board.ssh_config).properties()


def test_no_ssh_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceUnavailableError, match="no ssh program"):
        SshDevice(Destination.parse("ssh:board")).properties()


# Its disk


def test_a_full_disk(make_board: MakeBoard, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = make_board(home_size="4m")
    device = SshDevice(board.destination, config=board.ssh_config)
    with device.lock():
        with pytest.raises(DeviceSpaceError, match="6 MB do not fit") as caught:
            device.push([model])
        assert f"edgezoo device clean -s {board.destination.spec}" in caught.value.hint
        assert device.bytes_pushed == 0
        monkeypatch.setattr(answers, "free_bytes", lambda _: None)  # a board that does not tell
        with pytest.raises(DeviceSpaceError, match="no space left"):
            device.push([model])
        assert blobs(board) == []
    board.shell("cat /dev/zero >/home/pi/filler")
    with pytest.raises(DeviceError, match="is full"), device.lock():
        raise AssertionError


def test_a_home_that_cannot_be_written(board: Board, device: SshDevice, model: Path) -> None:
    board.home_is("ro")
    try:
        with pytest.raises(CommandError, match=r"cannot be written: .*Read-only") as caught, device.lock():
            raise AssertionError
        assert "hosts.toml" in caught.value.hint
        assert "\n" not in caught.value.message
        destination = Destination.parse(board.destination.spec, directory="/var/tmp/edgezoo")
        with (
            pytest.raises(CommandError, match="cannot be written") as caught,
            SshDevice(destination, config=board.ssh_config).lock(),
        ):
            raise AssertionError
        assert caught.value.hint.startswith("name another directory in hosts.toml")
        board.shell("chmod 1777 /var/tmp", user=0)
        elsewhere = SshDevice(destination, config=board.ssh_config)
        with elsewhere.lock():
            assert elsewhere.push([model])[model].parent == PurePosixPath("/var/tmp/edgezoo/blobs")
            elsewhere.clean()
        assert board.shell("ls /var/tmp") == ""
    finally:
        board.home_is("rw")


# What it says


def test_endless_output_is_ended(
    board: Board, device: SshDevice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.device.ssh.talk.OUTPUT_LIMIT", 100_000)
    path = program(tmp_path / "runner", "while :; do echo garbage garbage garbage; done")
    place = device.push([path])[path]
    with pytest.raises(CommandError, match="printed more than"):
        device.run([str(place)], timeout=60)
    assert eventually(lambda: not board.running(place.name))


def test_shell_killed_together_with_its_command(device: SshDevice) -> None:
    with pytest.raises(CommandError, match="killed on the device together with its shell") as caught, device.lock():
        device.run(["sh", "-c", "kill -KILL 0"], timeout=20)
    assert caught.value.code == 137
    with device.lock():
        pass


# Its clocks


def test_without_sudo_nothing_is_changed(board: Board, device: SshDevice) -> None:
    with device.lock(), device.prepared() as prepared:
        assert prepared.governor is None
        assert board.governor == "schedutil"


def test_governor_of_the_users_choice_stays(make_board: MakeBoard) -> None:
    board = make_board()
    board.allow_sudo()
    device = SshDevice(board.destination, config=board.ssh_config)
    governor = board.sys / "devices/system/cpu/cpufreq/policy0/scaling_governor"
    with device.lock(), device.prepared() as prepared:
        assert prepared.governor == board.governor == "performance"
        governor.write_text("ondemand\n")
    assert board.governor == "ondemand"


def test_a_board_without_governors(make_board: MakeBoard) -> None:
    board = make_board(governors=False)
    board.allow_sudo()
    device = SshDevice(board.destination, config=board.ssh_config)
    with device.lock(), device.prepared() as prepared:
        assert prepared.governor is None


def test_nothing_is_left_on_this_machine(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setattr("tempfile.tempdir", short)
        _comes_and_goes(board, Path(short))


def test_a_long_path_for_temporary_files(board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket could lie there."""
    long = tmp_path / ("x" * 80)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    assert SshDevice(board.destination, config=board.ssh_config).run(["echo", "there"], timeout=30).stdout == "there\n"


def _comes_and_goes(board: Board, tmp_path: Path) -> None:
    (tmp_path / "edgezoo-ssh-4194305-killed").mkdir()  # of a process number that there is none of
    device = SshDevice(board.destination, config=board.ssh_config)
    device.properties()
    assert [path.name.startswith(f"edgezoo-ssh-{os.getpid()}-") for path in tmp_path.iterdir()] == [True]
    del device
    assert list(tmp_path.iterdir()) == []
