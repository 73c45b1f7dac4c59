"""The engines that can run a network on this machine: what `bench --engine` names."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from pathlib import Path

from edge.cache.hashing import sha256_of
from edge.errors import UsageError
from edge.results.versions import as_named
from edge.toolchain.engines import WORKERS, Engine, engine, engines, formats

Format = str  # "nb", "onnx", "program" (Paddle's own inference program), or a format of engines.toml
_SHARED = ("bench_program.py", "bench_host.py")


@dataclass(frozen=True, slots=True)
class HostEngine:
    """An engine, the script that measures with it, and the kind of model it runs.

    `kind` is the one in engines.toml, `version` None its default.
    """

    name: str
    kind: str
    script: str
    model: Format
    version: str | None = None

    @property
    def environment(self) -> Engine:
        """Which interpreter and packages it needs. Raises `UsageError` for an unknown version."""
        return engine(self.kind, self.version)

    @property
    def program(self) -> Path:
        """The benchmark program (docs/reference/device-contract.md)."""
        return WORKERS / self.script

    @property
    def sha256(self) -> str:
        """Of all that the benchmark program is made of."""
        shared: tuple[str, ...] = _SHARED
        if self.environment.format is not None:
            shared = (*_SHARED, "engine_program.py", "protocol.py")
        if self.script == PADDLE_PLAIN.script:
            shared = (*_SHARED, "paddle_bench.py")
        scripts = [(WORKERS / name).read_bytes() for name in (self.script, *shared)]
        return sha256_of(self.environment.lock_hash.encode() + b"".join(scripts))

    @property
    def threads_honoured(self) -> bool:
        """Paddle-Lite's x86 kernels use one thread, whatever is asked."""
        return self.kind != "paddlelite" or platform.machine() not in ("x86_64", "AMD64")


PADDLE_LITE = HostEngine("paddle-lite", "paddlelite", "lite_bench.py", "nb")
ONNXRUNTIME = HostEngine("onnxruntime", "onnx", "onnx_bench.py", "onnx")
DEVICE_ENGINES = (PADDLE_LITE.name, ONNXRUNTIME.name)
"""What edgebench can be built with: these measure on a device, too."""
_KNOWN = {
    one.name: one
    for one in (
        PADDLE_LITE,
        ONNXRUNTIME,
        *(HostEngine(one.kind, one.kind, one.program.name, name) for name, one in formats().items()),
        HostEngine("paddle", "paddle", "paddle_bench.py", "program"),
    )
}
PADDLE_PLAIN = HostEngine("paddle-plain", "paddle", "paddle_plain_bench.py", "program")  # without oneDNN
ALL = "all"
_MAKERS = {"paddlelite": PADDLE_LITE.name, "paddle2onnx": ONNXRUNTIME.name}  # of a file that a device runs


def known_engines() -> tuple[str, ...]:
    """The names, in the order of `--engine all`."""
    return tuple(_KNOWN)


def host_engines(text: str) -> tuple[HostEngine, ...]:
    """What `bench --engine` says: one or more, separated by commas, or all. Raises `UsageError`."""
    if text == ALL:
        return tuple(_KNOWN.values())
    names = text.split(",")
    if ALL in names:
        raise UsageError(f"--engine {text}: {ALL} is all of them, alone", hint=f"--engine {ALL}")
    named: dict[tuple[str, str], str] = {}
    found = []
    for name in names:
        one = host_engine(name, more=ALL)
        place = one.name, one.environment.version
        if place in named:
            again = f"{name} is named twice" if name == named[place] else f"{name} and {named[place]} are one engine"
            raise UsageError(f"--engine {text}: {again}", hint="once is enough")
        named[place] = name
        found.append(one)
    return tuple(found)


def host_engine(text: str | None, more: str = "") -> HostEngine:
    """What `--engine` says: a name, or a version of Paddle-Lite, which may be written as its library writes it (v2.13-rc).

    None is Paddle-Lite; `more` is another word that could have been said there. Raises `UsageError`.
    """
    if text is None:
        return PADDLE_LITE
    if text == PADDLE_PLAIN.name:
        return PADDLE_PLAIN
    if text in _KNOWN:
        return _KNOWN[text]
    versions = {one.version for one in engines() if one.kind == PADDLE_LITE.kind}
    version = as_named(text)
    if version in versions:
        return replace(PADDLE_LITE, version=version)
    names = [*_KNOWN, PADDLE_PLAIN.name, *([more] if more else [])]
    hint = f"there are {', '.join(names)}; and versions of Paddle-Lite: {', '.join(sorted(versions))}"
    if not text.strip():
        raise UsageError("an engine without a name: is there a comma too many?", hint=hint)
    if version[:1].isdigit():
        raise UsageError(f"there is no {PADDLE_LITE.kind} engine of version {text!r}", hint=hint)
    near = next((f"is {name} meant? " for name in names if name == text.strip().lower()), "")
    raise UsageError(f"there is no engine {text!r}", hint=near + hint)


def engine_meant(program: str, maker: str | None) -> str:
    """The engine that a benchmark program was started for, where it ended before it said so itself.

    `program` as the results call it, `maker` what made the model's file (`engine` in its metadata); of a file without metadata
    on a device, the program.
    """
    scripts = {Path(one.script).stem: one.name for one in (*_KNOWN.values(), PADDLE_PLAIN)}
    return scripts.get(program) or _MAKERS.get(maker or "", program)
