"""A Linux board, or any other machine with an SSH server and a POSIX shell, reached over ssh."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from edge.device.base import Properties, State, Thermal
from edge.device.shell.device import ShellDevice
from edge.device.ssh import probe
from edge.device.ssh.destination import Destination
from edge.device.ssh.link import SshLink
from edge.device.ssh.refusals import VARIABLE
from edge.device.ssh.settings import BoardSettings, Governors


class SshDevice(ShellDevice[Governors]):
    """See Device. It connects when something is first asked of it: `SshDevice(Destination.parse("ssh:pi@board:2222"))`.

    `config`: an ssh configuration file instead of the user's own, else EDGEZOO_SSH_CONFIG. Whatever a way to the machine
    needs (jump hosts, keys, known_hosts of its own) can stand there.
    """

    def __init__(
        self,
        destination: Destination,
        *,
        config: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        named = os.environ.get(VARIABLE)
        super().__init__(SshLink(destination, config=config or (Path(named) if named else None), sleep=sleep))

    def _identify(self) -> tuple[Properties, str]:
        return probe.properties(self._ask(probe.IDENTITY), serial=self.serial)

    def thermal(self) -> Thermal:
        return probe.thermal(self._ask(probe.STATE))

    def state(self) -> State:
        return probe.state(self._ask(probe.STATE))

    def _settings(self) -> BoardSettings:
        return BoardSettings(self._way)
