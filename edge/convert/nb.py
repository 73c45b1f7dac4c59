"""Reading the head of a .nb file (Paddle-Lite's naive buffer) without any engine.

Layout, little-endian: u16 meta version (2 since 2.7), char[16] opt version (NUL-padded), u64 size of the
topology, the topology (a flatbuffer), then the parameters. Seen in files of opt 2.10 to 2.14rc0, and in Paddle-Lite's
lite/model_parser/model_parser.cc.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from edge.errors import NbFormatError

_HEAD = struct.Struct("<H16sQ")
_VERSION = slice(2, 18)
META_VERSION = 2


@dataclass(frozen=True, slots=True)
class NbHeader:
    """What the file says of itself; sizes in bytes. `opt_version` is such as "v2.13-rc"."""

    meta_version: int
    opt_version: str
    topology_bytes: int
    params_bytes: int


def read_header(path: Path) -> NbHeader:
    """Read and check the head. Raises `NbFormatError` for a file that is empty, foreign or cut off, naming which."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD.size)
            begin = file.read(8)
    except OSError as error:
        raise NbFormatError(f"{path} cannot be read: {error.strerror}") from error
    if not head:
        raise NbFormatError(f"{path} is empty", hint="convert the model again")
    if len(head) < _HEAD.size:
        raise NbFormatError(f"{path} is no .nb file: it has only {size} bytes")
    meta_version, version, topology = _HEAD.unpack(head)
    text = version.split(b"\0")[0]
    if meta_version != META_VERSION or not text or not text.isascii() or not text.decode().isprintable():
        raise NbFormatError(
            f"{path} is no .nb file of a known version (it begins with {head[:8].hex(' ')})",
            hint="name a file made by opt 2.7 or later, such as edgezoo convert makes",
        )
    params = size - _HEAD.size - topology
    # A flatbuffer begins with the offset of its root table, which lies inside it.
    if topology < 8 or len(begin) < 8 or (params >= 0 and struct.unpack("<I", begin[:4])[0] >= topology):
        raise NbFormatError(f"{path} is no sound .nb file: its topology of {topology} bytes makes no sense")
    if params < 0:
        raise NbFormatError(
            f"{path} is cut off: its topology alone has {topology} bytes, and {size} are there", hint="copy it again"
        )
    return NbHeader(meta_version, text.decode(), topology, params)


def canonicalise(path: Path) -> None:
    """Zero what opt left uninitialised behind its version, so that equal conversions are equal files."""
    with path.open("r+b") as file:
        file.seek(_VERSION.start)
        version = file.read(_VERSION.stop - _VERSION.start).split(b"\0")[0]
        file.seek(_VERSION.start)
        file.write(version.ljust(_VERSION.stop - _VERSION.start, b"\0"))
