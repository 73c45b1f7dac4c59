"""In which line of a TOML text a field stands, for a message about it.

TOML's readers tell no lines. Read here are headers and keys, a line each: of what stands within an array or a table in braces
the line is that of the key which it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

Path = tuple[str | int, ...]

_WORD = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\]|\\.)*\"|'[^']*')"
_KEY = rf"{_WORD}(?:\s*\.\s*{_WORD})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEY})\s*\]\]?\s*(?:#.*)?")
_FIELD = re.compile(rf"\s*({_KEY})\s*=")


def line_of(text: str, path: Sequence[str | int], value: str | None = None) -> int | None:
    """The line, counted from 1, of the field at `path`, such as `("device", 1, "count")`; or of what holds it, as far as it is
    there. With `value` the line in which that string stands in it. None where nothing of the path is there.
    """
    wanted, best, found = tuple(path), 0, None
    places = list(_places(text))
    for number, place in places:
        same = _common(place, wanted)
        if same > best:
            best, found = same, number
    if found is None or value is None:
        return found
    end = next((number for number, _ in places if number > found), None)
    lines = text.splitlines()[found - 1 : None if end is None else end - 1]
    quoted = (f'"{value}"', f"'{value}'")
    return next((found + more for more, line in enumerate(lines) if any(one in line for one in quoted)), found)


def place_of(file: object, text: str, path: Sequence[str | int], value: str | None = None) -> str:
    """`file, line 3`, or the file alone where the line is not found. The rest as in `line_of`."""
    line = line_of(text, path, value)
    return str(file) if line is None else f"{file}, line {line}"


def path_of(field: str) -> Path:
    """From `device[1].count`, as `edge.typed` names a field."""
    return tuple(
        int(number) if number else word for word, number in re.findall(r"([^.\[\]]+)(?![^\[]*\])|\[(\d+)\]", field)
    )


def _places(text: str) -> Iterator[tuple[int, Path]]:
    """Every line with a header or a key, and the path that it opens."""
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if (header := _HEADER.fullmatch(line)) is not None:
            table = ()
            words = _words(header[2])
            for place, word in enumerate(words, 1):
                table = (*table, word)
                if header[1] == "[[" and place == len(words):
                    counts[table] = counts.get(table, -1) + 1
                if table in counts:
                    table = (*table, counts[table])
            yield number, table
        elif (field := _FIELD.match(line)) is not None:
            yield number, (*table, *_words(field[1]))


def _words(key: str) -> list[str]:
    return [word.strip("\"'") for word in re.findall(_WORD, key)]


def _common(one: Path, other: Path) -> int:
    """How many of their first parts are the same; 0 where `one` leads to something else at the same level."""
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return same if same == min(len(one), len(other)) else 0
