"""The compilers for devices: found, named, and told to CMake."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge.device.usable import BOARD_PROGRAMS, MIN_SDK
from edge.errors import RunnerBuildError
from edge.runner.options import RunnerOptions
from edge.toolchain.android_sdk import ndk
from edge.untrusted.files import read_loosely

CROSS, CROSS_PACKAGE = "aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu"
CROSS_32, CROSS_32_PACKAGE = "arm-linux-gnueabihf-g++", "g++-arm-linux-gnueabihf"

STATIC = (
    "Debian's cross compiler: a static program with glibc and GCC's OpenMP, from Paddle-Lite's ARM Linux library. It runs on "
    "64-bit phones as on ARM Linux; one that the NDK makes has bionic and LLVM's OpenMP, as apps have: do not mix their numbers"
)


@dataclass(frozen=True, slots=True)
class Compiler:
    """One way to a program. `platform` is the part of its name that says where it runs; `remark`: what a user must know."""

    platform: str
    version: str
    settings: dict[str, str] = field(default_factory=dict)
    remark: str = ""


def abi_of_platform(platform: str) -> str:
    """By Android's names, as `edge.device.elf` tells it of a file."""
    named = {"host": "x86_64"} | {board: abi for abi, board in BOARD_PROGRAMS.items()}
    return named.get(platform) or platform.removeprefix("android-")


def find_compiler(options: RunnerOptions) -> Compiler:
    """The compiler for what is asked: for Android the NDK, else Debian's. Raises `RunnerBuildError`, `UsageError`."""
    if options.where == "host":
        return Compiler("host", _version("g++", "g++"))
    if options.where == "android":
        found = None if options.compiler == "debian" else ndk()
        needs_ndk = options.compiler == "ndk" or options.abi == "armeabi-v7a" or options.engine == "onnxruntime"
        if found is not None:
            settings = {
                "CMAKE_TOOLCHAIN_FILE": str(found.toolchain),
                "ANDROID_ABI": options.abi or "arm64-v8a",
                "ANDROID_PLATFORM": f"android-{MIN_SDK}",
                "ANDROID_STL": "c++_static",
            }
            return Compiler(f"android-{settings['ANDROID_ABI']}", f"NDK {_revision(found.path)}", settings)
        if needs_ndk:
            raise RunnerBuildError(
                "there is no Android NDK on this machine",
                hint="set ANDROID_NDK_HOME to an unpacked NDK (r23 or newer), or ANDROID_HOME to an SDK that has one",
            )
        if shutil.which(CROSS) is None:
            raise RunnerBuildError(
                f"there is no compiler for a phone: neither an Android NDK nor {CROSS}",
                hint=f"apt-get install {CROSS_PACKAGE}, or set ANDROID_NDK_HOME to an unpacked NDK (r23 or newer)",
            )
    narrow = options.where == "linux-armv7"
    program, package = (CROSS_32, CROSS_32_PACKAGE) if narrow else (CROSS, CROSS_PACKAGE)
    settings = {
        "CMAKE_SYSTEM_NAME": "Linux",
        "CMAKE_SYSTEM_PROCESSOR": "armv7l" if narrow else "aarch64",
        "CMAKE_CXX_COMPILER": program,
        "EDGEBENCH_STATIC": "OFF" if options.engine == "onnxruntime" else "ON",
    }
    platform = "linux-armv7" if narrow else "linux-arm64"
    return Compiler(platform, _version(program, package), settings, STATIC if options.where == "android" else "")


def find_cmake(program: str = "cmake") -> Path | None:
    """CMake, of the environment that edgezoo is installed in or of the system."""
    beside = Path(sys.executable).with_name(program)  # PyPI's cmake
    found = str(beside) if beside.is_file() else shutil.which(program)
    return Path(found) if found else None


def find_make() -> Path | None:
    """What CMake builds with."""
    found = shutil.which("ninja") or shutil.which("make")
    return Path(found) if found else None


def run_tool(command: Sequence[str | Path], complaint: str, *, timeout: float = 3600) -> str:
    """What a program of the build said. Raises `RunnerBuildError`, which begins with `complaint`, where it failed."""
    try:
        done = subprocess.run(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunnerBuildError(f"{complaint}: {error}") from error
    if done.returncode != 0:
        raise RunnerBuildError(
            f"{complaint}: {_reason(done.stdout)}", hint="--verbose shows all that it said", log=done.stdout
        )
    return done.stdout


def _reason(said: str) -> str:
    """The line of a compiler's or CMake's output that says what is wrong, and where CMake explains in the next, both."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    place = next((n for n, line in enumerate(lines) if "error" in line.lower()), max(0, len(lines) - 2))
    return " ".join(lines[place : place + 2])[:400]


def _version(program: str, package: str) -> str:
    if shutil.which(program) is None:
        raise RunnerBuildError(f"the compiler {program} is not installed", hint=f"apt-get install {package}")
    return run_tool([program, "--version"], f"{program} does not start").partition("\n")[0]


def _revision(path: Path) -> str:
    """As the NDK itself says it, "26.1.10909125"; the folder's name where it does not."""
    try:
        words = read_loosely(path / "source.properties")
    except OSError:
        return path.name
    return next(
        (line.partition("=")[2].strip() for line in words.splitlines() if line.startswith("Pkg.Revision")), path.name
    )
