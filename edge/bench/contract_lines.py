"""From the lines of edgebench, each read already, to the values they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from edge.bench.engine_log import engine_warnings
from edge.bench.fields import BadLine, Fields
from edge.bench.launch import (
    CoreState,
    Hello,
    ImagesReport,
    InputTensor,
    LaunchEnvironment,
    LaunchReport,
    OutputTensor,
    ThermalZone,
)
from edge.results.probes import ClockReading, Clocks, Probes, ThreadUsage, Usage


def report(lines: Sequence[Fields], stderr: str) -> LaunchReport:
    """A whole launch from its lines, which are known to be in order. Raises `BadLine`."""

    by_kind: dict[str, list[Fields]] = {}
    for line in lines:
        by_kind.setdefault(line.kind, []).append(line)

    def of(kind: str) -> list[Fields]:
        return by_kind.get(kind, [])

    before, after = map(_environment, of("environment"))
    if (before.moment, after.moment) != ("before", "after"):
        raise BadLine("the environment lines are not those before and after")
    (load,), (first_run,), (warmup,), (memory,) = of("load"), of("first_run"), of("warmup"), of("memory")
    (frequencies,), (clock,), (measured, whole) = of("frequencies"), of("clock"), of("usage")
    if (measured.text("span"), whole.text("span")) != ("measured", "launch"):
        raise BadLine("the usage lines are not those of the measured runs and of the launch")
    inputs, outputs, last_outputs = tuple(map(_input, of("input"))), *_first_and_last(lines)
    for tensors in (inputs, outputs, last_outputs):
        if [tensor.index for tensor in tensors] != list(range(len(tensors))):
            raise BadLine("inputs or outputs are not numbered one after the other")
    if [(one.name, one.shape) for one in outputs] != [(one.name, one.shape) for one in last_outputs]:
        raise BadLine("the outputs of the last run are not those of the first")
    return LaunchReport(
        samples_ms=_samples(of("samples")),
        hello=hello(lines[0]),
        before=before,
        after=after,
        load_ms=load.time("ms"),
        model_bytes=load.whole("model_bytes"),
        model_opt_version=load.optional("model_opt_version", load.text),
        engine_version=load.text("engine_version"),
        precision=load.text("precision") if load.has("precision") else None,
        inputs=inputs,
        first_run_ms=first_run.time("ms"),
        outputs=outputs,
        warmup_runs=warmup.count("runs"),
        warmup_ms=warmup.time("ms"),
        warmup_settled=warmup.optional("settled", warmup.flag),
        last_outputs=last_outputs,
        loop_begin=tuple(map(_core, frequencies.objects("begin"))),
        loop_end=tuple(map(_core, frequencies.objects("end"))),
        probes=Probes(_usage(measured), _usage(whole), _clocks(clock)),
        peak_rss_bytes=memory.optional("peak_rss_bytes", memory.count),
        warnings=engine_warnings(stderr),
    )


def images_report(lines: Sequence[Fields], images: int) -> ImagesReport:
    """The outputs of `images` images from lines that are known to be in order. Raises `BadLine`."""
    found: list[list[OutputTensor]] = []
    for line in lines:
        if line.kind != "output":
            continue
        number, output = line.whole("image"), _output(line)
        if number == len(found) and output.index == 0:
            found.append([])
        if number != len(found) - 1 or output.index != len(found[-1]):
            raise BadLine(f"output {output.index} of image {number} is not the next one")
        if output.values is not None and len(output.values) != prod(output.shape):
            raise BadLine(f"image {number}: {len(output.values)} values for the shape {list(output.shape)}")
        found[-1].append(output)
    if len(found) != images or len({len(outputs) for outputs in found}) != 1:
        raise BadLine(f"{len(found)} images were run, {images} were asked for")
    (load,) = (line for line in lines if line.kind == "load")
    return ImagesReport(hello(lines[0]), load.text("engine_version"), tuple(map(tuple, found)))


def _first_and_last(lines: Sequence[Fields]) -> tuple[tuple[OutputTensor, ...], tuple[OutputTensor, ...]]:
    """The outputs before the samples, which are the first run's, and those after them."""
    start = next(index for index, line in enumerate(lines) if line.kind == "samples")
    found: list[tuple[OutputTensor, ...]] = []
    for run, part in (("first", lines[:start]), ("last", lines[start:])):
        outputs = [line for line in part if line.kind == "output"]
        if any(line.text("run") != run for line in outputs):
            raise BadLine(f"an output is not of the {run} run")
        found.append(tuple(map(_output, outputs)))
    return found[0], found[1]


def _usage(line: Fields) -> Usage:
    return Usage(
        wall_ms=line.time("wall_ms"),
        cpu_ms=line.time("cpu_ms"),
        involuntary_switches=line.whole("involuntary_switches"),
        thread_cpu_ms=line.optional("thread_cpu_ms", line.time),
        thread_switches=line.optional("thread_switches", line.whole),
        cores=line.optional("cores", line.wholes),
        threads=line.optional("threads", lambda name: tuple(map(_thread, line.objects(name)))),
    )


def _thread(thread: Fields) -> ThreadUsage:
    return ThreadUsage(
        tid=thread.whole("tid"),
        cpu_ms=thread.optional("cpu_ms", thread.time),
        delay_ms=thread.optional("delay_ms", thread.time),
        involuntary_switches=thread.optional("involuntary_switches", thread.whole),
        processor=thread.optional("processor", thread.whole),
        affinity=thread.optional("affinity", thread.wholes),
    )


def _clocks(line: Fields) -> Clocks:
    def readings(name: str) -> tuple[ClockReading, ...] | None:
        return line.optional(name, lambda name: tuple(map(_reading, line.objects(name))))

    return Clocks(before=readings("before"), between=readings("between"), after=readings("after"))


def _reading(reading: Fields) -> ClockReading:
    hz = reading.optional("hz", reading.whole)
    if hz is not None and hz <= 0:
        raise BadLine(f"clock: hz is {hz}")
    return ClockReading(reading.whole("core"), hz, reading.whole("runs") if reading.has("runs") else None)


def _samples(lines: Sequence[Fields]) -> tuple[float, ...]:
    samples: list[float] = []
    for line in lines:
        if line.whole("start") != len(samples):
            raise BadLine(f"samples are missing: {len(samples)} arrived before number {line.whole('start')}")
        times = line.times("ms")
        if not times:
            raise BadLine("a samples line is empty")
        samples += times
    return tuple(samples)


def hello(line: Fields) -> Hello:
    """Raises `BadLine`."""
    return Hello(
        contract=line.whole("contract"),
        runner=line.text("runner"),
        engine=line.text("engine"),
        engine_version=line.optional("engine_version", line.text),
        abi=line.text("abi"),
        compiler=line.text("compiler"),
        pid=line.whole("pid"),
        synthetic=line.flag("synthetic"),
    )


def _environment(line: Fields) -> LaunchEnvironment:
    return LaunchEnvironment(
        moment=line.text("moment"),
        cores=tuple(map(_core, line.objects("cores"))),
        affinity=line.optional("affinity", line.wholes),
        thermal_zones=line.optional("thermal_zones", lambda name: tuple(map(_zone, line.objects(name)))),
    )


def _core(core: Fields) -> CoreState:
    return CoreState(
        index=core.whole("index"),
        online=core.optional("online", core.flag),
        max_khz=core.optional("max_khz", core.whole),
        min_khz=core.optional("min_khz", core.whole),
        scaling_max_khz=core.optional("scaling_max_khz", core.whole),
        cur_khz=core.optional("cur_khz", core.whole),
        governor=core.optional("governor", core.text),
        time_in_state=core.optional("time_in_state", core.pairs),
    )


def _zone(zone: Fields) -> ThermalZone:
    return ThermalZone(zone.optional("name", zone.text), zone.optional("millicelsius", zone.whole))


def _input(line: Fields) -> InputTensor:
    return InputTensor(line.whole("index"), line.text("name"), line.wholes("shape"), line.text("fill"))


def _output(line: Fields) -> OutputTensor:
    values = line.optional("values", line.reals) if line.has("values") else None
    return OutputTensor(
        line.whole("index"), line.text("name"), line.wholes("shape"), line.optional("digest", line.text), values
    )
