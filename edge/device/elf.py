"""ELF files for Android: which ABI a program or library is for, what it needs, how its segments are aligned.

Source: elf(5), e_machine's values from elf.h.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from edge.errors import PackageError
from edge.untrusted.files import open_file
from edge.untrusted.guard import guarded

_MAGIC = b"\x7fELF"
_LITTLE_ENDIAN = 1
# e_machine and class (32 bits: 1, 64 bits: 2) -> Android's ABI name; all of Android's are little-endian
_ABIS = {(40, 1): "armeabi-v7a", (183, 2): "arm64-v8a", (3, 1): "x86", (62, 2): "x86_64", (243, 2): "riscv64"}
_SHARED_OBJECT = 3
_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRTAB, _SONAME = 1, 5, 14
_PAGE_16K = 0x4000
_LARGEST_DYNAMIC = 1 << 16  # bytes; real ones have a few hundred
_LONGEST_NAME = 4096


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the file that the loader maps; in bytes."""

    offset: int
    address: int
    file_size: int
    align: int


@dataclass(frozen=True, slots=True)
class SharedLibrary:
    """What the headers of a shared library say. `needed` are the names of the libraries it is linked against."""

    abi: str
    soname: str | None
    needed: tuple[str, ...]
    segments: tuple[Segment, ...]

    @property
    def page_size(self) -> int:
        """The largest page size, in bytes, on which the library can be mapped, as its program headers say."""
        return min(_largest_page(segment) for segment in self.segments)

    @property
    def fits_16k_pages(self) -> bool:
        """Whether it loads on a device with 16 KB pages. Android asks this of 64-bit libraries only."""
        return self.page_size >= _PAGE_16K or self.abi in ("armeabi-v7a", "x86")


def abi_of(program: Path) -> str | None:
    """The ABI that a program was built for; None for what is no ELF file (a script) or of no ABI of Android's."""
    with open_file(program) as file:
        return abi_of_head(file.read(20))


def abi_of_head(head: bytes) -> str | None:
    """The same, of a program's first 20 bytes."""
    if len(head) < 20 or head[:4] != _MAGIC or head[5] != _LITTLE_ENDIAN:
        return None
    return _ABIS.get((_kind_and_machine(head)[1], head[4]))


def needs_android(program: Path) -> bool:
    """Whether it is started by Android's own linker, which no other Linux has."""
    with open_file(program) as file:
        return re.search(rb"\0/system/bin/linker(64)?\0", file.read(_LARGEST_DYNAMIC)) is not None


def read_library(data: bytes, name: str) -> SharedLibrary:
    """Parse an ELF shared object; `name` is for the messages. Raises PackageError if it is none for an Android ABI."""
    if data[:4] != _MAGIC:
        raise PackageError(f"{name} is no ELF file")
    with guarded(PackageError, f"{name} is a truncated or broken ELF file"):
        return _read(data, name)


def _read(data: bytes, name: str) -> SharedLibrary:
    wide = data[4] == 2
    if data[4] not in (1, 2) or data[5] != _LITTLE_ENDIAN:
        raise PackageError(f"{name} is no little-endian ELF file")
    kind, machine = _kind_and_machine(data)
    abi = _ABIS.get((machine, data[4]))
    if abi is None:
        raise PackageError(f"{name} is for a processor that Android does not run on (ELF machine {machine})")
    if kind != _SHARED_OBJECT:
        raise PackageError(f"{name} is no shared library (ELF type {kind})")
    (table,) = struct.unpack_from("<Q" if wide else "<I", data, 32 if wide else 28)
    size, count = struct.unpack_from("<HH", data, 54 if wide else 42)
    segments, dynamic = [], b""
    if size < struct.calcsize("<IIQQQQQQ" if wide else "<8I"):
        raise ValueError("program headers that overlap")
    for at in range(table, table + size * count, size):
        if wide:
            which, _, offset, address, _, file_size, _, align = struct.unpack_from("<IIQQQQQQ", data, at)
        else:
            which, offset, address, _, file_size, _, _, align = struct.unpack_from("<8I", data, at)
        if which in (_LOAD, _DYNAMIC) and offset + file_size > len(data):
            raise ValueError("a segment ends beyond the file")
        if which == _LOAD:
            segments.append(Segment(offset, address, file_size, align))
        elif which == _DYNAMIC:
            if file_size > _LARGEST_DYNAMIC:
                raise ValueError(f"a dynamic section of {file_size} bytes")
            dynamic = data[offset : offset + file_size]
    if not segments:
        raise ValueError("nothing to load")
    soname, needed = _dynamic(data, dynamic, segments, "<qQ" if wide else "<iI")
    return SharedLibrary(abi, soname, needed, tuple(segments))


def _kind_and_machine(head: bytes) -> tuple[int, int]:
    kind, machine = struct.unpack_from("<HH", head, 16)
    return kind, machine


def _dynamic(data: bytes, section: bytes, segments: list[Segment], form: str) -> tuple[str | None, tuple[str, ...]]:
    """The library's own name and those it needs; the string table is given by its address in memory."""
    usable = len(section) - len(section) % struct.calcsize(form)
    entries = list(struct.iter_unpack(form, section[:usable]))
    address = next((value for tag, value in entries if tag == _STRTAB), None)
    if address is None:
        return None, ()
    (strings,) = (s.offset + address - s.address for s in segments if 0 <= address - s.address < s.file_size)

    def text(offset: int) -> str:
        start = strings + offset
        return data[start : data.index(b"\0", start, start + _LONGEST_NAME)].decode("utf-8")

    soname = next((text(value) for tag, value in entries if tag == _SONAME), None)
    return soname, tuple(text(value) for tag, value in entries if tag == _NEEDED)


def _largest_page(segment: Segment) -> int:
    """File offset and address must agree modulo the page: p_align alone may promise too much."""
    apart = (segment.address - segment.offset) | segment.align
    return apart & -apart
