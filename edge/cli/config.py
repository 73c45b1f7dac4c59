"""`edgezoo config show`: every setting with where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from edge.cli import completing, once, options
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.report.view import View


@click.group(cls=once.OnceGroup)
def command() -> None:
    """Look at the settings: options that stand in edgezoo.toml or in variables instead of being typed.

    An option that is typed comes first, then the variable EDGEZOO_COMMAND_OPTION, then edgezoo.toml here or in a folder
    above, then edgezoo.toml in the user's directory of settings.

    \b
    An edgezoo.toml:
      db = "lab.db"                  # of every command that has --db
      [bench]
      device = "3f2a1b"
      threads = [1, 4]
      [results.list]
      columns = ["id", "model", "ms", "status"]
    """


@command.command("show")
@click.argument("names", nargs=-1, metavar="[COMMAND]...", shell_complete=completing.commands)
@tabular("command", "option", "value", "source")
@options.as_json
def show(names: tuple[str, ...], as_json: bool, view: View) -> None:
    """Show what is set, of all commands; of one COMMAND (`results list`) every option, also those that have their default.

    Everything in the files is checked, not only what belongs to one command.
    """
    from edge.cli import settings
    from edge.cli.output import print_json
    from edge.report.grid import Column, text

    rows = [row for row in _rows(names) if names or row["source"] != "default"]
    files = [str(path) for path in settings.files()]
    if as_json:
        print_json({"files": files, "settings": rows})
        return
    columns = [Column("Command", False, 0), Column("Option", False, 0), Column("Value", False, 0, folds=True)]
    columns += [Column("Source", False, 1, folds=True)]
    if rows:
        click.echo(text(columns, [["" if row[key] is None else str(row[key]) for key in row] for row in rows], view))
    else:
        click.echo("Nothing is set.", err=True)
    click.echo(f"Files: {', '.join(files) or 'none'}", err=True)


def _rows(names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Raises `UsageError` for a name that is no command, and for a setting that is none."""
    from edge.cli import settings
    from edge.errors import UsageError

    root = click.get_current_context().find_root()
    found = False
    for context in _contexts(root):
        path = settings.path_of(context)
        if isinstance(context.command, click.Group) and path:
            continue
        set_ = settings.resolve(context, context.command)
        for one in (one for ones in set_.values() for one in ones):
            if settings.option_word(one.option).removeprefix("--") not in settings.SHARED:
                settings.check(one, context)
        if names and path != names:
            continue
        found = True
        for option in settings.options_of(context.command):
            given = set_.get(option.name or "", [])
            mine = [one for one in given if one.option is option]
            if given and not mine:
                continue  # another choice of the same thing
            default = option.get_default(context)
            none = default is None or default is False or type(default).__name__ == "Sentinel"
            value = " ".join(_value(word) for one in mine for word in one.words) if mine else None if none else default
            source = mine[0].source if mine else "default"
            said = value if value is None else str(value)
            yield {"command": " ".join(path), "option": settings.option_word(option), "value": said, "source": source}
    if names and not found:
        raise UsageError(f"there is no command {' '.join(names)!r}", hint="edgezoo --help lists them")


def _contexts(context: click.Context) -> Iterator[click.Context]:
    """Of the command and of all below it."""
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            if (command := context.command.get_command(context, name)) is not None:
                yield from _contexts(click.Context(command, parent=context, info_name=name, resilient_parsing=True))


def _value(word: str) -> str:
    return word.partition("=")[2] if "=" in word else word
