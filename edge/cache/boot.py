"""Which start of the machine this is: what was not yet on the disk when it lost power is not to be relied on."""

from __future__ import annotations

from pathlib import Path


def boot_id() -> str:
    """The kernel's id of this start (random(4)); "" where it tells none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
