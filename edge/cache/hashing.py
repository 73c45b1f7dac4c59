"""The SHA-256 of files and bytes: what identifies a model, a program and a cache entry."""

from __future__ import annotations

import hashlib
from io import BufferedIOBase
from pathlib import Path

from edge.cache.regular import open_file


def sha256_of(content: Path | bytes | BufferedIOBase) -> str:
    """The SHA-256 in hexadecimal of a file, of bytes, or of a stream from where it stands; files are read in blocks."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    if isinstance(content, Path):
        with open_file(content) as file:
            return sha256_of(file)
    return hashlib.file_digest(content, "sha256").hexdigest()
