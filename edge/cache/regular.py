"""The one way to a file that somebody else named: a regular one, or an error at once.

A pipe is waited for until somebody writes, which may be for ever; a device has no end.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


def open_file(path: Path) -> BufferedReader:
    """The file, opened to be read. Raises OSError, also for what is no regular file."""
    return open(path, "rb", opener=_regular)


def read_file(path: Path) -> bytes:
    """The file's bytes. Raises as `open_file`."""
    with open_file(path) as file:
        return file.read()


def read_text(path: Path) -> str:
    """The file's text, UTF-8 with or without a mark at its beginning. Raises as `open_file`, and UnicodeDecodeError."""
    return read_file(path).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def _regular(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise OSError(errno.EINVAL, "it is no regular file", path)
