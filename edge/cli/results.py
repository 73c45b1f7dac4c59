"""`edgezoo results`: what was measured: list, show, export, compare."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import options

if TYPE_CHECKING:
    from edge.results.measurement import Measurement
    from edge.results.summary import Summary


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
_device = click.option(
    "-s", "--device", "serial", metavar="host|SERIAL", help="Only this device: serial number, or address."
)


@command.command("list")
@_model
@_device
@options.db
@options.as_json
def list_command(model: str | None, serial: str | None, db: Path | None, as_json: bool) -> None:
    """List the measurements, oldest first: id, when, model, device, threads, latency, whether valid.

    Where two rows would look alike, the columns that tell them apart are there as well.
    """
    if as_json:
        from edge.cli.output import print_report

        measurements, damaged = _load(db, model=model, serial=serial)
        print_report(measurements, form="json")
        _tell_of(damaged)
        return
    from edge.results.store import Store

    with Store(options.database(db), create=False) as store:
        summaries, damaged = store.summaries(model=model, device=serial)
    if summaries:
        click.echo(_table(summaries))
    elif not damaged:
        click.echo("No measurement matches.", err=True)
    _tell_of(damaged)


@command.command("show")
@click.argument("id", type=int)
@options.db
@options.as_json
def show_command(id: int, db: Path | None, as_json: bool) -> None:
    """Show everything that is known of the measurement ID; with --json every sample, too."""
    from edge.results.store import Store

    with Store(options.database(db), create=False) as store:
        measurement = store.get(id)
    from edge.report import json

    if as_json:
        click.echo(json.render([measurement], raw=True), nl=False)
        return
    from edge.report import details

    click.echo(details.render(measurement), nl=False)


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
    form: str | None,
    output: Path | None,
    ratio: bool,
) -> None:
    """Write measurements as a table, Markdown, CSV or JSON: those named, or all that match."""
    from edge.cli.output import print_report, write_file
    from edge.errors import UsageError

    form = options.form_of(form, output)
    if raw and form != "json":
        raise UsageError("--raw belongs to --json")
    if ids and (model or serial):
        raise UsageError("measurements are named by ID, or chosen by --model and --device", hint="leave one out")
    measurements, damaged = _load(db, model=model, serial=serial, ids=ids)
    if not raw:
        print_report(measurements, form=form, output=output, ratio=ratio)
        _tell_of(damaged)
        return
    from edge.report import json

    rendered = json.render(measurements, ratio=ratio, raw=True)
    if output is None:
        click.echo(rendered, nl=False)
    else:
        write_file(output, rendered)
    _tell_of(damaged)


@command.command("compare")
@click.argument("first", type=int)
@click.argument("second", type=int)
@options.db
@options.as_json
def compare_command(first: int, second: int, db: Path | None, as_json: bool) -> None:
    """Compare two measurements: the ratio SECOND / FIRST with its 95 % interval, and a Mann-Whitney U test.

    Measured in one session, their launches were interleaved, and the ratio is fair; across sessions it may show the
    device's mood instead, and a remark says so.
    """
    from dataclasses import asdict

    from edge.cli.output import print_json
    from edge.report.comparison import compare, sentences
    from edge.results.store import Store

    with Store(options.database(db), create=False) as store:
        comparison = compare(store.get(first), store.get(second))
    if as_json:
        print_json(asdict(comparison))
        return
    for sentence in sentences(comparison):
        click.echo(sentence)


def _load(
    db: Path | None, *, model: str | None, serial: str | None, ids: tuple[int, ...] = ()
) -> tuple[list[Measurement], list[str]]:
    """Those named, or all that match; and a sentence for each that is damaged."""
    from edge.results.store import Store

    with Store(options.database(db), create=False) as store:
        measurements, damaged = store.measurements(list(ids) or store.ids(model=model, device=serial))
        return measurements, damaged if ids else damaged + store.unreadable()


def _tell_of(damaged: Sequence[str]) -> None:
    """The rows that could not be read, on standard error: what was listed is not all, so the exit code is 1."""
    for sentence in damaged:
        click.echo(f"Error: {sentence}", err=True)
    if damaged:
        raise SystemExit(1)


_SHOWN = ("Model", "Weights", "Precision", "Shape", "Device", "Threads", "Protocol", "Engine")
_IN_STATUS = ("failed", "unfinished")  # the column Status says them


def _table(summaries: Sequence[Summary]) -> str:
    from edge.report import identity
    from edge.report.grid import Column, text

    told = [identity.words(one) for one in summaries]
    others = [title for title in (*identity.OF_FILE, *identity.OF_RUN) if title not in (*_SHOWN, "Address")]
    titles = [*_SHOWN, *identity.distinguishing(told, _SHOWN, others)]
    columns = [Column("Id"), Column("When", False), *(Column(title, title == "Threads") for title in titles)]
    columns += [Column("ms"), Column("±"), Column("Launches"), Column("Status", False)]
    rows = [
        [*_when(one), *(words[title] for title in titles), *_result(one)]
        for one, words in zip(summaries, told, strict=True)
    ]
    codes = [", ".join(_codes(one)) for one in summaries]
    if any(codes):
        columns.append(Column("Remarks", False))
        rows = [[*row, code] for row, code in zip(rows, codes, strict=True)]
    return text(columns, rows)


def _when(one: Summary) -> tuple[str, str]:
    return str(one.id), time.strftime("%Y-%m-%d %H:%M", time.localtime(one.started))


def _result(one: Summary) -> tuple[str, str, str, str]:
    headline, interval, median = one.headline_ms, one.interval, one.median_ms
    return (
        "-" if headline is None else f"{headline:.2f}",
        f"{interval.half_width(median):.1%}" if interval and median else "-",
        str(len(one.launches)),
        one.status if one.status != "measured" else "valid" if one.valid else "not valid",
    )


def _codes(one: Summary) -> list[str]:
    """What `show` says in words."""
    return list(dict.fromkeys(said.code for said in (*one.reasons, *one.remarks) if said.code not in _IN_STATUS))
