"""The stand-in board as the scenarios see it."""

from __future__ import annotations

from edge.device.base import AppliedSettings
from edge.device.shell.layout import Layout
from edge.device.ssh.board import SshDevice
from tests.device_layer.board.board import Board


class BoardSubject:
    """See Subject."""

    shebang = "#!/bin/sh"
    changed_setting = "performance"

    def __init__(self, board: Board) -> None:
        self.board = board
        self.layout = Layout(board.home / ".cache/edgezoo-device")

    def connect(self) -> SshDevice:
        return SshDevice(self.board.destination, config=self.board.ssh_config)

    def shell(self, script: str) -> str:
        return self.board.shell(script)

    def drop_link(self) -> None:
        self.board.cut_sessions()

    def running(self, word: str) -> bool:
        return self.board.running(word)

    def setting(self) -> str:
        return self.board.governor

    def applied(self, prepared: AppliedSettings) -> bool:
        return prepared.governor == "performance"
