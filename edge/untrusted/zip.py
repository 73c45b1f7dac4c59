"""Zip archives of others: AAR, APK, jar, npz."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from edge.errors import EdgezooError
from edge.untrusted.files import open_file
from edge.untrusted.guard import brief, guarded

_ENTRIES = 10_000
_FREE = 64 << 20  # bytes that any archive may unpack to
_RATIO = 100  # times its own size; zeros are packed 1000 : 1, machine code 3 : 1, text 10 : 1
_MEMBER = 256 << 20  # bytes that are read into memory at once
_SMALL = 16 << 20  # bytes; no text file of a package comes near


class ZipReader:
    """An archive whose directory was read; every method raises `error` for what is damaged or too large.

    Nothing in it is unpacked by the names that it has.
    """

    def __init__(self, archive: zipfile.ZipFile, size: int, where: str, error: type[EdgezooError]) -> None:
        self._archive = archive
        self._where = where
        self._error = error
        self.infos = tuple(archive.infolist())
        self.names = tuple(info.filename for info in self.infos)
        unpacked = sum(info.file_size for info in self.infos)
        if len(self.infos) > _ENTRIES:
            raise error(f"{where} has {len(self.infos)} entries: it is not read")
        if {info.compress_type for info in self.infos} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise error(f"{where} is packed in a way that no package is: neither stored nor deflated")
        if unpacked > max(_FREE, _RATIO * size):
            raise error(f"{where} has {size} bytes and would unpack to {unpacked}: it is not read")

    def read(self, name: str, most: int = _SMALL) -> bytes:
        """The content of the entry of that name, which must be there and small."""
        if (size := self._archive.getinfo(self._there(name)).file_size) > most:
            raise self._error(f"{name} has {size} bytes, which cannot be right")
        return b"".join(self.blocks(name))

    def read_large(self, name: str) -> bytes:
        """The same of one that may be as large as a shared library."""
        return self.read(name, _MEMBER)

    def blocks(self, name: str) -> Iterator[bytes]:
        """The content of the entry of that name, piece by piece."""
        return self._blocks(self._archive.getinfo(self._there(name)))

    def check(self) -> None:
        """Read all of it: every entry must fit its checksum."""
        for info in self.infos:
            for _ in self._blocks(info):
                pass

    def _there(self, name: str) -> str:
        if name not in self.names:
            raise self._error(f"{brief(name)} is missing")
        return name

    def _blocks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        with (
            guarded(self._error, f"{self._where} is damaged at {brief(info.filename)}"),
            self._archive.open(info) as stream,
        ):
            while block := stream.read(1 << 20):
                yield block


@contextmanager
def open_zip(source: Path | IO[bytes], where: str, *, error: type[EdgezooError]) -> Iterator[ZipReader]:
    """The zip archive in a file. Raises `error`, which begins with `where`; OSError where the file cannot be read."""
    with ExitStack() as stack:
        file = stack.enter_context(open_file(source)) if isinstance(source, Path) else source
        with guarded(error, f"{where} is no sound archive"):
            archive = stack.enter_context(zipfile.ZipFile(file))
        yield ZipReader(archive, file.seek(0, 2), where, error)
