"""Unpacking a published archive without trusting it: no path outside, no links, no devices, no bombs."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath

from edge.errors import ArchiveError

# The catalogue's largest network has 3.3 GB of parameters: an archive that unpacks to more than this is none of ours.
LIMIT_BYTES = 8 << 30
LIMIT_FILES = 1000


def unpack(archive: Path, folder: Path) -> tuple[Path, ...]:
    """Unpack a tar archive (plain or compressed) into an empty `folder`; returns the files, in the archive's order.

    Raises `ArchiveError` on the first member that is no plain file or directory inside `folder`, on a broken or
    truncated archive, and on one larger than `LIMIT_BYTES` or `LIMIT_FILES`.
    """
    files: list[Path] = []
    total = 0
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                target = folder / _inside(archive, member)
                if member.isdir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                total += member.size
                if total > LIMIT_BYTES or len(files) >= LIMIT_FILES:
                    raise ArchiveError(f"{archive.name} unpacks to more than any inference model: it was left alone")
                files.append(target)
                _write(archive, tar, member, target)
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # a full disk is not the archive's fault
        raise ArchiveError(
            f"{archive.name} is no whole tar archive: {error}", hint="it may be an error page or a cut-off download"
        ) from error
    return tuple(files)


def _inside(archive: Path, member: tarfile.TarInfo) -> PurePosixPath:
    """The member's path, known to be relative and below. Archives made on Windows use backslashes: refused too."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name or "\0" in member.name:
        raise ArchiveError(f"{archive.name} has a member outside its own folder, {member.name!r}: it was refused")
    if not (member.isreg() or member.isdir()):
        raise ArchiveError(f"{archive.name} has a member that is no plain file, {member.name!r}: it was refused")
    return path


def _write(archive: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    import shutil

    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None  # a regular file
    with source, target.open("xb") as out:  # "x": a second member of the same name is a trick
        shutil.copyfileobj(source, out, 1 << 20)
    if target.stat().st_size != member.size:
        raise ArchiveError(f"{archive.name} is cut off in the middle of {member.name!r}")
