"""Small files that somebody else wrote."""

from __future__ import annotations

from pathlib import Path

from edge.errors import EdgezooError


def read_bytes(path: Path, most: int, what: str, *, error: type[EdgezooError], hint: str = "") -> bytes:
    """The content of a file of at most `most` bytes. Raises `error`, which begins with `what`."""
    try:
        with path.open("rb") as file:
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
