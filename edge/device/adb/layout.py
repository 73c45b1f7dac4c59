"""Where edgezoo's things are on a device (docs/reference/device-contract.md)."""

from __future__ import annotations

from pathlib import PurePosixPath

BASE = PurePosixPath("/data/local/tmp/edgezoo")
BLOBS = BASE / "blobs"
RUN = BASE / "run"
LOCK = BASE / "lock"
JOURNAL = BASE / "settings"
BOOT_ID = PurePosixPath("/proc/sys/kernel/random/boot_id")
