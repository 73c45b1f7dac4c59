from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from edge.cache.hashing import checksum_of, sha256_of

# FIPS 180-4, of "abc"
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("kind", ["bytes", "stream", "file"])
def test_of_abc(tmp_path: Path, kind: str) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    contents: dict[str, bytes | BytesIO | Path] = {"bytes": b"abc", "stream": BytesIO(b"abc"), "file": tmp_path / "abc"}
    assert sha256_of(contents[kind]) == ABC


def test_the_checksum_of_abc(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert checksum_of(tmp_path / "abc") == "06b05ab6733a618578af5f94892f3950"  # as `xxhsum -H2` tells it
