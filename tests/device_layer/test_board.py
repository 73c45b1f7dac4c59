"""The scenarios on a stand-in board behind a real OpenSSH server, and what is a board's own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from edge.device.shell.device import ShellDevice
from edge.results.devices import facts
from tests.device_layer.board.board import CORES, Board
from tests.device_layer.board_subject import BoardSubject
from tests.device_layer.conftest import MakeBoard
from tests.device_layer.scenarios import DeviceScenarios

pytestmark = pytest.mark.slow  # every command on it goes through an emulator


@pytest.fixture(scope="module")
def board(make_board: MakeBoard) -> Board:
    board = make_board()
    board.allow_sudo()
    return board


class TestBoard(DeviceScenarios):
    big_mib = 24

    @pytest.fixture
    def subject(self, board: Board, monkeypatch: pytest.MonkeyPatch) -> BoardSubject:
        monkeypatch.setenv("EDGEZOO_SSH_CONFIG", str(board.ssh_config))
        return BoardSubject(board)

    def test_properties(self, device: ShellDevice[Any], board: Board) -> None:
        properties = device.properties()
        assert (properties.kind, properties.abis) == ("linux", ("arm64-v8a",))
        assert (properties.manufacturer, properties.model) == ("raspberrypi", "Raspberry Pi 4 Model B Rev 1.4")
        assert (properties.soc, properties.serialno) == ("bcm2711", "10000000deadbeef")
        assert [core.max_khz for core in properties.cores] == [1_800_000] * CORES
        assert (properties.serialno_from, properties.boot_id) == (
            "maker",
            (board.folder / "boot_id").read_text().strip(),
        )
        told = facts({**asdict(properties), "state": asdict(device.state())})
        assert told["governor"] == f"{CORES} x {board.governor}"
        assert None not in told.values()  # it can be equal to another one

    def test_state(self, device: ShellDevice[Any], board: Board) -> None:
        board.heat(61.5)
        board.throttle("0x50005")
        state = device.state()
        assert [(zone.kind, zone.millicelsius) for zone in state.zones] == [("cpu", 61_500)]
        assert state.limits == ("under-voltage", "throttled")
        board.throttle("0x50000")  # it was, and is no more
        assert device.thermal().limits == ()
        (board.folder / "run/throttled").unlink()
        assert device.thermal().limits is None
