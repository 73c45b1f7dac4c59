"""`edgezoo completion`: what a shell offers at the tabulator key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edge.cli import once, options

SHELLS = ("bash", "zsh", "fish")
_shell = click.option("--shell", type=click.Choice(SHELLS), help="Which shell.  [default: the one in $SHELL]")


@click.group(cls=once.OnceGroup)
def command() -> None:
    """Let a shell complete commands, options, networks, series, recipes, devices, ids and labels.

    \b
    Examples:
      edgezoo completion install
      edgezoo completion install --shell zsh
      edgezoo completion show --shell fish
    """


@command.command("install")
@_shell
@options.as_json
def install(shell: str | None, as_json: bool) -> None:
    """Write the completion where the shell finds it, and say what was written. A second time nothing changes."""
    from edge.cli import shells

    _say(shells.install(_chosen(shell)), "written", as_json=as_json)


@command.command("uninstall")
@_shell
@options.as_json
def uninstall(shell: str | None, as_json: bool) -> None:
    """Take back what `install` wrote, and nothing else."""
    from edge.cli import shells

    _say(shells.uninstall(_chosen(shell)), "removed", as_json=as_json)


@command.command("show")
@_shell
def show(shell: str | None) -> None:
    """Print the script, for whoever puts it somewhere else."""
    from edge.cli import shells

    click.echo(shells.script(_chosen(shell)))


def _chosen(shell: str | None) -> str:
    import os

    from edge.errors import UsageError

    named = shell or Path(os.environ.get("SHELL", "")).name
    if named not in SHELLS:
        raise UsageError(f"the shell is {named or 'not known'}", hint=f"--shell {'|'.join(SHELLS)}")
    return named


def _say(changed: Any, word: str, *, as_json: bool) -> None:
    if as_json:
        from edge.cli.output import print_json

        print_json({"shell": changed.shell, word: [str(path) for path in changed.paths]})
        return
    for path in changed.paths:
        click.echo(f"{word} {path}")
    if not changed.paths:
        click.echo("Nothing to do: it is as it should be.", err=True)
    elif word == "written":
        click.echo("A new shell completes `edgezoo`.", err=True)
