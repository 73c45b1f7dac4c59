"""Paddle-Lite's Android releases: finds the libraries an app needs and checks that they fit the models and each other.

The layout is `java/jar/PaddlePredictor.jar` and `java/so/libpaddle_lite_jni.so`, one ABI a release.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.device.elf import SharedLibrary, read_library
from edge.errors import PackageError
from edge.package import versions
from edge.package.model import PackagedModel
from edge.untrusted.files import read_file
from edge.untrusted.zip import open_zip

JNI_NAME = "libpaddle_lite_jni.so"

# The engine reads and writes fields of its Java classes by name, so a minifying build must keep them.
KEEP_RULE = "-keep class com.baidu.paddle.lite.** { *; }"

_PREDICTOR = "com/baidu/paddle/lite/PaddlePredictor.class"

# What every Android since 5.0 has (developer.android.com/ndk/guides/stable_apis); all else must come with the app.
_SYSTEM = re.compile(r"lib(android|c|dl|EGL|GLESv2|GLESv3|jnigraphics|log|m|stdc\+\+|z)\.so")


@dataclass(frozen=True, slots=True)
class Library:
    """One shared library of one ABI."""

    path: Path
    elf: SharedLibrary


@dataclass(frozen=True, slots=True)
class LiteRelease:
    """What goes into a package: the Java classes and, for each ABI, the engine and the libraries it needs.

    `version` is None where the library does not say it and the user did not either. `missing` are the libraries that
    the engine needs and that neither Android nor the release has.
    """

    jar: Path
    engines: tuple[Library, ...]
    companions: tuple[Library, ...]
    version: str | None
    missing: tuple[str, ...]

    @property
    def libraries(self) -> tuple[Library, ...]:
        """All shared libraries."""
        return self.engines + self.companions

    @property
    def abis(self) -> tuple[str, ...]:
        """In alphabetical order."""
        return tuple(sorted(engine.elf.abi for engine in self.engines))


def find_release(directories: Sequence[Path], *, abis: Sequence[str] = (), version: str | None = None) -> LiteRelease:
    """The libraries in one or several unpacked releases; `abis` chooses among them, `version` overrules what they say.

    Raises PackageError if a directory is no release, a library is broken or for another ABI, or the versions differ.
    """
    if version is not None and versions.parse(version) is None:
        raise PackageError(f"'{version}' is no version of Paddle-Lite", hint="such as 2.13 or v2.13-rc")
    engines: dict[str, Library] = {}
    for directory in directories:
        engine = _engine(directory)
        other = engines.setdefault(engine.elf.abi, engine)
        if other is not engine:
            raise PackageError(f"{other.path} and {engine.path} are both for {engine.elf.abi}", hint="name one of them")
    wanted = sorted(set(abis)) or sorted(engines)
    for abi in wanted:
        if abi not in engines:
            have = ", ".join(sorted(engines))
            raise PackageError(
                f"there is no {abi} library: {_names(directories)} has {have}",
                hint=f"add the {abi} release with another --lite-lib, or choose with --abi",
            )
    chosen = tuple(engines[abi] for abi in wanted)
    companions, missing = _companions(chosen)
    return LiteRelease(_jar(directories[0]), chosen, companions, version or _version(chosen), missing)


def check_versions(release: LiteRelease, models: Sequence[PackagedModel]) -> None:
    """PackageError if a model was written by a newer opt than the library can read."""
    for model in models:
        if release.version is not None and versions.can_read(release.version, model.opt_version) is False:
            raise PackageError(
                f"{model.nb} was written by opt {model.opt_version}, which the library {release.version} cannot read",
                hint="use a library as new as the model, or convert the model with that version's engine",
            )


def _engine(directory: Path) -> Library:
    path = directory / "java" / "so" / JNI_NAME
    if not path.is_file():
        if (directory / "cxx").is_dir():
            raise PackageError(
                f"{directory} is a Paddle-Lite release without Java: it has no java/so/{JNI_NAME}",
                hint="take a release built with --with_java=ON",
            )
        raise PackageError(
            f"{directory} is no unpacked Paddle-Lite Android release: it has no java/so/{JNI_NAME}",
            hint="such as inference_lite_lib.android.armv8.clang.c++_shared.with_extra.with_cv.tiny_publish",
        )
    return _library(path)


def _library(path: Path) -> Library:
    try:
        return Library(path, read_library(read_file(path), str(path)))
    except OSError as error:
        raise PackageError(f"{path} cannot be read: {error.strerror}") from error


def _companions(engines: Sequence[Library]) -> tuple[tuple[Library, ...], tuple[str, ...]]:
    """The libraries beside an engine that it needs, such as libc++_shared.so, and the names of those not there."""
    found, missing = [], set()
    for engine in engines:
        for name in engine.elf.needed:
            beside = engine.path.with_name(name)
            if _SYSTEM.fullmatch(name):
                continue
            if not beside.is_file():
                missing.add(name)
                continue
            library = _library(beside)
            if library.elf.abi != engine.elf.abi:
                raise PackageError(f"{beside} is for {library.elf.abi}, but {JNI_NAME} beside it for {engine.elf.abi}")
            found.append(library)
    return tuple(found), tuple(sorted(missing))


def _jar(directory: Path) -> Path:
    path = directory / "java" / "jar" / "PaddlePredictor.jar"
    try:
        with open_zip(path, str(path), error=PackageError) as jar:
            sound = _PREDICTOR in jar.names
    except FileNotFoundError as error:
        raise PackageError(f"{directory} has no java/jar/PaddlePredictor.jar") from error
    except OSError as error:
        raise PackageError(f"{path} cannot be read: {error.strerror}") from error
    if not sound:
        raise PackageError(f"{path} is not Paddle-Lite's: it has no {_PREDICTOR}")
    return path


def _version(engines: Sequence[Library]) -> str | None:
    versions_by_path = {str(engine.path): versions.find(read_file(engine.path)) for engine in engines}
    known = {path: version for path, version in versions_by_path.items() if version is not None}
    if len({versions.parse(version) for version in known.values()}) > 1:
        differing = ", ".join(f"{path} is {version}" for path, version in known.items())
        raise PackageError(f"the releases differ in version: {differing}", hint="take all ABIs from one release")
    return next(iter(known.values()), None)


def _names(directories: Sequence[Path]) -> str:
    return ", ".join(map(str, directories))
