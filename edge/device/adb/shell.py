"""Commands on an Android device, ended for certain or not at all.

A script's output ends in a marker line that carries the exit code, with a random word in it that no output can hold by
accident. A stream that ends without the marker was cut off, whatever exit code adb would make of it. Where the device
has shell,v2 (Android 7 and later) standard error comes apart from standard output, and adbd's own exit packet has to
arrive as well; the shell of older ones is a terminal that merges both and turns line ends into CRLF, so standard error
goes through a file there.

Sources: adb's shell_protocol.h (packet: u8 kind, u32 little-endian length, data), SERVICES.TXT.
"""

from __future__ import annotations

import re
import struct

from edge.device.adb.connection import Connection
from edge.device.base import OUTPUT_LIMIT, flood
from edge.device.shell.way import CutOffError, Ended, Marker
from edge.errors import CommandError, LinkLostError

_STDOUT, _STDERR, _EXIT = 1, 2, 3
_V1_LIMIT, _V2_LIMIT = 4000, 32_000  # bytes of a service's name; messages have 4 KiB before Android 7, 256 KiB since
_MARKER_ROOM = 128  # bytes; a marker line is shorter
_HEAD = struct.Struct("<BI")


def service(script: str, *, v2: bool) -> str:
    """The device's service that runs `script`, without a terminal where that can be chosen.

    Raises CommandError for one that is too long: the adb server ends itself over a name that fills a whole message.
    """
    name = f"shell,v2,raw:{script}" if v2 else f"shell:{script}"
    limit = _V2_LIMIT if v2 else _V1_LIMIT
    if len(name.encode()) > limit:
        raise CommandError(f"the command line is longer than the {limit} bytes that the device takes", code=126)
    return name


def read_v2(connection: Connection, marker: Marker) -> Ended:
    """Read a shell,v2 stream to its exit packet. Raises LinkLostError, CommandError, CutOffError on timeout."""
    out, err = bytearray(), bytearray()
    try:
        while True:
            kind, size = _HEAD.unpack(connection.read(_HEAD.size))
            data = connection.read(size)
            if kind == _EXIT:
                break
            if kind in (_STDOUT, _STDERR):
                (out if kind == _STDOUT else err).extend(data)
            if len(out) + len(err) > OUTPUT_LIMIT:
                raise flood()
    except TimeoutError:
        raise CutOffError(bytes(out), bytes(err)) from None
    split = marker.split(bytes(out))
    if split is None:
        raise CommandError(
            "the command was killed on the device together with its shell",
            code=data[0] if data else 137,
            hint="the device may be short of memory",
            output=bytes(out + err).decode(errors="replace"),
        )
    return Ended(split[1], split[0], bytes(err))


def read_v1(connection: Connection, marker: Marker, errors: Marker | None = None) -> Ended:
    """Read a plain shell stream to its marker. `errors` marks where standard error follows standard output.

    Raises LinkLostError, CommandError, CutOffError on timeout.
    """
    text = bytearray()
    try:
        while some := connection.read_some():
            text += some
            if len(text) > OUTPUT_LIMIT:
                raise flood()
            if marker.split(bytes(text[-_MARKER_ROOM:])):
                break  # a stray background process may hold the stream open
    except TimeoutError:
        raise CutOffError(bytes(text), b"") from None
    split = marker.split(bytes(text))
    if split is None:
        raise LinkLostError("the link to the device dropped while a command ran")
    before, code = split
    if text.endswith(b"\r\n"):  # a terminal's line ends, not the command's
        before = re.sub(rb"(?<!\r)\r++\n", b"\n", before)
    parts = errors.split(before) if errors else None
    if errors is None or parts is None:
        return Ended(code, before, b"")
    start = before.index(b"\n", len(parts[0])) + 1
    return Ended(code, parts[0], before[start:])
