"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to; becomes `path` at the end, or vanishes if something is raised.

    Raises OutputError if it cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path} could not be written: {error.strerror}", hint="check the permissions and the free disk space"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def digest(path: Path) -> tuple[str, int]:
    """The sha256 of a file, in hexadecimal, and its size in bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell()
