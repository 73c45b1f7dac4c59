"""Reading one entry of a package's archive."""

from __future__ import annotations

import zipfile

from edge.errors import PackageError

_SMALL = 16 << 20  # bytes; no text file of a package comes near


def read_small(archive: zipfile.ZipFile, name: str) -> bytes:
    """A file of the archive that must be small. Raises PackageError if it is missing or is not."""
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise PackageError(f"{name} is missing") from error
    if info.file_size > _SMALL:
        raise PackageError(f"{name} has {info.file_size} bytes, which cannot be right")
    return archive.read(info)
