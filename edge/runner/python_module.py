"""The C++ engine inside a paddlelite wheel, made linkable: under its own name, with stand-ins for Python's symbols."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edge.cache.files import write_text
from edge.cache.hashing import sha256_of
from edge.errors import RunnerBuildError
from edge.runner.compilers import run_tool
from edge.untrusted.files import read_file

_LEAST, _MOST = 11, 14  # x of Paddle-Lite 2.x, whose classes src/engines/lite_api.h declares


@dataclass(frozen=True, slots=True)
class StagedModule:
    """What CMake is told of it, and what it is."""

    settings: dict[str, str]
    module: Path
    version: str
    sha256: str
    bytes: int


def stage(package: Path, place: Path) -> StagedModule:
    """Link the engine of an installed paddlelite package into `place`/engine. Raises `RunnerBuildError`."""
    module = package.absolute() / "lite.so"
    if not module.is_file():
        raise RunnerBuildError(f"{package} is no installed paddlelite package: it has no lite.so")
    version = version_of(module)
    minor = int(version.split(".")[1].split("-")[0]) if version else 0
    if not _LEAST <= minor <= _MOST:
        raise RunnerBuildError(
            f"the engine in {package} is {version or 'of unknown version'}; 2.{_LEAST} to 2.{_MOST} can be linked here"
        )
    engine = place / "engine"
    engine.mkdir(parents=True, exist_ok=True)
    # The loader looks for its own libraries beside the name it was loaded by, in libs.
    _link(engine / "liblite_pybind.so", module)
    _link(engine / "libs", module.with_name("libs"))
    stubs = place / "python_stubs.cpp"
    write_text(stubs, _python_stubs(module))
    settings = {
        "EDGEBENCH_ENGINE": "paddle-lite",
        "EDGEBENCH_LITE_LIBRARY": str(engine / "liblite_pybind.so"),
        "EDGEBENCH_LITE_MINOR": str(minor),
        "EDGEBENCH_LITE_STUBS": str(stubs),
        "EDGEBENCH_ENGINE_VERSION": version,
    }
    return StagedModule(settings, module, version, sha256_of(module), module.stat().st_size)


def version_of(library: Path) -> str:
    """The version text compiled into a library ("v2.13-rc"); empty where it is not exactly one."""
    found = set(re.findall(rb"\0(v2\.\d{1,2}(?:\.\d+)?(?:-[a-z0-9.]+)?)\0", read_file(library)))
    return found.pop().decode() if len(found) == 1 else ""


def _python_stubs(module: Path) -> str:
    """C++ that defines every Python symbol the module leaves undefined. Nothing of Python is ever called or read."""
    listed = run_tool(["nm", "-D", "--undefined-only", module], f"nm cannot read {module}")
    names = sorted(set(re.findall(r"^\s*U (_?Py\w+)$", listed, flags=re.MULTILINE)))
    lines = [f"char {name}[256];" for name in names]
    return 'extern "C" {\n' + "\n".join(lines) + "\n}\n"


def _link(link: Path, target: Path) -> None:
    if not link.is_symlink() or link.readlink() != target:
        part = link.with_name(link.name + ".part")
        part.unlink(missing_ok=True)
        part.symlink_to(target)
        part.replace(link)
