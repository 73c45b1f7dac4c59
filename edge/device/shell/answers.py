"""Pure readers of what the scripts of edge.device.shell print. Unknown is None or absence, never a guess."""

from __future__ import annotations

import re
from collections.abc import Mapping

from edge.untrusted.numbers import count, real


def make_room(serial: str) -> str:
    """What to do about a full disk."""
    return f"free some space, or: edgezoo device clean -s {serial}"


def sections(text: str, word: str) -> dict[str, str]:
    """Split at lines `WORD name`: what one script collected from several commands."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines(keepends=True):
        if line.startswith(word + " "):
            name = line[len(word) :].strip()
            found[name] = []
        elif name:
            found[name].append(line)
    return {name: "".join(lines) for name, lines in found.items()}


def free_bytes(text: str) -> int | None:
    """`df`: the Available column in KiB (toybox), or the Free column with a unit (toolbox, Android 5)."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return None
    head, last = lines[0], lines[-1]
    if head[1:4] == ["Size", "Used", "Free"] and len(last) >= 4:
        unit_at = len(last[3].rstrip("KMGT"))
        free = real(last[3][:unit_at])
        return None if free is None else round(free * 1024 ** " KMGT".find(last[3][unit_at:] or " "))
    # A long file system name moves the numbers to a line of their own: count from the end (Available Use% Mounted).
    unit = {"1K-blocks": 1024, "512-blocks": 512}.get(head[1] if len(head) > 1 else "")
    blocks = count(last[-3]) if len(last) >= 4 else None
    return None if unit is None or blocks is None else blocks * unit


def digests(text: str, length: int) -> Mapping[str, str]:
    """`sha256sum` (64 digits) or `md5sum` (32): file name to digest. Lines of another form (errors) are passed over."""
    return {name: digest for digest, name in re.findall(rf"^([0-9a-f]{{{length}}}) [ *]?(.+)$", text, re.MULTILINE)}
