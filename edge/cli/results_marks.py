"""`edgezoo results label`, `delete`, `save-baseline`, `baselines`: what is said of measurements after they were made."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import completing, once, options
from edge.cli.parameters import ID
from edge.cli.results_options import Filters, filters, tell_of
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.report.view import View
    from edge.results.columns import Condition
    from edge.results.measurement import Measurement


@once.command("label")
@click.argument("ids", type=ID, nargs=-1, required=True, metavar="ID...", shell_complete=completing.ids_and_labels)
@click.argument("text", shell_complete=completing.labels)
@click.option("--remove", is_flag=True, help="Take the label back.")
@options.db_there
@options.as_json
def label_command(ids: tuple[int, ...], text: str, remove: bool, db: Path | None, as_json: bool) -> None:
    """Give the measurements ID... the label TEXT; `--where label=TEXT` finds them again."""
    from edge.errors import UsageError

    if not text.strip():
        raise UsageError("an empty label says nothing")
    with options.store(db) as store:
        if remove:
            count = store.marks.unlabel(ids, text)
            if not as_json:
                click.echo(f"{count} of {len(ids)} had the label {text}, which is taken back.")
        else:
            store.marks.label(ids, text)
    if as_json:
        from edge.cli.output import print_json

        print_json({"label": text, "measurements": list(ids), "removed": remove})


@once.command("delete")
@click.argument("ids", type=ID, nargs=-1, required=True, metavar="ID...", shell_complete=completing.ids)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Also what belongs to a baseline, which loses it.")
@options.db_there
@options.as_json
def delete_command(ids: tuple[int, ...], yes: bool, force: bool, db: Path | None, as_json: bool) -> None:
    """Delete the measurements ID... with every launch and sample. It cannot be taken back."""
    from edge.errors import UsageError, refusals

    with options.store(db) as store:
        chosen = list(dict.fromkeys(ids))
        with refusals():
            store.marks.deletable(chosen, force=force)
        if not yes:
            _ask_for(store.path, chosen, UsageError)
        gone = store.marks.delete(chosen, force=force)
    if as_json:
        from edge.cli.output import print_json

        print_json({"measurements": gone.cells, "launches": gone.launches, "baselines": list(gone.baselines)})
        return
    sentence = f"Deleted {_count(gone.cells, 'measurement')} with {_count(gone.launches, 'launch')}."
    for name in gone.baselines:
        sentence += f" The baseline {name} {'had no other and is gone' if name in gone.emptied else 'has lost some'}."
    click.echo(sentence)


def _ask_for(path: Path, ids: list[int], error: type[Exception]) -> None:
    import sys

    what = f"{'measurement' if len(ids) == 1 else 'measurements'} {', '.join(map(str, ids))}"
    if not sys.stdin.isatty():
        raise error(f"{what} would be deleted, and there is nobody to ask: give --yes")
    click.confirm(f"Delete {what} from {path}?", abort=True, err=True)


@once.command("save-baseline")
@click.argument("name", shell_complete=completing.baselines)
@click.argument("ids", type=ID, nargs=-1, metavar="[ID]...", shell_complete=completing.ids)
@filters
@options.db_there
@options.as_json
def save_baseline_command(
    name: str,
    ids: tuple[int, ...],
    model: str | None,
    serial: str | None,
    where: tuple[Condition, ...],
    since: float | None,
    db: Path | None,
    as_json: bool,
) -> None:
    """Keep measurements as the baseline NAME: those of the newest session, those that match, or ID...

    `results compare --baseline NAME` compares with them. One of that name is replaced.
    """

    asked = Filters(model, serial, where, since)
    damaged: list[str] = []
    asked.check(ids)
    with options.store(db) as store:
        if ids:
            chosen = [_comparable(store.get(id)) for id in ids]
        else:
            found, damaged = asked.summaries(store)
            newest = max((one.session for one in found), default=None)
            measured = [one for one in found if one.status == "measured"]
            chosen = [one.id for one in measured if asked.given or one.session == newest]
        replaced = store.marks.save_baseline(name, chosen)
    if as_json:
        from edge.cli.output import print_json

        print_json({"name": name, "measurements": sorted(set(chosen)), "replaced": replaced})
    else:
        click.echo(f"The baseline {name} {'is now' if replaced else 'is'} {_count(len(set(chosen)), 'measurement')}.")
    tell_of(damaged)


def _comparable(one: Measurement) -> int:
    """Its id. Raises `ResultsError` where it is not measured to its end: filters leave those out, too."""
    from edge.errors import ResultsError

    if one.status != "measured":
        raise ResultsError(
            f"measurement {one.id} is {one.status}, and nothing is compared with it", hint="measure it again"
        )
    return one.id


@once.command("baselines")
@click.option(
    "--delete",
    "gone",
    metavar="NAME",
    shell_complete=completing.baselines,
    help="Forget this one; its measurements stay.",
)
@tabular("name", "saved", "measurements")
@options.db_there
@options.as_json
def baselines_command(gone: str | None, db: Path | None, as_json: bool, view: View) -> None:
    """List the baselines: name, when saved, of how many measurements."""
    from dataclasses import asdict

    from edge.cli.output import print_json
    from edge.report.grid import Column, text

    with options.store(db) as store:
        if gone is not None:
            store.marks.delete_baseline(gone)
            if as_json:
                print_json({"deleted": gone})
            return
        found = store.marks.baselines()
    if as_json:
        print_json([asdict(one) for one in found])
    elif found:
        rows = [
            [one.name, time.strftime("%Y-%m-%d %H:%M", time.localtime(one.saved)), ", ".join(map(str, one.cells))]
            for one in found
        ]
        columns = [Column("Name", False, 0), Column("Saved", False, 2), Column("Measurements", False, 1, folds=True)]
        click.echo(text(columns, rows, view))
    else:
        click.echo("There is no baseline.", err=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 'es' if what.endswith('h') else 's'}"
