"""`edgezoo results`: what was measured: list, show, export, compare, over time, and what is said of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import completing, once, options
from edge.cli.cells import OF_CELLS, OF_IDENTITY
from edge.cli.parameters import ID
from edge.cli.results_accuracy import accuracy_command
from edge.cli.results_backup import backup_command
from edge.cli.results_check import check_command
from edge.cli.results_compare import compare_command
from edge.cli.results_history import history_command
from edge.cli.results_marks import baselines_command, delete_command, label_command, save_baseline_command
from edge.cli.results_merge import merge_command
from edge.cli.results_options import Filters, filters, tell_of
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.report.view import View
    from edge.results.columns import Condition
    from edge.results.measurement import Measurement
    from edge.results.summary import Summary


@click.group(cls=once.OnceGroup)
def command() -> None:
    """List, show, export and compare what was measured.

    \b
    Examples:
      edgezoo results list --model MobileNetV1 --where precision=int8
      edgezoo results show 12
      edgezoo results export --json --raw -o results.json
      edgezoo results compare 12 15
      edgezoo results accuracy
      edgezoo results save-baseline main
      edgezoo results compare --baseline main --fail-over 3%
      edgezoo results history MobileNetV1 --since "last week"
      edgezoo results check --repair
      edgezoo results merge rig1.sqlite rig2.sqlite
      edgezoo results backup results-2026-11.sqlite
    """


@command.command("list")
@filters
@tabular("id", "when", *OF_IDENTITY, "ms", "interval", "launches", "status", "label", "remarks")
@options.db_there
@options.as_json
def list_command(
    model: str | None,
    serial: str | None,
    where: tuple[Condition, ...],
    since: float | None,
    db: Path | None,
    as_json: bool,
    view: View,
) -> None:
    """List the measurements, oldest first: id, when, model, device, threads, latency, whether valid.

    Where two rows would look alike, the columns that tell them apart are there as well.
    """
    asked = Filters(model, serial, where, since)
    if as_json:
        from edge.cli.output import print_report

        measurements, damaged = _load(db, asked)
        print_report(measurements, form="json")
        tell_of(damaged)
        return

    with options.store(db) as store:
        summaries, damaged = asked.summaries(store)
    if summaries:
        click.echo(_table(summaries, view))
    elif not damaged:
        click.echo("No measurement matches.", err=True)
    tell_of(damaged)


@command.command("show")
@click.argument("id", type=ID, shell_complete=completing.ids)
@tabular(
    *("launch", "runs", "ms", "load-ms", "first-run-ms", "peak-mib", "seconds", "second", "clock-ghz", "celsius"),
    "battery",
    "busy",
)
@options.db_there
@options.as_json
def show_command(id: int, db: Path | None, as_json: bool, view: View) -> None:
    """Show everything that is known of the measurement ID; with --json every sample, too."""

    with options.store(db) as store:
        measurement = store.get(id)
        ids = store.ids(model=measurement.subject.name, device=measurement.identity.known_as)
        others, damaged = store.measurements(ids)
    from edge.report import json

    if as_json:
        click.echo(json.render([measurement], raw=True, others=others), nl=False)
    else:
        from edge.report import details

        click.echo(details.render(measurement, others, view), nl=False)
    tell_of(damaged)


@command.command("export")
@click.argument("ids", type=ID, nargs=-1, metavar="[ID]...", shell_complete=completing.ids)
@filters
@click.option("--raw", is_flag=True, help="With --json: every launch with its samples and readings.")
@click.option("--xlsx", "form", flag_value="xlsx", default=None,
              help="An Excel workbook, with -o FILE.xlsx: dates, numbers, and a sheet that explains the columns.")  # fmt: skip
@options.db_there
@options.report
@tabular(*OF_CELLS)
def export_command(
    ids: tuple[int, ...],
    model: str | None,
    serial: str | None,
    where: tuple[Condition, ...],
    since: float | None,
    raw: bool,
    db: Path | None,
    form: str | None,
    output: Path | None,
    ratio: bool,
    view: View,
) -> None:
    """Write measurements as a table, Markdown, CSV, JSON or an Excel workbook: those named, or all that match.

    In CSV files and workbooks every column has one type, and moments are UTC.
    """
    from edge.cli.output import print_report, put
    from edge.errors import UsageError

    if form == "xlsx" or (output is not None and output.suffix.lower() == ".xlsx"):
        from edge.cli.workbook import check, write

        path = check(form, output, raw=raw)
        measurements, damaged = _load(db, Filters(model, serial, where, since), ids=ids)
        write(path, measurements, ratio=ratio)
        tell_of(damaged)
        return
    options.check_output(output)
    form = options.form_of(form, output)
    if raw and form != "json":
        raise UsageError("--raw belongs to --json")
    measurements, damaged = _load(db, Filters(model, serial, where, since), ids=ids)
    if not raw:
        print_report(measurements, form=form, output=output, ratio=ratio, view=view)
        tell_of(damaged)
        return
    from edge.report import json

    put(json.render(measurements, ratio=ratio, raw=True), output)
    tell_of(damaged)


def _load(db: Path | None, asked: Filters, *, ids: tuple[int, ...] = ()) -> tuple[list[Measurement], list[str]]:
    """Those named, or all that match; and a sentence for each that is damaged."""

    asked.check(ids)
    with options.store(db) as store:
        return store.measurements(ids) if ids else asked.measurements(store)


for _one in (
    accuracy_command,
    compare_command,
    history_command,
    label_command,
    delete_command,
    save_baseline_command,
    baselines_command,
):
    command.add_command(_one)
command.add_command(check_command)
command.add_command(backup_command)
command.add_command(merge_command)

_SHOWN = ("Model", "Weights", "Precision", "Shape", "Device", "Threads", "Protocol", "Engine")
_RANKS = {"Model": 0, "Threads": 0, "Weights": 4, "Shape": 4, "Protocol": 3, "Engine": 2}
_IN_STATUS = ("failed", "unfinished")  # the column Status says them


def _table(summaries: Sequence[Summary], view: View) -> str:
    from edge.report import identity
    from edge.report.grid import Column, text

    told = [identity.words(one) for one in summaries]
    others = [title for title in (*identity.OF_FILE, *identity.OF_RUN) if title not in (*_SHOWN, "Address")]
    titles = [*_SHOWN, *identity.distinguishing(told, _SHOWN, others)]
    if "Device id" not in titles and identity.shared_names(told):
        titles.append("Device id")
    columns = [Column("Id", rank=0), Column("When", False, rank=2)]
    columns += [Column(title, title == "Threads", _RANKS.get(title, 1)) for title in titles]
    columns += [Column("ms", rank=0), Column("±", rank=1, key="interval"), Column("Launches", rank=3)]
    columns += [Column("Status", False, rank=0)]
    rows = [
        [*_when(one), *(words[title] for title in titles), *_result(one)]
        for one, words in zip(summaries, told, strict=True)
    ]
    codes = [", ".join(_codes(one)) for one in summaries]
    labels = [", ".join(one.labels) for one in summaries]
    if any(labels):
        columns.append(Column("Label", False, rank=1))
        rows = [[*row, label] for row, label in zip(rows, labels, strict=True)]
    if any(codes):
        columns.append(Column("Remarks", False, rank=3, folds=True))
        rows = [[*row, code] for row, code in zip(rows, codes, strict=True)]
    return text(columns, rows, view)


def _when(one: Summary) -> tuple[str, str]:
    return str(one.id), time.strftime("%Y-%m-%d %H:%M", time.localtime(one.started))


def _result(one: Summary) -> tuple[str, str, str, str]:
    from edge.results.columns import status
    from edge.results.words import launches

    headline, interval, median = one.headline_ms, one.interval, one.median_ms
    if one.protocol.headline != "median":
        interval = None  # it is of the median
    width = f"{interval.half_width(median):.1%}" if interval and median else "-"
    if interval and median and interval.level < 0.95:
        width += f" at {interval.level_text}"
    return (
        "-" if headline is None else f"{headline:.2f}",
        width,
        launches(len(one.counted), len(one.launches)),
        status(one),
    )


def _codes(one: Summary) -> list[str]:
    """What `show` says in words."""
    return list(dict.fromkeys(remark.code for remark in (*one.reasons, *one.remarks) if remark.code not in _IN_STATUS))
