"""Reading shared libraries, made by real compilers and by hand."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.device.elf import read_library
from edge.errors import PackageError
from tests.package.conftest import compile_library


@pytest.mark.parametrize("abi", ["arm64-v8a", "x86_64"])
@pytest.mark.parametrize("page", [0x1000, 0x4000, 0x10000])
def test_what_a_compiler_makes(tmp_path: Path, abi: str, page: int) -> None:
    compile_library(tmp_path / "libother.so", abi, "int other;")
    path = tmp_path / "libnet.so"
    compile_library(path, abi, "int net[5] = {1};", page=page, links=[str(tmp_path / "libother.so")])
    library = read_library(path.read_bytes(), "libnet.so")
    assert (library.abi, library.soname, library.needed) == (abi, "libnet.so", ("libother.so",))
    assert library.page_size == page
    assert library.fits_16k_pages == (page >= 0x4000)


def elf32(machine: int, align: int, *, address: int = 0) -> bytes:
    """The smallest 32-bit shared library: one segment, nothing dynamic."""
    head = (
        b"\x7fELF"
        + bytes([1, 1, 1])
        + bytes(9)
        + struct.pack("<HHIIIIIHHHHHH", 3, machine, 1, 0, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    )
    return head + struct.pack("<8I", 1, 0, address, address, 84, 84, 5, align)


def test_a_32_bit_library_needs_no_16k_pages() -> None:
    library = read_library(elf32(40, 0x1000), "lib.so")
    assert (library.abi, library.page_size, library.needed, library.soname) == ("armeabi-v7a", 0x1000, (), None)
    assert library.fits_16k_pages


def test_p_align_alone_may_promise_too_much() -> None:
    assert read_library(elf32(40, 0x4000, address=0x1000), "lib.so").page_size == 0x1000


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no ELF file"),
        (b"MZ" + bytes(80), "is no ELF file"),
        (b"\x7fELF\x02\x01", "is a truncated or broken ELF file"),
        (b"\x7fELF\x02\x02" + bytes(80), "is no little-endian ELF file"),
        (elf32(8, 4096), "a processor that Android does not run on"),
        (elf32(40, 4096)[:60], "is a truncated or broken ELF file"),
        (elf32(40, 4096)[:16] + b"\x02\x00" + elf32(40, 4096)[18:], "is no shared library"),
    ],
)
def test_what_is_none_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(PackageError, match=message):
        read_library(data, "lib.so")


def elf64() -> bytes:
    """A 64-bit library by hand, with a name of its own and one that it needs, so that damage reaches every part."""
    strings = b"\0libme.so\0libneeded.so\0"
    dynamic = b"".join(struct.pack("<qQ", *entry) for entry in ((5, 176 + 64), (14, 1), (1, 10), (0, 0)))
    head = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 3, 183, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    size = 176 + len(dynamic) + len(strings)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 0x4000)
    return head + load + struct.pack("<IIQQQQQQ", 2, 4, 176, 176, 0, len(dynamic), len(dynamic), 8) + dynamic + strings


def test_the_library_by_hand_is_sound() -> None:
    library = read_library(elf64(), "lib.so")
    assert (library.abi, library.soname, library.needed) == ("arm64-v8a", "libme.so", ("libneeded.so",))
    assert library.page_size == 0x4000


DAMAGE = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=8)


def damaged(library: bytes, damage: list[tuple[int, int]]) -> bytes:
    """The library with other bytes at those places."""
    made = bytearray(library)
    for at, value in damage:
        made[at % len(library)] = value
    return bytes(made)


@pytest.mark.parametrize("library", [elf32(40, 4096), elf64()], ids=["32 bits", "64 bits"])
@settings(deadline=None)
@given(damage=DAMAGE)
def test_damage_is_read_or_refused(library: bytes, damage: list[tuple[int, int]]) -> None:
    with contextlib.suppress(PackageError):
        assert read_library(damaged(library, damage), "lib.so").segments


@pytest.mark.parametrize("field", [32, 72, 80, 96, 128])
def test_absurd_offsets_are_refused(field: int) -> None:
    damaged = bytearray(elf64())
    damaged[field : field + 8] = b"\xff" * 8
    with pytest.raises(PackageError, match="is a truncated or broken ELF file"):
        read_library(bytes(damaged), "lib.so")
