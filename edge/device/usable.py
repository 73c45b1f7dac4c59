"""Whether a program can run on a device at all, asked before anything is pushed."""

from __future__ import annotations

import struct
from pathlib import Path

from edge.device.base import Properties
from edge.errors import DeviceUnavailableError

MIN_SDK = 21  # the oldest Android that the NDK builds for, and the first one with 64 bits
# e_machine of the ELF header (elf.h) -> Android's ABI name
_MACHINES = {183: "arm64-v8a", 40: "armeabi-v7a", 62: "x86_64", 3: "x86"}


def abi_of(program: Path) -> str | None:
    """The ABI that a program was built for; None for what is no ELF file (a script) or of no ABI of Android's."""
    with program.open("rb") as file:
        head = file.read(20)
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return None
    machine = struct.unpack_from("<H" if head[5] == 1 else ">H", head, 18)[0]
    return _MACHINES.get(machine)


def require_usable(properties: Properties, program: Path) -> None:
    """Raises DeviceUnavailableError if the device's Android is too old, or the program is for another ABI."""
    if properties.sdk is not None and properties.sdk < MIN_SDK:
        raise DeviceUnavailableError(
            f"the device {properties.serial} has Android {properties.android_release} (API {properties.sdk}), "
            f"and edgezoo needs API {MIN_SDK}",
            hint="use a device with Android 5.0 or later",
        )
    abi = abi_of(program)
    if abi is not None and properties.abis and abi not in properties.abis:
        raise DeviceUnavailableError(
            f"{program.name} is built for {abi}, and the device {properties.serial} runs {', '.join(properties.abis)}",
            hint=f"build the runner for {properties.abis[0]}: scripts/build_runner",
        )
