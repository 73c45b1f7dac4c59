"""`edgezoo list`: the catalogue as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import completing, once, options
from edge.cli.parameters import Finite
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.api import Sort
    from edge.report.view import View


@once.command()
@click.option(
    "--series",
    multiple=True,
    metavar="NAME",
    shell_complete=completing.series,
    help="Only this series; may be repeated.",
)
@click.option("--paddleclas", type=click.Path(path_type=Path), metavar="DIR",
              help="Instead, the architectures of your own PaddleClas checkout in DIR, for `convert --paddleclas`; its code is "
              "read, not run.")  # fmt: skip
@click.option("--search", default="", metavar="WORDS", help="Only models with all these words in their name or series.")
@click.option("--light", is_flag=True, help="Only the 55 models of the series meant for phones.")
@click.option("--min-top1", type=Finite(), metavar="X", help="Top-1 of at least X (0.7 and 70 mean the same).")
@click.option("--max-top1", type=Finite(), metavar="X", help="Top-1 of at most X.")
@click.option("--max-flops", type=Finite(), metavar="M", help="At most M million multiply-accumulates.")
@click.option("--max-params", type=Finite(), metavar="M", help="At most M million parameters.")
@click.option(
    "--max-sd855", type=Finite(), metavar="MS", help="Published latency of at most MS ms on a Snapdragon 855."
)
@click.option("--threads", type=click.Choice(["1", "2", "4"]),
              help="The thread count that --max-sd855 and --sort sd855 are about.  [default: 1]")  # fmt: skip
@click.option("--sort", type=click.Choice(["table", "name", "top1", "flops", "params", "size", "sd855"]),
              default="table", show_default=True, help="Order; 'table' is the order of PaddleClas' table.")  # fmt: skip
@click.option("--reverse", is_flag=True, help="Largest first.")
@tabular("model", "series", "input", "top1", "flops", "params", "size", "sd855")
@options.quiet
@options.as_json
def command(
    series: tuple[str, ...],
    paddleclas: Path | None,
    search: str,
    light: bool,
    min_top1: float | None,
    max_top1: float | None,
    max_flops: float | None,
    max_params: float | None,
    max_sd855: float | None,
    threads: str | None,
    sort: Sort,
    reverse: bool,
    quiet: bool,
    as_json: bool,
    view: View,
) -> None:
    """Show the catalogue: the 250 models of PaddleClas' ImageNet table and 15 newer ones, with their published numbers.

    Filters can be combined; a model for which the table says nothing does not pass a filter on that number.

    \b
    Examples:
      edgezoo list --light --sort sd855
      edgezoo list --min-top1 0.75 --max-sd855 10 --threads 4
      edgezoo list --series GhostNet --series ESNet --json
      edgezoo list --search 'mobilenet v3 large'
      edgezoo list --paddleclas PaddleClas/ --search mobilevit
    """
    from edge.api import list_models
    from edge.errors import UsageError
    from edge.zoo.doubts import doubts_of
    from edge.zoo.model import TABLE

    if paddleclas is not None:
        numbers = (min_top1, max_top1, max_flops, max_params, max_sd855, threads)
        if series or light or reverse or sort != "table" or any(one is not None for one in numbers):
            raise UsageError(
                "nothing is published of a checkout's networks: they cannot be filtered or sorted by it",
                hint="--search finds names",
            )
        _list_checkout(paddleclas, search, as_json=as_json)
        return
    if threads is not None and max_sd855 is None and sort != "sd855":
        raise UsageError("--threads says which column --max-sd855 or --sort sd855 means", hint="add one of them")
    models = list_models(
        series=series,
        light=light,
        min_top1=_fraction(min_top1),
        max_top1=_fraction(max_top1),
        max_flops=max_flops,
        max_params=max_params,
        max_sd855=max_sd855,
        threads=int(threads or 1),
        search=search,
        sort=sort,
        reverse=reverse,
    )

    if as_json:
        from dataclasses import asdict

        from edge.cli.output import print_json

        print_json([asdict(model) | {"doubts": [one._asdict() for one in doubts_of(model.name)]} for model in models])
        return
    if not models:
        click.echo("No model passes these filters.", err=True)
        return

    from edge.report.grid import Column, text

    columns = [Column("Model", number=False, rank=0), Column("Series", number=False, rank=4), Column("Input", rank=4)]
    columns += [Column("Top-1", rank=0, key="top1"), Column("FLOPs(M)", rank=2, key="flops")]
    columns += [Column("Params(M)", rank=2, key="params"), Column("Size(M)", rank=3, key="size")]
    columns += [Column(f"SD855 {count}T ms", rank=rank, key="sd855") for count, rank in ((1, 0), (2, 1), (4, 1))]
    rows = []

    def mark(name: str, number: str) -> str:
        return "?" if doubts_of(name, number) else ""

    for model in models:
        published = model.published
        rows.append([
            model.name,
            model.series,
            str(model.input_shape[3]),
            _show(published.top1, ".4f") + mark(model.name, "top1"),
            _show(published.flops_m, ".2f") + mark(model.name, "flops"),
            _show(published.params_m, ".2f"),
            _show(published.size_mb, "g"),
            *(_show(published.sd855_ms.get(count), ".2f") + mark(model.name, f"sd855_{count}") for count in (1, 2, 4)),
        ])  # fmt: skip
    click.echo(text(columns, rows, view))
    if quiet:
        return
    doubtful = [one for model in models for one in doubts_of(model.name)]
    for one in doubtful:
        click.echo(f"? doubtful: {one.name}: {one.reason}", err=True)
    for document in dict.fromkeys(model.source for model in models if model.source != TABLE):
        names = [model.name for model in models if model.source == document]
        click.echo(f"from PaddleClas' {document}: {', '.join(names)}", err=True)
    for document in dict.fromkeys(model.sd855_source for model in models if model.published.sd855_ms):
        names = [model.name for model in models if model.sd855_source == document != model.source]
        if names:
            click.echo(f"SD855 from PaddleClas' {document}: {', '.join(names)}", err=True)
    click.echo(f"{len(models)} models; numbers as published by PaddleClas, `edgezoo bench` measures", err=True)


def _list_checkout(place: Path, search: str, *, as_json: bool) -> None:
    from edge.api import list_architectures

    names = list_architectures(place, search=search)
    if as_json:
        from edge.cli.output import print_json

        print_json(names)
        return
    for name in names:
        click.echo(name)
    click.echo(f"{len(names)} architectures in {place}; edgezoo convert NAME --paddleclas {place}", err=True)


def _fraction(top1: float | None) -> float | None:
    return top1 / 100 if top1 is not None and top1 > 1 else top1


def _show(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
