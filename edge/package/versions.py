"""Versions of Paddle-Lite, of the opt that wrote a model and of the library that shall read it."""

from __future__ import annotations

import re

# A tag, or what git describe makes of it: v2.13-rc, v2.12.0, v2.12-rc-310-g5a1b2c3, release/v2.10.
_VERSION = re.compile(r"(?:release/)?v?(\d{1,3})\.(\d{1,3})(?:[.\-+].*)?", re.ASCII)

# Such strings among a program's constants; Paddle-Lite's tags begin with v2 (and may with v3).
_IN_BINARY = re.compile(rb"v[23]\.\d{1,2}(?:[.\-+][0-9A-Za-z.+\-]{1,48})?(?=\0)")
_BRANCH = b"release/"


def parse(text: str) -> tuple[int, int] | None:
    """Major and minor number, None if the text is no version. What follows (rc, patch) does not change the format."""
    match = _VERSION.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


def can_read(library: str, model: str) -> bool | None:
    """Whether a library reads a model written by opt of the other version; None if either text is no version.

    A newer library reads every older model; an older one may abort on a newer model.
    """
    ours, theirs = parse(library), parse(model)
    return None if ours is None or theirs is None else ours >= theirs


def find(binary: bytes) -> str | None:
    """The version of Paddle-Lite that stands in a library; None if there is none, or several that differ."""
    found = set()
    for match in _IN_BINARY.finditer(binary):
        start = match.start()
        if binary.startswith(_BRANCH, max(0, start - len(_BRANCH))):
            start -= len(_BRANCH)
        if start == 0 or not 0x20 <= binary[start - 1] < 0x7F:  # a string of its own, not the end of a longer one
            found.add(match[0].decode())
    return max(found) if len({parse(text) for text in found}) == 1 else None
