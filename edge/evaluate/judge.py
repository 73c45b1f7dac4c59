"""`edgezoo eval` as one call: from its options to the accuracies."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from edge.bench.host_engines import PADDLE_LITE, HostEngine
from edge.bench.models import prepare
from edge.bench.programs import find_runner
from edge.bench.request import DownloadListener, Job
from edge.cache.paths import results_database
from edge.device.base import Properties
from edge.device.discover import open_device
from edge.device.host import HostDevice
from edge.errors import EdgezooError
from edge.evaluate.keeping import Keeping
from edge.evaluate.options import EvalOptions
from edge.evaluate.report import EvaluatedModel
from edge.evaluate.session import TIMEOUT, Candidate, EvaluationDevice, Keep, judge_on_device, judge_on_host
from edge.metadata.file import origin_of
from edge.results.store import Store


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """What came of it; `failed`: how many networks could not be had."""

    judged: list[EvaluatedModel]
    failed: int


def judge(
    options: EvalOptions, listener: DownloadListener, wrong: Callable[[EdgezooError], None] = lambda _: None
) -> EvaluationRun:
    """Convert what is named, judge it on the images, and keep what came of it in the results database.

    `wrong` hears of each error that ended one network of several. Raises what the device raises, of a single network what
    the engine or the program raises, and `ResultsError`.
    """
    with Store(options.db or results_database(), say=listener.line) as store:
        return _judge(
            options, listener, Keeping(store, options.dataset, Path(os.path.realpath(options.data)).name), wrong
        )


def _judge(
    options: EvalOptions, listener: DownloadListener, keep: Keep, wrong: Callable[[EdgezooError], None]
) -> EvaluationRun:
    if options.here:
        candidates, failed = _candidates(options, listener)
        judged = judge_on_host(candidates, options.dataset, options.overrides, listener, options.output, keep, wrong)
        return EvaluationRun(judged, failed + len(candidates) - len(judged))
    engine = options.engine or PADDLE_LITE
    (device,) = open_device(None if options.spec == "android" else options.spec, options.adb_server)
    place = EvaluationDevice(
        device,
        find_runner(device, options.runner, engine=engine, say=listener.line, working=listener.working),
        launch_timeout=TIMEOUT if options.timeout is None else options.timeout,
        synthetic_allowed=options.allow_synthetic,
    )
    jobs, failed = _jobs(options, options.names, engine, device.properties(), listener)
    judged = judge_on_device(jobs, place, options.dataset, options.overrides, listener, options.output, keep, wrong)
    return EvaluationRun(judged, failed + len(jobs) - len(judged))


def _jobs(
    options: EvalOptions, names: tuple[str, ...], engine: HostEngine, device: Properties, listener: DownloadListener
) -> tuple[list[Job], int]:
    """The files for a device in the order named, and how many could not be had."""
    wanted = options.wanted(names, engine)
    jobs, errors = prepare(wanted, device, progress=listener.download, say=listener.line, working=listener.working)
    for error in errors:
        listener.error(error.message + (f" ({error.hint})" if error.hint else ""))
    return jobs, len(errors)


def _candidates(options: EvalOptions, listener: DownloadListener) -> tuple[list[Candidate], int]:
    """The networks with their engines in the order named, and how many could not be had."""
    here = HostDevice().properties()
    candidates: list[Candidate] = []
    failed = 0
    # Names that follow one another and share an engine are converted together.
    for engine, group in groupby(options.names, options.engine_of):
        jobs, errors = _jobs(options, tuple(group), engine, here, listener)
        candidates += [Candidate(job, engine if options.engine else _own_version(job, engine)) for job in jobs]
        failed += errors
    return candidates, failed


def _own_version(job: Job, engine: HostEngine) -> HostEngine:
    """The version of Paddle-Lite that made a file: an older one may die on it."""
    made_by = origin_of(job.subject.metadata, job.subject.name).engine
    return replace(engine, version=made_by.version) if made_by and engine.model == "nb" else engine
