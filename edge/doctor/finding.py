"""What the doctor says of one thing. Imports nothing of a room: it can be said on any machine."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "missing", "optional"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `optional`: not there, and only some work needs it (`purpose` says which)."""

    name: str
    status: Status
    detail: str
    purpose: str
    fix: str = ""


def examine_machine() -> Finding:
    """Whether edgezoo runs on this machine at all: locks, processors and processes are asked for as Linux has them."""
    here = f"{platform.system()} on {platform.machine()}"
    purpose = "edgezoo itself"
    if platform.system() == "Linux":
        return Finding("machine", "ok", here, purpose)
    way = (
        "wsl --install, and edgezoo in there"
        if platform.system() == "Windows"
        else "a virtual machine or container with Linux"
    )
    return Finding("machine", "missing", f"{here}: edgezoo runs on Linux only", purpose, way)
