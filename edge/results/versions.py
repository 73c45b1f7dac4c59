"""Versions as people read them, and name them to `--engine`: one form, also of what Paddle-Lite writes in two."""

from __future__ import annotations

import re

_OWN = re.compile(r"v?(\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)(?:-?rc(\d{0,3}))?", re.ASCII)


def as_named(version: str) -> str:
    """As package registries and `engines.toml` name it: `v2.13-rc`, which a library says of itself, is `2.13rc0`."""
    found = _OWN.fullmatch(version)
    if found is None:
        return version
    return found[1] if found[2] is None else f"{found[1]}rc{found[2] or 0}"


def engine_named(*told: str | None) -> str:
    """An engine and its version, as a program told them, for people: `paddle-lite 2.13rc0`; "" where nothing is known."""
    return " ".join(as_named(word) for part in told if part for word in part.split())
