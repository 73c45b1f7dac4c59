"""Everything that edgezoo may use, looked at in the order in which it is needed."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from edge.doctor.finding import Finding, Status, examine_machine
from edge.doctor.phone import examine_phone
from edge.errors import InterpreterNotFoundError
from edge.package.sdk import TOOLS
from edge.toolchain import environment, interpreter
from edge.toolchain.android_sdk import find_tool, framework
from edge.toolchain.engines import Engine, engines


def examine() -> Iterator[Finding]:
    """Look at everything; yields a finding as soon as it is known. Starts adb's server, if adb is there."""
    yield examine_machine()
    yield Finding("driver", "ok", f"Python {sys.version.split()[0]} at {sys.executable}", "edgezoo itself")
    yield _uv()
    for engine in engines():
        yield examine_engine(engine)
    yield from examine_phone()
    for name, package in TOOLS.items():
        found, purpose = find_tool(name), "packaging: APKs"
        fix = f"apt-get install {package}"
        yield Finding(name, "ok" if found else "optional", str(found or "not found"), purpose, "" if found else fix)
    resources, purpose = framework(), "packaging: APKs, Android's own resources"
    package = "apt-get install android-framework-res"
    yield (
        Finding("framework-res", "ok", str(resources), purpose)
        if resources
        else Finding("framework-res", "optional", "not found", purpose, package)
    )


def _uv() -> Finding:
    purpose = "making the engines' environments"
    try:
        return Finding("uv", "ok", str(interpreter.uv()), purpose)
    except InterpreterNotFoundError as error:
        return Finding("uv", "missing", error.message, purpose, "pip install uv")


def examine_engine(engine: Engine) -> Finding:
    """Whether an engine's environment is there, or could be made here."""
    purpose = {
        "paddlelite": "converting, verifying and measuring here",
        "paddle": "exporting and reference results",
        "paddle3": "reference results of models that Paddle 3 wrote",
        "onnx2tf": "LiteRT files: making them",
    }.get(engine.kind, f"{engine.title or 'ONNX'} files: converting, verifying, measuring here")
    absent: Status = "missing" if engine.default and engine.kind != "onnx" else "optional"
    if found := environment.ready(engine):
        return Finding(engine.name, "ok", f"Python {engine.python} at {found.python}", purpose)
    if (reason := engine.lacks_wheels()) is not None:
        return Finding(engine.name, absent, reason, purpose, environment.OTHER_MACHINE)
    install = f"edgezoo doctor --fix {engine.name}"
    try:
        python = interpreter.find(engine.python, install=False)
    except InterpreterNotFoundError as error:
        # uv carries no interpreter older than 3.8
        old = tuple(map(int, engine.python.split("."))) < (3, 8)
        fix = f"pyenv install {engine.python}" if old else install
        return Finding(engine.name, absent, error.message, purpose, fix)
    return Finding(engine.name, absent, f"not installed yet (Python {engine.python} at {python})", purpose, install)
