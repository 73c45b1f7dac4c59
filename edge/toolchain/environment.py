"""Making an engine's environment: an interpreter, a virtual environment, the locked packages. uv does the work."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.cache.files import write_text
from edge.cache.locks import exclusive, hold
from edge.cache.paths import cache_dir
from edge.errors import EnvironmentSetupError
from edge.toolchain import interpreter
from edge.toolchain.engines import Engine
from edge.toolchain.installing import uv_install

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


def ensure(
    engine: Engine,
    *,
    say: Callable[[str], None] = lambda _: None,
    working: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> Environment:
    """The environment, made first if it is not there. `say` hears one line at the start of long work, and one at its end;
    `working` what is being done (a package that is being fetched), and how many bytes of how many are here ("": nothing more).

    Raises `InterpreterNotFoundError` or `EnvironmentSetupError`.
    """
    root = folder(engine)
    if ready(engine):
        hold(root.with_name(root.name + ".use"))  # `edgezoo cache prune` leaves it alone from here on
        if found := ready(engine):
            return found
    if (reason := engine.lacks_wheels()) is not None:
        raise EnvironmentSetupError(reason, hint=OTHER_MACHINE)
    with exclusive(
        root.with_name(root.name + ".lock"), waiting=lambda: say(f"waiting for another edgezoo: {engine.name}")
    ):
        if found := ready(engine):
            return found
        say(f"installing {engine.name} for Python {engine.python} (once)")
        began = time.monotonic()
        try:
            working(f"looking for Python {engine.python}", 0, 0)
            python = interpreter.find(engine.python)
            shutil.rmtree(root, ignore_errors=True)
            root.parent.mkdir(parents=True, exist_ok=True)
            # Not compiled: that takes longer than all the rest, and most modules are never imported.
            uv_install(
                engine.name,
                ("venv", "--no-project", "--python", str(python), str(root)),
                ("pip", "install", "--no-deps", "--require-hashes", "--python", str(root / "bin" / "python"),
                 "-r", str(engine.lock)),
                working=working,
            )  # fmt: skip
        finally:
            working("", 0, 0)
        say(f"installed {engine.name} in {time.monotonic() - began:.0f} s")
        write_text(root / _DONE, json.dumps({"engine": engine.name, "interpreter": str(python)}) + "\n")
    hold(root.with_name(root.name + ".use"))
    made = ready(engine)
    if made is None:
        raise EnvironmentSetupError(f"the environment of {engine.name} at {root} does not start", hint="edgezoo doctor")
    return made
