"""Class labels as people write them: one a line, with or without its number."""

from __future__ import annotations

import re
import unicodedata

from edge.errors import FormatError

_NUMBERED = re.compile(r"([0-9]{1,9})(?:\s*[:,=]\s*|\s+)(.*\S)")  # `3 rose`, `3: rose`, `3<tab>rose`


def parse_labels(text: str, where: str) -> tuple[str, ...]:
    """The labels in a text, in the order of the network's output.

    Lines that all begin with a number of theirs, counted from 0 or from 1, are put in its order and lose it. Raises
    `FormatError`: an empty line, or what is no text.
    """
    lines = [line.strip() for line in text.lstrip("\ufeff").rstrip().split("\n")]
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    numbers = [int(match[1]) for match in numbered if match]
    if len(numbers) == len(lines) and sorted(numbers) in (list(range(len(lines))), list(range(1, len(lines) + 1))):
        lines = [match[2] for _, match in sorted((int(match[1]), match) for match in numbered if match)]
    for number, line in enumerate(lines, 1):
        if not line or any(unicodedata.category(character) == "Cc" and character != "\t" for character in line):
            raise FormatError(f"line {number} of {where} is empty or holds control characters")
    return tuple(re.sub(r"\t+", " ", line) for line in lines)
