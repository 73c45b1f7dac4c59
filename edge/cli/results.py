"""`edgezoo results`: what was measured: list, show, export, compare."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import options

if TYPE_CHECKING:
    from edge.results.measurement import Measurement


@click.group()
def command() -> None:
    """List, show, export and compare what was measured.

    \b
    Examples:
      edgezoo results list --model MobileNetV1
      edgezoo results show 12
      edgezoo results export --json --raw -o results.json
      edgezoo results compare 12 15
    """


_model = click.option("--model", metavar="NAME", help="Only this model.")
_device = click.option("-s", "--device", "serial", metavar="host|SERIAL", help="Only this device.")


@command.command("list")
@_model
@_device
@options.db
@options.as_json
def list_command(model: str | None, serial: str | None, db: Path | None, as_json: bool) -> None:
    """List the measurements, oldest first: id, when, model, device, threads, latency, whether valid."""
    measurements = _load(db, model=model, serial=serial)
    if as_json:
        from edge.cli.output import print_report

        print_report(measurements, form="json")
        return
    if not measurements:
        click.echo("No measurement matches.", err=True)
        return

    from edge.report.grid import Column, text

    columns = [Column("Id"), Column("When", False), Column("Model", False), Column("Weights", False)]
    columns += [Column("Device", False), Column("Threads"), Column("Protocol", False), Column("ms")]
    columns += [Column("±"), Column("Launches"), Column("Status", False)]
    click.echo(text(columns, [_row(one) for one in measurements]))


@command.command("show")
@click.argument("id", type=int)
@options.db
@options.as_json
def show_command(id: int, db: Path | None, as_json: bool) -> None:
    """Show everything that is known of the measurement ID; with --json every sample, too."""
    from edge.results.store import Store

    with Store(options.database(db), create=False) as store:
        measurement = store.get(id)
        ids = store.ids(model=measurement.subject.name, serial=measurement.device["serial"])
        others = [] if as_json else [store.get(one) for one in ids]
    from edge.report import json

    if as_json:
        click.echo(json.render([measurement], raw=True), nl=False)
        return
    from edge.report import details

    click.echo(details.render(measurement, others), nl=False)


@command.command("export")
@click.argument("ids", type=int, nargs=-1, metavar="[ID]...")
@_model
@_device
@click.option("--raw", is_flag=True, help="With --json: every launch with its samples and readings.")
@options.db
@options.report
def export_command(
    ids: tuple[int, ...],
    model: str | None,
    serial: str | None,
    raw: bool,
    db: Path | None,
    form: str,
    output: Path | None,
    ratio: bool,
) -> None:
    """Write measurements as a table, Markdown, CSV or JSON: those named, or all that match."""
    from edge.cli.output import print_report, write_file
    from edge.errors import UsageError

    if raw and form != "json":
        raise UsageError("--raw belongs to --json")
    measurements = _load(db, model=model, serial=serial, ids=ids)
    if not raw:
        print_report(measurements, form=form, output=output, ratio=ratio)
        return
    from edge.report import json

    rendered = json.render(measurements, ratio=ratio, raw=True)
    if output is None:
        click.echo(rendered, nl=False)
    else:
        write_file(output, rendered)


@command.command("compare")
@click.argument("first", type=int)
@click.argument("second", type=int)
@click.option("--threshold", type=click.FloatRange(0, min_open=True), default=2.0, show_default=True, metavar="PERCENT",
              help="A difference below this makes none in practice.")  # fmt: skip
@options.db
@options.as_json
def compare_command(first: int, second: int, threshold: float, db: Path | None, as_json: bool) -> None:
    """Compare two measurements: the ratio SECOND / FIRST with its interval, and whether SECOND is faster, slower or the same.

    Measured in one session, launches of one round are compared in pairs, so that what the device did to both cancels
    out. From one session to another the device may have changed by itself: then only a large difference tells.
    """
    from dataclasses import asdict

    from edge.cli.output import print_json
    from edge.report.comparison import compare, sentences
    from edge.results.store import Store

    with Store(options.database(db), create=False) as store:
        comparison = compare(store.get(first), store.get(second), threshold=threshold / 100)
    if as_json:
        print_json(asdict(comparison))
        return
    for sentence in sentences(comparison):
        click.echo(sentence)


def _load(db: Path | None, *, model: str | None, serial: str | None, ids: tuple[int, ...] = ()) -> list[Measurement]:
    from edge.results.store import Store

    with Store(options.database(db), create=False) as store:
        wanted = list(ids) or store.ids(model=model, serial=serial)
        return [store.get(id) for id in wanted]


def _row(one: Measurement) -> list[str]:
    headline, statistics = one.headline_ms, one.statistics
    interval = statistics.ci95 if statistics else None
    status = one.status if one.status != "measured" else "valid" if one.valid else "not valid"
    return [
        str(one.id),
        time.strftime("%Y-%m-%d %H:%M", time.localtime(one.started)),
        one.subject.name,
        one.subject.weights or "unknown",
        str(one.device["serial"]),
        str(one.threads),
        one.protocol.name,
        "-" if headline is None else f"{headline:.2f}",
        f"{interval.half_width(statistics.median):.1%}" if interval and statistics else "-",
        str(len(one.launches)),
        status,
    ]
