"""What `edgezoo runner build` is asked for, checked before anything is begun."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from edge.errors import UsageError

For = Literal["android", "linux-arm64", "linux-armv7", "host"]
DeviceAbi = Literal["arm64-v8a", "armeabi-v7a"]
RunnerEngine = Literal["paddle-lite", "onnxruntime", "synthetic"]
CompilerName = Literal["ndk", "debian"]
ENGINES: tuple[str, ...] = get_args(RunnerEngine)
RELEASE = "2.13-rc"
"""Paddle-Lite's release for devices that is taken where none is named: it reads what the default engine converts."""

ORT_RELEASE = "1.22.1"
"""ONNX Runtime's, for 64-bit ARM Linux and this machine, where none is named."""


@dataclass(frozen=True, kw_only=True)
class RunnerOptions:
    """The options of the command, as `edgezoo runner build --help` explains them. Raises `UsageError`."""

    where: For = "android"
    abi: DeviceAbi | None = None
    engine: RunnerEngine = "paddle-lite"
    lite_lib: Path | None = None
    lite_release: str | None = None
    ort_lib: Path | None = None
    ort_release: str | None = None
    compiler: CompilerName | None = None
    test: bool = False
    fresh: bool = False

    def __post_init__(self) -> None:
        if self.lite_lib is not None and self.lite_release is not None:
            raise UsageError("--lite-lib and --lite-release exclude each other", hint="leave one of them out")
        self._check_onnxruntime()
        given = "--lite-lib" if self.lite_lib else "--lite-release" if self.lite_release else None
        if given and self.engine != "paddle-lite":
            raise UsageError(f"{given} is for Paddle-Lite: the engine asked for is {self.engine}", hint="leave it out")
        if self.lite_lib is not None and not self.lite_lib.exists():
            raise UsageError(
                f"--lite-lib {self.lite_lib}: there is nothing of that name", hint="name a folder or a file"
            )
        release = self.lite_release
        if release and not re.fullmatch(r"https://\S+|v?\d{1,2}\.\d{1,3}(\.\d{1,3})?(-?rc\d{0,2})?", release):
            raise UsageError(
                f"--lite-release {release} is none",
                hint=f"a version such as {RELEASE}, or the https address of an archive",
            )
        if self.where == "host" and release and release.startswith("https:"):
            raise UsageError(
                "--lite-release takes a version for the host: its engine is the Python package of that version",
                hint="such as 2.13rc0",
            )
        if self.abi and self.where != "android":
            raise UsageError(f"--abi is for Android: {self.where} is one ABI", hint="leave it out")
        if self.compiler and self.where != "android":
            raise UsageError(f"--compiler is for Android: {self.where} has one", hint="leave it out")
        if self.compiler == "debian" and self.abi == "armeabi-v7a":
            raise UsageError(
                "for a phone Debian's cross compiler makes 64-bit programs only", hint="--abi armeabi-v7a needs the NDK"
            )
        if self.test and self.where != "host":
            raise UsageError("--test runs the unit tests: on this machine only", hint="--for host")

    def _check_onnxruntime(self) -> None:
        if self.ort_lib is not None and self.ort_release is not None:
            raise UsageError("--ort-lib and --ort-release exclude each other", hint="leave one of them out")
        given = "--ort-lib" if self.ort_lib else "--ort-release" if self.ort_release else None
        if given and self.engine != "onnxruntime":
            raise UsageError(f"{given} is for ONNX Runtime", hint="--engine onnxruntime")
        if self.ort_lib is not None and not self.ort_lib.is_file():
            raise UsageError(
                f"--ort-lib {self.ort_lib} is no file", hint="a libonnxruntime.so, or an .aar or .whl that has one"
            )
        if self.ort_release and not re.fullmatch(r"\d{1,2}\.\d{1,3}\.\d{1,3}", self.ort_release):
            raise UsageError(f"--ort-release {self.ort_release} is none", hint=f"a version such as {ORT_RELEASE}")
        if self.engine == "onnxruntime" and self.where == "linux-armv7" and self.ort_lib is None:
            raise UsageError(
                "ONNX Runtime has no Python package for 32-bit ARM: its library must be named",
                hint="--ort-lib libonnxruntime.so, of the board's own distribution (Debian 13: libonnxruntime1.21)",
            )
        if self.engine != "onnxruntime" or self.where != "android":
            return
        if self.compiler == "debian":
            raise UsageError(
                "ONNX Runtime is opened at run time, which a static program cannot do: on a phone it needs the NDK",
                hint="leave --compiler out, or --for linux-arm64 for a device with glibc",
            )
        if self.ort_lib is None:
            raise UsageError(
                "ONNX Runtime's library for Android must be named: it is in the Android package of a release of it",
                hint="--ort-lib onnxruntime-android-VERSION.aar",
            )
