"""ELF files for Android: which ABI a program or library is for, what it needs, how its segments are aligned.

Source: elf(5), e_machine's values from elf.h.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edge.errors import PackageError
from edge.untrusted.files import open_file
from edge.untrusted.guard import guarded
from edge.untrusted.numbers import count

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
    """What the headers of a shared library say. `needed` are the names of the libraries it is linked against.

    `dynamic`: the values of the dynamic section by their tags, of each tag the first.
    """

    abi: str
    soname: str | None
    needed: tuple[str, ...]
    segments: tuple[Segment, ...]
    dynamic: Mapping[int, int] = field(default_factory=dict)

    def offset(self, address: int) -> int:
        """Where in the file that is which is loaded at `address`. Raises ValueError where nothing is."""
        (offset,) = (s.offset + address - s.address for s in self.segments if 0 <= address - s.address < s.file_size)
        return offset

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


def abi_of_archive(archive: Path) -> str | None:
    """The ABI of the first object in a static library (ar(5)); None where it has none, or is no such library."""
    with open_file(archive) as file:
        if file.read(8) != b"!<arch>\n":
            return None
        while len(head := file.read(60)) == 60:
            size = count(head[48:58].decode("ascii", "replace").strip())
            if size is None:
                return None
            start = file.tell()
            if (found := abi_of_head(file.read(20))) is not None:
                return found
            file.seek(start + size + size % 2)
    return None


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
    size, headers = struct.unpack_from("<HH", data, 54 if wide else 42)
    segments, dynamic = [], b""
    if size < struct.calcsize("<IIQQQQQQ" if wide else "<8I"):
        raise ValueError("program headers that overlap")
    for at in range(table, table + size * headers, size):
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
    form = "<qQ" if wide else "<iI"
    entries = list(struct.iter_unpack(form, dynamic[: len(dynamic) - len(dynamic) % struct.calcsize(form)]))
    library = SharedLibrary(abi, None, (), tuple(segments), dict(reversed(entries)))
    return replace(library, **_names(data, library, entries))


def _kind_and_machine(head: bytes) -> tuple[int, int]:
    kind, machine = struct.unpack_from("<HH", head, 16)
    return kind, machine


def _names(data: bytes, library: SharedLibrary, entries: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """The library's own name and those it needs; the string table is given by its address in memory."""
    if _STRTAB not in library.dynamic:
        return {}
    strings = library.offset(library.dynamic[_STRTAB])
    soname = next((text_at(data, strings + value) for tag, value in entries if tag == _SONAME), None)
    return {
        "soname": soname,
        "needed": tuple(text_at(data, strings + value) for tag, value in entries if tag == _NEEDED),
    }


def text_at(data: bytes, start: int) -> str:
    """A name in a string table. Raises ValueError for none."""
    return data[start : data.index(b"\0", start, start + _LONGEST_NAME)].decode("utf-8")


def _largest_page(segment: Segment) -> int:
    """File offset and address must agree modulo the page: p_align alone may promise too much."""
    apart = (segment.address - segment.offset) | segment.align
    return apart & -apart
