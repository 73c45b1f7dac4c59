"""The end of a command, decided from its bytes alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.device.adb.connection import Connection
from edge.device.adb.shell import read_v1, read_v2
from edge.device.shell.way import CutOffError, Ended, Marker
from edge.errors import CommandError, LinkLostError

MARKER, ERRORS = Marker("edgezoo-end-0123"), Marker("edgezoo-end-4567")


class Recorded(Connection):
    """A connection that plays a recording; nothing else of it is used."""

    def __init__(self, chunks: list[bytes], *, hangs: bool = False) -> None:
        self._chunks = [chunk for chunk in chunks if chunk]
        self._hangs = hangs

    def read_some(self, limit: int = 1 << 16) -> bytes:
        if not self._chunks:
            if self._hangs:
                raise TimeoutError
            return b""
        chunk = self._chunks.pop(0)
        if len(chunk) > limit:
            self._chunks.insert(0, chunk[limit:])
        return chunk[:limit]


def packet(kind: int, data: bytes) -> bytes:
    return bytes([kind]) + len(data).to_bytes(4, "little") + data


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


PLACES = st.lists(st.integers(min_value=0), max_size=8)


@given(st.binary(), st.binary(), st.integers(0, 255), PLACES)
def test_v2_however_it_is_cut(out: bytes, err: bytes, code: int, places: list[int]) -> None:
    stream = packet(1, out) + packet(2, err) + packet(1, b"edgezoo-end-0123:%d\n" % code) + packet(3, b"\x89")
    assert read_v2(Recorded(cut(stream, places)), MARKER) == Ended(code, out, err)


@given(st.binary(), st.integers(min_value=0))
def test_v2_without_its_end_is_no_end(out: bytes, place: int) -> None:
    stream = packet(1, out) + packet(1, b"edgezoo-end-0123:0\n") + packet(3, b"\0")
    with pytest.raises(LinkLostError):
        read_v2(Recorded([stream[: place % len(stream)]]), MARKER)


def test_v2_killed_shell() -> None:
    with pytest.raises(CommandError) as caught:
        read_v2(Recorded([packet(1, b"half a li"), packet(3, b"\x89")]), MARKER)
    assert (caught.value.code, caught.value.output) == (137, "half a li")


def test_timeout_keeps_what_came() -> None:
    with pytest.raises(CutOffError) as caught:
        read_v2(Recorded([packet(1, b"out"), packet(2, b"err")], hangs=True), MARKER)
    assert (caught.value.stdout, caught.value.stderr) == (b"out", b"err")
    with pytest.raises(CutOffError) as caught:
        read_v1(Recorded([b"out"], hangs=True), MARKER)
    assert caught.value.stdout == b"out"


TEXT = st.text(st.characters(exclude_characters="\r", codec="utf-8")).map(str.encode)


@given(TEXT, TEXT, st.integers(0, 255), PLACES, st.sampled_from([b"\n", b"\r\n", b"\r\r\n"]))
def test_v1_however_it_is_cut(out: bytes, err: bytes, code: int, places: list[int], newline: bytes) -> None:
    stream = out + b"edgezoo-end-4567:0\n" + err + b"edgezoo-end-0123:%d\n" % code
    got = read_v1(Recorded(cut(stream.replace(b"\n", newline), places)), MARKER, ERRORS)
    assert got == Ended(code, out, err)


@given(TEXT, st.integers(min_value=0))
def test_v1_without_its_end_is_no_end(out: bytes, place: int) -> None:
    stream = out + b"edgezoo-end-0123:0\r\n"
    with pytest.raises(LinkLostError):
        read_v1(Recorded([stream[: place % len(stream)]]), MARKER)


def test_v1_stream_held_open_by_a_stray_process() -> None:
    assert read_v1(Recorded([b"out\r\n", b"edgezoo-end-0123:4\r\n"], hangs=True), MARKER) == Ended(4, b"out\n", b"")
