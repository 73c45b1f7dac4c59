"""ONNX Runtime's shared library for a device: taken as it is out of a package, to lie beside the program that opens it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.cache.files import write_text
from edge.cache.hashing import sha256_of
from edge.errors import DownloadError, RunnerBuildError
from edge.runner.compilers import Compiler
from edge.runner.options import ORT_RELEASE, RunnerOptions
from edge.runner.ort_library import check_library
from edge.toolchain import interpreter
from edge.untrusted.zip import open_zip

LIBRARY = "libonnxruntime.so"
_PYTHON = "3.11"  # whose wheel is taken: the library in all of them is the same


@contextmanager
def found(options: RunnerOptions, compiler: Compiler, say: Callable[[str], None]) -> Iterator[tuple[Path, str]]:
    """The library for that platform, and where it is from. Raises `RunnerBuildError`, `DownloadError`."""
    with TemporaryDirectory(prefix="edgezoo-") as scratch:
        package, source = options.ort_lib, str(options.ort_lib and options.ort_lib.absolute())
        if package is None:
            release = options.ort_release or ORT_RELEASE
            say(f"fetching ONNX Runtime {release} for {compiler.platform}")
            package, source = _fetch(release, compiler, Path(scratch)), f"the Python package onnxruntime {release}"
        library = package
        if package.suffix in (".aar", ".whl", ".zip"):
            library = Path(scratch) / LIBRARY
            library.write_bytes(_inside(package, compiler))
        check_library(library, compiler.platform, source)
        say(f"{source}: {LIBRARY}, {library.stat().st_size:,} bytes, sha256 {sha256_of(library)}")
        yield library, source


def _inside(package: Path, compiler: Compiler) -> bytes:
    """An Android package has `jni/ABI/libonnxruntime.so`, a Python package `onnxruntime/capi/libonnxruntime.so.VERSION`."""
    abi = compiler.platform.removeprefix("android-")
    with open_zip(package, str(package), error=RunnerBuildError) as opened:
        names = [
            name
            for name in opened.names
            if name == f"jni/{abi}/{LIBRARY}" or name.startswith(f"onnxruntime/capi/{LIBRARY}")
        ]
        if len(names) != 1:
            raise RunnerBuildError(f"{package} has no {LIBRARY} for {compiler.platform}")
        return opened.read_large(names[0])


def _fetch(release: str, compiler: Compiler, folder: Path) -> Path:
    """The wheel of that release for 64-bit ARM Linux or this machine, by uv from the package index that it is set to."""
    machine = "x86_64" if compiler.platform == "host" else "aarch64"
    write_text(folder / "requirements.txt", f"onnxruntime=={release}\n")
    command: list[str | Path] = [interpreter.uv(), "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--python-version", _PYTHON, "--python-platform", f"{machine}-manylinux_2_28"]
    command += ["--target", folder / "site", "-r", folder / "requirements.txt"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        last = " ".join(done.stderr.split())[-300:]
        raise DownloadError(
            f"ONNX Runtime {release} cannot be fetched: {last}", hint="name its package or library: --ort-lib FILE"
        )
    libraries = list((folder / "site/onnxruntime/capi").glob(f"{LIBRARY}*"))
    if len(libraries) != 1:
        raise RunnerBuildError(f"the Python package onnxruntime {release} has no {LIBRARY}")
    return libraries[0]
