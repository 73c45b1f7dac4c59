"""Downloads against a real https server: resumed, whole, never mixed, and never over http."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from edge.errors import DownloadError
from edge.source.download import download
from tests.source.conftest import Server

CONTENT = bytes(range(256)) * 4096  # 1 MiB


def test_a_file_arrives_whole_with_its_hash_and_is_not_fetched_twice(server: Server, tmp_path: Path) -> None:
    server.files["/a.tar"] = CONTENT
    seen: list[tuple[int, int | None]] = []
    got = download(
        server.url + "/a.tar", tmp_path / "a.tar", trust=server.trust, progress=lambda *now: seen.append(now)
    )
    assert (got.sha256, got.bytes) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert got.path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert download(server.url + "/a.tar", tmp_path / "a.tar", trust=server.trust) == got
    assert len(server.ranges) == 1


def test_a_dropped_link_is_resumed_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.files["/a.tar"] = CONTENT
    server.cut_after = [300_000, 200_000]
    got = download(server.url + "/a.tar", tmp_path / "a.tar", trust=server.trust)
    assert got.path.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=300000-", "bytes=500000-"]


def test_a_later_run_goes_on_where_an_earlier_one_gave_up(server: Server, tmp_path: Path) -> None:
    server.files["/a.tar"] = CONTENT
    server.cut_after = [100_000, 100_000, 100_000]
    with pytest.raises(DownloadError, match="cannot be fetched"):
        download(server.url + "/a.tar", tmp_path / "a.tar", trust=server.trust)
    got = download(server.url + "/a.tar", tmp_path / "a.tar", trust=server.trust)
    assert got.path.read_bytes() == CONTENT
    assert server.ranges[-1] == "bytes=300000-"


def test_a_file_that_changed_meanwhile_is_not_mixed_with_the_old_one(server: Server, tmp_path: Path) -> None:
    server.files["/a.tar"] = CONTENT
    server.cut_after = [100_000, 0, 0]
    with pytest.raises(DownloadError):
        download(server.url + "/a.tar", tmp_path / "a.tar", trust=server.trust)
    server.files["/a.tar"] = CONTENT[::-1]
    server.etags["/a.tar"] = '"two"'
    assert download(server.url + "/a.tar", tmp_path / "a.tar", trust=server.trust).path.read_bytes() == CONTENT[::-1]


def test_without_a_strong_validator_nothing_is_resumed(server: Server, tmp_path: Path) -> None:
    server.files["/a.tar"] = CONTENT
    server.etags["/a.tar"] = 'W/"weak"'
    server.cut_after = [100_000]
    assert download(server.url + "/a.tar", tmp_path / "a.tar", trust=server.trust).path.read_bytes() == CONTENT
    assert server.ranges == [None, None]


@pytest.mark.parametrize("url", ["http://localhost/a.tar", "ftp://localhost/a.tar", "file:///etc/passwd"])
def test_only_https_is_taken(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="is not an https address"):
        download(url, tmp_path / "a.tar")


def test_a_redirect_away_from_https_is_refused(server: Server, tmp_path: Path) -> None:
    server.redirects["/a.tar"] = "http://localhost:9/a.tar"
    with pytest.raises(DownloadError):
        download(server.url + "/a.tar", tmp_path / "a.tar", trust=server.trust)
    assert not (tmp_path / "a.tar").exists()


def test_an_unknown_certificate_is_refused(server: Server, tmp_path: Path) -> None:
    server.files["/a.tar"] = CONTENT
    with pytest.raises(DownloadError, match=r"(?i)certificate"):
        download(server.url + "/a.tar", tmp_path / "a.tar")


def test_a_missing_file_is_one_sentence(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="answered 404"):
        download(server.url + "/none.tar", tmp_path / "none.tar", trust=server.trust)


@pytest.mark.parametrize("field", ["boot", "url", "validator", "total", "damaged", "longer"])
def test_a_part_that_is_not_known_to_be_of_this_file_is_not_continued(
    server: Server, tmp_path: Path, field: str
) -> None:
    server.files["/a.tar"] = CONTENT
    server.cut_after = [100_000] * 3
    with pytest.raises(DownloadError):
        download(server.url + "/a.tar", tmp_path / "a.tar", trust=server.trust)
    note = tmp_path / "a.tar.json"
    if field == "damaged":
        note.write_bytes(bytes(101))
    elif field == "longer":
        (tmp_path / "a.tar").write_bytes(CONTENT + b"x")
    else:
        note.write_text(json.dumps({**json.loads(note.read_bytes()), field: 5 if field == "total" else ""}))
    server.ranges.clear()
    assert download(server.url + "/a.tar", tmp_path / "a.tar", trust=server.trust).path.read_bytes() == CONTENT
    assert server.ranges == [None]
