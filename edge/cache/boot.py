"""Which machine this is, which start of it, and where its process numbers hold."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from edge.untrusted.files import read_loosely


def boot_id() -> str:
    """The kernel's id of this start (random(4)); "" where it tells none. What was not yet on the disk when it lost power is not
    to be relied on."""
    try:
        return read_loosely(Path("/proc/sys/kernel/random/boot_id")).strip()
    except OSError:
        return ""


def machine_number() -> str:
    """A hash of the machine's id, which is not to be shown to others (machine-id(5)); "" where it has none."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with suppress(OSError):
            if found := read_loosely(Path(path)).strip():
                return hashlib.sha256(f"edgezoo {found}".encode()).hexdigest()[:16]
    return ""


def process_space() -> str:
    """Of the containers of one machine each has process numbers of its own (pid_namespaces(7)); "" where that is not known."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
