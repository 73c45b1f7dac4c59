"""A table of words as text: aligned for a terminal, or as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Column(NamedTuple):
    """A heading, and whether the words below it are numbers (set to the right)."""

    title: str
    number: bool = True


def text(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """The table with aligned columns, two spaces between them, a rule below the head; no line break at its end."""
    widths = [max(len(cell) for cell in cells) for cells in zip(_titles(columns), *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if column.number else cell.ljust(width)
            for cell, width, column in zip(cells, widths, columns, strict=True)
        )
        return "  ".join(padded).rstrip()

    return "\n".join([line(_titles(columns)), "  ".join("-" * width for width in widths), *map(line, rows)])


def markdown(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """The table as GitHub's Markdown; no line break at its end."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rule = "|" + "|".join("---:" if column.number else "---" for column in columns) + "|"
    return "\n".join([line(_titles(columns)), rule, *map(line, rows)])


def _titles(columns: Sequence[Column]) -> list[str]:
    return [column.title for column in columns]
