"""Does a network compute on the device what it computes in Paddle? `bench --check-output`.

The device runs the verification's inputs (edge.convert.verify.asked, the first of which is the device contract's `seed:0` where
a network takes ImageNet's range) and prints its outputs; Paddle runs the original program on the same inputs; the
verification's judge compares them. A file on a device cannot be cut: outputs that cannot be compared themselves are not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from edge.bench.contract import parse_images
from edge.bench.failures import hung
from edge.bench.launch import ImagesReport, LaunchReport, OutputTensor
from edge.bench.programs import Runner
from edge.bench.request import Job
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked
from edge.device.base import Device
from edge.device.retry import with_retries
from edge.errors import CommandTimeoutError, EdgezooError, RunnerError
from edge.metadata.file import origin_of
from edge.results.protocol import Protocol
from edge.source.model import InferenceModel
from edge.toolchain.worker import Lend, Worker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edge.convert.recipe import Precision
    from edge.convert.verify.compare import Comparison
    from edge.convert.verify.inputs import Sample
    from edge.convert.verify.judge import Judgement

SAMPLES = 8
MOST_VALUES = 200_000  # that a launch tells of all its samples together: text of 2 MB or so
_ONE_RUN = Protocol("table", warmup_runs=0, warmup_ms=0, repeats=1, repeats_ms=0, launches_min=1, launches_max=1)
LendEngine = Callable[[str], AbstractContextManager[Worker]]


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """`passed` is None where nothing could be compared, or it proved nothing; `sentence` says how far the outputs are apart, or
    why not.

    Where outputs were compared and something was proven: `comparison` has the figures, `engine` is what computed them, with
    its version, and `inputs` names the inputs as the metadata does (`input_ranges` or `samples_sha256`). `date` is UTC.
    """

    passed: bool | None
    sentence: str
    comparison: Comparison | None = None
    engine: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    date: str = field(default_factory=lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), compare=False)


def check_output(
    device: Device,
    runner: Runner,
    job: Job,
    lend_engine: LendEngine,
    *,
    timeout: float,
    threads: int = 1,
    asked: InputsAsked = NOTHING_ASKED,
    say: Callable[[str], None] = lambda _: None,
) -> OutputCheck:
    """Compare the device's outputs, with so many `threads`, with Paddle's. The device must be locked and prepared.

    `lend_engine` lends a worker of an engine by its kind; `timeout`: seconds for one launch; `asked`: what the user says of
    the inputs; `say` hears that a launch is made again after the link dropped. Raises what the device or the benchmark
    program raises, and `UsageError` for samples that do not fit the network.
    """
    if not runner.flavour.tells_outputs:
        return OutputCheck(None, f"{runner.program.name} does not tell outputs")
    try:
        source = _source(job, lambda: lend_engine("paddle"))
    except EdgezooError as error:
        return OutputCheck(None, f"the original network cannot be had: {error.message}")
    if source is None:
        return OutputCheck(None, "without its metadata it is not known what it was made from")
    from edge.convert.quantised import came_quantised, int8_form
    from edge.paddle.program import Program

    if came_quantised(Program.read(source.program)):
        source = int8_form(source).network
    calibration = origin_of(job.subject.metadata, job.subject.name).calibration
    if calibration is not None and not _simulates_itself(job):
        from edge.convert.calibrated import kept

        network = kept(source, calibration.network) if calibration.network else None
        if network is None:
            return OutputCheck(None, "its quantised network is no longer in the cache: convert it again")
        source = network
    if source.pir is not None:  # its translation, which Paddle 2.6 runs, can be cut and rounded
        source = replace(source, pir=None, pir_sha256=None, paddle_version=None)
    with TemporaryDirectory(prefix="edgezoo-check-") as scratch:
        return _compare(device, runner, job, source, lend_engine, Path(scratch), timeout, threads, asked, say)


def _simulates_itself(job: Job) -> bool:
    """Whether the reference is the file itself, computed in float between its roundings: of an ONNX file of static int8."""
    return job.nb.suffix == ".onnx" and job.subject.precision == "int8-static"


def _source(job: Job, lend: Lend) -> InferenceModel | None:
    """The inference model that the file was made from; None if that is not known, or is no longer what is there."""
    from edge.source.load import load_source
    from edge.source.weights import Weights
    from edge.zoo.catalogue import lookup

    origin = origin_of(job.subject.metadata, job.subject.name)
    recorded = origin.source
    if recorded is None:
        return None
    weights = Weights(recorded.kind, seed=recorded.seed or 0, path=Path(recorded.path) if recorded.path else None)
    model = lookup(origin.model.name) if origin.model else None
    made_for = (job.subject.metadata or {}).get("inputs")
    if model is not None and made_for and weights.kind in ("random", "checkpoint"):  # exported for that shape
        batch, channels, height, width = channels_first(made_for[0]["shape"], (-1, model.input_shape[1], -1, -1))
        model = replace(model, input_shape=(batch, channels, height, width))
    source = load_source(model, weights, lend)
    same = (source.program_sha256, source.params_sha256) == (recorded.program_sha256, recorded.params_sha256)
    return source if same else None


def _compare(
    device: Device,
    runner: Runner,
    job: Job,
    source: InferenceModel,
    lend_engine: LendEngine,
    scratch: Path,
    timeout: float,
    threads: int,
    asked: InputsAsked,
    say: Callable[[str], None],
) -> OutputCheck:
    from edge.convert.fold import compute
    from edge.convert.onnx.int8 import outputs_of
    from edge.convert.verify.asked import domains
    from edge.convert.verify.compare import LIMITS, Outputs, stacked
    from edge.convert.verify.engines import Double, Half, Paddle
    from edge.convert.verify.judge import Draw, Verdict, judge_all, judge_coarse, judge_half, judge_steady
    from edge.convert.verify.points import at_points, points_of
    from edge.convert.verify.rounded import expected as expected_of
    from edge.convert.verify.words import rounding, used
    from edge.convert.verify.x86_int8 import halved, is_quantised
    from edge.images.overrides import known
    from edge.paddle.program import Program

    program = Program.read(source.program)
    origin = origin_of(job.subject.metadata, job.subject.name)
    precision, engine = job.subject.precision, origin.engine.version if origin.engine else None
    if precision not in LIMITS or engine is None:
        return OutputCheck(None, "its metadata does not say with which precision and engine it was made")
    points = points_of(program)
    feeds, fetches = [spec.name for spec in program.feeds], [spec.name for spec in program.fetches]
    own = replace(points, values=tuple(name for name in fetches if name not in points.behind), logits={})
    if not own.values:
        behind = ", ".join(points.by)
        return OutputCheck(
            None, f"inconclusive: what it puts out lies behind {behind}, and is not compared on a device"
        )
    simulated, weights = _simulates_itself(job), source.params

    def lend() -> AbstractContextManager[Worker]:
        return lend_engine(source.reference_engine)

    if job.subject.target == "x86":  # whose int8 kernels cannot count with 8 bits
        weights = halved(program, weights, scratch / "halved.pdiparams")
    computed, params = program, weights
    if not simulated:
        if precision in ("int8", "int16"):  # what was computed at conversion is rounded in the file
            compute(program, source.params, scratch, lend)
        computed, params = expected_of(program, weights, precision, engine, scratch, scratch)
    cut = at_points(computed, own)
    paddle = Paddle(lend, source, cut, scratch, keep=True)
    places = [fetches.index(name) for name in own.values]
    ran: set[str] = set()

    one_by_one = not runner.takes_images or any(size < 1 for spec in program.fetches for size in spec.shape[1:])
    values = sum(prod(abs(size) for size in spec.shape) for spec in program.fetches)
    at_once = 1 if one_by_one else max(1, MOST_VALUES // max(1, values))

    def launched(samples: Sequence[Sequence[NDArray[Any]]]) -> list[list[NDArray[Any]]]:
        def once() -> list[list[NDArray[Any]]]:
            return _on_device(device, runner, job, threads, samples, scratch, timeout, ran)

        return with_retries(device, once, say=say)

    def there(given: Sequence[Sample]) -> Outputs:
        inputs = [[sample[name] for name in feeds] for sample in given]
        starts = range(0, len(inputs), at_once)
        told = [outputs for start in starts for outputs in launched(inputs[start : start + at_once])]
        return [stacked([outputs[place] for outputs in told]) for place in places]

    shapes = [channels_first(shape, spec.shape) for shape, spec in zip(job.subject.shapes, program.feeds, strict=True)]
    kinds = domains(program, shapes, asked, known(job.subject), SAMPLES)
    limits = LIMITS[precision]
    exact, half = Double(lend, source, computed, cut, params, scratch), Half(lend, source, cut, params, scratch)

    def expected(given: Sequence[Sample]) -> Outputs:
        if not simulated:
            return paddle.run(params, given)
        with lend_engine("onnx") as worker:
            return outputs_of(worker, job.nb, given, feeds, own, scratch, simulated=True)

    def judge_one(draw: Draw) -> Verdict:
        if precision == "fp16":
            return judge_half(draw, there, expected, half.run, limits)
        if simulated or is_quantised(program):
            return judge_coarse(draw, there, expected, limits)
        return judge_steady(draw, there, expected, limits, exact.run)

    found = judge_all(kinds, judge_one)
    worst, names = found.worst, " and ".join(name for name, _ in found.used)
    figures = f"cosine {worst.cosine:.6f}, largest error {worst.max_abs_error:.1e} over {worst.samples} inputs {names}"
    by, whose = " and ".join(sorted(ran)), "that of its int8 simulation" if simulated else "Paddle's"
    if found.status == "failed":
        sentence = f"its output on the device differs from {whose}: {found.reason} ({figures})"
        return OutputCheck(False, sentence, worst, by, used(found, asked))
    if found.status == "inconclusive":
        return OutputCheck(None, f"inconclusive: {found.reason}")
    remark = "".join(f"; {one}" for one in (rounding(found), _within(found, precision), own.remark) if one)
    said = established(whose, precision, worst.relative_error, loosened=found.swing is not None)
    return OutputCheck(True, f"its output on the device {said}: {figures}{remark}", worst, by, used(found, asked))


def established(whose: str, precision: Precision, relative_error: float, *, loosened: bool) -> str:
    """What passing says of outputs beside `whose`: `is Paddle's` only where the limits leave no more than float32's rounding.

    `loosened`: other limits than the precision's own were applied, which `_within` tells.
    """
    from edge.convert.verify.compare import LIMITS

    limits = LIMITS[precision]
    if limits.relative_error <= LIMITS["fp32"].relative_error:
        return f"is {whose}"
    own = f" (relative error {relative_error:.2g} of {limits.relative_error:g}, cosine from {limits.cosine:g})"
    return f"agrees with {whose} within the limits for {precision}" + ("" if loosened else own)


def _within(found: Judgement, precision: Precision) -> str | None:
    """What the limit was loosened by."""
    from edge.convert.verify.judge import HALF_REACH

    if found.swing is None:
        return None
    times, moves = (f"{HALF_REACH:g} times", "float16") if precision == "fp16" else ("twice", "a nudge of the input")
    error = f"its error is {found.worst.relative_error:.2g} of what tells inputs apart"
    return f"{error}, within {times} the {found.swing:.2g} by which {moves} moves the reference itself"


def channels_first(shape: Sequence[int], own: Sequence[int]) -> tuple[int, ...]:
    """A file's input shape as the program has it, whose `own` is with open sizes: a LiteRT file has its channels last."""
    fits = len(shape) != 4 or all(size < 0 or size == given for size, given in zip(own, shape, strict=True))
    return tuple(shape) if fits else (shape[0], shape[3], shape[1], shape[2])


def _on_device(
    device: Device,
    runner: Runner,
    job: Job,
    threads: int,
    samples: Sequence[Sequence[NDArray[Any]]],
    scratch: Path,
    timeout: float,
    ran: set[str],
) -> list[list[NDArray[Any]]]:
    """The outputs of one launch on the device, by sample, in the program's order; to `ran` goes the engine and its version."""
    files = []
    for index, shape in enumerate(job.subject.shapes):
        files.append(scratch / f"input{index}.bin")
        given = [_as_the_file(sample[index], shape) for sample in samples]
        files[-1].write_bytes(b"".join(map(runner.flavour.input_file, given)))
    places = device.push([job.nb, *runner.files])
    with device.temporary(files) as lent:
        spec = replace(
            runner.spec(places[job.nb], job.subject, threads, _ONE_RUN),
            inputs=tuple(f"file:{lent[path]}" for path in files),
            output="values",
            images=len(samples) if len(samples) > 1 else None,
        )
        try:
            done = device.run(runner.command(spec, places), timeout=timeout)
        except CommandTimeoutError as error:
            raise hung(error) from error
    told: LaunchReport | ImagesReport
    if spec.images is not None:
        told = parse_images(spec.images, done.stdout, done.code, done.stderr)
        found, synthetic = told.outputs, told.hello.synthetic
    else:
        told = runner.read(spec, done)
        found, synthetic = (told.outputs,), told.synthetic
    if synthetic:
        raise RunnerError("the synthetic engine runs no network", kind="synthetic")
    ran.add(f"{told.hello.engine if told.hello else runner.program.name} {told.engine_version or ''}".rstrip())
    return [[_values(output) for output in outputs] for outputs in found]


def _as_the_file(tensor: NDArray[Any], shape: Sequence[int]) -> NDArray[Any]:
    """The input as the file takes it, which may have the channels of images last."""
    import numpy as np

    if tensor.ndim != 4 or tensor.shape == tuple(shape):
        return tensor
    return np.ascontiguousarray(tensor.transpose(0, 2, 3, 1))


def _values(output: OutputTensor) -> NDArray[np.float32]:
    import numpy as np

    if output.values is None:
        raise RunnerError(f"the output {output.name} has no float32 values", kind="bad_output")
    values = [float("nan") if value is None else value for value in output.values]
    return np.asarray(values, np.float32).reshape(output.shape)
