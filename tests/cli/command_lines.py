"""Command lines of edgezoo, as they stand in code and documents, held against what click knows."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from edge.cli.main import COMMANDS, cli

ROOT = Path(__file__).parents[2]
_NAMED = re.compile(rf"\bedgezoo ((?:{'|'.join(COMMANDS)})\b[^`\n]*)")
# What ends a command line within a sentence.
_VERBS = "lists|shows|says|does|and|or|gives|makes|goes|names|judges|measures"
_PROSE = re.compile(rf"\s#|  |[();,]\s|[();]|\.(?:\s|$)|: | (?:{_VERBS})\b")
_OPTION = re.compile(r"(?<![\w/-])(--[a-z][a-z0-9-]+)(?![\w-])")


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a Python file with its line; what an f-string fills in is X."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
            parts = [part.value if isinstance(part, ast.Constant) else "X" for part in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.lineno, node.value


def named(text: str) -> Iterator[list[str]]:
    """The words after `edgezoo` of each command line in a text; what prose goes on with is left out."""
    for line in _NAMED.findall(text.replace("\\\n", " ")):  # a line that goes on in the next one
        words = _PROSE.split(line)[0].rstrip("\\ ").strip().strip("'<>").replace("'", "")
        yield shlex.split(words if words.count('"') % 2 == 0 else words.strip('"'))


def parse(words: list[str]) -> None:
    """Raises `click.UsageError` for a command, an option or a value that click does not know; files need not be there."""
    command: click.Command = cli
    while isinstance(command, click.Group):
        context = click.Context(command)
        if not words:
            return
        child = command.get_command(context, words[0])
        if child is None:
            raise click.UsageError(f"no command {words[0]}")
        command, words = child, words[1:]
    parser = command.make_parser(click.Context(command))
    given, _, _ = parser.parse_args(list(words))
    for parameter in command.params:
        value = given.get(parameter.name or "")
        if isinstance(parameter.type, click.Choice) and isinstance(value, str) and not re.search("X|[A-Z]{3}", value):
            for one in value.split("|"):
                parameter.type.convert(one, parameter, click.Context(command))


def options() -> set[str]:
    """Every option of every command."""
    found = {"--help"}
    waiting: list[click.Command] = [cli]
    while waiting:
        command = waiting.pop()
        found |= {text for parameter in command.params for text in (*parameter.opts, *parameter.secondary_opts)}
        if isinstance(command, click.Group):
            context = click.Context(command)
            children = [command.get_command(context, name) for name in command.list_commands(context)]
            waiting += [child for child in children if child is not None]
    return found


def options_named(text: str) -> set[str]:
    """What looks like an option in a text."""
    return set(_OPTION.findall(text))
