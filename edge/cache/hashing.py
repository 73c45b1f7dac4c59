"""What identifies a model, a program and a cache entry: its SHA-256. And what tells damage of a cached file: its checksum."""

from __future__ import annotations

import hashlib
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING

from edge.untrusted.files import open_file

if TYPE_CHECKING:
    import xxhash


def sha256_of(content: Path | bytes | BufferedIOBase) -> str:
    """The SHA-256 in hexadecimal of a file, of bytes, or of a stream from where it stands; files are read in blocks."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    if isinstance(content, Path):
        with open_file(content) as file:
            return sha256_of(file)
    return hashlib.file_digest(content, "sha256").hexdigest()


def checksum_of(path: Path) -> str:
    """The 128 bits of XXH3 in hexadecimal of a file: for the cache's own eyes, an eighth of SHA-256's time or less.

    It tells damage by accident. A forger could as well change what is noted beside the file, whatever the sum.
    """
    with open_file(path) as file:
        # hashlib's own loop over a stream, which takes any maker of digests
        return hashlib.file_digest(file, _xxh3).hexdigest()


def _xxh3() -> xxhash.xxh3_128:
    import xxhash

    return xxhash.xxh3_128()
