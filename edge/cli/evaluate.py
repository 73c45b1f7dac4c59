"""`edgezoo eval`: accuracy on labelled images."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli import options, preparing

if TYPE_CHECKING:
    from edge.bench.host_engines import HostEngine
    from edge.bench.request import Job
    from edge.cli.output import Progress
    from edge.evaluate.dataset import Dataset
    from edge.evaluate.session import Candidate


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
@options.weights_of_names
@click.option("--precision", type=click.Choice(["fp32", "int8", "int16"]), help="Of NAMEs.  [default: fp32]")
@click.option("--engine", metavar="ENGINE|VERSION",
              help="paddle-lite, onnxruntime, paddle (its own program: a NAME or a directory), or a Paddle-Lite version. "
              " [default: by the file]")  # fmt: skip
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
    engine: str | None,
    predictions: Path | None,
    quiet: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Measure the accuracy of networks on labelled images, on this machine's engine: top-1 and top-5.

    A NAME of the catalogue is converted for this machine first; a FILE.nb must have been made for it (--target x86); a
    FILE.onnx runs in ONNX Runtime. The images are prepared as the metadata beside the file says, which for the
    catalogue is PaddleClas' own evaluation. Images that cannot be read are named, and are in no accuracy; the exit code
    is then 1. The intervals are Wilson's, at 95 %.

    \b
    Examples:
      edgezoo eval PPLCNet_x1_0 --data ILSVRC2012/val --limit 2000
      edgezoo eval MobileNetV3_large_x1_0 --data ILSVRC2012 --list val_list.txt --precision int8
      edgezoo eval nets/flowers-fp32.nb nets/flowers-int8.nb --data flowers --resize-short 256
    """
    from edge.cli.output import Progress, print_json, write_file
    from edge.evaluate import report
    from edge.evaluate.session import judge_on_host

    said = preparing.said(given)
    dataset = _dataset(data, listing, labels, limit)
    with Progress(quiet=quiet) as progress:
        candidates, failed = _candidates(names, engine, given, progress)
        judged = judge_on_host(candidates, dataset, said, progress)
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
    from edge.evaluate.dataset import read_folders, read_list

    if listing is not None:
        if labels is not None:
            raise UsageError("--list has the classes in it: --labels is for folders", hint="leave one of them out")
        dataset = read_list(data, listing if listing.exists() else data / listing)
    else:
        from edge.package.labels import read_labels

        dataset = read_folders(data, read_labels(str(labels)) if labels else None)
    return dataset.spread(limit) if limit else dataset


def _candidates(
    names: tuple[str, ...], engine: str | None, given: dict[str, Any], progress: Progress
) -> tuple[list[Candidate], int]:
    """The networks with their engines in the order named, and how many could not be had."""
    from edge.bench.host_engines import host_engine
    from edge.bench.models import Wanted, prepare
    from edge.device.host import HostDevice
    from edge.evaluate.session import Candidate
    from edge.source.weights import Weights

    weights = Weights.parse(given["weights"])
    here = HostDevice().properties()
    candidates: list[Candidate] = []
    failed = 0
    # Each kind of file has an engine of its own; names that follow one another and share it are converted together.
    for chosen, group in groupby(names, lambda name: engine or ("onnxruntime" if name.endswith(".onnx") else None)):
        runs = host_engine(chosen)
        wanted = Wanted(tuple(group), weights, precision=given["precision"], engine=runs)
        jobs, errors = prepare(wanted, here, progress=progress.download, say=progress.line)
        candidates += [Candidate(job, runs if engine else _own_version(job, runs)) for job in jobs]
        failed += len(errors)
        for error in errors:
            progress.line(error.message + (f" ({error.hint})" if error.hint else ""))
    return candidates, failed


def _own_version(job: Job, runs: HostEngine) -> HostEngine:
    """The version of Paddle-Lite that made a file: an older one may die on it."""
    from dataclasses import replace

    made_by = (job.subject.metadata or {}).get("engine")
    return replace(runs, version=made_by["version"]) if made_by and runs.model == "nb" else runs
