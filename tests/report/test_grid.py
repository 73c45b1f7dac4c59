"""Tables within any width: never wider, the first column always there, and nothing lost that is not said to be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.report.fit import GAP, Need, fit, squeezed
from edge.report.grid import Column, markdown, text
from edge.report.view import View, fold, size

CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)  # controls, wide and combining characters as well
COLUMNS = st.lists(
    st.builds(
        Column,
        title=st.text("abcXYZ %|", min_size=1, max_size=12),
        number=st.booleans(),
        rank=st.integers(0, 4),
        folds=st.booleans(),
    ),
    min_size=1,
    max_size=9,
)


@st.composite
def a_table(draw: st.DrawFn) -> tuple[list[Column], list[list[str]]]:
    columns = draw(COLUMNS)
    return columns, draw(st.lists(st.lists(CELL, min_size=len(columns), max_size=len(columns)), max_size=5))


def bare(table: str) -> list[str]:
    return re.sub(r"\x1b\[\d*m", "", table).split("\n")


@given(a_table(), st.integers(2, 200), st.booleans())
def test_no_line_is_wider(table: tuple[list[Column], list[list[str]]], width: int, colour: bool) -> None:
    assert max(size(line) for line in bare(text(*table, View(width, colour=colour)))) <= width


@given(a_table(), st.integers(2, 200), st.data())
def test_nor_with_columns_that_were_asked_for(
    table: tuple[list[Column], list[list[str]]], width: int, data: st.DataObject
) -> None:
    keys = data.draw(st.lists(st.sampled_from([column.name for column in table[0]]), min_size=1, unique=True))
    assert max(size(line) for line in bare(text(*table, View(width, tuple(keys))))) <= width


@given(st.lists(st.text("abcdefgh_0", min_size=1, max_size=30), min_size=1, max_size=6), st.integers(1, 90))
def test_the_first_column_is_never_lost(names: list[str], width: int) -> None:
    columns = [Column("Model", False, rank=4), *(Column(f"c{n}", rank=0) for n in range(6))]
    made = text(columns, [[name, *["12345"] * 6] for name in names], View(width))
    first = max(size("Model"), *map(size, names))
    seen = "".join(line[: min(first, width)].strip() for line in bare(made))
    for name in names:
        assert name in seen


@given(st.lists(st.builds(Need, st.integers(0, 60), st.integers(0, 4), st.booleans()), min_size=1), st.integers(1, 300))
def test_places_and_cells(needs: list[Need], width: int) -> None:
    for places in (fit(needs, width), squeezed(needs, width)):
        assert [at for at, _ in places] == sorted({at for at, _ in places})
        assert places[0][0] == 0
        assert sum(cells for _, cells in places) + GAP * (len(places) - 1) <= width
        assert all(cells <= needs[at].natural for at, cells in places)


@given(st.lists(st.builds(Need, st.integers(1, 60), st.integers(0, 4), st.booleans()), min_size=1))
def test_with_room_for_all_nothing_is_left_out(needs: list[Need]) -> None:
    width = sum(need.natural for need in needs) + GAP * (len(needs) - 1)
    assert fit(needs, width) == [(at, need.natural) for at, need in enumerate(needs)]


@given(CELL, st.integers(2, 60))
def test_folding_keeps_every_word_in_its_order(cell: str, width: int) -> None:
    lines = fold(cell, width)
    assert all(size(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(cell.split())


WIDE = [Column("Model", False, 0), Column("Weights", False, 3), Column("1T ms", True, 0, "ms"), Column("MB", rank=2)]
ROWS = [["MobileNetV3_large_x1_0", "random", "12.34", "21.90"]]


def test_the_important_come_first_and_it_is_said_what_is_missing() -> None:
    assert text(WIDE, ROWS, View(34)).split("\n") == [
        "Model                   1T ms",
        "----------------------  -----",
        "MobileNetV3_large_x1_0  12.34",
        "No room for Weights, MB: --wide",
        "shows all, --columns chooses.",
    ]
    assert "MB" in text(WIDE, ROWS, View(36)).split("\n")[0]
    assert "No room" not in text(WIDE, ROWS, View(80))


def test_columns_are_shown_as_asked() -> None:
    assert text(WIDE, ROWS, View(columns=("mb", "model"))).split("\n")[2] == "21.90  MobileNetV3_large_x1_0"
    assert markdown(WIDE, ROWS, ("ms",)) == "| 1T ms |\n|---:|\n| 12.34 |"
    with pytest.raises(UsageError, match="none of them") as refused:
        text(WIDE, ROWS, View(columns=("colour",)))
    assert refused.value.hint == "it has model, weights, ms, mb"


def test_a_file_gets_it_whole_and_without_a_word_of_room() -> None:
    assert text(WIDE, ROWS) == text(WIDE, ROWS, View(1000))


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    assert "\\x1b[2J" in text([Column("Model", False)], [["a\x1b[2J"]])
    assert text([Column("Model", False)], [["a\nb"]]).split("\n")[2] == "a b"


def test_colour_is_of_the_head_and_of_what_went_wrong() -> None:
    columns = [Column("Model", False), Column("Status", False)]
    made = text(columns, [["failed", "failed"], ["b", "valid"]], View(colour=True))
    assert made.count("\x1b[31mfailed\x1b[0m") == 1
    assert made.count("\x1b[32mvalid") == 1
    assert made.startswith("\x1b[1mModel")


@pytest.mark.parametrize("width", [3, 20, 40, 80])
def test_pairs_and_prose(width: int) -> None:
    view = View(width)
    made = view.pairs([("File", "sha256 " + "0123456789abcdef" * 4), ("A label of some length", "two words")])
    made += "\n" + view.paragraph(
        "one line of prose that is longer than most terminals of this test are wide", indent=4
    )
    assert max(map(len, made.split("\n"))) <= width
    assert "".join(made.split()).count("0123456789abcdef" * 4) == 1 or width < 30
