"""`edgezoo bench`: latency on this machine or on Android devices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli import options

if TYPE_CHECKING:
    from edge.bench.host_engines import HostEngine
    from edge.bench.request import Job
    from edge.bench.wanted import Wanted
    from edge.cli.output import ProgressLine
    from edge.convert.order import Conversion, Product
    from edge.device.base import Device
    from edge.errors import EdgezooError
    from edge.results.protocol import Protocol


@click.command()
@click.argument("names", nargs=-1, metavar="NAME|FILE...")
@options.selection
@click.option("-s", "--device", "spec", metavar="host|SERIAL|all",
              help="Where to measure: this machine, a device, or every device.  [default: the only device]")  # fmt: skip
@click.option("--adb-server", metavar="HOST:PORT", help="The adb server.  [default: as adb itself finds it]")
@click.option("--threads", default="1,2,4", show_default=True, metavar="N,...", help="Thread counts, each one a cell.")
@click.option("--protocol", "protocol_name", type=click.Choice(["robust", "table"]), default="robust",
              show_default=True, help="robust: medians over launches with intervals; table: as the published table was "
              "made, one launch, 10 and 30 runs, the mean.")  # fmt: skip
@click.option(
    "--warmup", type=click.IntRange(0), metavar="N", help="Warm-up runs of a launch, instead of runs and time."
)
@click.option(
    "--repeats", type=click.IntRange(1), metavar="N", help="Measured runs of a launch, instead of runs and time."
)
@click.option("--launches", type=click.IntRange(1), metavar="N", help="At least so many launches a cell.")
@click.option("--tolerance", type=click.FloatRange(0, min_open=True), metavar="PERCENT",
              help="Stop when the 95 % interval is within so much of the median.  [default: 1]")  # fmt: skip
@click.option(
    "--cooldown", type=click.FloatRange(0), metavar="S", help="Seconds between launches.  [default: 1, host 0]"
)
@click.option("--cool-limit", type=click.FloatRange(0), default=300.0, show_default=True, metavar="S",
              help="How long to wait for a hot device before it is measured hot, and marked.")  # fmt: skip
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=600.0, show_default=True, metavar="S",
              help="How long one launch may take.")  # fmt: skip
@click.option("--seed", type=int, metavar="N", help="The seed of the launches' order.  [default: a new one, kept]")
@click.option("--power-mode", type=click.IntRange(0, 5), metavar="0-5",
              help="Paddle-Lite's: 0 HIGH, 1 LOW, 2 FULL, 3 NO_BIND, 4 RAND_HIGH, 5 RAND_LOW.  [default: 0]")  # fmt: skip
@click.option("--cores", metavar="7,6", help="Bind to these cores instead.")
@click.option("--input", "fill", default="ones", show_default=True, metavar="ones|seed:S", help="What the inputs hold.")
@click.option("--shape", multiple=True, metavar="1,3,224,224", help="Input shape of a FILE without metadata.")
@options.weights_of_names
@click.option("--precision", type=click.Choice(["fp32", "fp16", "int8", "int16"]), help="Of NAMEs.  [default: fp32]")
@click.option("--target", type=click.Choice(["arm", "x86", "opencl,arm"]), help="Of NAMEs.  [default: the device's]")
@click.option("--engine", metavar="paddle-lite|onnxruntime|paddle|VERSION",
              help="What runs the networks on this machine; a VERSION is Paddle-Lite's, and on a device the one that "
              "converts NAMEs.  [default: paddle-lite]")  # fmt: skip
@click.option("--runner", metavar="edgebench|PATH", help="The benchmark program: edgezoo's, or your benchmark_bin.")
@click.option("--runner-kind", type=click.Choice(["edgebench", "benchmark_bin", "benchmark_bin_v8"]),
              help="What the program at PATH is, where it cannot be asked.")  # fmt: skip
@click.option("--check-output", is_flag=True, help="Also compare each network's output there with Paddle's own.")
@click.option("--allow-synthetic", is_flag=True, help="Keep the numbers of a program that only pretends to compute.")
@click.option("--fresh", is_flag=True, help="Measure again what is measured already.")
@click.option(
    "--keep-invalid", is_flag=True, help="Measure nothing again, not even what was measured and is not valid."
)
@options.db
@options.report
@options.quiet
def command(
    names: tuple[str, ...],
    series: tuple[str, ...],
    light: bool,
    everything: bool,
    spec: str | None,
    adb_server: str | None,
    cool_limit: float,
    timeout: float,
    seed: int | None,
    threads: str,
    runner: str | None,
    runner_kind: str | None,
    engine: str | None,
    check_output: bool,
    allow_synthetic: bool,
    fresh: bool,
    keep_invalid: bool,
    db: Path | None,
    form: str,
    output: Path | None,
    ratio: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Measure the latency of models and print a table with the columns of the published one.

    A NAME of the catalogue is converted first, for the device at hand. Every raw sample is kept: a run that was
    interrupted goes on where it stopped, and what is measured is not measured again. The exit code is 1 if any model
    or thread count failed.

    \b
    Examples:
      edgezoo bench PPLCNet_x1_0 MobileNetV3_large_x1_0 --weights random --device host
      edgezoo bench --light --threads 1,2,4
      edgezoo bench PPLCNet_x1_0 --device host --engine onnxruntime
      edgezoo bench models/GhostNet_x1_0.nb -s 3f2a1b --protocol table --check-output
    """
    import secrets

    from edge.bench.fleet import DeviceRequest, measure_everywhere
    from edge.bench.gate import Gate
    from edge.bench.host_engines import host_engine
    from edge.bench.programs import find_runner
    from edge.bench.request import Request
    from edge.cli.output import ProgressLine, print_report
    from edge.device.discover import open_device
    from edge.errors import BenchError, DeviceError

    runs = host_engine(engine)
    wanted = _wanted(options.selected(names, series=series, light=light, everything=everything), runs, given)
    counts = _numbers("--threads", threads)
    order = secrets.randbits(32) if seed is None else seed
    devices = open_device(spec, adb_server)
    failed = 0
    with ProgressLine(quiet=quiet) as progress:
        places = []
        for device in devices:
            try:
                program = find_runner(device, runner, kind=runner_kind, engine=runs, say=progress.line)
                jobs, errors = _prepare(wanted, device, progress)
                protocol = program.fit(_protocol(device, given))
            except (DeviceError, BenchError) as error:
                if len(devices) == 1:
                    raise
                progress.line(f"{device.serial}: {_sentence(error)}")
                failed += 1
                continue
            failed += errors
            request = Request(
                tuple(jobs),
                counts,
                protocol,
                order,
                fresh=fresh,
                keep_invalid=keep_invalid,
                synthetic_allowed=allow_synthetic,
                launch_timeout=timeout,
                gate=Gate(limit_seconds=cool_limit),
            )
            places.append(DeviceRequest(device, program, request))
        outcomes = measure_everywhere(places, options.database(db), progress, check_outputs=check_output)
        for outcome in outcomes:
            if outcome.error is not None:
                progress.line(f"{outcome.place.device.serial}: {_sentence(outcome.error)}")
    cells = [cell for outcome in outcomes for cell in outcome.cells]
    if cells or form == "json":
        print_report(cells, form=form, output=output, ratio=ratio)
    failed += sum(cell.status == "failed" for cell in cells)
    if failed or any(outcome.error or outcome.differ for outcome in outcomes):
        raise SystemExit(1)


def _sentence(error: EdgezooError) -> str:
    return error.message + (f" ({error.hint})" if error.hint else "")


def _wanted(names: Sequence[str], engine: HostEngine, given: dict[str, Any]) -> Wanted:
    from edge.bench.wanted import Wanted
    from edge.source.weights import Weights

    shapes = tuple(_numbers("--shape", text) for text in given["shape"])
    return Wanted(
        tuple(names),
        Weights.parse(given["weights"]),
        precision=given["precision"],
        target=given["target"],
        engine=engine,
        shapes=shapes or None,
    )


def _prepare(wanted: Wanted, device: Device, progress: ProgressLine) -> tuple[list[Job], int]:
    """The files for that device, and how many models could not be had."""
    from edge.bench.models import prepare

    def done(outcome: Conversion[Product]) -> None:
        if not outcome.reused and outcome.error is None:
            progress.line(f"{outcome.order.name}: converted for {outcome.order.runs}")

    jobs, errors = prepare(wanted, device.properties(), done=done, progress=progress.download, say=progress.line)
    for error in errors:
        progress.line(_sentence(error))
        options.traced(error)
    return jobs, len(errors)


def _protocol(device: Device, given: dict[str, Any]) -> Protocol:
    """The protocol asked for; on a device with a pause between launches, and bound to its big cores."""
    import re

    from edge.errors import UsageError
    from edge.results.protocol import protocol

    if not re.fullmatch(r"ones|seed:\d+", given["fill"]):
        raise UsageError(f"--input {given['fill']} is none", hint="ones, or seed:S with a number S")
    cores = _numbers("--cores", given["cores"]) if given["cores"] else None
    pause = 0.0 if device.properties().kind == "host" else 1.0
    return protocol(
        given["protocol_name"],
        warmup=given["warmup"],
        repeats=given["repeats"],
        launches=given["launches"],
        tolerance=None if given["tolerance"] is None else given["tolerance"] / 100,
        cooldown_s=pause if given["cooldown"] is None else given["cooldown"],
        input=given["fill"],
        power_mode=0 if given["power_mode"] is None and cores is None else given["power_mode"],
        cores=cores,
    )


def _numbers(option: str, text: str) -> tuple[int, ...]:
    from edge.errors import UsageError

    parts = [part.strip() for part in text.split(",")]
    least = 0 if option == "--cores" else 1
    if not all(part.isdecimal() and int(part) >= least for part in parts):
        raise UsageError(f"{option} {text} is no list of numbers", hint=f"for instance {option} {_EXAMPLES[option]}")
    return tuple(dict.fromkeys(map(int, parts))) if option != "--shape" else tuple(map(int, parts))


_EXAMPLES = {"--threads": "1,2,4", "--cores": "7,6", "--shape": "1,3,224,224"}
