"""`edgezoo results accuracy`: what `edgezoo eval` found: listed, compared, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import completing, once, options
from edge.cli.parameters import ID
from edge.cli.results_options import as_measured, tell_of
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.report.view import View


@once.command("accuracy")
@click.argument("ids", type=ID, nargs=-1, metavar="[FIRST SECOND]", shell_complete=completing.accuracy_ids)
@click.option("--model", metavar="NAME", shell_complete=completing.measured_models, help="Only this model.")
@options.device("serial", metavar="host|SERIAL", says="Only this device: serial number, address, or name.")
@click.option(
    "--delete",
    "gone",
    type=ID,
    metavar="ID",
    shell_complete=completing.accuracy_ids,
    help="Delete this one. It cannot be taken back.",
)
@tabular(*("id", "when", "model", "weights", "precision", "device", "data", "images", "top1", "interval", "top5"))
@options.db_there
@options.as_json
def accuracy_command(
    ids: tuple[int, ...],
    model: str | None,
    serial: str | None,
    gone: int | None,
    db: Path | None,
    as_json: bool,
    view: View,
) -> None:
    """List what `edgezoo eval` found, oldest first, or compare two of the same images, image by image.

    The comparison says the difference of the accuracies with its interval: two networks are right and wrong on the same
    images, so it is far narrower than their own intervals suggest.
    """
    from dataclasses import asdict

    from edge.cli.output import print_json
    from edge.errors import UsageError
    from edge.report import accuracy
    from edge.results.accuracy import compare_accuracies

    filtered = model is not None or serial is not None
    if len(ids) not in (0, 2) or (ids and filtered) or (gone is not None and (ids or filtered)):
        raise UsageError(
            "accuracies are listed, or two of them compared, or one deleted",
            hint="edgezoo results accuracy, edgezoo results accuracy FIRST SECOND, or --delete ID",
        )
    with options.store(db) as store:
        if gone is not None:
            store.accuracies.delete(gone)
            if as_json:
                print_json({"deleted": gone})
            return
        if ids:
            first, second = (store.accuracies.get(id) for id in ids)
            made = compare_accuracies(first, second)
            if as_json:
                print_json(asdict(made))
            else:
                click.echo("\n".join(view.prose(accuracy.sentences(made, first, second))))
            return
        found, damaged = store.accuracies.all(model=model, device=as_measured(serial))
    if as_json:
        print_json([accuracy.as_dict(one) for one in found])
    elif found:
        click.echo(accuracy.table(found, view))
    elif not damaged:
        click.echo("No accuracy matches.", err=True)
    tell_of(damaged)
