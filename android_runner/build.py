"""Build edgebench for this host, with a cross gcc, or with the Android NDK (`scripts/build_runner --help`).

Needs Python 3.11 and, of edgezoo, the oldest Android and the engines' environments; works from the installed package, too.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parent
ABIS = ("arm64-v8a", "armeabi-v7a")


class BuildError(Exception):
    """One sentence: what is missing or wrong, and what to do."""


@dataclass(frozen=True)
class Plan:
    """What CMake is told."""

    name: str  # of the output directory below build/runner
    settings: dict[str, str] = field(default_factory=dict)
    wheel: Path | None = None  # the engine is the lite.so of this paddlelite package
    tests: bool = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Build as the command line says; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        program = build(_plan(options), options.output, verbose=options.verbose)
    except BuildError as error:
        print(f"build_runner: {error}", file=sys.stderr)
        return 1
    print(program)
    return 0


def build(plan: Plan, output: Path | None = None, *, verbose: bool = False) -> Path:
    """Configure and compile; what is up to date is left alone. Returns the program's path. Raises `BuildError`."""
    place = (output or SOURCE.parent / "build" / "runner" / plan.name).absolute()
    work = place / "cmake"
    settings = dict(plan.settings)
    if plan.wheel is not None:
        settings |= _stage_wheel(plan.wheel, place)
    settings["EDGEBENCH_TESTS"] = "ON" if plan.tests else "OFF"
    _configure(work, settings, verbose)
    _run([_cmake(), "--build", str(work), "--parallel"], "it does not compile", verbose)
    if plan.tests:
        _run([_cmake("ctest"), "--test-dir", str(work), "--output-on-failure"], "its unit tests fail", verbose)
    return _install(work / "edgebench", place / "edgebench")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="build_runner", description="Build edgebench, the benchmark program.")
    modes = parser.add_subparsers(dest="mode", required=True, metavar="host | aarch64 | android")

    host = modes.add_parser("host", help="for this machine")
    engine = host.add_mutually_exclusive_group()
    engine.add_argument("--wheel", type=Path, metavar="DIR", help="link the engine of this site-packages/paddlelite")
    engine.add_argument(
        "--engine", metavar="VERSION", help="link the engine of paddlelite VERSION (default: edgezoo's)"
    )
    engine.add_argument("--synthetic", action="store_true", help="no engine: arithmetic that tests the contract")
    host.add_argument("--test", action="store_true", help="build and run the unit tests, too")

    cross = modes.add_parser("aarch64", help="static, for 64-bit ARM Linux, with Debian's cross gcc")
    cross.add_argument("--lite-lib", type=Path, metavar="DIR", help="unpacked inference_lite_lib.*; without: synthetic")

    android = modes.add_parser("android", help="for Android, with the NDK that ANDROID_NDK_HOME names")
    android.add_argument("--abi", choices=ABIS, default=ABIS[0])
    engine = android.add_mutually_exclusive_group(required=True)
    engine.add_argument("--lite-lib", type=Path, metavar="DIR", help="unpacked inference_lite_lib.android.*")
    engine.add_argument("--synthetic", action="store_true", help="no engine: arithmetic that tests the contract")

    for mode in (host, cross, android):
        mode.add_argument("-o", "--output", type=Path, metavar="DIR", help="default: build/runner/NAME")
        mode.add_argument("-v", "--verbose", action="store_true", help="show what CMake and the compiler say")
    return parser


def _plan(options: argparse.Namespace) -> Plan:
    if options.mode == "host":
        _need("g++", "g++")
        if options.synthetic:
            return Plan("x86_64-synthetic", tests=options.test)
        return Plan("x86_64", wheel=options.wheel or _own_wheel(options.engine), tests=options.test)
    if options.mode == "aarch64":
        _need("aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu")
        settings = {
            "CMAKE_SYSTEM_NAME": "Linux",
            "CMAKE_SYSTEM_PROCESSOR": "aarch64",
            "CMAKE_CXX_COMPILER": "aarch64-linux-gnu-g++",
            "EDGEBENCH_STATIC": "ON",
        }
        if options.lite_lib is not None and ".android." in options.lite_lib.resolve().name:
            raise BuildError(f"{options.lite_lib} is for Android: build it with the NDK (build_runner android)")
        return Plan("aarch64", settings | _lite_library(options.lite_lib))
    toolchain = _ndk() / "build" / "cmake" / "android.toolchain.cmake"
    settings = {
        "CMAKE_TOOLCHAIN_FILE": str(toolchain),
        "ANDROID_ABI": options.abi,
        "ANDROID_PLATFORM": f"android-{_edge('edge.device.usable').MIN_SDK}",
        "ANDROID_STL": "c++_static",
    }
    return Plan(options.abi, settings | _lite_library(options.lite_lib))


def _need(program: str, package: str) -> None:
    if shutil.which(program) is None:
        raise BuildError(f"the compiler {program} is not installed: apt install {package}")


def _cmake(program: str = "cmake") -> str:
    beside = Path(sys.executable).with_name(program)  # PyPI's cmake in the same environment
    found = str(beside) if beside.is_file() else shutil.which(program)
    if found is None:
        raise BuildError("cmake is not installed: pip install cmake, or apt install cmake")
    return found


def _ndk() -> Path:
    place = os.environ.get("ANDROID_NDK_HOME") or os.environ.get("ANDROID_NDK_ROOT")
    if not place:
        raise BuildError("ANDROID_NDK_HOME is not set: it must name an unpacked Android NDK (r23 or newer)")
    if not (Path(place) / "build" / "cmake" / "android.toolchain.cmake").is_file():
        raise BuildError(f"ANDROID_NDK_HOME={place} is no Android NDK: it has no build/cmake/android.toolchain.cmake")
    return Path(place)


def _lite_library(directory: Path | None) -> dict[str, str]:
    """The settings for an unpacked Paddle-Lite release; none of it: the synthetic engine."""
    if directory is None:
        return {}
    header, archive = "cxx/include/paddle_api.h", "cxx/lib/libpaddle_api_light_bundled.a"
    for needed in (header, archive):
        if not (directory / needed).is_file():
            raise BuildError(f"{directory} is no unpacked Paddle-Lite library: it has no {needed}")
    if ".android." in directory.resolve().name and ".gcc." in directory.resolve().name:
        raise BuildError(f"{directory} was built with gcc, which no NDK has any more: take the clang variant")
    return {
        "EDGEBENCH_ENGINE": "paddle-lite",
        "EDGEBENCH_LITE_LIBRARY": str(directory.absolute() / archive),
        "EDGEBENCH_LITE_INCLUDE": str((directory / header).absolute().parent),
        "EDGEBENCH_ENGINE_VERSION": _engine_version(directory / archive),
    }


def _own_wheel(version: str | None) -> Path:
    """The paddlelite package of edgezoo's own environment, installed first if it is not there."""
    engines, environment, errors = map(_edge, ("edge.toolchain.engines", "edge.toolchain.environment", "edge.errors"))
    try:
        made = environment.ensure(engines.engine("paddlelite", version), say=lambda line: print(line, file=sys.stderr))
    except errors.EdgezooError as error:
        raise BuildError(f"{error.message}; {error.hint}") from error
    return Path(made.site_packages) / "paddlelite"


def _edge(module: str) -> Any:
    """A module of edgezoo: of the checkout around this file, or installed beside this Python."""
    sys.path.insert(0, str(SOURCE.parent))
    try:
        return import_module(module)
    except ImportError as error:
        raise BuildError(f"edgezoo cannot be imported ({error}): use the Python that it is installed for") from error


def _engine_version(library: Path) -> str:
    """The version text compiled into a library ("v2.13-rc"); empty where it is not exactly one."""
    found = set(re.findall(rb"\0(v2\.\d{1,2}(?:\.\d+)?(?:-[a-z0-9.]+)?)\0", library.read_bytes()))
    return found.pop().decode() if len(found) == 1 else ""


def _stage_wheel(wheel: Path, place: Path) -> dict[str, str]:
    """Make the wheel's Python module linkable: under the name it calls itself, with stand-ins for Python's symbols."""
    module = wheel.absolute() / "lite.so"
    if not module.is_file():
        raise BuildError(f"{wheel} is no installed paddlelite package: it has no lite.so")
    version = _engine_version(module)
    minor = int(version.split(".")[1].split("-")[0]) if version else 0
    if not 11 <= minor <= 14:
        raise BuildError(f"the engine in {wheel} is {version or 'of unknown version'}; 2.11 to 2.14 can be linked here")
    engine = place / "engine"
    engine.mkdir(parents=True, exist_ok=True)
    # The loader looks for its own libraries beside the name it was loaded by, in libs.
    _link(engine / "liblite_pybind.so", module)
    _link(engine / "libs", module.with_name("libs"))
    stubs = place / "python_stubs.cpp"
    _write(stubs, _python_stubs(module))
    return {
        "EDGEBENCH_ENGINE": "paddle-lite",
        "EDGEBENCH_LITE_LIBRARY": str(engine / "liblite_pybind.so"),
        "EDGEBENCH_LITE_MINOR": str(minor),
        "EDGEBENCH_LITE_STUBS": str(stubs),
        "EDGEBENCH_ENGINE_VERSION": version,
    }


def _python_stubs(module: Path) -> str:
    """C++ that defines every Python symbol the module leaves undefined. Nothing of Python is ever called or read."""
    listed = _run(["nm", "-D", "--undefined-only", str(module)], "nm cannot read it", False)
    names = sorted(set(re.findall(r"^\s*U (_?Py\w+)$", listed, flags=re.MULTILINE)))
    lines = [f"char {name}[256];" for name in names]
    return 'extern "C" {\n' + "\n".join(lines) + "\n}\n"


def _configure(work: Path, settings: dict[str, str], verbose: bool) -> None:
    signature = json.dumps(settings, sort_keys=True)
    stamp = work / "edgezoo-settings.json"
    known = stamp.read_text(encoding="utf-8") if stamp.is_file() else None
    if known == signature:
        return
    shutil.rmtree(work, ignore_errors=True)  # CMake does not take another compiler or toolchain into an old tree
    command = [_cmake(), "-S", str(SOURCE), "-B", str(work), "-DCMAKE_BUILD_TYPE=Release"]
    if shutil.which("ninja"):
        command += ["-G", "Ninja"]
    elif shutil.which("make") is None:
        raise BuildError("neither make nor ninja is installed: apt install make")
    _run(command + [f"-D{key}={value}" for key, value in settings.items()], "CMake cannot configure it", verbose)
    _write(stamp, signature)


def _install(built: Path, program: Path) -> Path:
    if not program.is_file() or program.read_bytes() != built.read_bytes():
        part = program.with_name(program.name + ".part")
        shutil.copy2(built, part)
        part.replace(program)
    return program


def _link(link: Path, target: Path) -> None:
    if not link.is_symlink() or link.readlink() != target:
        part = link.with_name(link.name + ".part")
        part.unlink(missing_ok=True)
        part.symlink_to(target)
        part.replace(link)


def _write(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        part = path.with_name(path.name + ".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)


def _run(command: Sequence[str], complaint: str, verbose: bool) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if verbose:
        print(done.stdout, file=sys.stderr)
    if done.returncode != 0:
        raise BuildError(f"{complaint}:\n{done.stdout[-4000:].rstrip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
