"""`edgezoo choose`: which networks fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edge.cli import once, options
from edge.cli.parameters import Finite
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.decide.answer import ChooseOptions
    from edge.report.view import View


@once.command()
@click.option("--max-ms", type=Finite(0, min_open=True), metavar="MS", help="Latency of at most MS ms.")
@click.option("--threads", type=click.IntRange(1, 256), default=1, show_default=True, metavar="N",
              help="The thread count that the latencies are of; 1, 2 and 4 were published.")  # fmt: skip
@click.option("--min-top1", type=Finite(0, 100, min_open=True), metavar="X",
              help="Top-1 of at least X (0.7 and 70 mean the same).")  # fmt: skip
@click.option("--max-mb", type=Finite(0, min_open=True), metavar="MB", help="A file of at most MB megabytes.")
@options.device("device", default="sd855", metavar="SERIAL|host|sd855",
                says="What was measured there (a serial number, an address, or host); sd855: any phone with a Snapdragon 855, "
              "and what PaddleClas published of one.")  # fmt: skip
@click.option("--weights", type=click.Choice(["all", "ssld"]), default="all", show_default=True,
              help="Only networks with distilled weights, or all.")  # fmt: skip
@click.option("--source", type=click.Choice(["measured", "published", "estimated"]),
              help="Latencies of this source alone.  [default: of each network the most trusted, in this order]")  # fmt: skip
@click.option("--on", metavar="DATA",
              help="Accuracies as `edgezoo eval` found them on this set of images (its folder's name, or the beginning of its "
              "hash).  [default: as published]")  # fmt: skip
@tabular("rank", "model", "precision", "ms", "top1", "mb", "misses-by", "beware")
@options.db_there
@options.as_json
@options.gathered("edge.decide.answer", "ChooseOptions")
def command(asked: ChooseOptions, as_json: bool, view: View) -> None:
    """Choose networks by latency, accuracy and size: what fits, best first, with the Pareto front marked.

    The most accurate of what fits comes first; where an accuracy is asked for and no latency, the fastest. Every number
    says where it comes from. What an interval does not tell apart is of equal rank (=), and a limit that lies inside of
    an interval is said (straddles). Where nothing fits, the nearest are shown, and what they miss by.

    A measured latency counts for the network whatever weights it was measured with; accuracies are those published, of
    the published weights in float32, or with --on those that were judged here, all on the same images.

    \b
    Examples:
      edgezoo choose --max-ms 10 --threads 4 --min-top1 0.70 --max-mb 12
      edgezoo choose --min-top1 75 --weights ssld
      edgezoo choose --max-ms 10 -s 3f2a1b --source measured
    """
    from edge.cli.results_options import tell_of
    from edge.decide.answer import answer
    from edge.report import choice

    found = answer(asked)
    if as_json:
        from edge.cli.output import print_json

        print_json(choice.as_dict(found))
    else:
        click.echo(choice.render(found, view), nl=False)
    tell_of(found.damaged)
