"""`edgezoo eval`: accuracy on labelled images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import completing, once, options
from edge.cli import preprocessing as preparing
from edge.cli.parameters import DAY, HOST_ENGINE, Finite
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.evaluate.options import EvalOptions
    from edge.report.view import View


@once.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME|FILE...", shell_complete=completing.models_and_files)
@click.option("--data", type=click.Path(path_type=Path), required=True, metavar="DIR",
              help="The images: one sub-folder a class, or what --list names.")  # fmt: skip
@click.option("--list", "listing", type=click.Path(path_type=Path), metavar="FILE",
              help="Lines of an image's path below DIR and its class index, as PaddleClas' val_list.txt.")  # fmt: skip
@click.option("--labels", type=click.Path(path_type=Path), metavar="FILE",
              help="The folders' names in the order of the network's classes, one a line.  [default: folders named by "
              "numbers are these classes; others are counted in sorted order, as ImageNet's]")  # fmt: skip
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Judge N images only, evenly spread over all.")
@options.device("spec", default="host", metavar="host|SERIAL|android",
                says="Where to judge: this machine, a device, or the only Android device.")  # fmt: skip
@options.adb_server
@click.option("--runner", metavar="edgebench|PATH",
              help="The benchmark program that judges.  [default: edgebench on a device, none on this machine]")  # fmt: skip
@click.option("--timeout", type=Finite(0, DAY, min_open=True), metavar="S",
              help="How long the benchmark program may take for one batch of images.  [default: 3600]")  # fmt: skip
@click.option("--allow-synthetic", is_flag=True, help="Keep the numbers of a program that only pretends to compute.")
@options.weights_of_names
@click.option("--precision", type=click.Choice(["fp32", "fp16", "int8", "int16"]), help="Of NAMEs.  [default: fp32]")
@click.option("--engine", type=HOST_ENGINE, metavar="ENGINE|VERSION",
              help="paddle-lite, onnxruntime, paddle (its own program: a NAME or a directory), or a Paddle-Lite version; "
              "on a device the one that converts NAMEs.  [default: by the file]")  # fmt: skip
@click.option("--output", metavar="NAME", help="The output that is judged, of a network that has several.")
@preparing.options
@click.option("--predictions", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.csv",
              help="Also write what each network said of each image.")  # fmt: skip
@tabular(
    *("model", "weights", "precision", "bytes", "images", "top1", "top1-interval", "top5", "top5-interval", "published")
)
@options.db
@options.quiet
@options.as_json
@options.gathered("edge.evaluate.options", "EvalOptions")
def command(asked: EvalOptions, predictions: Path | None, quiet: bool, as_json: bool, view: View) -> None:
    """Measure the accuracy of networks on labelled images, on this machine or on an Android device: top-1 and top-5.

    A NAME of the catalogue is converted first, for the device at hand; a FILE.nb must have been made for it (this
    machine: --target x86, a phone: arm); a FILE.onnx runs in ONNX Runtime, on a device with --engine onnxruntime.
    The images are prepared here, as the metadata beside the file says, which for the catalogue is PaddleClas' own
    evaluation; a network whose preprocessing nobody said is refused until it is. To a device images go batch by
    batch, and each batch is removed when it is judged. Images that cannot be read are named, and are in no accuracy;
    the exit code is then 1. The intervals are Wilson's, at 95 %.

    What came of each network is kept in the results database: `edgezoo results accuracy` lists it and compares two of
    the same images, and it stands beside latencies.

    \b
    Examples:
      edgezoo eval PPLCNet_x1_0 --data ILSVRC2012/val --limit 2000
      edgezoo eval MobileNetV3_large_x1_0 --data ILSVRC2012 --list val_list.txt --precision int8
      edgezoo eval nets/flowers-fp32.nb nets/flowers-int8.nb --data flowers
      edgezoo eval MobileNetV3_large_x1_0_ssld --data ILSVRC2012/val --precision fp16 -s 3f2a1b
    """
    from edge.cli.output import ProgressLine, print_json, write_file
    from edge.evaluate import report
    from edge.evaluate.judge import judge

    options.check_output(predictions)
    with ProgressLine(quiet=quiet, resumes="Networks judged to their end are kept, and conversions.") as progress:
        made = judge(asked, progress, options.tracer())
    if predictions is not None:
        write_file(predictions, report.predictions_csv(made.judged))
    if as_json:
        print_json([report.as_dict(one) for one in made.judged])
    elif made.judged:
        click.echo(report.table(made.judged, view))
    if made.failed or any(one.evaluation.unreadable for one in made.judged):
        raise SystemExit(1)
