"""The head of Paddle-Lite's naive buffer file (.nb), read without the engine.

Layout, little-endian: u16 meta version, char[16] opt version (NUL-terminated), u64 topology size, topology (a
FlatBuffer), parameters. Parameters: u16 version 0, u16 size of further head (0), u16 6, u16 count, u32 largest, then for
each u32 size of what follows, u32 4, a FlatBuffer. opt leaves the bytes after the opt version's NUL uninitialised.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from edge.errors import NbFormatError, OutputError
from edge.untrusted.files import open_file

_HEAD = struct.Struct("<H16sQ")
_PARAMS_HEAD = struct.Struct("<HHHHI")
_VERSION_AT = 2  # file offset of the opt version, 16 bytes
_META_VERSION = 2


@dataclass(frozen=True, slots=True)
class NbHeader:
    """What a .nb file says of itself; sizes in bytes. `opt_version` is such as `v2.13-rc`."""

    meta_version: int
    opt_version: str
    topology_bytes: int
    params_bytes: int
    params_count: int
    total_bytes: int


def read_header(path: Path) -> NbHeader:
    """Read the head and walk the parameters to the end of the file. Raises NbFormatError for a foreign or cut-off file."""
    try:
        with open_file(path) as file:
            size = file.seek(0, 2)
            if not size:
                raise _broken(path, "is empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _parse(path, data, size)
    except OSError as error:
        raise NbFormatError(f"The model {path} cannot be read: {error.strerror}.") from None


def with_topology(path: Path, header: NbHeader, topology: bytes) -> tuple[bytes, int]:
    """What the file begins with when it has another topology, and how many of its bytes that takes the place of."""
    with open_file(path) as file:
        meta, version, _ = _HEAD.unpack(file.read(_HEAD.size))
    return _HEAD.pack(meta, version, len(topology)) + topology, _HEAD.size + header.topology_bytes


def canonicalise(path: Path) -> None:
    """Write zeros over the uninitialised bytes, in place, so that equal conversions are equal files.

    The engine stops reading at the NUL before them. opt itself orders the operators of some branched networks (ShuffleNet,
    ESNet) by memory addresses: of those, two conversions may be different files of the same network.
    """
    try:
        with path.open("r+b") as file:
            head = bytearray(file.read(_HEAD.size))
            _blank(head)
            file.seek(0)
            file.write(head)
    except OSError as error:
        raise OutputError(f"The model {path} cannot be written: {error.strerror}.") from None


def _blank(head: bytearray) -> None:
    version = head[_VERSION_AT : _VERSION_AT + 16]
    end = version.find(0)
    if end >= 0:
        head[_VERSION_AT + end : _VERSION_AT + 16] = bytes(16 - end)


def _parse(path: Path, data: mmap.mmap, size: int) -> NbHeader:
    if size < _HEAD.size:
        raise _foreign(path)
    meta, version, topology = _HEAD.unpack_from(data)
    name = version.split(b"\0", 1)[0]
    if b"\0" not in version or not name or not name.isascii() or not name.decode("ascii").isprintable() or meta > 9:
        raise _foreign(path)
    if meta != _META_VERSION:
        raise NbFormatError(
            f"The model {path} has naive buffer format {meta}; only format {_META_VERSION} is known.",
            hint="convert it again with opt 2.10 or newer",
        )
    start = _HEAD.size + topology
    if start + _PARAMS_HEAD.size > size:
        raise _cut_off(path, size, f"more than {start}")
    count = _walk(path, data, start, size)
    return NbHeader(meta, name.decode("ascii"), topology, size - start, count, size)


def _walk(path: Path, data: mmap.mmap, start: int, size: int) -> int:
    """The number of parameters; they must end where the file ends."""
    version, extra, head, count, _ = _PARAMS_HEAD.unpack_from(data, start)
    if version or head != 6:
        raise _broken(path, "has no parameters where its head says")
    position = start + _PARAMS_HEAD.size + extra
    for _ in range(count):
        if position + 4 > size:
            raise _cut_off(path, size, f"more than {position}")
        position += 4 + int(struct.unpack_from("<I", data, position)[0])
    if position > size:
        raise _cut_off(path, size, str(position))
    if position < size:
        raise _broken(path, f"goes on for {size - position} bytes after its last parameter")
    return int(count)


def _foreign(path: Path) -> NbFormatError:
    return NbFormatError(
        f"The file {path} is no Paddle-Lite model: it does not begin like a naive buffer (.nb).",
        hint="name a file that `edgezoo convert` or opt made",
    )


def _broken(path: Path, how: str) -> NbFormatError:
    return NbFormatError(f"The model {path} {how}.", hint="convert it again")


def _cut_off(path: Path, size: int, expected: str) -> NbFormatError:
    return _broken(path, f"is cut off: {size} bytes of {expected}")
