"""`edgezoo bench`: latency on this machine or on Android devices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import completing, once, options
from edge.cli.cells import OF_CELLS, OF_ENGINES, OF_SUSTAINED
from edge.cli.parameters import COUNT, DAY, DURATION, HOST_ENGINES, SEED, Finite, Numbers
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.bench.options import BenchOptions
    from edge.report.view import View


@once.command()
@click.argument("names", nargs=-1, metavar="NAME|FILE...", shell_complete=completing.models_and_files)
@options.selection
@options.device("spec", metavar="host|SERIAL|ssh:HOST|NAME|all",
                says="Where to measure: this machine, a device, a board over ssh or by its name in hosts.toml, or all devices "
                "that adb sees.  [default: the only one of these]")  # fmt: skip
@options.adb_server
@click.option(
    "--lab", metavar="HOST[:PORT]", help="Reserve devices of the lab with this labgrid coordinator, and measure there."
)
@click.option("--match", multiple=True, metavar="TAG=VALUE",
              help="With --lab: only places with this tag, for instance soc=sd855; may be repeated.")  # fmt: skip
@click.option("--devices", type=click.IntRange(1, 1000), metavar="N", help="With --lab: so many places.  [default: 1]")
@click.option("--split", is_flag=True,
              help="With --devices: each model on one of them, where they are equal, instead of all on each.")  # fmt: skip
@click.option("--plan", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.toml",
              help="Measure what is missing of a plan: models, engines, precisions, threads, devices.")  # fmt: skip
@click.option(
    "--threads",
    type=Numbers("1,2,4"),
    metavar="N,...",
    help="Thread counts, each one a cell.  [default: 1,2,4; of intel-table 10]",
)
@click.option("--protocol", "protocol_name", type=click.Choice(["robust", "table", "intel-table"]), default="robust",
              show_default=True, help="robust: medians over launches with intervals; table: as the published table was "
              "made, one launch, 10 and 30 runs, the mean; intel-table: as its column of a Xeon 6148, here.")  # fmt: skip
@click.option(
    "--warmup", type=click.IntRange(0, COUNT), metavar="N", help="Warm-up runs of a launch, instead of runs and time."
)
@click.option(
    "--repeats", type=click.IntRange(1, COUNT), metavar="N", help="Measured runs of a launch, instead of runs and time."
)
@click.option("--launches", type=click.IntRange(1, COUNT), metavar="N", help="At least so many launches a cell.")
@click.option("--tolerance", type=Finite(0, 100, min_open=True), metavar="PERCENT",
              help="Stop when the launches show that the median holds within so much.  [default: 1]")  # fmt: skip
@click.option("--compare", is_flag=True,
              help="Of two models: measure them in turn until it is decided which is faster, and say so.")  # fmt: skip
@click.option("--max-launches", type=click.IntRange(10, COUNT), metavar="N",
              help="With --compare: leave it undecided after so many launches of each.  [default: 40]")  # fmt: skip
@click.option("--sustained", type=DURATION, metavar="10m",
              help="Run each model for so long (s, m, h) in windows of 10 s, and set the steady latency against the "
              "start's.")  # fmt: skip
@click.option(
    "--cooldown",
    type=Finite(0, DAY),
    metavar="S",
    help="Seconds between launches, beside what the gate waits.  [default: 0]",
)
@click.option("--cool-limit", type=Finite(0, DAY), default=300.0, show_default=True, metavar="S",
              help="How long to wait for a hot device before it is measured hot, and marked.")  # fmt: skip
@click.option("--timeout", type=Finite(0, DAY, min_open=True), default=600.0, show_default=True, metavar="S",
              help="How long one launch may take.")  # fmt: skip
@click.option("--seed", type=SEED, metavar="N", help="The seed of the launches' order.  [default: a new one, kept]")
@click.option("--power-mode", type=click.IntRange(0, 5), metavar="0-5",
              help="Paddle-Lite's: 0 HIGH, 1 LOW, 2 FULL, 3 NO_BIND, 4 RAND_HIGH, 5 RAND_LOW.  [default: 0]")  # fmt: skip
@click.option("--cores", type=Numbers("7,6", least=0), metavar="7,6", help="Bind to these cores instead.")
@click.option("--input", "fill", default="ones", show_default=True, metavar="ones|seed:S", help="What the inputs hold.")
@click.option(
    "--shape",
    type=Numbers("1,3,224,224", distinct=False),
    multiple=True,
    metavar="1,3,224,224",
    help="Input shape of a FILE without metadata.",
)
@options.weights_of_names
@click.option("--precision", type=click.Choice(["fp32", "fp16", "int8", "int16", "int8-static"]),
              help="Of NAMEs; int8-static also with ONNX Runtime.  [default: fp32]")  # fmt: skip
@click.option(
    "--calibrate", type=click.Path(path_type=Path), metavar="DIR", help="Images to calibrate int8-static with."
)
@click.option("--target", type=click.Choice(["arm", "x86", "opencl,arm"]), help="Of NAMEs.  [default: the device's]")
@click.option("--engine", type=HOST_ENGINES, metavar="NAME,...|all|VERSION",
              help="What runs the networks on this machine: paddle-lite, onnxruntime, openvino, ncnn, mnn, litert, paddle, or "
              "paddle-plain (without oneDNN). Several are measured in turn and compared with the first. A VERSION is "
              "Paddle-Lite's, and on a device the one that converts NAMEs.  [default: paddle-lite]")  # fmt: skip
@click.option("--runner", metavar="edgebench|PATH", help="The benchmark program: edgezoo's, or your benchmark_bin.")
@click.option("--runner-kind", type=click.Choice(["edgebench", "benchmark_bin", "benchmark_bin_v8"]),
              help="What the program at PATH is, where it cannot be asked.")  # fmt: skip
@click.option(
    "--check-output",
    is_flag=True,
    help="Also compare each network's output there with Paddle's own, with every number of threads asked for.",
)
@options.judged_with
@click.option("--allow-synthetic", is_flag=True, help="Keep the numbers of a program that only pretends to compute.")
@click.option("--fresh", is_flag=True, help="Measure again what is measured already.")
@click.option(
    "--keep-invalid", is_flag=True, help="Measure nothing again, not even what was measured and is not valid."
)
@options.db
@options.report
@tabular(*OF_CELLS, *OF_ENGINES, *OF_SUSTAINED)
@options.quiet
@options.gathered("edge.bench.options", "BenchOptions")
def command(asked: BenchOptions, form: str | None, output: Path | None, ratio: bool, quiet: bool, view: View) -> None:
    """Measure the latency of models and print a table with the columns of the published one.

    A NAME of the catalogue is converted first, for the device at hand. Every raw sample is kept: a run that was
    interrupted goes on where it stopped, and what is measured is not measured again (but with --fresh). The exit
    code is 1 if any model or thread count failed.

    \b
    Examples:
      edgezoo bench PPLCNet_x1_0 MobileNetV3_large_x1_0 --weights random --device host
      edgezoo bench --light --threads 1,2,4
      edgezoo bench PPLCNet_x1_0 --device host --engine onnxruntime
      edgezoo bench PPLCNet_x1_0 --device ssh:pi@raspberrypi.local
      edgezoo bench PPLCNet_x1_0 GhostNet_x0_5 --device host --engine onnxruntime,openvino,ncnn,mnn --threads 1
      edgezoo bench before.nb after.nb --threads 4 --compare
      edgezoo bench --series PPLCNet --threads 4 --sustained 10m
      edgezoo bench --light --threads 1,4 --lab rig:20408 --match soc=sd855 --devices 2
      edgezoo bench --plan plan.toml
      edgezoo bench models/GhostNet_x1_0.nb -s 3f2a1b --protocol table --check-output
    """
    from edge.bench.benchmark import benchmark
    from edge.bench.resuming import going_on
    from edge.cli.output import ProgressLine, print_compared, print_engines, print_report, print_sustained

    options.check_output(output)
    form = options.form_of(form, output)
    resumes = f"Every launch is kept; {going_on(asked.protocol().base, fresh=asked.fresh)}."
    with ProgressLine(quiet=quiet, resumes=resumes, once_kept=True) as progress:
        made = benchmark(asked, options.database(asked.db), progress, options.tracer())
    intel = asked.protocol_name == "intel-table"
    if asked.compare and form in ("text", "json"):
        print_compared(made.cells, form=form, output=output)
    elif made.cells and asked.sustained is not None and form == "text":
        print_sustained(made.cells, output=output, view=view)
    elif intel or len(asked.engines) > 1:
        first = asked.engines[0] if len(asked.engines) > 1 else None
        print_engines(made.cells, made.missing, first, intel=intel, form=form, output=output, view=view)
    elif made.cells or form == "json":
        print_report(made.cells, form=form, output=output, ratio=ratio, view=view)
    if made.failed:
        raise SystemExit(1)
