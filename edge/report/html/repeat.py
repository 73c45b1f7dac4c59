"""The command that measures again what a session measured."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from edge.bench.host_engines import PADDLE_LITE, PADDLE_PLAIN, HostEngine, host_engine, known_engines
from edge.errors import EdgezooError
from edge.metadata.file import origin_of
from edge.report.engines import meant
from edge.results.measurement import Measurement
from edge.results.protocol import NAMED, Protocol
from edge.results.versions import as_named
from edge.zoo.catalogue import lookup
from edge.zoo.published import takes_input

_PRECISIONS = ("fp32", "fp16", "int8", "int16")  # that `bench --precision` makes of a name alone


def commands(cells: Sequence[Measurement], seed: int | None) -> list[str]:
    """As few as measure the cells of one session again, each a line for a shell; files are named as they were."""
    threads: dict[tuple[str, tuple[str, ...], str], set[int]] = {}
    for one in cells:
        threads.setdefault((*_named(one), _engine_word(one)), set()).add(one.threads)
    engines: dict[tuple[str, tuple[str, ...], tuple[int, ...]], list[str]] = {}
    for (name, options, engine), counts in threads.items():
        engines.setdefault((name, options, tuple(sorted(counts))), []).append(engine)
    together: dict[tuple[tuple[str, ...], tuple[int, ...], str], list[str]] = {}
    for (name, options, ordered), mine in engines.items():
        together.setdefault((options, ordered, ",".join(mine)), []).append(name)
    made = []
    for (options, ordered, ran), names in together.items():
        words = ["edgezoo", "bench", *names, "--threads", ",".join(map(str, ordered)), *options]
        words += ["--engine", ran] if ran != PADDLE_LITE.name else []
        words += ["--allow-synthetic"] if any(one.synthetic for one in cells) else []
        words += ["--seed", str(seed)] if seed is not None else []
        made.append(shlex.join([*words, "--fresh"]))
    return made


def _named(one: Measurement) -> tuple[str, tuple[str, ...]]:
    """What names the network, and the options of the rest, but for the engine."""
    here = _is_here(one)
    options = ["-s", "host" if here else str(one.device.get("serial") or "SERIAL")]
    name = _of_catalogue(one)
    if name is not None:
        options += ["--weights", "random"] if one.subject.weights == "random" else []
        options += ["--precision", one.subject.precision] if one.subject.precision not in (None, "fp32") else []
        if one.subject.target not in (None, "x86" if here else "arm"):
            options += ["--target", one.subject.target or ""]
    elif one.subject.metadata is None:
        options += [word for shape in one.subject.shapes for word in ("--shape", ",".join(map(str, shape)))]
    if one.program.name.startswith("benchmark_bin"):
        options += ["--runner", one.program.name]
    elif here and one.program.name == "edgebench":
        options += ["--runner", "edgebench"]
    return name or _file(one), (*options, *protocol_options(one.protocol))


def _is_here(one: Measurement) -> bool:
    return one.device.get("kind") == "host"


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
    return model.name if takes_input(model, one.subject.shapes) else None


def _engine(one: Measurement) -> HostEngine:
    """The one that ran it, or was to."""
    return host_engine(
        next((word for word in (one.engine[0], meant(one)) if word in (*known_engines(), PADDLE_PLAIN.name)), None)
    )


def _engine_word(one: Measurement) -> str:
    """What `--engine` calls it: Paddle-Lite by its version where it is not the usual one."""
    engine = _engine(one)
    if engine.name != PADDLE_LITE.name:
        return engine.name
    version = one.engine[1] if _is_here(one) else one.subject.opt_version if _of_catalogue(one) else None
    try:
        named = host_engine(as_named(version)) if version else engine
    except EdgezooError:  # a synthetic one's, or one that is no more
        return engine.name
    return engine.name if named.environment == engine.environment else named.version or named.name


def _file(one: Measurement) -> str:
    engine = _engine(one)
    if engine.model == "program":  # a folder
        return one.subject.name
    form = engine.environment.format
    ending = form.suffix if form else f".{engine.model}"
    return one.subject.name.removesuffix(ending).removesuffix(Path(ending).stem) + ending


def protocol_options(protocol: Protocol) -> Iterable[str]:
    """What `bench` must be told to measure by that protocol."""
    own = NAMED[protocol.base] if protocol.base in NAMED else NAMED["robust"]
    told = {
        "table": ["--protocol", "table"],
        "intel-table": ["--protocol", "intel-table"],
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
