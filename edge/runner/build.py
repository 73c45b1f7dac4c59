"""Building edgebench: an engine's library, a compiler and the sources that came with edgezoo make one program."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import copy2
from tempfile import TemporaryDirectory

from edge.cache.files import atomic_write
from edge.cache.hashing import sha256_of
from edge.cache.keys import key_of
from edge.cache.locks import exclusive
from edge.device.elf import abi_of_archive
from edge.errors import RunnerBuildError
from edge.resources import resource
from edge.runner import kept, onnxruntime, release
from edge.runner.compilers import Compiler, abi_of_platform, find_cmake, find_compiler, find_make, run_tool
from edge.runner.kept import KeptRunner, RunnerSource
from edge.runner.options import ORT_RELEASE, RELEASE, RunnerOptions
from edge.runner.python_module import stage, version_of
from edge.toolchain.engines import engine
from edge.toolchain.environment import ensure

Say = Callable[[str], None]
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class RunnerBuilt:
    """A program that is there now. `reused`: it was, and nothing was done."""

    runner: KeptRunner
    reused: bool
    remark: str = ""


@dataclass(frozen=True, slots=True)
class _Library:
    """What the program is linked with: what CMake is told, and where it is from; or what it opens, which lies `beside` it."""

    settings: Mapping[str, str]
    source: RunnerSource
    version: str | None = None
    beside: Path | None = None


def build(
    options: RunnerOptions,
    *,
    say: Say = lambda _: None,
    heard: Say = lambda _: None,
    progress: Progress = lambda _done, _all: None,
) -> RunnerBuilt:
    """The program that is asked for, built into the user's data directory unless it is there, of the same parts.

    `say` hears what is done, `heard` all that CMake and the compiler say. Raises `RunnerBuildError`, `UsageError`, and
    what fetching a library or installing an engine raises.
    """
    compiler = find_compiler(options)
    for found, program in ((find_cmake(), "cmake"), (find_make(), "make")):
        if found is None:
            raise RunnerBuildError(f"{program} is not installed", hint=f"apt-get install {program}")
    name = f"{compiler.platform}-{options.engine}"
    place = kept.folder(name)
    with exclusive(place.with_name(f"{name}.lock"), waiting=lambda: say(f"waiting for another edgezoo: {name}")):
        known = kept.read(name)
        asked = _asked(options, compiler)
        if known is not None and known.asked == asked and not (options.fresh or options.test):
            return RunnerBuilt(known, True, compiler.remark)
        with kept.whole_or_none(name):
            if options.engine == "synthetic":
                made = _compile(
                    options, compiler, _Library({}, RunnerSource("arithmetic, no engine")), asked, say, heard
                )
            elif options.engine == "onnxruntime":
                with onnxruntime.found(options, compiler, say) as (library, origin):
                    opened = _Library({"EDGEBENCH_ENGINE": "onnxruntime"}, RunnerSource(origin), beside=library)
                    made = _compile(options, compiler, opened, asked, say, heard)
            elif options.where == "host":
                made = _compile(options, compiler, _python_module(options, place, say), asked, say, heard)
            else:
                with release.opened(options, compiler.platform, say=say, progress=progress) as lite:
                    made = _compile(options, compiler, _static_library(lite), asked, say, heard)
        return RunnerBuilt(made, False, compiler.remark)


@cache
def sources() -> str:
    """The digest of the program's sources, as they came with edgezoo."""
    root = resource("android_runner")
    files = [root / "CMakeLists.txt", *root.joinpath("src").rglob("*"), *root.joinpath("include").rglob("*")]
    return key_of({path.relative_to(root).as_posix(): sha256_of(path) for path in sorted(files) if path.is_file()})


def _asked(options: RunnerOptions, compiler: Compiler) -> str:
    """Everything that a program is made of, without opening an archive that was fetched before.

    Of a library that is named it is the content; of a release, its address' meaning: what is published under a version
    stays what it is.
    """
    library: str | None = options.lite_release or RELEASE
    if options.lite_lib is not None:
        named = options.lite_lib / release.ARCHIVE if options.lite_lib.is_dir() else options.lite_lib
        named = named if named.is_file() else options.lite_lib / "lite.so"
        library = sha256_of(named) if named.is_file() else None
    if options.where == "host" and options.engine == "paddle-lite" and options.lite_lib is None:
        library = engine("paddlelite", options.lite_release).lock_hash
    if options.engine == "onnxruntime":
        library = sha256_of(options.ort_lib) if options.ort_lib else options.ort_release or ORT_RELEASE
    return key_of(
        {
            "sources": sources(),
            "engine": options.engine,
            "platform": compiler.platform,
            "compiler": compiler.version,
            "settings": compiler.settings,
            "library": library,
        }
    )


def _static_library(found: release.Release) -> _Library:
    name = Path(found.source).name
    if ".android." in name and ".gcc." in name:
        raise RunnerBuildError(
            f"{found.source} was built with gcc, which no NDK has any more", hint="take the clang variant"
        )
    archive = found.folder / release.ARCHIVE
    version = version_of(archive)
    settings = {
        "EDGEBENCH_ENGINE": "paddle-lite",
        "EDGEBENCH_LITE_LIBRARY": str(archive.absolute()),
        "EDGEBENCH_LITE_INCLUDE": str((found.folder / release.HEADER).absolute().parent),
        "EDGEBENCH_ENGINE_VERSION": version,
    }
    return _Library(settings, RunnerSource(found.source, found.sha256, found.bytes), version or None)


def _python_module(options: RunnerOptions, place: Path, say: Say) -> _Library:
    """The engine inside the paddlelite package: that of the folder named, or of edgezoo's own environment."""
    package = options.lite_lib
    if package is None:
        package = ensure(engine("paddlelite", options.lite_release), say=say).site_packages / "paddlelite"
    staged = stage(package, place)
    return _Library(staged.settings, RunnerSource(str(staged.module), staged.sha256, staged.bytes), staged.version)


def _compile(
    options: RunnerOptions, compiler: Compiler, library: _Library, asked: str, say: Say, heard: Say
) -> KeptRunner:
    _check_fit(compiler, library)
    name = f"{compiler.platform}-{options.engine}"
    say(f"compiling edgebench for {compiler.platform} with {compiler.version}")
    settings = {**compiler.settings, **library.settings, "EDGEBENCH_TESTS": "ON" if options.test else "OFF"}
    cmake, ninja = find_cmake(), find_make()
    assert cmake is not None
    assert ninja is not None
    with TemporaryDirectory(prefix="edgezoo-") as work:
        configure: list[str | Path] = [
            cmake,
            "-S",
            resource("android_runner"),
            "-B",
            work,
            "-DCMAKE_BUILD_TYPE=Release",
        ]
        configure += ["-G", "Ninja"] if ninja.name == "ninja" else []
        heard(run_tool([*configure, *(f"-D{k}={v}" for k, v in settings.items())], "CMake cannot configure it"))
        heard(run_tool([cmake, "--build", work, "--parallel"], "it does not compile"))
        if options.test:
            ctest = find_cmake("ctest") or Path("ctest")
            heard(run_tool([ctest, "--test-dir", work, "--output-on-failure"], "its unit tests fail"))
        program = kept.folder(name) / "edgebench"
        with atomic_write(program, parents=True) as part:
            copy2(Path(work) / "edgebench", part)
        source = library.source
        if library.beside is not None:  # only now: what was there stays together until there is something new
            source = kept.place_library(name, library.beside, source.place)
    return kept.keep(
        name,
        made="built",
        source=source,
        engine_version=library.version,
        compiler=compiler.version,
        asked=asked,
        sources=sources(),
    )


def _check_fit(compiler: Compiler, library: _Library) -> None:
    """An Android library needs the NDK's C library, a library of ARM Linux another, as its name tells; so do processors."""
    _check_name(compiler, library)
    if compiler.platform == "host" or "EDGEBENCH_LITE_LIBRARY" not in library.settings:
        return
    wants, found = abi_of_platform(compiler.platform), abi_of_archive(Path(library.settings["EDGEBENCH_LITE_LIBRARY"]))
    if found not in (None, wants):
        raise RunnerBuildError(
            f"{library.source.place} is for {found}, not for {wants}",
            hint="name a library for that processor, or leave --lite-lib out",
        )


def _check_name(compiler: Compiler, library: _Library) -> None:
    named = re.search(r"inference_lite_lib\.(android|armlinux)\.(?:(armv\w+)\.)?", library.source.place)
    if named is None or compiler.platform == "host":
        return
    wants = "android" if compiler.platform.startswith("android") else "armlinux"
    arm = release.ARM_LINUX.get(compiler.platform, "armv8" if compiler.platform.endswith("arm64-v8a") else "armv7")
    if named[1] == wants and named[2] not in (None, arm):
        raise RunnerBuildError(
            f"{library.source.place} is for {named[2]}, not for {arm}",
            hint=f"name an inference_lite_lib.{wants}.{arm}.* library, or leave --lite-lib out",
        )
    if named[1] != wants:
        with_what = "the NDK" if named[1] == "android" else "Debian's cross compiler (--for linux-arm64)"
        raise RunnerBuildError(
            f"{library.source.place} is for {named[1]}: it is built with {with_what}",
            hint=f"name an inference_lite_lib.{wants}.* library, or leave --lite-lib out",
        )
