"""How a table is shown: how wide, which of its columns, in colour or not; and text that is folded to a width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_ONE_EACH = "\u0300"  # below it every character that can be printed takes one cell of a terminal


@dataclass(frozen=True, slots=True)
class View:
    """Of a table. `width` in cells of a terminal; None: as wide as it becomes, for files and other programs.

    `columns`: the keys of those that are shown, in this order; none: the important ones first, as many as `width` holds.
    """

    width: int | None = None
    columns: tuple[str, ...] = ()
    colour: bool = False

    def paragraph(self, line: str, *, indent: int = 0) -> str:
        """A line of prose, folded at words; lines after the first begin with `indent` spaces."""
        if self.width is None or size(line) <= self.width:
            return line
        indent = min(indent, self.width // 2)
        first, *rest = fold(line, self.width)
        if rest and indent:
            rest = fold(" ".join([first, *rest]).removeprefix(first).strip(), self.width - indent)
        return "\n".join([first, *(" " * indent + one for one in rest)])

    def prose(self, lines: Sequence[str]) -> list[str]:
        """Every line a paragraph."""
        return [self.paragraph(line) for line in lines]

    def pairs(self, rows: Sequence[tuple[str, str]], *, least: int = 0) -> str:
        """Labels with their values, the values aligned and folded below one another; no line break at its end."""
        label = max((size(one) for one, _ in rows), default=0)
        label = max(label, least) + 2
        lines = []
        for name, value in rows:
            room = None if self.width is None else self.width - label
            if room is not None and room < _NARROW:
                lines += [self.paragraph(name), *(f"  {one}" for one in fold(value, max(1, (self.width or 1) - 2)))]
                continue
            folded = [value] if room is None else fold(value, room)
            lines += [padded(name if at == 0 else "", label) + one for at, one in enumerate(folded)]
        return "\n".join(line.rstrip() for line in lines)


PLAIN = View()
_NARROW = 20  # cells: below it values stand under their labels


def size(text: str) -> int:
    """How many cells of a terminal it takes."""
    if text.isascii() or max(text) < _ONE_EACH:
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """With spaces, to `width` cells."""
    spaces = " " * (width - size(text))
    return spaces + text if right else text + spaces


def shown(text: str) -> str:
    """On one line, and nothing in it that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else " " if one.isspace() else ascii(one)[1:-1] for one in text)


def fold(text: str, width: int) -> list[str]:
    """The words in lines of at most `width` cells, at least one line; a longer word is cut.

    A character of two cells needs a width of two: below, it is left out.
    """
    lines, line = [], ""
    for word in text.split():
        if line and size(line) + 1 + size(word) <= width:
            line += f" {word}"
            continue
        if line:
            lines.append(line)
        *cut, line = _pieces(word, width)
        lines += cut
    return [*lines, line] if line or not lines else lines


def _pieces(word: str, width: int) -> list[str]:
    if size(word) <= width:
        return [word]
    pieces, piece, used = [], "", 0
    for one in word:
        cells = size(one)
        if cells > width:
            continue
        if used + cells > width:
            pieces.append(piece)
            piece, used = "", 0
        piece, used = piece + one, used + cells
    return [*pieces, piece]
