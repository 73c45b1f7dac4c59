"""Which start of the machine this is: what was not yet on the disk when it lost power is not to be relied on."""

from __future__ import annotations

from pathlib import Path

from edge.untrusted.files import read_loosely


def boot_id() -> str:
    """The kernel's id of this start (random(4)); "" where it tells none."""
    try:
        return read_loosely(Path("/proc/sys/kernel/random/boot_id")).strip()
    except OSError:
        return ""
