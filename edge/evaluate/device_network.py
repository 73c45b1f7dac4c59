"""A network judged by the benchmark program, on a phone or on this machine: a batch is one file and one launch."""

from __future__ import annotations

import secrets
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.bench.contract import parse_images
from edge.bench.failures import hung
from edge.bench.launch import Hello, ImagesReport, LaunchSpec, OutputTensor
from edge.bench.launcher import CRASH_RETRIES
from edge.bench.programs import Runner
from edge.bench.request import Job, Listener
from edge.bench.wanted import engine_of
from edge.cache.retry import Remedy
from edge.device.base import Device
from edge.device.retry import with_retries
from edge.device.usable import build_command
from edge.errors import (
    CommandTimeoutError,
    ContractError,
    EvaluationError,
    RunnerError,
)
from edge.evaluate.batch import write_batch
from edge.evaluate.network import Answers, Tensors, stacked
from edge.zoo.model import Preprocessing

THREADS = 4  # as many as a phone has big cores; the engine takes fewer where there are fewer


class DeviceNetwork:
    """See Classifier. The device is locked and prepared; `timeout` is in seconds for one launch.

    A batch lies on the device while it is used. After a dropped link or a crash it is judged again from its start, and
    counts only once all its outputs are there. Raises besides what `device` and the benchmark program raise, and
    `ContractError` for a synthetic engine that is not allowed.
    """

    def __init__(
        self,
        device: Device,
        runner: Runner,
        job: Job,
        how: Preprocessing,
        scratch: Path,
        listener: Listener,
        *,
        timeout: float,
        output: int = 0,
        synthetic_allowed: bool = False,
    ) -> None:
        self._device, self._runner, self._job, self._how = device, runner, job, how
        self._scratch, self._listener = scratch, listener
        self._timeout, self._synthetic_allowed, self._output = timeout, synthetic_allowed, output
        self.hello: Hello | None = None  # set by the first batch, and the engine's own word on its version
        self.engine_version: str | None = None

    def classify(self, tensors: Tensors) -> Answers:
        batch = self._scratch / f"{secrets.token_hex(6)}.batch"
        try:
            fill = write_batch(batch, tensors, self._how)
            report = self._judged(batch, fill, len(tensors))
        finally:
            batch.unlink(missing_ok=True)
        self._check_engine(report)
        if any(self._output >= len(outputs) for outputs in report.outputs):
            raise EvaluationError(f"{self._job.subject.name} has fewer than {self._output + 1} outputs")
        return stacked([_scores(outputs[self._output]) for outputs in report.outputs])

    def _judged(self, batch: Path, fill: str, images: int) -> ImagesReport:
        """Again where that can help: after a dropped link, and once after a crash."""

        crashed = Remedy(
            (RunnerError,),
            CRASH_RETRIES,
            lambda error: self._say(f"{self._job.subject.name}: {error.message}; once more"),
            when=lambda error: error.kind == "crash",
        )
        return with_retries(self._device, lambda: self._launch(batch, fill, images), crashed, say=self._say)

    def _launch(self, batch: Path, fill: str, images: int) -> ImagesReport:
        places = self._device.push([self._job.nb, *self._runner.files])
        with self._device.temporary([batch]) as lent:
            spec = LaunchSpec(
                str(places[self._job.nb]),
                self._job.subject.shapes,
                threads=THREADS,
                power_mode=0,
                inputs=(f"{fill}:{lent[batch]}",),
                output="values",
                images=images,
            )
            try:
                completed = self._device.run(self._runner.command(spec, places), timeout=self._timeout)
            except CommandTimeoutError as error:
                raise hung(error) from error
        return parse_images(images, completed.stdout, completed.code, completed.stderr)

    def _check_engine(self, report: ImagesReport) -> None:
        if report.hello.synthetic and not self._synthetic_allowed:
            how = build_command(self._device.properties(), engine_of(self._job.nb))
            raise ContractError(
                "the benchmark program has a synthetic engine: its classes say nothing of the network",
                hint=f"`{how}` makes a real one; --allow-synthetic keeps such numbers, to try the orchestration",
            )
        self.hello, self.engine_version = report.hello, report.engine_version

    def _say(self, text: str) -> None:
        self._listener.line(f"{self._device.serial}: {text}")


def _scores(output: OutputTensor) -> NDArray[np.float32]:
    if output.values is None:
        raise EvaluationError(
            f"the network's output {output.name} holds no float32 values",
            hint="classes as integers are read on this machine only: --device host",
        )
    values = [float("nan") if value is None else value for value in output.values]
    return np.asarray(values, np.float32).reshape(output.shape)
