"""Files on the device under their content's name: sent once, checked there, never seen half-written."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile

from edge.cache.hashing import sha256_of
from edge.device.shell import answers, launch
from edge.device.shell.way import RemoteEntry, Way
from edge.errors import CommandError, DeviceSpaceError, TransferError
from edge.untrusted.files import open_file

_SPARE = 16 << 20  # bytes left free, for outputs and the system
_TOOLS = "for t in md5sum sha256sum; do command -v $t >/dev/null 2>&1 && echo tool $t; done; true"
_NAMES_A_SCRIPT = 20  # keeps a script below the 4 KiB that old devices take


@dataclass(frozen=True, slots=True)
class Blob:
    """A local file and its address on the device."""

    path: Path
    sha256: str
    size: int
    executable: bool


class BlobStore:
    """The blobs of one device. What it took so far, retries included: file bytes sent, and seconds for either half.

    A blob is compared by its content when it is used the first time, and again when its size or time has become another
    one: its name only says what it was.
    """

    def __init__(self, way: Way) -> None:
        self._way = way
        self._sound: dict[str, tuple[int, int]] = {}  # sha256 -> size and time of what this session found right
        self._hashed: dict[tuple[Path, int, int], str] = {}
        self._abandoned: PurePosixPath | None = None  # a push that the link cut off
        self.bytes_sent = 0
        self.sending_seconds = 0.0

    @property
    def _place(self) -> PurePosixPath:
        return self._way.layout.blobs

    def forget(self) -> None:
        """Compare again next time: the device was away, or what is there is in doubt."""
        self._sound.clear()

    def push(self, files: Sequence[Path]) -> dict[Path, PurePosixPath]:
        """See Device.push."""
        blobs = {path: self._blob(path) for path in files}
        there = self._look()
        wanted = {blob.sha256: blob for blob in sorted(blobs.values(), key=lambda blob: blob.executable)}
        for blob in self._damaged([blob for blob in wanted.values() if blob.sha256 in there], there):
            del there[blob.sha256]
        missing = [blob for blob in wanted.values() if blob.sha256 not in there]
        if missing:
            self._send(missing)
            there = self._look()
            self._arrived([blob for blob in missing if blob.sha256 not in there])
        self._sound.update({sha256: _stamp(there[sha256]) for sha256 in wanted})
        plain = [blob for blob in wanted.values() if blob.executable and not there[blob.sha256].mode & 0o100]
        if plain:
            self._script(f"cd {self._place} && chmod 755 " + " ".join(blob.sha256 for blob in plain))
        return {path: self._place / blob.sha256 for path, blob in blobs.items()}

    def place(self, files: Sequence[Path], directory: PurePosixPath) -> dict[Path, PurePosixPath]:
        """Put files into a directory that is removed by whoever asked, also after an error; see Device.temporary."""
        blobs = {path: self._blob(path) for path in files}
        self._arrived(self._transfer(list(blobs.values()), directory, self._room(list(blobs.values()))))
        return {path: directory / blob.sha256 for path, blob in blobs.items()}

    def _blob(self, path: Path) -> Blob:
        try:
            found = path.stat()
            key = (path.absolute(), found.st_size, found.st_mtime_ns)
            if key not in self._hashed:
                self._hashed[key] = sha256_of(path)
        except OSError as error:
            raise TransferError(f"{path} cannot be read: {error.strerror}") from error
        return Blob(path, self._hashed[key], found.st_size, os.access(path, os.X_OK))

    def _look(self) -> dict[str, RemoteEntry]:
        with self._way.files() as channel:
            entries = channel.list(self._place)
        # A file comes to be here by a rename, after it was found whole.
        return {one.name: one for one in entries if stat.S_ISREG(one.mode) and one.mode & 0o400}

    def _damaged(self, blobs: Sequence[Blob], there: Mapping[str, RemoteEntry]) -> list[Blob]:
        """Those that are not what they are called; they are sent again."""
        doubtful = [blob for blob in blobs if self._sound.get(blob.sha256) != _stamp(there[blob.sha256])]
        return self._check(doubtful, self._place, self._tool()) if doubtful else []

    def _tool(self) -> str:
        return _chosen(self._script(_TOOLS))

    def _send(self, blobs: Sequence[Blob]) -> None:
        if self._abandoned is not None:
            self._way.execute(f"{launch.end_transfers()}\nrm -rf {self._abandoned}")
        part = self._abandoned = self._place / f"part.{secrets.token_hex(4)}"
        tool = self._room(blobs)
        try:
            bad = self._transfer(blobs, part, tool)
            self._settle(bad, part)
            self._abandoned = None
        except (DeviceSpaceError, TransferError):
            self._way.execute(f"rm -rf {part}")
            self._abandoned = None
            raise
        self._arrived(bad)

    def _transfer(self, blobs: Sequence[Blob], directory: PurePosixPath, tool: str) -> list[Blob]:
        """Send them under their content's names; those that did not arrive as they were sent."""
        start = time.monotonic()
        with self._way.files() as channel:
            for blob in blobs:
                self.bytes_sent += channel.send(blob.path, directory / blob.sha256, executable=blob.executable)
            channel.finish()
        self.sending_seconds += time.monotonic() - start
        return self._check(blobs, directory, tool)

    def _arrived(self, bad: Sequence[Blob]) -> None:
        if bad:
            raise TransferError(
                f"{bad[0].path.name} did not arrive on the device {self._way.serial} as it was sent",
                hint="try another cable or port",
            )

    def _room(self, blobs: Sequence[Blob]) -> str:
        """Make the directory, see that there is room; returns the checksum tool to use ("" if there is none)."""
        base = self._way.layout.base
        text = self._script(f"mkdir -p {self._place} && df -k {base} 2>/dev/null || df {base}\necho; " + _TOOLS)
        table, _, tools = text.partition("\n\n")
        need, free = sum(blob.size for blob in blobs), answers.free_bytes(table)
        if free is not None and need + _SPARE > free:
            raise DeviceSpaceError(
                f"{need / 1e6:.0f} MB do not fit on the device {self._way.serial}, which has {free / 1e6:.0f} MB free",
                hint=answers.make_room(self._way.serial),
            )
        return _chosen(tools)

    def _check(self, blobs: Sequence[Blob], part: PurePosixPath, tool: str) -> list[Blob]:
        """The blobs whose content on the device is not what was sent."""
        if not tool:
            return [blob for blob in blobs if self._read_back(part / blob.sha256) != blob.sha256]
        seen: dict[str, str] = {}
        for names in _chunks(blob.sha256 for blob in blobs):
            text = self._script(
                f"cd {part} && {tool} {' '.join(names)}; true", seconds=30 + sum(blob.size for blob in blobs) / 5e6
            )
            seen |= answers.digests(text, 64 if tool == "sha256sum" else 32)
        expected = ((blob, blob.sha256 if tool == "sha256sum" else _md5(blob.path)) for blob in blobs)
        return [blob for blob, digest in expected if seen.get(blob.sha256) != digest]

    def _read_back(self, place: PurePosixPath) -> str:
        with TemporaryFile() as copy, self._way.files() as channel:
            channel.receive(place, copy)
            copy.seek(0)
            return sha256_of(copy)

    def _settle(self, bad: Sequence[Blob], part: PurePosixPath) -> None:
        """Give the good ones their names: a rename each, in one process."""
        for names in _chunks(blob.sha256 for blob in bad):
            self._script(f"cd {part} && rm -f {' '.join(names)}")
        no_folders = f'for f in "$@"; do b={self._place}/${{f##*/}}; [ ! -d $b ] || rm -rf $b; done'
        self._script(
            f'set -- {part}/*; [ ! -f "$1" ] || {{ {no_folders}; mv -f "$@" {self._place}/; }} && rm -rf {part}'
        )

    def _script(self, script: str, *, seconds: float = 30.0) -> str:
        ended = self._way.execute(script, seconds=seconds)
        if ended.code:
            message = ended.stderr.decode(errors="replace").strip() or ended.stdout.decode(errors="replace").strip()
            raise CommandError(f"the device {self._way.serial} cannot store files: {message}", code=ended.code)
        return ended.stdout.decode(errors="replace")


def _stamp(entry: RemoteEntry) -> tuple[int, int]:
    return entry.size, entry.mtime


def _chosen(tools: str) -> str:
    """The checksum tool to use: the last that is there; "" without any."""
    return tools.split()[-1] if tools.split() else ""


def _md5(path: Path) -> str:
    with open_file(path) as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _chunks(names: Iterable[str]) -> list[list[str]]:
    listed = list(names)
    return [listed[start : start + _NAMES_A_SCRIPT] for start in range(0, len(listed), _NAMES_A_SCRIPT)]
