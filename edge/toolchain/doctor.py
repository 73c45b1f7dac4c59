"""What is installed here, what is missing, and the one command that mends it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.errors import InterpreterNotFoundError
from edge.toolchain import environment, interpreter
from edge.toolchain.engines import Engine, engines

Status = Literal["ok", "missing", "optional"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `optional`: not there, and only some work needs it (`purpose` says which)."""

    name: str
    status: Status
    detail: str
    purpose: str
    fix: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything edgezoo may use; yields a finding as soon as it is known."""
    yield Finding("driver", "ok", f"Python {sys.version.split()[0]} at {sys.executable}", "edgezoo itself")
    yield _uv()
    for engine in engines():
        yield examine_engine(engine)
    yield _adb()
    for program, purpose, package in _PROGRAMS:
        yield _program(program, purpose, f"apt-get install {package}")
    yield _ndk()


_PROGRAMS = (
    ("g++", "building the benchmark program for this host", "g++"),
    ("aarch64-linux-gnu-g++", "building the benchmark program for ARM without the NDK", "g++-aarch64-linux-gnu"),
    ("cmake", "building the benchmark program", "cmake"),
    ("javac", "packaging: compiling the Java helper", "default-jdk-headless"),
    ("aapt2", "packaging: APKs", "aapt"),
    ("zipalign", "packaging: APKs", "zipalign"),
    ("apksigner", "packaging: APKs", "apksigner"),
)


def _uv() -> Finding:
    purpose = "making the engines' environments"
    try:
        return Finding("uv", "ok", str(interpreter.uv()), purpose)
    except InterpreterNotFoundError as error:
        return Finding("uv", "missing", error.message, purpose, "pip install uv")


def examine_engine(engine: Engine) -> Finding:
    """Whether an engine's environment is there."""
    purpose = {
        "paddlelite": "converting, verifying and measuring here",
        "paddle": "exporting and reference results",
        "paddle3": "reference results of models that Paddle 3 wrote",
        "onnx2tf": "LiteRT files: making them",
    }.get(engine.kind, f"{engine.title or 'ONNX'} files: converting, verifying, measuring here")
    absent: Status = "missing" if engine.default and engine.kind != "onnx" else "optional"
    if found := environment.ready(engine):
        return Finding(engine.name, "ok", f"Python {engine.python} at {found.python}", purpose)
    install = f"edgezoo doctor --fix {engine.name}"
    try:
        python = interpreter.find(engine.python, install=False)
    except InterpreterNotFoundError:
        # uv carries no interpreter older than 3.8
        old = tuple(map(int, engine.python.split("."))) < (3, 8)
        fix = f"pyenv install {engine.python}" if old else install
        return Finding(engine.name, absent, f"no Python {engine.python} here", purpose, fix)
    return Finding(engine.name, absent, f"not installed yet (Python {engine.python} at {python})", purpose, install)


def _adb() -> Finding:
    purpose = "measuring on Android devices"
    found = shutil.which("adb")
    if found is None:
        import importlib.util

        spec = importlib.util.find_spec("adbutils")
        carried = Path(spec.origin).parent / "binaries" / "adb" if spec and spec.origin else None
        found = str(carried) if carried and os.access(carried, os.X_OK) else None
    if found is None:
        return Finding("adb", "optional", "not found", purpose, "apt-get install adb")
    return Finding("adb", "ok", found, purpose)


def _program(name: str, purpose: str, fix: str) -> Finding:
    beside = Path(sys.executable).with_name(name)  # cmake comes as a Python package too
    found = shutil.which(name) or (str(beside) if beside.is_file() else None)
    return Finding(name, "ok", found, purpose) if found else Finding(name, "optional", "not found", purpose, fix)


def _ndk() -> Finding:
    purpose = "building the benchmark program for Android"
    given = os.environ.get("ANDROID_NDK_HOME")
    if given and (Path(given) / "build/cmake/android.toolchain.cmake").is_file():
        return Finding("Android NDK", "ok", given, purpose)
    detail = f"ANDROID_NDK_HOME names {given}, which is no NDK" if given else "ANDROID_NDK_HOME is not set"
    return Finding("Android NDK", "optional", detail, purpose, "export ANDROID_NDK_HOME=<an unpacked NDK r27 or later>")
