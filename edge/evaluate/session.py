"""Several networks, one after another, on the same images and on this machine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.bench.host_engines import HostEngine
from edge.bench.request import Job, Listener
from edge.convert.program import Program
from edge.evaluate.dataset import Dataset
from edge.evaluate.evaluation import Unreadable, evaluate
from edge.evaluate.network import HostNetwork
from edge.evaluate.report import Judged
from edge.evaluate.steps import Said, steps
from edge.toolchain.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Candidate:
    """One network and the engine that runs it."""

    job: Job
    engine: HostEngine


def judge_on_host(candidates: Sequence[Candidate], dataset: Dataset, said: Said, listener: Listener) -> list[Judged]:
    """The accuracy of every network, in the order given.

    An image that cannot be read is told to the listener once. Raises `UsageError` before any work where a network's
    preprocessing is not known, and what `evaluate` raises.
    """
    told: set[str] = set()

    def bad(one: Unreadable) -> None:
        if one.image.name not in told:
            listener.line(one.reason)
            told.add(one.image.name)

    hows = [steps(candidate.job.subject, said) for candidate in candidates]
    judged = []
    with Toolbox(say=listener.line) as tools, TemporaryDirectory(prefix="edgezoo-eval-") as scratch:
        for candidate, how in zip(candidates, hows, strict=True):
            job, runtime = candidate.job, candidate.engine.environment
            network = HostNetwork(
                job.nb,
                candidate.engine.model,
                _input_name(candidate),
                partial(tools.lend, runtime.kind, runtime.version),
                Path(scratch),
            )
            name, start = job.subject.name, time.monotonic()

            def heard(done: int, count: int, name: str = name) -> None:
                listener.now(f"{name}: {done:,} of {count:,} images")

            made = evaluate(network, dataset, how, heard=heard, bad=bad)
            judged.append(Judged(job.subject, how, runtime.name, "host", made, time.monotonic() - start))
    return judged


def _input_name(candidate: Candidate) -> str:
    if candidate.engine.model == "program":
        return Program.read(candidate.job.nb).feeds[0].name
    metadata = candidate.job.subject.metadata
    return str(metadata["inputs"][0]["name"]) if metadata else "x"
