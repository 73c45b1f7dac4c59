"""Whether a file is ONNX Runtime's library for a platform, before anything is built that opens it there."""

from __future__ import annotations

from pathlib import Path

from edge.device.elf import abi_of, read_library
from edge.device.elf_symbols import offers
from edge.errors import PackageError, RunnerBuildError
from edge.runner.compilers import abi_of_platform
from edge.untrusted.files import read_file

DOOR = "OrtGetApiBase"  # what the program asks it for: android_runner/src/engines/onnxruntime.cpp
_GLIBC, _BIONIC = "libc.so.6", "libc.so"
_HINT = "a libonnxruntime.so for {}, or an .aar or .whl that has one"


def check_library(library: Path, platform: str, source: str) -> None:
    """Raises `RunnerBuildError` for a library of another processor or system, and for one that is not ONNX Runtime's.

    `platform` as in `Compiler`; `source` is what the message calls it.
    """
    abi, hint = abi_of_platform(platform), _HINT.format(platform)
    found = abi_of(library)
    if found != abi:
        raise RunnerBuildError(f"{source} is for {found or 'no processor that is known'}, not for {abi}", hint=hint)
    data = read_file(library)
    try:
        headers = read_library(data, source)
        door = offers(data, headers, DOOR, source)
    except PackageError as error:
        raise RunnerBuildError(error.message, hint=hint) from None
    other = _GLIBC if platform.startswith("android") else _BIONIC
    if other in headers.needed:
        system = "Linux with glibc" if other == _GLIBC else "Android"
        raise RunnerBuildError(f"{source} is for {system}, not for {platform}", hint=hint)
    if not door:
        raise RunnerBuildError(f"{source} is not ONNX Runtime's library: it has no {DOOR}", hint=hint)
