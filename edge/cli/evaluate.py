"""`edgezoo eval`: accuracy on labelled images."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli import options
from edge.cli import preprocessing as preparing

if TYPE_CHECKING:
    from edge.bench.host_engines import HostEngine
    from edge.bench.request import Job
    from edge.cli.output import ProgressLine
    from edge.device.base import Device, Properties
    from edge.errors import EdgezooError
    from edge.evaluate.report import Judged
    from edge.evaluate.session import Candidate
    from edge.images.dataset import Dataset
    from edge.images.overrides import Overrides


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME|FILE...")
@click.option("--data", type=click.Path(path_type=Path), required=True, metavar="DIR",
              help="The images: one sub-folder a class, or what --list names.")  # fmt: skip
@click.option("--list", "listing", type=click.Path(path_type=Path), metavar="FILE",
              help="Lines of an image's path below DIR and its class index, as PaddleClas' val_list.txt.")  # fmt: skip
@click.option("--labels", type=click.Path(path_type=Path), metavar="FILE",
              help="The folders' names in the order of the network's classes, one a line.  [default: folders named by "
              "numbers are these classes; others are counted in sorted order, as ImageNet's]")  # fmt: skip
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Judge N images only, evenly spread over all.")
@click.option("-s", "--device", "spec", default="host", show_default=True, metavar="host|SERIAL|android",
              help="Where to judge: this machine, a device, or the only Android device.")  # fmt: skip
@click.option("--adb-server", metavar="HOST:PORT", help="The adb server.  [default: as adb itself finds it]")
@click.option("--runner", metavar="edgebench|PATH",
              help="The benchmark program that judges.  [default: edgebench on a device, none on this machine]")  # fmt: skip
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=3600.0, show_default=True, metavar="S",
              help="How long the benchmark program may take for one batch of images.")  # fmt: skip
@click.option("--allow-synthetic", is_flag=True, help="Keep the numbers of a program that only pretends to compute.")
@options.weights_of_names
@click.option("--precision", type=click.Choice(["fp32", "fp16", "int8", "int16"]), help="Of NAMEs.  [default: fp32]")
@click.option("--engine", metavar="ENGINE|VERSION",
              help="paddle-lite, onnxruntime, paddle (its own program: a NAME or a directory), or a Paddle-Lite version; "
              "on a device the one that converts NAMEs.  [default: by the file]")  # fmt: skip
@preparing.options
@click.option("--predictions", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.csv",
              help="Also write what each network said of each image.")  # fmt: skip
@options.quiet
@options.as_json
def command(
    names: tuple[str, ...],
    data: Path,
    listing: Path | None,
    labels: Path | None,
    limit: int | None,
    spec: str,
    adb_server: str | None,
    engine: str | None,
    predictions: Path | None,
    quiet: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Measure the accuracy of networks on labelled images, on this machine or on an Android device: top-1 and top-5.

    A NAME of the catalogue is converted first, for the device at hand; a FILE.nb must have been made for it (this
    machine: --target x86, a phone: arm); a FILE.onnx runs in ONNX Runtime, here only. The images are prepared here, as
    the metadata beside the file says, which for the catalogue is PaddleClas' own evaluation; to a device they go batch
    by batch, and each batch is removed when it is judged. Images that cannot be read are named, and are in no accuracy;
    the exit code is then 1. The intervals are Wilson's, at 95 %.

    \b
    Examples:
      edgezoo eval PPLCNet_x1_0 --data ILSVRC2012/val --limit 2000
      edgezoo eval MobileNetV3_large_x1_0 --data ILSVRC2012 --list val_list.txt --precision int8
      edgezoo eval nets/flowers-fp32.nb nets/flowers-int8.nb --data flowers --resize-short 256
      edgezoo eval MobileNetV3_large_x1_0_ssld --data ILSVRC2012/val --precision fp16 -s 3f2a1b
    """
    from edge.cli.output import ProgressLine, print_json, write_file
    from edge.evaluate import report

    overrides = preparing.overrides(given)
    dataset = _dataset(data, listing, labels, limit)
    with ProgressLine(quiet=quiet) as progress:
        device = _device(spec, adb_server)
        if spec == "host" and given["runner"] is None:
            judged, failed = _judge_here(names, engine, given, dataset, overrides, progress)
        else:
            judged, failed = _judge_there(names, engine, given, device, dataset, overrides, progress)
    if predictions is not None:
        write_file(predictions, report.predictions_csv(judged))
    if as_json:
        print_json([report.as_dict(one) for one in judged])
    elif judged:
        click.echo(report.table(judged))
    if failed or any(one.evaluation.unreadable for one in judged):
        raise SystemExit(1)


def _dataset(data: Path, listing: Path | None, labels: Path | None, limit: int | None) -> Dataset:
    from edge.errors import UsageError
    from edge.images.dataset import read_folders, read_list

    if listing is not None:
        if labels is not None:
            raise UsageError("--list has the classes in it: --labels is for folders", hint="leave one of them out")
        dataset = read_list(data, listing if listing.exists() else data / listing)
    else:
        from edge.package.labels import read_labels

        dataset = read_folders(data, read_labels(str(labels)) if labels else None)
    return dataset.spread(limit) if limit else dataset


def _device(spec: str, adb_server: str | None) -> Device:
    from edge.device.discover import open_device
    from edge.errors import UsageError

    if spec == "all":
        raise UsageError("eval judges on one device at a time", hint="name it with -s SERIAL")
    (device,) = open_device(None if spec == "android" else spec, adb_server)
    return device


def _judge_here(
    names: tuple[str, ...],
    engine: str | None,
    given: dict[str, Any],
    dataset: Dataset,
    overrides: Overrides,
    progress: ProgressLine,
) -> tuple[list[Judged], int]:
    """In this machine's engines; also how many networks could not be had."""
    from edge.evaluate.session import judge_on_host

    candidates, failed = _candidates(names, engine, given, progress)
    return judge_on_host(candidates, dataset, overrides, progress), failed


def _judge_there(
    names: tuple[str, ...],
    engine: str | None,
    given: dict[str, Any],
    device: Device,
    dataset: Dataset,
    overrides: Overrides,
    progress: ProgressLine,
) -> tuple[list[Judged], int]:
    """By the benchmark program of a device, or of this machine."""
    from edge.bench.host_engines import host_engine
    from edge.bench.programs import find_runner
    from edge.evaluate.session import EvaluationDevice, judge_on_device

    runs = host_engine(engine)
    place = EvaluationDevice(
        device,
        find_runner(device, given["runner"], engine=runs, say=progress.line),
        launch_timeout=given["timeout"],
        synthetic_allowed=given["allow_synthetic"],
    )
    jobs, failed = _jobs(names, runs, device.properties(), given, progress)
    return judge_on_device(jobs, place, dataset, overrides, progress), failed


def _jobs(
    names: tuple[str, ...], runs: HostEngine, device: Properties, given: dict[str, Any], progress: ProgressLine
) -> tuple[list[Job], int]:
    """The files for a device in the order named, and how many could not be had."""
    from edge.bench.models import prepare
    from edge.bench.wanted import Wanted
    from edge.source.weights import Weights

    wanted = Wanted(names, Weights.parse(given["weights"]), precision=given["precision"], engine=runs)
    jobs, errors = prepare(wanted, device, progress=progress.download, say=progress.line)
    for error in errors:
        progress.line(_sentence(error))
    return jobs, len(errors)


def _sentence(error: EdgezooError) -> str:
    return error.message + (f" ({error.hint})" if error.hint else "")


def _candidates(
    names: tuple[str, ...], engine: str | None, given: dict[str, Any], progress: ProgressLine
) -> tuple[list[Candidate], int]:
    """The networks with their engines in the order named, and how many could not be had."""
    from edge.bench.host_engines import host_engine
    from edge.device.host import HostDevice
    from edge.evaluate.session import Candidate

    here = HostDevice().properties()
    candidates: list[Candidate] = []
    failed = 0
    # Each kind of file has an engine of its own; names that follow one another and share it are converted together.
    for chosen, group in groupby(names, lambda name: engine or ("onnxruntime" if name.endswith(".onnx") else None)):
        runs = host_engine(chosen)
        jobs, errors = _jobs(tuple(group), runs, here, given, progress)
        candidates += [Candidate(job, runs if engine else _own_version(job, runs)) for job in jobs]
        failed += errors
    return candidates, failed


def _own_version(job: Job, runs: HostEngine) -> HostEngine:
    """The version of Paddle-Lite that made a file: an older one may die on it."""
    from dataclasses import replace

    from edge.metadata.file import origin_of

    made_by = origin_of(job.subject.metadata, job.subject.name).engine
    return replace(runs, version=made_by.version) if made_by and runs.model == "nb" else runs
