"""What the terminal is: how wide, in colour or not, and whether a line may be rewritten in place. Variables come first.

COLUMNS, NO_COLOR, FORCE_COLOR, TERM=dumb and CI: docs/reference/environment.md says what each does.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO


def width() -> int | None:
    """Cells of a line on standard output; None where nobody reads it on a terminal, and it is as long as it becomes."""
    given = os.environ.get("COLUMNS", "")
    if given.isascii() and given.isdecimal() and 0 < int(given) < 100_000:
        return int(given)
    if not sys.stdout.isatty():
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def colour() -> bool | None:
    """Whether colours are asked for: True, False, or None: on a terminal only."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return False if os.environ.get("TERM") == "dumb" else None


def in_colour(stream: TextIO) -> bool:
    """Whether colours are written to this stream."""
    asked = colour()
    return stream.isatty() if asked is None else asked


def rewrites(stream: TextIO) -> bool:
    """Whether a line on it may be rewritten in place: not in a log, in CI, or on a terminal that cannot."""
    ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not ci
