"""The half of a Python benchmark program that is the same for every engine: docs/reference/device-contract.md.

Stand-alone; Python 3.7 and later. An engine may end its process on bad input (abort, SIGSEGV, exit), so it runs in a
child, and the parent, which never touches it, writes the end line of a child that could not.

`main` takes an object of the engine's own, with `name` and `runner` (texts of the hello line) and, in the order of use:
`version()`; `check(path)`, the model's bytes and opt version (None where there is none), raising `Failure` for a file that
the engine should not be given; `load(given)`, returning the engine's version, after which `precision` may
say in what it computes; `input_names(count)` for `count` given
shapes; `input_dtype(index, shape)`, the numpy name of what an input holds, raising `Failure` for a shape that does not fit;
`set_input(index, name, values)`; `run()`; `outputs()`, names and arrays.
"""

import argparse
import gc
import json
import mmap
import os
import platform
import re
import signal
import struct
import sys
import time

import bench_host

CONTRACT = 2

KINDS = {
    2: "bad_argument",
    3: "contract_mismatch",
    4: "model_unreadable",
    5: "model_invalid",
    6: "engine_failed",
    7: "cores_unavailable",
    8: "input_invalid",
    9: "output_failed",
}
STAGES = (
    "while starting the engine",
    "while loading the model",
    "while setting the input",
    "in the first run",
    "while measuring",
)
ENDED = len(STAGES)
SAMPLES_PER_LINE = 256
FEWEST_RUNS = 5  # of the measured ones, whatever their bound says
WARM_WINDOW = 5  # runs
WARM_FALL = 0.01  # of the median


class Failure(Exception):  # noqa: N818 - the contract's word
    """A failure the contract knows: one sentence and its exit code."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Progress:
    """What the child has come to, seen by the parent: the stage, and how many lines were printed."""

    def __init__(self):
        self._shared = mmap.mmap(-1, 8)

    def reach(self, stage):
        self._shared[0] = stage

    def printed(self):
        struct.pack_into("<I", self._shared, 4, self.lines + 1)

    @property
    def stage(self):
        return self._shared[0]

    @property
    def lines(self):
        return struct.unpack_from("<I", self._shared, 4)[0]


class Lines:
    """The contract's lines on the original standard output; the engine's chatter goes to standard error."""

    def __init__(self, progress):
        self._progress = progress
        self._descriptor = os.dup(1)
        os.dup2(2, 1)

    def say(self, line_type, **fields):
        line = (json.dumps(dict(type=line_type, **fields), allow_nan=False) + "\n").encode()
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError as error:
            raise Failure(9, "standard output could not be written: %s" % error.strerror) from None
        self._progress.printed()

    def end(self, failure=None):
        if failure is None:
            self._end("ok", 0)
        else:
            self._end("error", failure.code, kind=KINDS[failure.code], message=str(failure))

    def crash(self, number, message):
        self._end("crash", 128 + number, kind="crash", message=message)

    def _end(self, status, code, **more):
        self.say("end", status=status, exit=code, lines=self._progress.lines, **more)


class Arguments(argparse.ArgumentParser):
    def error(self, message):
        raise Failure(2, message)


def arguments(prog):
    parser = Arguments(
        prog=prog,
        allow_abbrev=False,
        description="Measure a model on this machine; docs/reference/device-contract.md.",
    )
    parser.add_argument("--contract", type=int)
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--power-mode", type=int, choices=range(6))
    parser.add_argument("--cores", type=lambda text: [int(core) for core in text.split(",")])
    parser.add_argument("--warmup", type=int, default=10)
    parser.add_argument("--warmup-ms", type=float, default=500)
    parser.add_argument("--warmup-max-ms", type=float, default=0)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--repeats-ms", type=float, default=1000)
    parser.add_argument("--repeats-max-ms", type=float, default=0)
    parser.add_argument("--shape", action="append", type=lambda text: [int(size) for size in text.split(",")])
    parser.add_argument("--input", action="append")
    parser.add_argument("--output", choices=("none", "digest", "values"), default="digest")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--env", action="store_true")
    return parser


def checked(prog, words):
    """The arguments, as far as they can be judged without the engine."""
    # another contract may have other options: that is said first
    if "--contract" in words[:-1] and words[words.index("--contract") + 1] != str(CONTRACT):
        asked = words[words.index("--contract") + 1]
        raise Failure(3, "the driver speaks contract %s, this program %d" % (asked, CONTRACT))
    given = arguments(prog).parse_args(words)
    if given.version or given.env:
        return given
    if given.contract is None or not given.model:
        raise Failure(2, "--contract and --model are needed")
    if given.cores and given.power_mode is not None:
        raise Failure(2, "--cores and --power-mode exclude each other")
    if given.threads < 1 or given.repeats < 1 or given.warmup < 0 or given.warmup_ms < 0 or given.repeats_ms < 0:
        raise Failure(2, "threads and repeats must be at least 1, warm-up and times at least 0")
    for most, least in ((given.warmup_max_ms, given.warmup_ms), (given.repeats_max_ms, given.repeats_ms)):
        if most < 0 or 0 < most < least:
            raise Failure(
                2, "the bound of warm-up or repeats, %g ms, is less than the least time, %g ms" % (most, least)
            )
    given.shape = given.shape or [[1, 3, 224, 224]]
    given.input = given.input or ["ones"] * len(given.shape)
    if len(given.input) != len(given.shape):
        raise Failure(2, "one --input for each --shape, or none at all")
    if any(size < 1 for shape in given.shape for size in shape):
        raise Failure(2, "a shape's sizes must be at least 1")
    for fill in given.input:
        if not re.fullmatch(r"ones|seed:\d+|file:.+", fill):
            raise Failure(2, "--input must be ones, seed:S or file:PATH, not %s" % fill)
    return given


def readable(path):
    """The file's size; raises `Failure` for one that cannot be read."""
    try:
        with open(path, "rb") as file:
            return os.fstat(file.fileno()).st_size
    except OSError as error:
        raise Failure(4, "the model %s cannot be read: %s" % (path, error.strerror)) from None


def no_power_mode(given, engine):
    """For engines without Paddle-Lite's power modes; 0 is what the driver asks for when nobody asks."""
    if given.power_mode:
        raise Failure(2, "%s has no power modes" % engine)


def filled(numpy, fill, index, shape):
    """Input number `index` as the contract defines it, float32."""
    count = 1
    for size in shape:
        count *= size
    kind, _, rest = fill.partition(":")
    if kind == "ones":
        values = numpy.ones(count, numpy.float32)
    elif kind == "seed":
        with numpy.errstate(over="ignore"):
            x = numpy.arange(count, dtype=numpy.uint64) + numpy.uint64((int(rest) + (index << 32)) % 2**64)
            x += numpy.uint64(0x9E3779B97F4A7C15)
            x = (x ^ (x >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
            x ^= x >> numpy.uint64(31)
        values = ((x >> numpy.uint64(40)).astype(numpy.float64) * 2.0**-23 - 1.0).astype(numpy.float32)
    else:
        try:
            values = numpy.fromfile(rest, dtype="<f4")
            matches = os.path.getsize(rest) == 4 * count
        except OSError as error:
            raise Failure(8, "cannot open the input file %s: %s" % (rest, error.strerror)) from None
        if not matches:
            raise Failure(8, "the input file %s is not %d bytes of float32 as the shape asks" % (rest, 4 * count))
    return values.reshape(shape)


def typed(numpy, values, fill, dtype):
    """The contract's float32 values as an input takes them: of a seed, integers get 0 to 7 for -1 to 1."""
    if numpy.dtype(dtype).kind in "iub":
        values = numpy.floor((values + 1) * 4) if fill.startswith("seed:") else values
        return (values % 2 if dtype == "bool" else values).astype(dtype)
    return values.astype(dtype)


def fnv1a64(content):
    digest = 0xCBF29CE484222325
    for byte in content:
        digest = (digest ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return "fnv1a64:%016x" % digest


def bind(cores):
    try:
        os.sched_setaffinity(0, cores)
    except OSError:
        raise Failure(7, "cores %s are offline or not allowed" % cores) from None
    if os.sched_getaffinity(0) != set(cores):
        raise Failure(7, "of cores %s only %s could be had" % (cores, sorted(os.sched_getaffinity(0))))


def repeated(run, count, least_ms, most_ms, pause):
    """The times of at least `count` runs that take at least `least_ms` together, in ns.

    After `most_ms` (0: no bound) no run is begun any more, once there are `FEWEST_RUNS`. `pause` is called after each.
    """
    clock = time.perf_counter_ns
    samples = []
    started = clock()
    end, bound = started + least_ms * 1e6, started + most_ms * 1e6
    while len(samples) < count or clock() < end:
        if most_ms > 0 and len(samples) >= FEWEST_RUNS and clock() >= bound:
            break
        begun = clock()
        run()
        samples.append(clock() - begun)
        pause()
    return samples


def settled(samples):
    """Whether the runs became no faster of late; None for too few to tell.

    The median of their last quarter (at least `WARM_WINDOW` runs) is not more than `WARM_FALL` below that of as many
    runs before it.
    """
    window = max(WARM_WINDOW, len(samples) // 4)
    if len(samples) < 2 * window:
        return None
    return middle(samples[-window:]) >= (1 - WARM_FALL) * middle(samples[-2 * window : -window])


def middle(values):
    return sorted(values)[len(values) // 2]


def warmed_up(run, count, least_ms, most_ms):
    """The times of the warm-up's runs in ns, and whether they settled (None: not asked, or too few to tell).

    At least `count` runs and `least_ms`; with `most_ms`, on until they settle or so much time has passed.
    """
    clock = time.perf_counter_ns
    samples = []
    started = clock()
    judged = 0  # judging takes time: again only when there is a tenth more
    while True:
        passed = (clock() - started) / 1e6
        enough = len(samples) >= count and passed >= least_ms
        if enough and (most_ms <= 0 or not samples):
            return samples, None
        if enough and len(samples) >= judged + judged // 10:
            judged = len(samples)
            if settled(samples):
                return samples, True
        if most_ms > 0 and samples and passed >= most_ms:
            return samples, settled(samples)
        begun = clock()
        run()
        samples.append(clock() - begun)


def milliseconds(nanoseconds):
    return round(nanoseconds / 1e6, 6)


def hello(engine, lines):
    lines.say(
        "hello",
        contract=CONTRACT,
        runner=engine.runner,
        engine=engine.name,
        engine_version=engine.version(),
        abi=platform.machine(),
        compiler="Python " + platform.python_version(),
        pid=os.getpid(),
    )


def measure(engine, given, lines, reach):
    """One launch. `reach` hears what is done next."""
    reach(0)
    launched = bench_host.usage()
    if given.cores:
        bind(given.cores)
    hello(engine, lines)
    if not given.version:
        lines.say("environment", moment="before", **bench_host.environment())
    if given.version or given.env:
        lines.end()
        return
    model_bytes, opt_version = engine.check(given.model)

    import numpy

    reach(1)
    started = time.perf_counter_ns()
    engine_version = engine.load(given)
    loaded = time.perf_counter_ns() - started
    lines.say(
        "load",
        ms=milliseconds(loaded),
        model_bytes=model_bytes,
        model_opt_version=opt_version,
        engine_version=engine_version,
        **({"precision": engine.precision} if hasattr(engine, "precision") else {}),
    )

    reach(2)
    names = engine.input_names(len(given.shape))
    if len(given.shape) != len(names):
        asked = "%d shapes" % len(given.shape)
        raise Failure(8, "the model has %d inputs (%s), given are %s" % (len(names), ", ".join(names), asked))
    for index, (name, shape, fill) in enumerate(zip(names, given.shape, given.input)):
        engine.set_input(
            index, name, typed(numpy, filled(numpy, fill, index, shape), fill, engine.input_dtype(index, shape))
        )
        lines.say("input", index=index, name=name, shape=shape, fill=fill)

    reach(3)
    started = time.perf_counter_ns()
    engine.run()
    lines.say("first_run", ms=milliseconds(time.perf_counter_ns() - started))
    if given.output != "none":
        say_outputs(lines, engine, "first", given.output == "values")

    reach(4)
    gc.collect()
    gc.disable()
    core = bench_host.core_reader()
    seen = set()
    warmup, warm = warmed_up(engine.run, given.warmup, given.warmup_ms, given.warmup_max_ms)
    cores_begin = bench_host.cores()
    begin = bench_host.usage()
    samples = repeated(
        engine.run, given.repeats, given.repeats_ms, given.repeats_max_ms, (lambda: seen.add(core())) if core else int
    )
    used = bench_host.used_between(begin, bench_host.usage())
    cores_end = bench_host.cores()
    lines.say("warmup", runs=len(warmup), ms=milliseconds(sum(warmup)), settled=warm)
    for start in range(0, len(samples), SAMPLES_PER_LINE):
        lines.say("samples", start=start, ms=[milliseconds(s) for s in samples[start : start + SAMPLES_PER_LINE]])
    if given.output != "none":
        say_outputs(lines, engine, "last", False)
    lines.say("frequencies", begin=cores_begin, end=cores_end)
    # The clock cannot be read here: a loop of Python is no work of known length.
    lines.say("clock", before=None, between=None, after=None)
    lines.say("usage", span="measured", cores=sorted(seen) if core and -1 not in seen else None, **used)
    whole = dict(bench_host.used_between(launched, bench_host.usage()), threads=None)
    lines.say("usage", span="launch", cores=None, **whole)
    lines.say("environment", moment="after", **bench_host.environment())
    lines.say("memory", peak_rss_bytes=bench_host.peak_rss_bytes())
    lines.end()


def say_outputs(lines, engine, run, values):
    """The outputs of the first or the last run: digests of what is float32, and the values if they are wanted."""
    for index, (name, made) in enumerate(engine.outputs()):
        real = made.dtype.name == "float32"
        fields = {"digest": fnv1a64(made.tobytes()) if real else None}
        if values:
            flat = made.ravel().tolist()
            fields["values"] = [float("%.9g" % v) if v - v == 0 else None for v in flat] if real else None
        lines.say("output", run=run, index=index, name=name, shape=list(made.shape), **fields)


def child(engine, given, lines, progress):
    try:
        measure(engine, given, lines, progress.reach)
        code = 0
    except Failure as failure:
        code = failure.code
        if code != 9:
            lines.end(failure)
    except Exception as error:  # the engine's own, or its import failing
        code = 6
        lines.end(Failure(code, "%s: %s" % (type(error).__name__, error)))
    progress.reach(ENDED)
    return code


def supervise(engine, given, lines, progress):
    """Measure in a child; a child that could not write its end line gets one here. Returns the exit code."""
    pid = os.fork()
    if pid == 0:
        code = 6
        try:
            code = child(engine, given, lines, progress)
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    where = STAGES[min(progress.stage, ENDED - 1)]
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        lines.crash(number, "%s %s" % (signal.Signals(number).name, where))
        return 128 + number
    code = os.WEXITSTATUS(status)
    if progress.stage != ENDED:
        lines.end(Failure(6, "the engine ended the process with exit code %d %s" % (code, where)))
        return 6
    return code


def main(engine):
    """Do what the command line says; returns the exit code."""
    prog = engine.runner.split()[0]
    # numpy's own threads compute nothing here, but spin for 20 ms after its import: into the runs, where the warm-up is short.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if sys.argv[1:] in (["--help"], ["-h"]):
        arguments(prog).print_help()
        return 0
    progress = Progress()
    lines = Lines(progress)
    try:
        try:
            given = checked(prog, sys.argv[1:])
        except Failure as failure:
            lines.end(failure)
            return failure.code
        return supervise(engine, given, lines, progress)
    except Failure as failure:  # even the end line could not be written
        sys.stderr.write("%s\n" % failure)
        return failure.code
