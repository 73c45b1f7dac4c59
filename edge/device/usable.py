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


def build_command(properties: Properties, engine: str = "paddle-lite") -> str:
    """What is typed to build the program that a device takes, with that engine in it."""
    first = next((abi for abi in properties.abis if abi in BOARD_PROGRAMS), "arm64-v8a")
    words = ["edgezoo runner build"]
    if properties.kind != "android":
        words.append(f"--for {'host' if properties.kind == 'host' else BOARD_PROGRAMS[first]}")
    elif first == "armeabi-v7a":
        words.append(f"--abi {first}")
    if engine != "paddle-lite":
        words.append(f"--engine {engine}")
    return " ".join(words)


def require_usable(properties: Properties, program: Path) -> None:
    """Raises DeviceUnavailableError if the device's Android is too old, or the program is for another ABI."""
    if properties.sdk is not None and properties.sdk < MIN_SDK:
        raise DeviceUnavailableError(
            f"the device {properties.serial} has Android {properties.android_release} (API {properties.sdk}), "
            f"and edgezoo needs API {MIN_SDK}",
            hint="use a device with Android 5.0 or later",
        )
    if properties.kind == "linux" and needs_android(program):
        raise DeviceUnavailableError(
            f"{program.name} is built for Android, and {properties.serial} runs Linux",
            hint=f"build the runner for Linux: {build_command(properties)}",
        )
    abi = abi_of(program)
    if abi is not None and properties.abis and abi not in properties.abis:
        builds = properties.kind == "host" or any(one in BOARD_PROGRAMS for one in properties.abis)
        how = f"build the runner for {properties.abis[0]}: {build_command(properties)}"
        raise DeviceUnavailableError(
            f"{program.name} is built for {abi}, and the device {properties.serial} runs {', '.join(properties.abis)}",
            hint=how if builds else "name a program of your own for it: --runner PATH",
        )
