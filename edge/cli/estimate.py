"""`edgezoo estimate`: latencies without a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edge.cli import completing, once, options
from edge.cli.parameters import Numbers
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.decide.ask import EstimateOptions
    from edge.report.view import View


@once.command()
@click.argument("names", nargs=-1, metavar="NAME|FILE...", shell_complete=completing.models_and_files)
@click.option("--threads", type=Numbers("1,2,4"), default="1,2,4", show_default=True, metavar="1,2,4",
              help="Thread counts, of those that were published.")  # fmt: skip
@options.device("calibrate_on", metavar="SERIAL", also=("--calibrate-on",),
                says="Estimate for this device, from what was measured there (one network or more, float32).")  # fmt: skip
@click.option("--input-shape", type=Numbers("1,3,320,320", distinct=False), metavar="N,C,H,W",
              help="The shape of the (first) input, where a file leaves it open.")  # fmt: skip
@click.option("--evaluate", is_flag=True,
              help="Show how far estimates are off: each published network, estimated from the others.")  # fmt: skip
@tabular("model", "case", "ms", "without", "networks", "mean", "nine")
@options.db_there
@options.quiet
@options.as_json
@options.gathered("edge.decide.ask", "EstimateOptions")
def command(asked: EstimateOptions, quiet: bool, as_json: bool, view: View) -> None:
    """Estimate the latency on a Snapdragon 855, or on a device where something was measured, without running the network.

    A NAME of the catalogue, a FILE.nb that was made for arm in float32, or a folder with a Paddle inference model (which
    is converted first). The network's work is counted (multiply-accumulates, weights, values moved, operators) and
    weighed with costs that are fitted to the latencies that PaddleClas publishes.

    Every estimate says its case: family (the table has others of its series), near (operators as the table's, another
    network), far (no number is given); and what nine of ten estimates of that case were within. It is no measurement.

    \b
    Examples:
      edgezoo estimate PPLCNetV2_base MobileNetV3_large_x1_0
      edgezoo estimate models/flowers.nb --threads 4
      edgezoo estimate nets/flowers --calibrate-on 3f2a1b
      edgezoo estimate --evaluate
    """
    from edge.cli.output import ProgressLine, print_json
    from edge.cli.results_options import tell_of
    from edge.decide.ask import ask
    from edge.decide.fitted import fitted
    from edge.report import estimates

    if asked.evaluate:
        made = {count: fitted(count) for count in asked.threads}
        if as_json:
            print_json(estimates.evaluation_as_dict(made))
        else:
            click.echo(estimates.evaluation(made, view), nl=False)
        return
    with ProgressLine(quiet=quiet) as progress:
        found, damaged = ask(asked, progress.line)
    if as_json:
        print_json([estimates.as_dict(one) for one in found])
    else:
        click.echo(estimates.render(found, asked.calibrate_on, view), nl=False)
    tell_of(damaged)
