"""What goes to a terminal: of what it would obey, edgezoo's own colours alone.

Names, labels and what engines and phones say come from others. Written as it is, such a text can rename the window, move the
cursor over what was said before, or put words into the clipboard.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edge.errors import printable

# Of colours and weights those that can be read: nothing concealed (8), nothing black on black.
_COLOUR = re.compile(r"(\x1b\[(?:[0-79]|2[0-9]|3[1-7]|9[0-7]|38;5;(?!0*(?:0|16|23[2-5])m)[0-9]{1,3})?m)")


@contextmanager
def shielded() -> Iterator[None]:
    """Both outputs of this process go through `harmless` meanwhile."""
    before = sys.stdout, sys.stderr
    ours = tuple(None if stream is None else _Shield(stream) for stream in before)
    sys.stdout, sys.stderr = ours
    try:
        yield
    finally:
        if sys.stdout is ours[0]:  # not so where its reader went away
            sys.stdout = before[0]
        sys.stderr = before[1]


def harmless(text: str) -> str:
    """The text with every other control character, and what turns the direction of writing, in its escaped form."""
    pieces = _COLOUR.split(text)
    return "".join(piece if place % 2 else printable(piece) for place, piece in enumerate(pieces))


def beneath(stream: Any) -> Any:
    """The stream itself: for who moves the cursor on purpose, and writes nothing that is not `harmless` besides."""
    return stream.beneath if isinstance(stream, _Shield) else stream


class _Shield:
    """A text stream; everything but `write` is its own."""

    def __init__(self, stream: Any) -> None:
        self.beneath = stream

    def write(self, text: str) -> int:
        self.beneath.write(harmless(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)
