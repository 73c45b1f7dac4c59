"""`edgezoo results backup`: all results in one file, to keep or to take to another host."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import once, options

if TYPE_CHECKING:
    from edge.results.backup import Backup


@once.command("backup")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE")
@options.db_there
@options.as_json
def backup_command(file: Path, db: Path | None, as_json: bool) -> None:
    """Copy all results to the new file FILE, as they are at this moment; `-` is standard output.

    Also while something is measured: what was kept last lies beside the database for a time, and a copy of the file alone
    would miss it. `edgezoo results merge` takes it into another database.

    \b
    Examples:
      edgezoo results backup results-2026-11.sqlite
      ssh rig2 edgezoo results backup - > rig2.sqlite
    """
    from tempfile import TemporaryDirectory

    from edge.cli.output import print_json, say
    from edge.errors import UsageError
    from edge.results.backup import back_up
    from edge.untrusted.files import open_file

    path = options.database(db)
    if str(file) == "-":
        if as_json:
            raise UsageError(
                "- is standard output, where --json would be, too", hint="name a file, or leave out --json"
            )
        if sys.stdout.isatty():
            raise UsageError("- is standard output, and this one is a terminal", hint="name a file, or add > FILE")
        with TemporaryDirectory(prefix="edgezoo-") as folder:
            made = back_up(path, Path(folder) / "copy")
            with open_file(made.path) as copy:
                shutil.copyfileobj(copy, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        say(_counts(made))
        return
    if file.exists():
        raise UsageError(f"{file} is there already", hint="name another file, or remove that one")
    options.check_output(file)
    made = back_up(path, file)
    if as_json:
        print_json({"path": str(made.path), "measurements": made.measurements, "launches": made.launches})
    else:
        click.echo(f"{made.path}: {_counts(made)}")


def _counts(made: Backup) -> str:
    return (
        f"{made.measurements} measurement{'s' * (made.measurements != 1)}"
        f" with {made.launches} launch{'es' * (made.launches != 1)} copied."
    )
