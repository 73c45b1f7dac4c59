"""A table of words as text: aligned for a terminal, within its width, or as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from edge.errors import UsageError
from edge.report.fit import GAP, Need, fit, squeezed
from edge.report.view import PLAIN, View, fold, padded, shown, size

_TONES = {
    "failed": "31",
    "wrong": "31",
    "missing": "31",
    "not valid": "33",
    "valid": "32",
    "verified": "32",
    "ok": "32",
}


class Column(NamedTuple):
    """A heading, and whether the words below it are numbers (set to the right).

    `key` is what `--columns` calls it (several columns may share one), where that is not the heading itself; columns of
    `rank` 0 are shown first where not all have room, then those of rank 1, ...; what `folds` is prose.
    """

    title: str
    number: bool = True
    rank: int = 1
    key: str = ""
    folds: bool = False

    @property
    def name(self) -> str:
        return self.key or self.title.lower().replace(" ", "-")


def text(columns: Sequence[Column], rows: Sequence[Sequence[str]], view: View = PLAIN) -> str:
    """The table with aligned columns, two spaces between them, a rule below the head; no line break at its end.

    No line is wider than the view; below the table it says which columns were left out. Raises `UsageError` where none of
    the columns asked for is there.
    """
    asked = _asked(columns, view.columns)
    columns = [columns[place] for place in asked]
    rows = [[shown(row[place]) for place in asked] for row in rows]
    needs = [
        Need(max(size(cell) for cell in cells), column.rank, column.folds)
        for column, *cells in zip(columns, _titles(columns), *rows, strict=True)
    ]
    if view.width is None:
        places = [(place, need.natural) for place, need in enumerate(needs)]
    else:
        places = (squeezed if view.columns else fit)(needs, view.width)
    head = _lines(_titles(columns), columns, places)
    rule = (" " * GAP).join("-" * width for _, width in places)
    lines = [*(_styled(line, "1", view) for line in head), _styled(rule, "2", view)]
    for row in rows:
        lines += _lines(row, columns, places, view)
    return "\n".join([*lines, *_left_out(columns, places, view)])


def markdown(columns: Sequence[Column], rows: Sequence[Sequence[str]], chosen: Sequence[str] = ()) -> str:
    """The table as GitHub's Markdown, of the `chosen` columns where any are; no line break at its end."""
    asked = _asked(columns, chosen)

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cells[place].replace("|", "\\|") for place in asked) + " |"

    rule = "|" + "|".join("---:" if columns[place].number else "---" for place in asked) + "|"
    return "\n".join([line(_titles(columns)), rule, *map(line, rows)])


def _asked(columns: Sequence[Column], keys: Sequence[str]) -> list[int]:
    """Places of the columns with these keys, in the order of the keys; all of them where there are no keys."""
    if not keys:
        return list(range(len(columns)))
    found = [place for key in keys for place, column in enumerate(columns) if column.name == key]
    if not found:
        there = ", ".join(dict.fromkeys(column.name for column in columns))
        raise UsageError(f"--columns {','.join(keys)}: this table has none of them", hint=f"it has {there}")
    return found


def _lines(
    cells: Sequence[str], columns: Sequence[Column], places: Sequence[tuple[int, int]], view: View = PLAIN
) -> list[str]:
    """A row; cells that are too long are folded within their column."""
    folded = [[cells[at]] if size(cells[at]) <= width else fold(cells[at], width) for at, width in places]
    lines = []
    for number in range(max(map(len, folded))):
        parts = []
        for (at, width), cell in zip(places, folded, strict=True):
            part = cell[number] if number < len(cell) else ""
            part = padded(part, width, right=columns[at].number)
            tone = _TONES.get(cells[at]) if view.colour and columns[at].name == "status" else None
            parts.append(part if tone is None else _styled(part, tone, view))
        lines.append((" " * GAP).join(parts).rstrip())
    return lines


def _left_out(columns: Sequence[Column], places: Sequence[tuple[int, int]], view: View) -> list[str]:
    shown_ones = {at for at, _ in places}
    gone = [column.title for at, column in enumerate(columns) if at not in shown_ones]
    if not gone or view.width is None:
        return []
    line = f"No room for {', '.join(gone)}: --wide shows all, --columns chooses."
    return [_styled(one, "2", view) for one in fold(line, view.width)]


def _styled(line: str, code: str, view: View) -> str:
    return f"\x1b[{code}m{line}\x1b[0m" if view.colour and line else line


def _titles(columns: Sequence[Column]) -> list[str]:
    return [column.title for column in columns]
