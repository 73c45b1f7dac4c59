"""What edgezoo tells its users to type can be typed: every command line and every option that a hint or a page names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.cli.command_lines import ROOT, named, options, options_named, parse, strings

CODE = sorted(path for path in (ROOT / "edge").rglob("*.py") if "workers" not in path.parts)
PAGES = sorted([*ROOT.glob("*.md"), ROOT / "android_runner/README.md", *(ROOT / "docs").rglob("*.md")])


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def in_code() -> Iterator[tuple[str, list[str]]]:
    for path in CODE:
        for line, text in strings(path):
            for words in named(text):
                yield f"{short(path)}:{line}", words


def in_pages() -> Iterator[tuple[str, list[str]]]:
    for path in PAGES:
        for words in named(path.read_text(encoding="utf-8")):
            yield short(path), words


def test_there_are_commands_in_hints_and_pages() -> None:
    """The search finds them."""
    assert len(list(in_code())) > 40
    assert len(list(in_pages())) > 40


@pytest.mark.parametrize(
    ("where", "words"),
    [*in_code(), *in_pages()],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_command_line_that_is_named_can_be_typed(where: str, words: list[str]) -> None:
    try:
        parse(words)
    except click.UsageError as error:
        pytest.fail(f"{where}: edgezoo {' '.join(words)}: {error.format_message()}")


def hints() -> Iterator[tuple[str, str]]:
    """What is given as `hint=`, and what errors and remarks are made of."""
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "hint":
                for text in ast.walk(node.value):
                    if isinstance(text, ast.Constant) and isinstance(text.value, str):
                        yield f"{short(path)}:{node.value.lineno}", text.value


def test_every_option_in_a_hint_is_one() -> None:
    known = options()
    found = list(hints())
    assert len(found) > 100
    for where, text in found:
        unknown = options_named(text) - known
        assert not unknown, f"{where} names {', '.join(sorted(unknown))}: {text}"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("`edgezoo doctor --fix` installs it", [["doctor", "--fix"]]),
        ("see `edgezoo results list`, and edgezoo show X", [["results", "list"], ["show", "X"]]),
        ("edgezoo is a tool", []),
    ],
)
def test_what_counts_as_a_command_line(text: str, lines: list[list[str]]) -> None:
    assert list(named(text)) == lines


@pytest.mark.parametrize("text", ["convert --nonsense", "nonsense", "bench --protocol quick", "results lst"])
def test_what_cannot_be_typed_is_found(text: str) -> None:
    with pytest.raises(click.UsageError):
        parse(text.split())
