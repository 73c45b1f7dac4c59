"""Inference programs for Paddle's own engine: catalogue names and directories, nothing is converted."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edge.bench.request import Job
from edge.bench.subject import program_subject
from edge.bench.wanted import Wanted, check_weights, is_file
from edge.errors import EdgezooError, foreseen
from edge.source.download import Progress
from edge.source.flops import program_flops
from edge.source.load import load_source
from edge.source.weights import Weights
from edge.toolchain.toolbox import Toolbox
from edge.zoo.catalogue import lookup


def prepare_programs(
    wanted: Wanted, *, progress: Callable[[str], Progress], say: Callable[[str], None]
) -> tuple[list[Job], list[EdgezooError]]:
    """A job for each name, which is a catalogue model or a directory with an inference model; and what went wrong.

    Raises UnknownModelError, UsageError.
    """
    names = [name for name in wanted.names if not is_file(name)]
    check_weights(wanted.weights, names)
    models = {name: lookup(name) for name in names}
    jobs: list[Job] = []
    errors: list[EdgezooError] = []
    with Toolbox(say=say) as tools:
        for name in wanted.names:
            model = models.get(name)
            weights = wanted.weights if model else Weights("own", path=Path(name))
            try:
                source = load_source(model, weights, lambda: tools.lend("paddle"), progress=progress(name))
                shown = name if model else Path(os.path.realpath(name)).name
                subject = program_subject(shown, model, source, wanted.shapes)
                if subject.flops is None:
                    counted = program_flops(source, subject.shapes, lambda: tools.lend("paddle"))
                    subject = replace(subject, flops=counted)
                jobs.append(Job(source.program, subject))
            except Exception as error:
                errors.append(foreseen(error))
    return jobs, errors
