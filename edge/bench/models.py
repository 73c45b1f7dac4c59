"""From what the command line names (catalogue models, files) to the files that a device measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.bench.paddle_models import prepare_programs
from edge.bench.parts import parts_of
from edge.bench.request import Job
from edge.bench.subject import read_subject
from edge.bench.wanted import Wanted, check_format, check_target, check_weights, is_file
from edge.cache.hashing import sha256_of
from edge.cache.paths import cache_dir
from edge.convert.order import Conversion, Product
from edge.convert.pipeline import convert_models
from edge.convert.products.each import order_for
from edge.convert.recipe import Recipe, choose
from edge.convert.work import Working
from edge.device.base import Properties
from edge.errors import EdgezooError, UsageError
from edge.source.download import Progress
from edge.source.weights import Weights
from edge.zoo.catalogue import lookup

if TYPE_CHECKING:
    from edge.convert.calibrated import Calibration


def prepare(
    wanted: Wanted,
    device: Properties,
    *,
    done: Callable[[Conversion[Product]], None] = lambda _: None,
    progress: Callable[[str], Progress] = lambda _name: lambda _done, _all: None,
    say: Callable[[str], None] = lambda _: None,
    working: Callable[[str], Working] = lambda _name: lambda _what, _done, _of: None,
    copies: bool = False,
) -> tuple[list[Job], list[EdgezooError]]:
    """The files for one device, in the order of `wanted.names`, and the errors of models that could not be converted.

    Of files with the same bytes and name only the last is there, unless `copies` are wanted.

    Raises UnknownModelError, UsageError for a file that another kind of device runs, ModelFilesError, NbFormatError.
    """
    if wanted.engine.model == "program":
        jobs, errors = prepare_programs(wanted, progress=progress, say=say)
        return _named_apart(jobs if copies else _distinct(jobs)), errors
    paths = [name for name in wanted.names if is_file(name)]
    files = {name: Job(Path(name), read_subject(Path(name), shapes=wanted.shapes)) for name in paths}
    for job in files.values():
        check_format(job.nb, wanted.engine)
        check_target(job.nb, job.subject.target, device.kind == "host", device.serial)
        if device.kind != "host" and job.subject.metadata is None and (apart := parts_of(job.nb)):
            raise UsageError(
                f"{job.nb} has its weights in {apart[0].file}: a device runs a model of one file",
                hint="onnx.save(onnx.load(FILE), OTHER) in Python makes one",
            )
    outcomes = _convert(
        [name for name in wanted.names if not is_file(name)], wanted, device, done, progress, say, working
    )
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    found = {
        one.order.name: Job(one.made.path, read_subject(one.made.path)) for one in outcomes if one.made is not None
    }
    found |= files
    made = [found[name] for name in wanted.names if name in found]
    return _named_apart(made if copies else _distinct(made)), errors


def _convert(
    names: Sequence[str],
    wanted: Wanted,
    device: Properties,
    done: Callable[[Conversion[Product]], None],
    progress: Callable[[str], Progress],
    say: Callable[[str], None],
    working: Callable[[str], Working],
) -> list[Conversion[Product]]:
    if not names:
        return []
    check_weights(wanted.weights, names)
    target = wanted.target or ("x86" if device.kind == "host" else "arm")
    recipe = choose(target=target, precision=wanted.precision, engine=wanted.engine.version)
    made = wanted.calibration
    orders = [order_for(wanted.engine.model, name, lookup(name), wanted.weights, recipe, made) for name in names]
    return convert_models(
        orders, _place(recipe, wanted.weights, made), done=done, progress=progress, say=say, working=working
    )


def _place(recipe: Recipe, weights: Weights, calibration: Calibration | None) -> Path:
    """Where converted models go: one folder for each way to convert, for the files are named after the model alone."""
    way = sha256_of(repr((recipe, weights, *([calibration] if calibration else []))).encode())[:12]
    return cache_dir() / "bench" / way


def _distinct(jobs: Sequence[Job]) -> list[Job]:
    """One file named twice is listed once.

    The same bytes at other input shapes are another network to measure, and under another name another row.
    """
    return list({(one.subject.sha256, one.subject.shapes, one.subject.name): one for one in reversed(jobs)}.values())[
        ::-1
    ]


def _named_apart(jobs: Sequence[Job]) -> list[Job]:
    """Two files of one name are told apart by their paths."""
    names = [job.subject.name for job in jobs]
    return [
        job if names.count(job.subject.name) == 1 else replace(job, subject=replace(job.subject, name=str(job.nb)))
        for job in jobs
    ]
