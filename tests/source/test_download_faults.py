"""Servers that mix versions, answer what was not asked, or never come to an end: whole, the same, or one sentence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from edge.errors import DownloadError
from edge.source import download as module
from edge.source.download import download
from tests.source.conftest import Server

OLD, NEW = bytes(range(256)) * 40, bytes(range(255, -1, -1)) * 40
HALF = len(OLD) // 2


def head(status: str, *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def part(content: bytes, start: int, *lines: str, end: int = len(OLD) - 1, total: object = len(OLD)) -> bytes:
    """A 206 with the bytes from `start` to `end`."""
    body = content[start : end + 1]
    where = f"Content-Range: bytes {start}-{end}/{total}"
    return head("206 Partial Content", where, f"Content-Length: {len(body)}", *lines) + body


CUT = head("200 OK", 'ETag: "one"', f"Content-Length: {len(OLD)}") + OLD[:HALF]  # half of the file, and the link drops
DATED = "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT"
CUT_DATED = head("200 OK", DATED, f"Content-Length: {len(OLD)}") + OLD[:HALF]
# What a server says to the request that is to go on from HALF. The file that it has from then on is NEW, under "two".
CONTINUED = {
    "another ETag": part(NEW, HALF, 'ETag: "two"'),
    "another weak ETag": part(NEW, HALF, 'ETag: W/"two"'),
    "another length": part(NEW + NEW, HALF, 'ETag: "one"', end=2 * len(OLD) - 1, total=2 * len(OLD)),
    "an earlier place": part(NEW, HALF - 10, 'ETag: "one"'),
    "a later place": part(NEW, HALF + 10, 'ETag: "one"'),
    "no place": head("206 Partial Content", 'ETag: "one"', f"Content-Length: {HALF}") + NEW[HALF:],
    "a place that is none": head("206 Partial Content", 'ETag: "one"', "Content-Range: bytes x-y/z") + NEW[HALF:],
    "a length that is none": head("206 Partial Content", 'ETag: "one"', f"Content-Range: bytes {HALF}-9/9")
    + NEW[HALF:],
    "an unknown length": part(NEW, HALF, 'ETag: "one"', total="*"),
    "pieces": head("206 Partial Content", "Content-Type: multipart/byteranges; boundary=x", 'ETag: "one"') + b"--x--",
}


@pytest.mark.parametrize("name", CONTINUED)
def test_what_does_not_go_on_as_asked_is_fetched_anew(server: Server, tmp_path: Path, name: str) -> None:
    server.files["/a"], server.etags["/a"] = NEW, '"two"'
    server.scripted = [CUT, CONTINUED[name]]
    assert download(server.url + "/a", tmp_path / "a", trust=server.trust).path.read_bytes() == NEW
    assert server.ranges == [None, f"bytes={HALF}-", None]


def test_another_date_is_another_version(server: Server, tmp_path: Path) -> None:
    server.files["/a"] = NEW
    server.scripted = [CUT_DATED, part(NEW, HALF, "Last-Modified: Thu, 22 Oct 2015 07:28:00 GMT")]
    assert download(server.url + "/a", tmp_path / "a", trust=server.trust).path.read_bytes() == NEW


def test_a_range_that_ends_early_is_not_the_whole(server: Server, tmp_path: Path) -> None:
    server.files["/a"] = OLD
    server.scripted = [CUT, part(OLD, HALF, 'ETag: "one"', end=HALF + 99)]
    assert download(server.url + "/a", tmp_path / "a", trust=server.trust).path.read_bytes() == OLD


@pytest.mark.parametrize(
    "answer",
    [
        part(OLD, 0, 'ETag: "one"', end=99),
        part(OLD, 0, 'ETag: "one"'),
        head("204 No Content"),
        head("203 Non-Authoritative Information", "Content-Length: 3") + b"abc",
        head("202 Accepted", "Content-Length: 3") + b"abc",
        head("300 Multiple Choices", "Content-Length: 3") + b"abc",
        head("304 Not Modified"),
        head("205 Reset Content", "Content-Length: 0"),
        head("200 OK", "Content-Length: -5") + b"abc",
        head("200 OK", "Content-Length: many") + b"abc",
        head("200 OK", "Content-Length: 0"),
        head("200 OK", "Content-Encoding: gzip", "Content-Length: 3") + b"abc",
    ],
    ids=["206 of a piece", "206 of all", "204", "203", "202", "300", "304", "205", "length below 0", "length that is none",
         "empty", "encoded"],
)  # fmt: skip
def test_an_answer_that_is_no_file_is_not_kept(server: Server, tmp_path: Path, answer: bytes) -> None:
    server.scripted = [answer] * 9
    with pytest.raises(DownloadError):
        download(server.url + "/a", tmp_path / "a", trust=server.trust)
    server.scripted, server.files["/a"] = [], NEW
    assert download(server.url + "/a", tmp_path / "a", trust=server.trust).path.read_bytes() == NEW


def test_no_hop_of_a_redirect_leaves_https(server: Server, plain_server: Server, tmp_path: Path) -> None:
    server.files["/b"] = OLD
    server.redirects["/a"], plain_server.redirects["/a"] = plain_server.url + "/a", server.url + "/b"
    with pytest.raises(DownloadError, match="not an https address"):
        download(server.url + "/a", tmp_path / "a", trust=server.trust)
    assert plain_server.ranges == []


@pytest.mark.parametrize("said", [True, False], ids=["length said", "length not said"])
def test_no_more_bytes_are_taken_than_a_model_can_have(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bool
) -> None:
    monkeypatch.setattr(module, "LIMIT_BYTES", 1000)
    length = [f"Content-Length: {len(OLD)}"] if said else ["Connection: close"]
    server.scripted = [head("200 OK", *length) + OLD]
    with pytest.raises(DownloadError, match="more than"):
        download(server.url + "/a", tmp_path / "a", trust=server.trust)
    assert not (tmp_path / "a").exists() or (tmp_path / "a").stat().st_size <= 1000


def test_a_server_that_drips_is_left_after_a_while(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMIT_SECONDS", 0.5)
    server.files["/a"], server.drip = OLD, 0.05
    start = time.monotonic()
    with pytest.raises(DownloadError, match="in time"):
        download(server.url + "/a", tmp_path / "a", trust=server.trust)
    assert time.monotonic() - start < 5
    server.drip = 0  # what had come is not lost
    monkeypatch.setattr(module, "LIMIT_SECONDS", 60)
    assert download(server.url + "/a", tmp_path / "a", trust=server.trust).path.read_bytes() == OLD
    assert server.ranges[-1] is not None


@pytest.mark.parametrize(
    "answer",
    [head("200 OK", *["X: " + "a" * 100] * 20), b"HTTP/1.1 102 Processing\r\n\r\n" * 100],
    ids=["a long head", "a head that is never the last one"],
)
@pytest.mark.parametrize("redirected", [False, True], ids=["at once", "behind a redirect"])
def test_a_head_that_drips_is_left_after_a_while(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes, redirected: bool
) -> None:
    monkeypatch.setattr(module, "HEAD_SECONDS", 1.0)
    server.drip = 0.005  # at which the redirect's head takes half a second, and the answer's ten
    redirect = head("302 Found", f"Location: {server.url}/b", "Content-Length: 0", "Connection: close")
    server.scripted = [redirect, answer] if redirected else [answer]
    start = time.monotonic()
    with pytest.raises(DownloadError, match="did not begin within"):
        download(server.url + "/a", tmp_path / "a", trust=server.trust)
    assert time.monotonic() - start < 25
    server.scripted, server.drip, server.files["/a"] = [], 0, OLD
    assert download(server.url + "/a", tmp_path / "a", trust=server.trust).path.read_bytes() == OLD
