"""`edgezoo results history`: a model over time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli import completing, once, options
from edge.cli.results_options import PERCENT, Filters, filters_of_model, tell_of
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.report.view import View
    from edge.results.columns import Condition
    from edge.results.history import Point


@once.command("history")
@click.argument("model", metavar="MODEL", shell_complete=completing.measured_models)
@filters_of_model
@click.option("--threshold", type=PERCENT, default="2%", show_default=True, metavar="PERCENT",
              help="A difference below this makes none in practice.")  # fmt: skip
@tabular("id", "session", "when", "ms", "interval", "launches", "status", "change", "since")
@options.db_there
@options.as_json
def history_command(
    model: str,
    serial: str | None,
    where: tuple[Condition, ...],
    since: float | None,
    threshold: float,
    db: Path | None,
    as_json: bool,
    view: View,
) -> None:
    """Show MODEL over time, a table for each way it was measured: session by session, with the changes found.

    A change is called by the rule of `results compare`. From one session to the next a device may change by itself, so
    only a large difference tells; what is not valid is shown and compared with nothing.
    """
    from edge.cli.output import print_json
    from edge.report.history import render
    from edge.results.history import history

    with options.store(db) as store:
        measurements, damaged = Filters(model, serial, where, since).measurements(store)
    series = history(measurements, threshold=threshold)
    if as_json:
        print_json([{"cell": dict(one.key), "points": [_point(point) for point in one.points]} for one in series])
    elif series:
        click.echo(render(series, view), nl=False)
    elif not damaged:
        click.echo("No measurement matches.", err=True)
    tell_of(damaged)


def _point(point: Point) -> dict[str, Any]:
    from dataclasses import asdict

    remarks = {name: [one.as_json() for one in getattr(point, name)] for name in ("reasons", "remarks")}
    return {name: value for name, value in asdict(point).items() if name != "notes"} | remarks  # they are remarks, too
