"""ZIP files that are the same bytes whenever and wherever they are made.

Entries are sorted by name, carry one fixed time and mode, and are stored, not deflated: what a deflater writes depends
on the zlib at hand, weights hardly shrink, and Android maps a stored asset straight from the APK.
"""

from __future__ import annotations

import shutil
import struct
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from edge.errors import PackageError
from edge.untrusted.files import open_file, read_file

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a ZIP can say

_LOCAL_HEADER_BYTES = 30
_ALIGNMENT_FIELD = 0xD935  # the extra field by which zipalign and apksigner know how an entry wants to be aligned


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One file of an archive: its name there, its content, and the multiple its data must begin at (a power of two).

    Android wants every stored entry at a multiple of 4.
    """

    name: str
    content: bytes | Path
    align: int = 4

    def read(self) -> bytes:
        """The whole content."""
        return read_file(self.content) if isinstance(self.content, Path) else self.content

    def size(self) -> int:
        """In bytes."""
        return self.content.stat().st_size if isinstance(self.content, Path) else len(self.content)


def write_zip(out: IO[bytes], entries: Iterable[ZipEntry]) -> None:
    """Write the archive to a seekable stream.

    Raises PackageError if two entries have one name, or differ only in letter case: an Android build unpacks them on
    file systems that keep one of the two.
    """
    ordered = sorted(entries, key=lambda entry: entry.name)
    seen: dict[str, str] = {}
    for entry in ordered:
        other = seen.get(entry.name.lower())
        if other is not None:
            raise PackageError(f"two files of the package have one name: {other} and {entry.name}")
        seen[entry.name.lower()] = entry.name
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for entry in ordered:
            info = zipfile.ZipInfo(entry.name, EPOCH)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            info.file_size = entry.size()
            info.extra = _padding(out.tell() + _LOCAL_HEADER_BYTES + len(entry.name.encode()), entry.align)
            with archive.open(info, "w") as target:
                if isinstance(entry.content, Path):
                    with open_file(entry.content) as source:
                        shutil.copyfileobj(source, target, 1 << 20)
                else:
                    target.write(entry.content)
            info.extra = b""  # the padding belongs into the local header only


def zip_bytes(entries: Iterable[ZipEntry]) -> bytes:
    """A small archive in memory."""
    out = BytesIO()
    write_zip(out, entries)
    return out.getvalue()


def _padding(offset: int, align: int) -> bytes:
    """An extra field after which the offset is a multiple of `align`."""
    head = struct.pack("<HHH", _ALIGNMENT_FIELD, 0, align)
    pad = -(offset + len(head)) % align
    return struct.pack("<HHH", _ALIGNMENT_FIELD, 2 + pad, align) + bytes(pad)
