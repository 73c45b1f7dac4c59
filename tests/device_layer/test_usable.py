"""Whether a program can run on a device."""

from __future__ import annotations

import struct
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.device.base import Properties
from edge.device.elf import abi_of
from edge.device.host import HostDevice
from edge.device.usable import MIN_SDK, build_command, require_usable
from edge.errors import DeviceUnavailableError


def phone(*, sdk: int | None = 30, abis: tuple[str, ...] = ("arm64-v8a", "armeabi-v7a")) -> Properties:
    return Properties("8a1b2c3d", "android", "Xiaomi", "MI 9", "msmnile", abis, "11", sdk, ())


def elf(path: Path, machine: int, *, big_endian: bool = False) -> Path:
    """The head of a program; 64 bits wide where the machine is."""
    kinds = bytes([2 if machine in (183, 62, 243) else 1, 2 if big_endian else 1, 1])
    path.write_bytes(
        b"\x7fELF" + kinds + bytes(9) + struct.pack(">HH" if big_endian else "<HH", 2, machine) + bytes(44)
    )
    return path


@pytest.mark.parametrize(
    ("kind", "abis", "engine", "words"),
    [
        ("android", ("arm64-v8a", "armeabi-v7a"), "paddle-lite", ""),
        ("android", ("armeabi-v7a",), "paddle-lite", " --abi armeabi-v7a"),
        ("android", ("arm64-v8a",), "onnxruntime", " --engine onnxruntime"),
        ("linux", ("arm64-v8a",), "paddle-lite", " --for linux-arm64"),
        ("linux", ("armeabi-v7a", "arm64-v8a"), "onnxruntime", " --for linux-armv7 --engine onnxruntime"),
        ("host", ("x86_64",), "paddle-lite", " --for host"),
    ],
)
def test_how_the_program_of_a_device_is_built(kind: str, abis: tuple[str, ...], engine: str, words: str) -> None:
    device = replace(phone(abis=abis), kind=kind)
    assert build_command(device, engine) == f"edgezoo runner build{words}"
    command_line = ["runner", "build", *words.split(), "--help"]
    assert run(command_line) == 0


def test_abi_of_this_python_is_this_machines() -> None:
    assert abi_of(Path(sys.executable).resolve()) in HostDevice().properties().abis


@pytest.mark.parametrize(
    ("machine", "abi"),
    [(183, "arm64-v8a"), (40, "armeabi-v7a"), (62, "x86_64"), (3, "x86"), (243, "riscv64"), (8, None)],
)
def test_abi_of_a_program(tmp_path: Path, machine: int, abi: str | None) -> None:
    assert abi_of(elf(tmp_path / "little", machine)) == abi
    assert abi_of(elf(tmp_path / "big", machine, big_endian=True)) is None  # Android has no big-endian ABI


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"#!/bin/sh\nexit 0\n"])
def test_what_is_no_program_of_any_abi(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "script").write_bytes(content)
    assert abi_of(tmp_path / "script") is None
    require_usable(phone(), tmp_path / "script")


def test_fitting(tmp_path: Path) -> None:
    require_usable(phone(), elf(tmp_path / "runner", 183))
    require_usable(phone(), elf(tmp_path / "runner", 40))
    require_usable(phone(sdk=None, abis=()), elf(tmp_path / "runner", 62))


def test_wrong_abi(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailableError, match="built for x86_64, and the device 8a1b2c3d runs arm64") as caught:
        require_usable(phone(), elf(tmp_path / "edgebench", 62))
    assert "build the runner for arm64-v8a" in caught.value.hint


def test_too_old(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailableError, match=f"API {MIN_SDK - 1}.* edgezoo needs API {MIN_SDK}"):
        require_usable(phone(sdk=MIN_SDK - 1), elf(tmp_path / "edgebench", 40))
    require_usable(phone(sdk=MIN_SDK), elf(tmp_path / "edgebench", 40))
