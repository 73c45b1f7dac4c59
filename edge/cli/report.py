"""`edgezoo report`: figures and tables of everything as one page, or a figure alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli import once, options
from edge.cli.results_options import Filters, filters, tell_of

if TYPE_CHECKING:
    from edge.report.html.material import Material
    from edge.results.columns import Condition

FORMATS = ("html", "svg", "png")


@once.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="Where it is written; .html, .svg and .png say as what. A folder, with --format svg or png: every "
              "figure in a file of its own.  [default: report.html, or the figure's name]")  # fmt: skip
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="html: the whole page; svg, png: a figure alone.  [default: html]",
)
@click.option("--figure", metavar="NAME",
              help="The figure that is drawn alone: server, mobile, transformers, size, threads, engines, precisions, ratio, "
              "history, or cell-12 for every sample of measurement 12.")  # fmt: skip
@click.option("--theme", type=click.Choice(["light", "dark"]),
              help="Of a figure alone.  [default: svg as the reader's system asks for, png light]")  # fmt: skip
@click.option(
    "--session",
    type=click.IntRange(1),
    multiple=True,
    metavar="N",
    help="Only what was measured in this session; may be repeated.",
)
@click.option(
    "--label",
    multiple=True,
    metavar="TEXT",
    help="Only measurements of which this was said (`results label`); may be repeated.",
)
@filters
@click.option("--threads", type=click.Choice(["1", "2", "4"]), default="1", show_default=True,
              help="The thread count of latencies that stand beside accuracy and size; these were published.")  # fmt: skip
@click.option(
    "--estimated", is_flag=True, help="Show estimates for a Snapdragon 855, too, where nothing was published."
)
@options.db_there
@click.option("--json", "as_json", is_flag=True, help="Say in JSON what was written.")
def command(
    output: Path | None,
    form: str | None,
    figure: str | None,
    theme: str | None,
    session: tuple[int, ...],
    label: tuple[str, ...],
    model: str | None,
    serial: str | None,
    where: tuple[Condition, ...],
    since: float | None,
    threads: str,
    estimated: bool,
    db: Path | None,
    as_json: bool,
) -> None:
    """Write what was measured and published as one HTML page: figures, a table to sort and filter, how to repeat it.

    One file below 1.5 MB that asks no network for anything, for light and dark screens, paper, keyboard and screen readers:
    every figure has its numbers as a table. Published numbers stand there without any measurement; of measurements all are
    taken, or those of a session, a label, a device, or whatever the filters say. Every number says whether it was measured or
    published; estimates are shown only when asked for.

    \b
    Examples:
      edgezoo report -o report.html
      edgezoo report -s 3f2a1b --threads 4 -o phone.html
      edgezoo report --label before --label after -o change.html
      edgezoo report --figure mobile --format svg -o mobile.svg
      edgezoo report --format png -o figures/
    """
    from edge.cli.report_output import ReportFile, write
    from edge.results.columns import Condition

    wanted = ReportFile.of(output, form, figure, theme)
    conditions = (
        *where,
        *(Condition("session", str(one)) for one in session),
        *(Condition("label", one) for one in label),
    )
    asked = Filters(model, serial, conditions, since)
    material, damaged = _material(db, asked, int(threads), estimated)
    written = write(wanted, material)
    if as_json:
        from edge.cli.output import print_json

        print_json(written)
    else:
        _tell(written)
    tell_of(damaged)


def _material(db: Path | None, asked: Filters, threads: int, estimated: bool) -> tuple[Material, list[str]]:
    """What matches. Raises `UnknownResultError` where measurements are asked for and none match."""
    from edge.cache.paths import results_database
    from edge.errors import UnknownResultError
    from edge.report.html.material import Material

    if db is None and not results_database().exists() and not asked.given:
        return Material((), threads=threads, estimated=estimated), []
    with options.store(db) as store:
        found, damaged = asked.measurements(store)
        sessions = store.sessions.all()
    if not found and asked.given and not damaged:
        raise UnknownResultError(f"no measurement matches: {_chosen(asked)}", hint="see `edgezoo results list`")
    return Material(tuple(found), sessions, _chosen(asked), threads, estimated), damaged


def _chosen(asked: Filters) -> str:
    import time

    told = [f"model {asked.model}"] * (asked.model is not None) + [f"device {asked.serial}"] * (
        asked.serial is not None
    )
    told += [f"{one.column} {one.value}" for one in asked.where]
    if asked.since is not None:
        told.append(time.strftime("since %Y-%m-%d %H:%M", time.localtime(asked.since)))
    return ", ".join(told) or "all there are"


def _tell(written: dict[str, Any]) -> None:
    for one in written["files"]:
        click.echo(f"{one['path']}: {one['bytes'] / 1000:,.0f} kB, {', '.join(one['figures'])}"[:200])
    for sentence in written["left_out"]:
        click.echo(f"Left out: {sentence}", err=True)
