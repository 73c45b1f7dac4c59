"""Unpacking a published archive without trusting it: no path outside, no links, no devices, no bombs."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from edge.errors import ArchiveError
from edge.untrusted.files import open_file
from edge.untrusted.guard import brief, guarded

# The catalogue's largest network has 3.3 GB of parameters: an archive that unpacks to more than this is none of ours.
LIMIT_BYTES = 8 << 30
LIMIT_FILES = 1000
_LIMIT_MEMBERS = 100_000  # those included that are not wanted
_FREE = 64 << 20  # bytes that any archive may unpack to
_RATIO = 100  # times its own size; parameters are hardly smaller when they are packed
_PIECE = 1 << 20  # bytes that are asked for at once; a longer header (of a long name, or of extras) is a trick


def unpack(
    archive: Path, folder: Path, *, wanted: Callable[[PurePosixPath], bool] = lambda _: True
) -> tuple[Path, ...]:
    """Unpack a tar archive (plain or by gzip) into an empty `folder`; returns the files, in the archive's order.

    What is not `wanted` stays in the archive, whatever it is. Raises `ArchiveError` on the first member that is no plain
    file or directory inside `folder`, on a broken or truncated archive, and on one larger than `LIMIT_BYTES` or
    `LIMIT_FILES`, or of very much more than its own size.
    """
    files: list[Path] = []
    taken = 0
    total, limit = 0, min(LIMIT_BYTES, max(_FREE, _RATIO * archive.stat().st_size))
    hint = "it may be an error page or a cut-off download"
    with guarded(ArchiveError, f"{archive.name} is no whole tar archive", hint=hint), _opened(archive) as tar:
        for members, member in enumerate(tar):
            total += member.size
            fits = wanted(PurePosixPath(member.name))
            taken += fits
            if total > limit or taken > LIMIT_FILES or members >= _LIMIT_MEMBERS:
                raise ArchiveError(f"{archive.name} unpacks to more than any inference model: it was left alone")
            if not fits:
                continue
            target = folder / _inside(archive, member)
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            files.append(target)
            _write(archive, tar, member, target)
    return tuple(files)


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    with open_file(archive) as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        plain = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if packed else file
        with tarfile.open(fileobj=cast("IO[bytes]", _InPieces(plain)), mode="r:") as tar:
            yield tar


class _InPieces:
    """A file of which no one asks for more than a piece: `tarfile` reads as much as a header says, into memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        if size > _PIECE:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._file.read(size)


def _inside(archive: Path, member: tarfile.TarInfo) -> PurePosixPath:
    """The member's path, known to be relative and below. Archives made on Windows use backslashes: refused too."""
    path, name = PurePosixPath(member.name), brief(repr(member.name))
    if path.is_absolute() or ".." in path.parts or "\\" in member.name or "\0" in member.name:
        raise ArchiveError(f"{archive.name} has a member outside its own folder, {name}: it was refused")
    if not (member.isreg() or member.isdir()) or member.issparse():
        raise ArchiveError(f"{archive.name} has a member that is no plain file, {name}: it was refused")
    return path


def _write(archive: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    import shutil

    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None  # a regular file
    with source, target.open("xb") as out:  # "x": a second member of the same name is a trick
        shutil.copyfileobj(source, out, _PIECE)
    if target.stat().st_size != member.size:
        raise ArchiveError(f"{archive.name} is cut off in the middle of {brief(repr(member.name))}")
