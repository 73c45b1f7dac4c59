"""Several networks, one after another, on the same images: in this machine's engines, or by a benchmark program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.bench.host_engines import HostEngine
from edge.bench.programs import Runner
from edge.bench.request import Job, Listener
from edge.device.base import Device
from edge.errors import DeviceError, EdgezooError, ResultsError, UsageError, foreseen
from edge.evaluate.device_network import DeviceNetwork
from edge.evaluate.evaluation import Evaluation, Unreadable, evaluate
from edge.evaluate.network import Classifier, HostNetwork
from edge.evaluate.report import EvaluatedModel, Launched
from edge.images.dataset import Dataset
from edge.images.overrides import Overrides, steps
from edge.metadata.file import origin_of
from edge.paddle.program import Program
from edge.results.measurement import Subject
from edge.toolchain.toolbox import Toolbox
from edge.zoo.model import Preprocessing

Keep = Callable[[EvaluatedModel], EvaluatedModel]
TIMEOUT = 3600.0  # seconds for one batch of images


@dataclass(frozen=True, slots=True)
class Candidate:
    """One network and the engine that runs it."""

    job: Job
    engine: HostEngine


@dataclass(frozen=True, slots=True)
class EvaluationDevice:
    """A device and the benchmark program that runs networks there; `launch_timeout`: seconds for one batch of images."""

    device: Device
    runner: Runner
    launch_timeout: float = TIMEOUT
    synthetic_allowed: bool = False


def judge_on_host(
    candidates: Sequence[Candidate],
    dataset: Dataset,
    overrides: Overrides,
    listener: Listener,
    output: str | None = None,
    keep: Keep = lambda one: one,
    wrong: Callable[[EdgezooError], None] = lambda _: None,
) -> list[EvaluatedModel]:
    """The accuracy of every network, in the order given, in this machine's engines; of several, one that fails is left out.

    `wrong` hears of its error beside the listener.

    `keep` gets each network as it ends, and gives back what is told of it. An image that cannot be read is told to the
    listener once. Raises `UsageError` before any work where a network's preprocessing is not known, and what `evaluate`
    raises.
    """
    hows = [steps(candidate.job.subject, overrides) for candidate in candidates]
    places = [output_place(candidate.job.subject, output) for candidate in candidates]
    judging = _Judging(dataset, listener, wrong)
    judged = []
    with (
        Toolbox(say=listener.line, working=listener.working) as tools,
        TemporaryDirectory(prefix="edgezoo-eval-") as scratch,
    ):
        for candidate, how, place in zip(candidates, hows, places, strict=True):
            job, runtime = candidate.job, candidate.engine.environment
            with judging.apart(job, alone=len(candidates) == 1):
                network = HostNetwork(
                    job.nb,
                    candidate.engine.model,
                    _input_name(candidate),
                    partial(tools.lend, runtime.kind, runtime.version),
                    Path(scratch),
                    place,
                )
                made, seconds = judging.judge(job, network, how)
                judged.append(keep(EvaluatedModel(job.subject, how, runtime.name, "host", made, seconds)))
    return judged


def judge_on_device(
    jobs: Sequence[Job],
    place: EvaluationDevice,
    dataset: Dataset,
    overrides: Overrides,
    listener: Listener,
    output: str | None = None,
    keep: Keep = lambda one: one,
    wrong: Callable[[EdgezooError], None] = lambda _: None,
) -> list[EvaluatedModel]:
    """The same by a benchmark program, on a phone or on this machine. The device is locked meanwhile.

    Nothing but the networks and the program stays on the device, which later runs find there. Raises besides
    `UsageError` for a program that tells no outputs, and what the device and the program raise.
    """
    hows = [steps(job.subject, overrides) for job in jobs]
    outputs = [output_place(job.subject, output) for job in jobs]
    device, runner = place.device, place.runner
    if not runner.flavour.tells_samples:
        raise UsageError(f"{runner.program.name} does not tell outputs", hint="use edgezoo's own: --runner edgebench")
    judging = _Judging(dataset, listener, wrong)
    judged = []
    with device.lock(), device.prepared(), TemporaryDirectory(prefix="edgezoo-eval-") as scratch:
        for job, how, judged_output in zip(jobs, hows, outputs, strict=True):
            network = DeviceNetwork(
                device,
                runner,
                job,
                how,
                Path(scratch),
                listener,
                timeout=place.launch_timeout,
                output=judged_output,
                synthetic_allowed=place.synthetic_allowed,
            )
            with judging.apart(job, alone=len(jobs) == 1):
                made, seconds = judging.judge(job, network, how)
                hello = network.hello
                assert hello is not None  # evaluate has got an answer
                launched = Launched(runner.program, hello.runner, hello.synthetic, asdict(device.properties()))
                engine = f"{hello.engine} {network.engine_version}"
                judged.append(keep(EvaluatedModel(job.subject, how, engine, device.serial, made, seconds, launched)))
    return judged


class _Judging:
    """One network after another on the same images, and who is to hear of it."""

    def __init__(self, dataset: Dataset, listener: Listener, wrong: Callable[[EdgezooError], None]) -> None:
        self._dataset, self._listener, self._wrong = dataset, listener, wrong
        self._told: set[str] = set()

    def judge(self, job: Job, network: Classifier, how: Preprocessing) -> tuple[Evaluation, float]:
        """What came of it, and the seconds it took."""

        def heard(done: int, count: int) -> None:
            self._listener.now(f"{job.subject.name}: images", done, count)

        start = time.monotonic()
        made = evaluate(network, self._dataset, how, heard=heard, bad=self._bad)
        return made, time.monotonic() - start

    @contextmanager
    def apart(self, job: Job, *, alone: bool) -> Iterator[None]:
        """What goes wrong with one network of several ends that one; a wrong request, a device, the results end all."""
        try:
            yield
        except (UsageError, DeviceError, ResultsError):
            raise
        except Exception as error:
            if alone:
                raise
            told = foreseen(error)
            self._wrong(told)
            self._listener.error(f"{job.subject.name}: {told.message}" + (f" ({told.hint})" if told.hint else ""))

    def _bad(self, one: Unreadable) -> None:
        if one.image.name not in self._told:
            self._listener.error(one.reason)
            self._told.add(one.image.name)


def output_place(subject: Subject, wanted: str | None) -> int:
    """The place of the output to judge. Raises `UsageError` where there are several and none is named, or none is called so."""
    outputs = origin_of(subject.metadata, subject.name).outputs
    names = [one.name for one in outputs]
    if wanted is None:
        if len(names) > 1:
            shown = ", ".join(f"{one.name} {list(one.shape)}" for one in outputs)
            raise UsageError(
                f"{subject.name} has {len(names)} outputs: {shown}", hint="name the one that is judged: --output NAME"
            )
        return 0
    if wanted not in names:
        known = f"its outputs are {', '.join(names)}" if names else "without metadata its outputs have no names"
        raise UsageError(f"{subject.name} has no output {wanted}", hint=known)
    return names.index(wanted)


def _input_name(candidate: Candidate) -> str:
    if candidate.engine.model == "program":
        return Program.read(candidate.job.nb).feeds[0].name
    subject = candidate.job.subject
    inputs = origin_of(subject.metadata, subject.name).inputs
    return inputs[0].name if inputs else "x"
