"""Does a network compute on the device what it computes in Paddle? `bench --check-output`.

The device runs the verification's inputs (edge.convert.verify.asked, the first of which is the device contract's `seed:0` where
a network takes ImageNet's range) and prints its outputs; Paddle runs the original program on the same inputs; the
verification's judge compares them. A file on a device cannot be cut: outputs that cannot be compared themselves are not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from edge.bench.programs import Runner
from edge.bench.request import Job
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked
from edge.device.base import Device
from edge.errors import EdgezooError, RunnerError
from edge.metadata.file import origin_of
from edge.results.protocol import Protocol
from edge.source.model import InferenceModel
from edge.toolchain.worker import Worker

if TYPE_CHECKING:
    from numpy.typing import NDArray


SAMPLES = 8
_ONE_RUN = Protocol("table", warmup_runs=0, warmup_ms=0, repeats=1, repeats_ms=0, launches_min=1, launches_max=1)
Lend = Callable[[], AbstractContextManager[Worker]]


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """`passed` is None where nothing could be compared, or it proved nothing; `sentence` says how far the outputs are apart, or
    why not."""

    passed: bool | None
    sentence: str


def check_output(
    device: Device,
    runner: Runner,
    job: Job,
    lend_paddle: Lend,
    *,
    timeout: float,
    asked: InputsAsked = NOTHING_ASKED,
) -> OutputCheck:
    """Compare the device's outputs with Paddle's. The device must be locked and prepared.

    `timeout`: seconds for one launch; `asked`: what the user says of the inputs. Raises what the device or the benchmark
    program raises, and `UsageError` for samples that do not fit the network.
    """
    if not runner.flavour.tells_samples:
        return OutputCheck(None, f"{runner.program.name} does not tell outputs")
    if origin_of(job.subject.metadata, job.subject.name).calibration:
        return OutputCheck(None, "it is compared with its quantised program at conversion only")
    try:
        source = _source(job, lend_paddle)
    except EdgezooError as error:
        return OutputCheck(None, f"the original network cannot be had: {error.message}")
    if source is None:
        return OutputCheck(None, "without its metadata it is not known what it was made from")
    with TemporaryDirectory(prefix="edgezoo-check-") as scratch:
        return _compare(device, runner, job, source, lend_paddle, Path(scratch), timeout, asked)


def _source(job: Job, lend: Lend) -> InferenceModel | None:
    """The inference model that the file was made from; None if that is not known, or is no longer what is there."""
    from edge.source.load import load_source
    from edge.source.weights import Weights
    from edge.zoo.catalogue import lookup

    origin = origin_of(job.subject.metadata, job.subject.name)
    said = origin.source
    if said is None:
        return None
    weights = Weights(said.kind, seed=said.seed or 0, path=Path(said.path) if said.path else None)
    model = lookup(origin.model.name) if origin.model else None
    source = load_source(model, weights, lend)
    same = (source.program_sha256, source.params_sha256) == (said.program_sha256, said.params_sha256)
    return source if same else None


def _compare(
    device: Device,
    runner: Runner,
    job: Job,
    source: InferenceModel,
    lend: Lend,
    scratch: Path,
    timeout: float,
    asked: InputsAsked,
) -> OutputCheck:
    from edge.convert.verify.asked import domains
    from edge.convert.verify.compare import LIMITS, Outputs, stacked
    from edge.convert.verify.engines import Paddle
    from edge.convert.verify.inputs import Sample
    from edge.convert.verify.judge import judge_all, judge_steady
    from edge.convert.verify.points import at_points, points_of
    from edge.convert.verify.rounded import expected_params
    from edge.paddle.program import Program
    from edge.zoo.catalogue import lookup

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
    params = expected_params(program, source.params, precision, engine, scratch / "rounded.pdiparams")
    paddle = Paddle(lend, replace(source, pir=None, pir_sha256=None), at_points(program, own), scratch)
    places = [fetches.index(name) for name in own.values]

    def there(given: Sequence[Sample]) -> Outputs:
        told = [_on_device(device, runner, job, [sample[name] for name in feeds], scratch, timeout) for sample in given]
        return [stacked([outputs[place] for outputs in told]) for place in places]

    how = origin.preprocessing or (lookup(origin.model.name).preprocessing if origin.model else None)
    kinds = domains(program, job.subject.shapes, asked, how, SAMPLES)
    limits = LIMITS[precision]
    found = judge_all(kinds, lambda draw: judge_steady(draw, there, lambda given: paddle.run(params, given), limits))
    worst, names = found.worst, " and ".join(name for name, _ in found.used)
    figures = f"cosine {worst.cosine:.6f}, largest error {worst.max_abs_error:.1e} over {worst.samples} inputs {names}"
    if found.status == "failed":
        return OutputCheck(False, f"its output on the device differs from Paddle's: {found.reason} ({figures})")
    if found.status == "inconclusive":
        return OutputCheck(None, f"inconclusive: {found.reason}")
    remark = f"; {own.remark}" if own.remark else ""
    return OutputCheck(True, f"its output on the device is Paddle's: {figures}{remark}")


def _on_device(
    device: Device, runner: Runner, job: Job, inputs: Sequence[NDArray[Any]], scratch: Path, timeout: float
) -> list[NDArray[Any]]:
    """The outputs of one run on the device, in the program's order."""
    import numpy as np

    files = []
    for index, tensor in enumerate(inputs):
        files.append(scratch / f"input{index}.bin")
        files[-1].write_bytes(tensor.astype("<f4").tobytes())
    places = device.push([job.nb, *runner.files])
    with device.temporary(files) as lent:
        spec = replace(
            runner.spec(places[job.nb], job.subject, 1, _ONE_RUN),
            inputs=tuple(f"file:{lent[path]}" for path in files),
            output="values",
        )
        report = runner.read(spec, device.run(runner.command(spec, places), timeout=timeout))
    outputs = []
    for output in report.outputs:
        if output.values is None:
            raise RunnerError(f"the output {output.name} has no float32 values", kind="bad_output")
        values = [float("nan") if value is None else value for value in output.values]
        outputs.append(np.asarray(values, np.float32).reshape(output.shape))
    return outputs
