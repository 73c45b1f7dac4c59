"""The command that measures again what a session measured."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from edge.bench.host_engines import (
    DEVICE_ENGINES,
    ONNXRUNTIME,
    PADDLE_LITE,
    PADDLE_PLAIN,
    engine_meant,
    known_engines,
)
from edge.errors import EdgezooError
from edge.metadata.file import origin_of
from edge.results.measurement import Measurement
from edge.results.protocol import NAMED, Protocol
from edge.results.versions import as_named
from edge.toolchain.engines import engines
from edge.zoo.catalogue import lookup

_PRECISIONS = ("fp32", "fp16", "int8", "int16")  # that `bench --precision` makes


def commands(cells: Sequence[Measurement], seed: int | None) -> list[str]:
    """As few as measure the cells of one session again, each a line for a shell; files are named as they were."""
    threads: dict[tuple[str, ...], dict[str, set[int]]] = {}
    for one in cells:
        name, options = _named(one)
        threads.setdefault(options, {}).setdefault(name, set()).add(one.threads)
    made = []
    for options, names in threads.items():
        together: dict[tuple[int, ...], list[str]] = {}
        for name, counts in names.items():
            together.setdefault(tuple(sorted(counts)), []).append(name)
        for ordered, mine in together.items():
            words = ["edgezoo", "bench", *mine, "--threads", ",".join(map(str, ordered)), *options]
            words += ["--seed", str(seed)] if seed is not None else []
            made.append(shlex.join([*words, "--fresh"]))
    return made


def _named(one: Measurement) -> tuple[str, tuple[str, ...]]:
    """What names the network, and the options of the rest."""
    here = one.device.get("kind") == "host"
    engine = _engine(one)
    options = ["-s", "host" if here else str(one.device.get("serial") or "SERIAL")]
    name = _of_catalogue(one)
    if name is not None:
        options += ["--weights", "random"] if one.subject.weights == "random" else []
        options += ["--precision", one.subject.precision] if one.subject.precision not in (None, "fp32") else []
        if one.subject.target not in (None, "x86" if here else "arm"):
            options += ["--target", one.subject.target or ""]
    options += _engine_options(one, engine, here=here, converted=name is not None)
    options += ["--allow-synthetic"] if one.synthetic else []
    if one.program.name.startswith("benchmark_bin"):
        options += ["--runner", one.program.name]
    return name or _file(one), (*options, *protocol_options(one.protocol))


def _engine(one: Measurement) -> str:
    """As the program called it, or the one that it was started for."""
    origin = origin_of(one.subject.metadata, one.subject.name).engine
    return one.engine[0] or engine_meant(one.program.name, origin.name if origin else None)


def _engine_options(one: Measurement, engine: str, *, here: bool, converted: bool) -> list[str]:
    """What says that it was another engine, or another version of Paddle-Lite, than is measured with anyway."""
    if engine == PADDLE_LITE.name:  # of this machine the one that ran, elsewhere the one that converted
        version = as_named((one.engine[1] if here else one.subject.opt_version if converted else None) or "")
        others = {known.version for known in engines() if known.kind == PADDLE_LITE.kind}
        return ["--engine", version] if version in others - {PADDLE_LITE.environment.version} else []
    known = (*known_engines(), PADDLE_PLAIN.name) if here else DEVICE_ENGINES
    return ["--engine", engine] if engine in known else []


def _of_catalogue(one: Measurement) -> str | None:
    """The name that makes the very file, where one does."""
    origin = origin_of(one.subject.metadata, one.subject.name)
    if (
        origin.model is None
        or one.subject.weights not in ("published", "random")
        or one.subject.precision not in _PRECISIONS
    ):
        return None
    try:
        model = lookup(origin.model.name)
    except EdgezooError:
        return None
    batch, channels, *sizes = model.input_shape
    alike = (tuple(model.input_shape), (batch, *sizes, channels))  # LiteRT has the channels last
    return model.name if len(one.subject.shapes) == 1 and one.subject.shapes[0] in alike else None


def _file(one: Measurement) -> str:
    ending = ".onnx" if _engine(one) == ONNXRUNTIME.name else ".nb"
    name = one.subject.name
    return name if name.endswith(ending) else f"{name}{ending}"


def protocol_options(protocol: Protocol) -> Iterable[str]:
    """What `bench` must be told to measure by that protocol."""
    own = NAMED[protocol.base] if protocol.base in NAMED else NAMED["robust"]
    told = {
        "table": ["--protocol", "table"],
        "compare": ["--compare"],
        "sustained": ["--sustained", f"{protocol.duration_s:g}s"],
    }
    words = list(told.get(protocol.base, []))
    if protocol.base != "sustained":
        if (protocol.warmup_runs, protocol.warmup_ms) != (own.warmup_runs, own.warmup_ms):
            words += ["--warmup", str(protocol.warmup_runs)]
        if (protocol.repeats, protocol.repeats_ms) != (own.repeats, own.repeats_ms):
            words += ["--repeats", str(protocol.repeats)]
        if protocol.launches_min != own.launches_min:
            words += ["--launches", str(protocol.launches_min)]
        if protocol.base == "compare" and protocol.launches_max != own.launches_max:
            words += ["--max-launches", str(protocol.launches_max)]
        if protocol.tolerance != own.tolerance:
            words += ["--tolerance", f"{protocol.tolerance * 100:g}"]
    words += ["--cooldown", f"{protocol.cooldown_s:g}"] if protocol.cooldown_s else []
    words += ["--input", protocol.input] if protocol.input != "ones" else []
    words += ["--power-mode", str(protocol.power_mode)] if protocol.power_mode else []
    return words + (["--cores", ",".join(map(str, protocol.cores))] if protocol.cores else [])
