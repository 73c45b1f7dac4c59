"""The one way to a file that somebody else named: a regular one, or an error at once.

A pipe is waited for until somebody writes, which may be for ever; a device has no end.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

from edge.errors import EdgezooError

_NO_FILE = "it is no regular file"


def open_file(path: Path) -> BufferedReader:
    """The file, opened to be read. Raises OSError, also for what is no regular file."""
    return open(path, "rb", opener=regular)


def read_file(path: Path) -> bytes:
    """The bytes of a file of any size. Raises as `open_file`."""
    with open_file(path) as file:
        return file.read()


def read_loosely(path: Path) -> str:
    """The text of a small file that the system or edgezoo wrote, whatever bytes are in it. Raises as `open_file`."""
    return read_file(path).decode(errors="replace")


def read_bytes(path: Path, most: int, what: str, *, error: type[EdgezooError], hint: str = "") -> bytes:
    """The content of a file of at most `most` bytes. Raises `error`, which begins with `what`."""
    try:
        with open_file(path) as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as wrong:  # ValueError: a NUL in the name
        raise error(f"{what} cannot be read: {getattr(wrong, 'strerror', None) or wrong}", hint=hint) from wrong
    if len(data) > most:
        raise error(f"{what} has more than {most >> 20} MiB, which cannot be right", hint=hint)
    return data


def read_text(path: Path, most: int, what: str, *, error: type[EdgezooError], hint: str = "") -> str:
    """The same as text: UTF-8, with or without a byte order mark, and any line ends."""
    try:
        text = read_bytes(path, most, what, error=error, hint=hint).decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise error(f"{what} cannot be read: it is no UTF-8 text (byte {wrong.start})", hint=hint) from wrong
    return text.replace("\r\n", "\n").replace("\r", "\n")


def regular(path: str, flags: int) -> int:
    """An opener for `open`, to read or to write. Raises OSError for what is no regular file, at once."""
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK, 0o666)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a pipe that nobody reads
            raise OSError(errno.EINVAL, _NO_FILE, path) from error
        raise
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise OSError(errno.EINVAL, _NO_FILE, path)
