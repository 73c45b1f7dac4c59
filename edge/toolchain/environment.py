"""Making an engine's environment: an interpreter, a virtual environment, the locked packages. uv does the work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.cache.files import write_text
from edge.cache.leash import Leashed
from edge.cache.locks import exclusive
from edge.cache.paths import cache_dir
from edge.errors import EnvironmentSetupError
from edge.toolchain import interpreter
from edge.toolchain.engines import Engine

OTHER_MACHINE = "use a machine or container with Linux on x86-64: what is converted there runs on every device"

_DONE = "edgezoo-environment.json"  # written last: its presence says that the rest is whole


@dataclass(frozen=True, slots=True)
class Environment:
    """A ready environment. `python` starts its interpreter; `site_packages` is where its packages lie."""

    engine: Engine
    python: Path
    site_packages: Path


def folder(engine: Engine) -> Path:
    """Where the engine's environment lives; the lock is part of the name, so another lock is another environment."""
    return cache_dir() / "engines" / f"{engine.name}-py{engine.python}-{engine.lock_hash}"


def ready(engine: Engine) -> Environment | None:
    """The environment if it is there and whole, else None. Costs two file look-ups."""
    root = folder(engine)
    python = root / "bin" / "python"
    # os.access follows the link: an interpreter that was removed makes the environment unusable
    if not (root / _DONE).is_file() or not os.access(python, os.X_OK):
        return None
    return Environment(engine, python, root / "lib" / f"python{engine.python}" / "site-packages")


def ensure(engine: Engine, *, say: Callable[[str], None] = lambda _: None) -> Environment:
    """The environment, made first if it is not there. `say` hears one line at the start of long work.

    Raises `InterpreterNotFoundError` or `EnvironmentSetupError`.
    """
    if found := ready(engine):
        return found
    if (reason := engine.lacks_wheels()) is not None:
        raise EnvironmentSetupError(reason, hint=OTHER_MACHINE)
    root = folder(engine)
    with exclusive(
        root.with_name(root.name + ".lock"), waiting=lambda: say(f"waiting for another edgezoo: {engine.name}")
    ):
        if found := ready(engine):
            return found
        say(f"installing {engine.name} for Python {engine.python} (once)")
        python = interpreter.find(engine.python)
        shutil.rmtree(root, ignore_errors=True)
        root.parent.mkdir(parents=True, exist_ok=True)
        _uv(engine, "venv", "--quiet", "--no-project", "--python", str(python), str(root))
        _uv(engine, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--compile-bytecode",
            "--python", str(root / "bin" / "python"), "-r", str(engine.lock))  # fmt: skip
        write_text(root / _DONE, json.dumps({"engine": engine.name, "interpreter": str(python)}) + "\n")
    made = ready(engine)
    if made is None:
        raise EnvironmentSetupError(f"the environment of {engine.name} at {root} does not start", hint="edgezoo doctor")
    return made


def _uv(engine: Engine, *arguments: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")}
    # Held: it would go on after kill -9, in the folder that the next edgezoo has begun anew.
    uv = Leashed([interpreter.uv(), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    try:
        _, errors = uv.communicate()
    finally:
        uv.end()
    if uv.returncode != 0:
        last = errors.decode(errors="replace").strip().splitlines()[-6:]
        raise EnvironmentSetupError(
            f"the packages of {engine.name} could not be installed: " + " / ".join(line.strip() for line in last),
            hint="check the connection to the package index and the free disk space, then run `edgezoo doctor --fix`",
        )
