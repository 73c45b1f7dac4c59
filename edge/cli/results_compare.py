"""`edgezoo results compare`: two measurements, or all of a session with a baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import completing, once, options
from edge.cli.parameters import ID
from edge.cli.results_options import PERCENT, Filters, filters, tell_of
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.report.view import View
    from edge.results.columns import Condition
    from edge.results.measurement import Measurement
    from edge.results.sets import SetComparison
    from edge.results.store import Store

# edge.results.columns.OF_CELL without the model, which the command line cannot import before it is used; a test compares.
ACROSS = ("weights", "precision", "target", "shape", "device", "threads", "protocol", "engine")


@once.command("compare")
@click.argument("ids", type=ID, nargs=-1, metavar="[FIRST SECOND]", shell_complete=completing.ids)
@click.option(
    "--baseline",
    metavar="NAME",
    shell_complete=completing.baselines,
    help="Compare every cell with the same one of this baseline.",
)
@filters
@click.option("--across", type=click.Choice(ACROSS), multiple=True,
              help="With --baseline: cells that differ in this are compared, too; may be repeated.")  # fmt: skip
@click.option("--threshold", type=PERCENT, default="2%", show_default=True, metavar="PERCENT",
              help="A difference below this makes none in practice.")  # fmt: skip
@click.option("--fail-over", type=PERCENT, metavar="PERCENT",
              help="Exit with 1 if any is slower by more than this, its whole interval above it.")  # fmt: skip
@tabular("model", *ACROSS, "before", "now", "ms-before", "ms-now", "ratio", "interval", "answer")
@options.db_there
@options.as_json
def compare_command(
    ids: tuple[int, ...],
    baseline: str | None,
    model: str | None,
    serial: str | None,
    where: tuple[Condition, ...],
    since: float | None,
    across: tuple[str, ...],
    threshold: float,
    fail_over: float | None,
    db: Path | None,
    as_json: bool,
    view: View,
) -> None:
    """Compare two measurements: the ratio SECOND / FIRST with its interval, and whether SECOND is faster, slower or the same.

    Measured in one session, launches of one round are compared in pairs, so that what the device did to both cancels
    out. From one session to another the device may have changed by itself: then only a large difference tells.

    With --baseline, the cells of the newest session (or those that match the filters, or ID...) are each compared with
    the baseline's of the same model, precision, device, threads, ...; versions and files may differ.
    """
    from edge.errors import UsageError

    asked = Filters(model, serial, where, since)
    if baseline is None and (len(ids) != 2 or asked.given or across):
        raise UsageError(
            "two measurements are compared, or a set with a baseline",
            hint="edgezoo results compare FIRST SECOND, or --baseline NAME with filters and --across",
        )
    asked.check(ids)
    with options.store(db) as store:
        if baseline is None:
            _two(store.get(ids[0]), store.get(ids[1]), threshold, fail_over, view, as_json=as_json)
            return
        first = [store.get(id) for id in store.marks.baseline(baseline).cells]
        second, damaged = _now(store, baseline, {one.id for one in first}, ids, asked)
    _sets(baseline, first, second, across, threshold, fail_over, view, as_json=as_json, damaged=damaged)


def _now(
    store: Store, baseline: str, before: set[int], ids: tuple[int, ...], asked: Filters
) -> tuple[list[Measurement], list[str]]:
    """What is compared with a baseline: its own cells are not; and a sentence for each row that could not be read."""
    from edge.errors import ResultsError

    if ids:
        if own := [str(id) for id in ids if id in before]:
            raise ResultsError(
                f"measurement {', '.join(own)} belongs to the baseline {baseline}, and is compared with itself",
                hint="name others",
            )
        return [store.get(id) for id in ids], []
    found, damaged = asked.summaries(store)
    newest = max(found, key=lambda one: one.moment).session if found else None
    chosen = [one.id for one in found if (asked.given or one.session == newest) and one.id not in before]
    if not chosen:
        what = "nothing else matches" if asked.given else "nothing was measured since it was saved"
        raise ResultsError(f"there is nothing to compare with the baseline {baseline}: {what}", hint="measure again")
    return [store.get(id) for id in chosen], damaged


def _two(
    first: Measurement, second: Measurement, threshold: float, limit: float | None, view: View, *, as_json: bool
) -> None:
    from dataclasses import asdict

    from edge.cli.output import print_json
    from edge.report.comparison import percent, sentences
    from edge.results.comparison import compare, over

    comparison = compare(first, second, threshold=threshold)
    if as_json:
        print_json(asdict(comparison))
    else:
        for sentence in view.prose(sentences(comparison)):
            click.echo(sentence)
    if limit is not None and over(comparison, limit):
        click.echo(f"Slower by more than {percent(limit)}: {comparison.second}.", err=True)
        raise SystemExit(1)


def _sets(
    baseline: str,
    first: list[Measurement],
    second: list[Measurement],
    across: tuple[str, ...],
    threshold: float,
    limit: float | None,
    view: View,
    *,
    as_json: bool,
    damaged: list[str],
) -> None:
    from edge.errors import ResultsError
    from edge.report.comparison import percent, table
    from edge.results.comparison import over
    from edge.results.sets import compare_sets

    made = compare_sets(first, second, threshold=threshold, across=across)
    if not made.pairs:
        raise ResultsError(
            f"the baseline {baseline} has none of the {len(second)} cells that were measured",
            hint="--across COLUMN compares cells that differ in it; `edgezoo results list` shows what they are",
        )
    slower = [pair for pair in made.pairs if limit is not None and over(pair.comparison, limit)]
    if as_json:
        _print(baseline, made, None if limit is None else [pair.second for pair in slower])
    else:
        click.echo(table(made, view))
        for which, missing in ((f"only in {baseline}", made.only_first), ("not in the baseline", made.only_second)):
            if missing:
                click.echo(view.paragraph(f"Not compared, {which}: {', '.join(map(str, missing))}."))
        for remark in dict.fromkeys(remark for pair in made.pairs for remark in pair.comparison.remarks):
            click.echo(view.paragraph(f"Beware: {remark}."))
    if slower and limit is not None:
        click.echo(
            f"Slower by more than {percent(limit)}: {'; '.join(pair.comparison.second for pair in slower)}.", err=True
        )
        raise SystemExit(1)
    tell_of(damaged)


def _print(baseline: str, made: SetComparison, slower: list[int] | None) -> None:
    from dataclasses import asdict

    from edge.cli.output import print_json

    print_json(
        {
            "baseline": baseline,
            "geometric_mean": made.geometric_mean,
            "cells": [
                {"cell": dict(pair.key), "before": pair.first, "now": pair.second, **asdict(pair.comparison)}
                for pair in made.pairs
            ],
            "only_in_baseline": list(made.only_first),
            "not_in_baseline": list(made.only_second),
            "slower_than_limit": slower,
        }
    )
