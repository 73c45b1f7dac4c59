"""Where edgezoo's things are on a device (docs/reference/device-contract.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

BOOT_ID = PurePosixPath("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything is below `base`, an absolute path without characters that a shell would read otherwise."""

    base: PurePosixPath
    elsewhere: str = ""  # what a user can do where it cannot be written

    @property
    def blobs(self) -> PurePosixPath:
        return self.base / "blobs"

    @property
    def run(self) -> PurePosixPath:
        return self.base / "run"

    @property
    def lock(self) -> PurePosixPath:
        return self.base / "lock"

    @property
    def journal(self) -> PurePosixPath:
        return self.base / "settings"
