"""Whether a program can run on a device at all, asked before anything is pushed."""

from __future__ import annotations

from pathlib import Path

from edge.device.base import Properties
from edge.device.elf import abi_of, needs_android
from edge.errors import DeviceUnavailableError

# The oldest Android for everything that edgezoo makes and drives: 21 (Android 5.0) is the first with 64-bit ABIs, what
# Paddle-Lite's armv8 releases are built for (MIN_ANDROID_API_LEVEL_ARMV8 of its build_android.sh), and the lowest that NDK
# r26 and newer build for.
MIN_SDK = 21

BOARD_PROGRAMS = {"arm64-v8a": "linux-arm64", "armeabi-v7a": "linux-armv7"}
"""By ABI: the platform that the program of an ARM board is built for."""


def require_usable(properties: Properties, program: Path) -> None:
    """Raises DeviceUnavailableError if the device's Android is too old, or the program is for another ABI."""
    if properties.sdk is not None and properties.sdk < MIN_SDK:
        raise DeviceUnavailableError(
            f"the device {properties.serial} has Android {properties.android_release} (API {properties.sdk}), "
            f"and edgezoo needs API {MIN_SDK}",
            hint="use a device with Android 5.0 or later",
        )
    board = next((BOARD_PROGRAMS[abi] for abi in properties.abis if abi in BOARD_PROGRAMS), "linux-arm64")
    if properties.kind == "linux" and needs_android(program):
        raise DeviceUnavailableError(
            f"{program.name} is built for Android, and {properties.serial} runs Linux",
            hint=f"build the runner for Linux: edgezoo runner build --for {board}",
        )
    abi = abi_of(program)
    if abi is not None and properties.abis and abi not in properties.abis:
        raise DeviceUnavailableError(
            f"{program.name} is built for {abi}, and the device {properties.serial} runs {', '.join(properties.abis)}",
            hint=f"build the runner for {properties.abis[0]}: edgezoo runner build --help",
        )
