"""Versions of Paddle-Lite."""

from __future__ import annotations

import pytest

from edge.package.versions import can_read, find, parse


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v2.13-rc", (2, 13)),
        ("2.12.0", (2, 12)),
        ("v2.12-rc-310-g5a1b2c3", (2, 12)),
        ("release/v2.10", (2, 10)),
        ("2.9", (2, 9)),
        ("5a1b2c3", None),
        ("v2", None),
        ("", None),
        ("v2.13x", None),
    ],
)
def test_parse(text: str, version: tuple[int, int] | None) -> None:
    assert parse(text) == version


@pytest.mark.parametrize(
    ("library", "model", "readable"),
    [
        ("v2.13-rc", "v2.13-rc", True),
        ("v2.14-rc", "v2.13-rc", True),
        ("v2.9.1", "v2.13-rc", False),
        ("v2.12-rc-310-g5a1b2c3", "v2.13-rc", False),
        ("5a1b2c3", "v2.13-rc", None),
    ],
)
def test_a_newer_library_reads_an_older_model(library: str, model: str, readable: bool | None) -> None:
    assert can_read(library, model) is readable


@pytest.mark.parametrize(
    ("binary", "version"),
    [
        (b"..\0v2.13-rc\0..", "v2.13-rc"),
        (b"\xc3v2.13-rc\0", "v2.13-rc"),  # right behind code
        (b"\0release/v2.10\0v2.10\0", "v2.10"),
        (b"\0v2.12-rc-310-g5a1b2c3\0", "v2.12-rc-310-g5a1b2c3"),
        (b"\0v2.13-rc\0..\0v2.12\0", None),
        (b"ARMv2.13\0", None),
        (b"\0v1.4.0\0", None),
        (b"\0v2.13-rc" + 60 * b"x" + b"\0", None),
        (b"", None),
    ],
)
def test_the_version_in_a_library(binary: bytes, version: str | None) -> None:
    assert find(binary) == version
